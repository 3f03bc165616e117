"""The SMTP gateway and a mail server by others: protection, login, refusals, silence."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.peers.http_server import Behavior, HttpServer
from tests.peers.mail_server import MailServer
from vestibule.crypto.secret import Secret
from vestibule.gateways.smtp import GATEWAY, SmtpGateway
from vestibule.interfaces.gateway import Mail, NotSent, Sent, Surroundings, Text, Unsure

Starting = Callable[..., MailServer]
WRITTEN_AT = 1_800_000_000_000
CANARY = "canary-in-the-mail"


def mail(to: str = "alice@example.org", **fields: Any) -> Mail:
    usual = {
        "dispatch_id": "0123abcd",
        "to": to,
        "subject": "Grüße",
        "text": Secret(f"Hello, {CANARY}.\n"),
        "html": Secret(f"<p>Hello, {CANARY}.</p>"),
        "language": "en",
        "written_at": WRITTEN_AT,
    }
    return Mail(**(usual | fields))


def opened(server: MailServer, secret: str | None = None, **changes: Any) -> SmtpGateway:
    chosen = server.secret if secret is None else secret
    nobody: Any = None
    around = Surroundings(gateway_id="g", inbox=nobody)
    return GATEWAY.open(server.settings | changes, Secret(chosen), around)


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
async def test_a_mail_arrives_whole(mail_server: Starting, security: str) -> None:
    """RFC 5322 §3.6: one of each header that there must be; RFC 3834 §5: marked as sent by a program."""
    server = mail_server(security)
    assert await opened(server).send(mail()) == Sent("0123abcd")
    [taken] = server.wait_for(1)
    assert (taken.sender, taken.recipients) == ("vestibule@example.org", ["alice@example.org"])
    assert taken.hello == "example.org"
    message = taken.message
    assert message["Subject"] == "Grüße"
    assert message["From"] == "Vestibule <vestibule@example.org>"
    assert message["To"] == "alice@example.org"
    assert message["Message-ID"] == "<0123abcd@example.org>"
    assert parsedate_to_datetime(message["Date"]).timestamp() * 1000 == WRITTEN_AT
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "en"
    assert CANARY in taken.part("plain")
    assert CANARY in taken.part("html")


async def test_a_subject_ends_no_header(mail_server: Starting) -> None:
    """A name with line ends adds neither a header nor a recipient."""
    server = mail_server()
    hostile = "Alice\r\nBcc: mallory@example.org\r\n\r\nhello\x00\u2028x"
    await opened(server, sender_name="Ves: <x@y> tibule").send(mail(subject=hostile))
    [taken] = server.wait_for(1)
    assert taken.message["Bcc"] is None
    assert taken.recipients == ["alice@example.org"]
    assert taken.message["Subject"] == "Alice Bcc: mallory@example.org hello x"
    assert taken.message["From"].addresses[0].addr_spec == "vestibule@example.org"


async def test_addresses_of_the_world(mail_server: Starting) -> None:
    """RFC 6531: a local part beyond ASCII; RFC 5890: a domain beyond ASCII in its spelling for DNS."""
    server = mail_server()
    assert isinstance(await opened(server).send(mail("jürgen@müller.example")), Sent)
    [taken] = server.wait_for(1)
    assert taken.recipients == ["jürgen@xn--mller-kva.example"]
    assert "\r\nTo: jürgen@xn--mller-kva.example\r\n".encode() in taken.octets


REFUSED = (
    ("unknown@example.org", "smtp.cause.recipient_refused 550 5.1.1 no such mailbox", True),
    ("relay@example.org", "smtp.cause.recipient_refused 550 5.7.1 relaying denied", False),
    ("full@example.org", "smtp.cause.recipient_refused 452 4.2.2 mailbox full", False),
    ("greylisted@example.org", "smtp.cause.recipient_refused 450 4.2.0 come again", False),
    ("rejected@example.org", "smtp.cause.refused 554 5.6.0", False),
    ("nobody", "smtp.cause.not_an_address", True),
    ("a@b, c@example.org", "smtp.cause.not_an_address", True),
    ("a@example.org\r\nRCPT TO:<b@example.org>", "smtp.cause.not_an_address", True),
)


async def test_a_refusal_is_a_value(mail_server: Starting) -> None:
    """RFC 5321 §4.2.1: 5yz to a recipient is final, 4yz is not. After the content only codes are believed to
    hold nothing of it."""
    server = mail_server()
    gateway = opened(server)
    for to, cause, is_final in REFUSED:
        assert await gateway.send(mail(to)) == NotSent(cause, is_final=is_final)
    assert server.taken() == []


async def test_a_server_that_is_silent_or_gone(mail_server: Starting) -> None:
    """What was not given the content has not got it; what was, may have."""
    server = mail_server()
    gateway = opened(server, timeout_seconds=0.5)
    assert await gateway.send(mail("deaf@example.org")) == NotSent("smtp.cause.timed_out")
    assert await gateway.send(mail("broken@example.org")) == Unsure("smtp.cause.broken_off")
    server.stop()
    assert await gateway.send(mail()) == NotSent("smtp.cause.unreachable")


async def test_a_server_that_is_slow_or_speaks_something_else(mail_server: Starting) -> None:
    """The time holds for the whole, however slowly it drips."""
    settings = mail_server("none")
    for behavior in (Behavior.DEAF, Behavior.DRIP):
        async with HttpServer() as other:
            other.answer = behavior
            gateway = opened(settings, port=other.port, timeout_seconds=0.3)
            assert await gateway.send(mail()) == NotSent("smtp.cause.timed_out")


async def test_nothing_leaves_without_the_protection_that_is_set(mail_server: Starting) -> None:
    """A server without TLS, or with a certificate that nobody vouches for, gets neither password nor mail."""
    bare = mail_server("none")
    server = mail_server()
    settings = {"ca_file": "", "username": "vestibule"}
    wants_tls = opened(bare, "tests-only", security="starttls", **settings)
    assert await wants_tls.send(mail()) == NotSent("smtp.cause.insecure")
    unknown = opened(server, ca_file="")
    assert await unknown.send(mail()) == NotSent("smtp.cause.insecure")
    assert bare.taken() == server.taken() == []


async def test_a_wrong_password_is_told_without_it(mail_server: Starting) -> None:
    server = mail_server()
    gateway = opened(server, "canary-password")
    assert await gateway.send(mail()) == NotSent("smtp.cause.login_refused 535")
    assert await gateway.probe() == "smtp.cause.login_refused 535"
    assert await opened(server).probe() == ""
    assert "canary" not in repr(gateway)


async def test_texts_are_not_for_a_mail_server(mail_server: Starting) -> None:
    text = Text(delivery_id="d", to="+4930123456", body=Secret("x"), valid_seconds=60)
    assert isinstance(await opened(mail_server("none")).send(text), NotSent)


@pytest.mark.parametrize(
    ("setting", "changes", "secret"),
    [
        ("host", {"host": "two words"}, None),
        ("port", {"port": 0}, None),
        ("security", {"security": "ssl3"}, None),
        ("security", {"security": "none"}, "tests-only"),
        ("sender", {"sender": "nobody"}, None),
        ("sender", {"sender": "a@b\r\nBcc: c@d"}, None),
        ("sender_name", {"sender_name": "a\nb"}, None),
        ("reply_to", {"reply_to": "nobody"}, None),
        ("username", {"username": ""}, None),
        ("secret", {}, ""),
        ("ca_file", {"ca_file": "/nonexistent/ca.pem"}, None),
        ("hello_name", {"hello_name": "a b"}, None),
        ("timeout_seconds", {"timeout_seconds": 60}, None),
        ("recipient", {"recipient": "x"}, None),
    ],
)
def test_a_setting_that_is_wrong_is_named(
    tmp_path: Any, setting: str, changes: dict[str, Any], secret: str | None
) -> None:
    server = MailServer(tmp_path / "mail")
    with pytest.raises(ValueError, match=f"^{setting}: "):
        opened(server, secret, **changes)
