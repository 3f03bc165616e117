"""E-mail in the console and over REST: who is told, in which words, what became of it, and once more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.houses import TENANT
from tests.integration.console.desk import ConsoleWindow, words
from tests.integration.http_api.house import API, HttpHouse
from tests.integration.mail.mailing import add_mail_gateway, mail, outbox, round_of
from tests.peers.mail_server import MailServer
from vestibule.model.dispatch import DispatchState

CANARY = "canary-in-the-mail"
FACTS = {"what": CANARY, "when": "now", "who": "you", "details": "", "name": "Alice", "username": "alice"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with MailServer(tmp_path / "mail", "none") as started:
        yield started


async def test_a_mail_server_is_set_up_and_tried(
    house: HttpHouse, console: ConsoleWindow, server: MailServer
) -> None:
    assert "nobody is told anything by e-mail" in words(await console.get("outbox"))
    form = {f"setting_{name}": str(value) for name, value in server.settings.items()}
    typed = {"name": "Mail", "priority": "10", "is_enabled": "yes", **form}
    wrong = await console.post("gateways/new/smtp", typed | {"setting_sender": "nobody"})
    assert "not an e-mail address" in words(wrong)
    shown = await console.post("gateways/new/smtp", typed)
    gateway_id = str(shown.url).rpartition("/")[2]
    assert "Send a test mail" in words(shown)
    assert "Price of" not in words(shown)

    async def test(address: str) -> str:
        fields = {"number": address, "carries": "mail"}
        return words(await console.post(f"gateways/{gateway_id}/test", fields))

    assert "It was taken." in await test("admin@example.org")
    assert "It was not sent. The mail server does not accept the recipient." in await test(
        "unknown@example.org"
    )
    assert "This is no e-mail address: nobody." in await test("nobody")
    assert len(server.taken()) == 1


async def test_the_outbox_shows_what_failed_and_sends_it_again(
    house: HttpHouse, console: ConsoleWindow, server: MailServer
) -> None:
    """What a mail said is shown nowhere."""
    await add_mail_gateway(house.inside, server)
    await mail(house.inside, "alice@example.org", facts=FACTS)
    await mail(house.inside, "unknown@example.org", facts=FACTS)
    await round_of(house.inside)
    sent, failed = await outbox(house.inside)
    page = await console.get("outbox")
    assert "550 5.1.1 no such mailbox" in words(page)
    assert CANARY not in page.text
    only = words(await console.get("outbox?state=sent"))
    assert ("alice@example.org" in only, "unknown@example.org" in only) == (True, False)

    assert "It is sent again." in words(await console.post(f"outbox/{failed.dispatch_id}/again"))
    assert (await outbox(house.inside))[1].state is DispatchState.WAITING
    refused = await console.post(f"outbox/{sent.dispatch_id}/again")
    assert (refused.status_code, "cannot be sent again" in words(refused)) == (422, True)
    assert (await console.post("outbox/0000/again")).status_code in (404, 422)


async def test_who_is_told_and_in_which_words(
    house: HttpHouse, console: ConsoleWindow, server: MailServer
) -> None:
    """Inventory 1.19 and 1.32: addresses by kind; words with placeholders that are checked, and a preview."""
    version = str(house.inside.services.configuration.current.tenants[TENANT].version)
    alerts = {"*": "soc@example.org", "limit.reached": "-", "alerts_per_hour": "7"}
    typed = {"version": version, "welcomes": "yes", **alerts}
    assert "Saved" in words(
        await console.post("mail", typed | {"user.locked": "a@example.org, b@example.org"})
    )
    settings = house.inside.services.configuration.current.tenants[TENANT].settings.mail
    assert (settings.notices, settings.welcomes, settings.alerts_per_hour) == (False, True, 7)
    assert settings.alerts == {
        "*": ("soc@example.org",),
        "limit.reached": (),
        "user.locked": ("a@example.org", "b@example.org"),
    }
    stale = await console.post("mail", typed)
    assert stale.status_code == 409
    newest = str(house.inside.services.configuration.current.tenants[TENANT].version)
    wrong = await console.post("mail", typed | {"version": newest, "*": "nobody"})
    assert "This is no e-mail address: nobody." in words(wrong)

    many = await console.post("mail", typed | {"version": newest, "alerts_per_hour": "1001"})
    assert (many.status_code, "1 to 1000" in words(many)) == (422, True)

    page = "mail/templates/welcome.en"
    assert "{portal_url}" in words(await console.get(page))
    own = {"subject": "Hi {name}", "text": "Hello {name},\r\n\r\n{how}\r\nBye"}
    assert "Hello Alice Example," in words(await console.post(page, own | {"act": "preview"}))
    bad = await console.post(page, own | {"text": "Your PIN: {pin}", "act": "save"})
    assert "no such placeholder: welcome.en: {pin}" in words(bad)
    assert "Saved" in words(await console.post(page, own | {"act": "save"}))
    saved = house.inside.services.configuration.current.tenants[TENANT].settings.mail.templates
    assert saved["welcome.en"].text == "Hello {name},\n\n{how}\nBye"
    await console.post(page, own | {"act": "built_in"})
    assert not house.inside.services.configuration.current.tenants[TENANT].settings.mail.templates
    assert (await console.get("mail/templates/farewell.en")).status_code == 404
    assert (await console.get("mail/templates/welcome.sms.de")).status_code == 200


async def test_rest_lists_and_sends_again_what_is_ones_own(house: HttpHouse, server: MailServer) -> None:
    """TEN-01: what is another tenant's is not there."""
    gateway_id = await add_mail_gateway(house.inside, server)
    await mail(house.inside, "unknown@example.org", facts=FACTS)
    await round_of(house.inside)
    await house.add_tenant("umbrella")
    mine, foreign = await house.add_key("admin"), await house.add_key("admin", tenant_id="umbrella")
    async with house.caller(mine) as caller, house.caller(foreign) as other:
        (failed,) = (await caller.get(f"{API}/outbox?state=failed")).json()["items"]
        assert (failed["kind"], failed["address"]) == ("changed", "unknown@example.org")
        assert CANARY not in str(failed)
        path = f"{API}/outbox/{failed['id']}"
        assert (await other.get(path)).status_code == 404
        assert (await other.post(f"{path}/again")).status_code == 404
        assert (await other.get(f"{API}/outbox")).json()["items"] == []
        test_mail = f"{API}/gateways/{gateway_id}/test-mail"
        assert (await other.post(test_mail, json={"address": "a@example.org"})).status_code == 404
        assert (await caller.post(f"{path}/again")).json()["state"] == "waiting"
        tested = await caller.post(test_mail, json={"address": "a@example.org"})
        assert tested.json()["state"] == "sent"
        assert (await caller.post(test_mail, json={"address": "nobody"})).status_code == 422


async def test_a_file_goes_with_the_mails_of_a_template(
    house: HttpHouse, console: ConsoleWindow, server: MailServer
) -> None:
    """Inventory 1.32: attached, read again, and removed; what cannot be attached is told beside the field."""
    page = "mail/templates/welcome.en"

    async def upload(name: str, content: bytes) -> httpx.Response:
        return await console.post(f"{page}/attachment", files={"file": (name, content)})

    assert "Attachment" in words(await console.get(page))
    refused = await upload("steps.exe", b"MZ\x90\x00")
    assert (refused.status_code, "This file cannot be an attachment: steps.exe" in words(refused)) == (
        422,
        True,
    )
    assert "Choose a file first" in words(await upload("none.pdf", b""))
    shown = await upload("First steps.pdf", b"%PDF-1.7\n")
    assert "First steps.pdf 9 bytes" in words(shown)
    got = await console.get(f"{page}/attachment")
    assert (got.content, got.headers["content-type"]) == (b"%PDF-1.7\n", "application/pdf")
    assert got.headers["content-disposition"].startswith("attachment;")
    assert "The attachment is removed." in words(await console.post(f"{page}/attachment/remove"))
    assert (await console.get(f"{page}/attachment")).status_code == 404
    typed = {"subject": "Hi", "text": "Hello", "sender": "helpdesk@example.org", "act": "save"}
    assert "Saved" in words(await console.post(page, typed))
    saved = house.inside.services.configuration.current.tenants[TENANT].settings.mail.templates
    assert saved["welcome.en"].sender == "helpdesk@example.org"
    wrong = await console.post(page, typed | {"sender": "nobody"})
    assert "This is no e-mail address: nobody." in words(wrong)


async def test_a_person_may_be_spared_mails(house: HttpHouse, console: ConsoleWindow) -> None:
    added = await console.post("users", {"username": "bob", "email": "bob@example.org"})
    assert "Only what security needs is sent there." in words(added)
    where = str(added.url).partition("/tenants/acme/")[2]
    ticked = {"username": "bob", "email": "bob@example.org", "send_mail": "yes", "version": "1"}
    assert "Only what security needs" not in words(await console.post(where, ticked))
