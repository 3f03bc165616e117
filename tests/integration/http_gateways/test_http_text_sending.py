"""Texts over HTTP: what is sent is what was described, and what the answer leaves open stays open."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.http_gateways.conftest import PASSCODE, TextOpening, a_text
from tests.peers.http_server import Behavior, HttpServer, Told
from tests.peers.openldap_certificates import TestAuthority
from vestibule.crypto.secret import Secret
from vestibule.interfaces.gateway import Call, NotSent, Sent, Unsure

FIELDS = {"to": "{to}", "text": "{text}"}
HOSTILE = [
    "1&to=%2B4930666&text=x",
    "line\r\nX-Injected: yes\r\n\r\nGET / HTTP/1.1",
    "%0d%0aX-Injected:%20yes",
    "%0a%26to=+4930666",
    '","to":"+4930666',
    "{secret} {to} {{7*7}} %s {0.__class__}",
    "a=b;c=d#fragment?query",
    "\x00\x1b[31m",
    "ünïcödé 🔐",
]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("format_", ["form", "json", "query"])
async def test_a_value_never_becomes_syntax(
    provider: HttpServer, open_text: TextOpening, hostile: str, format_: str
) -> None:
    """SMS-09, WEB-19: what the provider reads is the value, the whole value and nothing beside it."""
    gateway = open_text(url=f"{provider.url}/send", format=format_, fields=FIELDS)
    assert isinstance(await gateway.send(a_text(body=Secret(hostile))), Sent)
    (asked,) = provider.asked
    read = {
        "form": lambda: asked.form,
        "json": lambda: list(json.loads(asked.body or b"null").items()),
        "query": lambda: asked.query,
    }[format_]()
    assert read == [("to", "+4930123456"), ("text", hostile)]
    assert "x-injected" not in asked.headers
    assert asked.path == "/send"


async def test_a_hostile_number_stays_in_its_segment_of_the_path(
    provider: HttpServer, open_text: TextOpening
) -> None:
    """SMS-09: a path is no place to leave, either."""
    gateway = open_text(url=f"{provider.url}/to/{{to}}/send", fields={"text": "{text}"})
    await gateway.send(a_text(to="+49/../../admin?x=1&y#z"))
    assert provider.asked[0].target == "/to/%2B49%2F..%2F..%2Fadmin%3Fx%3D1%26y%23z/send"


async def test_a_header_that_would_begin_another_is_not_sent(
    provider: HttpServer, open_text: TextOpening
) -> None:
    """SMS-09: a line break in a header is a refusal, not a request."""
    gateway = open_text(url=provider.url, headers={"X-To": "{to}"}, fields=FIELDS)
    assert isinstance(await gateway.send(a_text(to="+49\r\nX-Injected: yes")), NotSent)
    assert provider.asked == []


async def test_json_keeps_its_structure_and_its_numbers(provider: HttpServer, open_text: TextOpening) -> None:
    gateway = open_text(
        url=provider.url,
        format="json",
        sender="Vestibule",
        fields={
            "messages": [{"to": ["{to_digits}"], "body": "{text}", "ttl": "{valid_seconds:number}"}],
            "from": "{sender}",
            "minutes": "{valid_minutes}",
            "callback": "{callback_url}",
            "flash": False,
            "id": "{delivery_id}",
        },
    )
    await gateway.send(a_text(valid_seconds=301))
    assert json.loads(provider.asked[0].body) == {
        "messages": [{"to": ["4930123456"], "body": f"Ihr Code: {PASSCODE}", "ttl": 301}],
        "from": "Vestibule",
        "minutes": "6",
        "callback": "https://signin.example.com/callbacks/gateway-1/receipt",
        "flash": False,
        "id": "0123456789abcdef0123456789abcdef",
    }


@pytest.mark.parametrize(
    ("settings", "header", "value"),
    [
        ({"authentication": "basic", "username": "me"}, "authorization", "Basic bWU6czNjcmV0"),
        ({"authentication": "bearer"}, "authorization", "Bearer s3cret"),
        ({"authentication": "header", "secret_header": "X-Api-Key"}, "x-api-key", "s3cret"),
        ({"headers": {"X-Token": "Key {secret}"}}, "x-token", "Key s3cret"),
    ],
)
async def test_the_secret_goes_where_it_was_said(
    provider: HttpServer, open_text: TextOpening, settings: dict[str, Any], header: str, value: str
) -> None:
    gateway = open_text(url=provider.url, fields=FIELDS, **settings)
    await gateway.send(a_text())
    assert provider.asked[0].headers[header] == value


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (Told(200, b'{"ok": {"id": "r1", "code": 0}}', JSON), Sent("r1")),
        (Told(200, b'{"ok": {"id": 77, "code": "0"}}', JSON), Sent("77")),
        (Told(200, b'{"ok": {"code": 8}}', JSON), NotSent("refused 200 8")),
        (Told(200, b'{"ok": {"code": 4}}', JSON), NotSent("wrong_number 200 4", is_final=True)),
        (Told(200, b"<html>Welcome to the hotel</html>"), Unsure("garbled 200")),
        (Told(200, b""), Unsure("garbled 200")),
        (Told(200, b'{"ok": {"code": 0}}', JSON), Unsure("garbled 200 0")),
        (Told(302, b"", {"Location": "/elsewhere"}), NotSent("refused 302")),
        (Told(400, b"{}", JSON), NotSent("refused 400")),
        (Told(422, b"{}", JSON), NotSent("wrong_number 422", is_final=True)),
        (Told(429, b""), NotSent("busy 429")),
        (Told(500, b""), NotSent("busy 500")),
        (Told(503, b""), NotSent("busy 503")),
        (Told(504, b""), Unsure("unsure 504")),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_the_answer_is_judged_by_the_rules(
    provider: HttpServer, open_text: TextOpening, told: Told, expected: Sent | NotSent | Unsure
) -> None:
    """SMS-06: what was certainly not taken may be sent another way, and nothing else."""
    provider.answer = told
    gateway = open_text(
        url=provider.url,
        fields=FIELDS,
        success_path="ok.code",
        success_values=["0"],
        reference_path="ok.id",
        final_path="ok.code",
        final_values=["4"],
        final_statuses=[422],
    )
    result = await gateway.send(a_text())
    if not isinstance(result, Sent):
        cause = result.cause.removeprefix("http_gateway.trouble.")
        result = NotSent(cause, result.is_final) if isinstance(result, NotSent) else Unsure(cause)
    assert result == expected
    assert len(provider.asked) == 1


async def test_a_reference_is_found_in_plain_text(provider: HttpServer, open_text: TextOpening) -> None:
    provider.answer = Told(200, b"OK: id=A-17 parts=1")
    gateway = open_text(url=provider.url, fields=FIELDS, reference_pattern=r"^OK: id=(\S+)")
    assert await gateway.send(a_text()) == Sent("A-17")
    provider.answer = Told(200, b"ERR: no credit")
    assert isinstance(await gateway.send(a_text()), Unsure)


@pytest.mark.parametrize(
    ("behavior", "trouble"),
    [
        (Behavior.HANG, "timed_out"),
        (Behavior.DRIP, "timed_out"),
        (Behavior.CLOSE, "broken_off"),
        (Behavior.GARBAGE, "broken_off"),
        (Behavior.HALF, "broken_off"),
    ],
)
async def test_what_may_have_been_taken_is_unsure(
    provider: HttpServer, open_text: TextOpening, behavior: Behavior, trouble: str
) -> None:
    """SMS-05: accepted, then silence. Nobody knows, and that is what is said, within the time."""
    provider.answer = behavior
    gateway = open_text(url=provider.url, fields=FIELDS, timeout_seconds=0.4)
    async with asyncio.timeout(5):
        assert await gateway.send(a_text()) == Unsure(f"http_gateway.trouble.{trouble}")
    assert len(provider.asked) == 1


async def test_an_answer_without_an_end_costs_no_memory(provider: HttpServer, open_text: TextOpening) -> None:
    provider.answer = Behavior.FLOOD
    gateway = open_text(url=provider.url, fields=FIELDS, reference_path="id")
    assert await gateway.send(a_text()) == Unsure("http_gateway.trouble.garbled 201")


async def test_a_refused_connection_is_not_sent(open_text: TextOpening, free_port: Callable[[], int]) -> None:
    """SMS-06: another gateway may be asked at once."""
    gateway = open_text(url=f"http://127.0.0.1:{free_port()}/", fields=FIELDS)
    assert await gateway.send(a_text()) == NotSent("http_gateway.trouble.unreachable")
    gateway = open_text(url="https://nobody.invalid/", fields=FIELDS)
    assert await gateway.send(a_text()) == NotSent("http_gateway.trouble.unreachable")


async def test_a_server_that_speaks_no_tls_is_not_sent(provider: HttpServer, open_text: TextOpening) -> None:
    url = provider.url.replace("http:", "https:")
    gateway = open_text(url=url, fields=FIELDS, timeout_seconds=0.5)
    result = await gateway.send(a_text())
    assert isinstance(result, NotSent)
    assert provider.asked == []


@pytest.mark.parametrize("case", ["good", "other name", "expired", "unknown authority"])
async def test_certificates_are_checked(tmp_path: Path, open_text: TextOpening, case: str) -> None:
    """SMS-06: a TLS error is not sent, and not a byte of the text has left."""
    authority = TestAuthority(tmp_path / "authority")
    name = "example.org" if case == "other name" else "localhost"
    certificate = authority.issue("server", name, is_expired=case == "expired")
    trusted = TestAuthority(tmp_path / "other") if case == "unknown authority" else authority
    async with HttpServer(certificate=certificate) as server:
        gateway = open_text(url=server.url, fields=FIELDS, ca_file=str(trusted.ca_file))
        result = await gateway.send(a_text())
        assert result == (Sent("") if case == "good" else NotSent("http_gateway.trouble.insecure"))
        assert len(server.asked) == (1 if case == "good" else 0)


async def test_a_proxy_is_used_if_it_is_named(
    provider: HttpServer, open_text: TextOpening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    gateway = open_text(url="http://provider.invalid/send", proxy=provider.url, fields=FIELDS)
    assert await gateway.send(a_text()) == Sent("")
    assert provider.asked[0].target == "http://provider.invalid/send"
    gateway = open_text(url=provider.url, fields=FIELDS)
    assert await gateway.send(a_text()) == Sent("")


@pytest.mark.parametrize("behavior", [Told(403), Behavior.HANG])
async def test_what_a_proxy_does_not_pass_on_is_not_sent(
    provider: HttpServer, open_text: TextOpening, behavior: Told | Behavior
) -> None:
    """SMS-05: only the CONNECT has left, and that carries no text."""
    provider.answer = behavior
    gateway = open_text(
        url="https://provider.invalid/send", proxy=provider.url, fields=FIELDS, timeout_seconds=0.4
    )
    assert isinstance(await gateway.send(a_text()), NotSent)
    assert [asked.method for asked in provider.asked] == ["CONNECT"]


async def test_half_a_character_and_a_call_are_refused(provider: HttpServer, open_text: TextOpening) -> None:
    for format_ in ("form", "json", "query"):
        gateway = open_text(url=provider.url, format=format_, fields=FIELDS)
        result = await gateway.send(a_text(body=Secret("\ud83d")))
        assert result == NotSent("http_gateway.trouble.not_encodable")
    result = await gateway.send(Call(delivery_id="1", to="+4930123456"))
    assert result == NotSent("http_gateway.trouble.not_carried")
    assert provider.asked == []


async def test_many_at_once_are_sent_side_by_side(provider: HttpServer, open_text: TextOpening) -> None:
    gateway = open_text(url=provider.url, fields={"text": "{text}"})
    texts = [a_text(body=Secret(f"number {n}")) for n in range(200)]
    results = await asyncio.gather(*(gateway.send(text) for text in texts))
    assert results == [Sent("")] * 200
    assert sorted(asked.form[0][1] for asked in provider.asked) == sorted(f"number {n}" for n in range(200))
    assert provider.connections <= 32


async def test_closing_leaves_nobody_without_an_answer(provider: HttpServer, open_text: TextOpening) -> None:
    """What was under way is unsure, what comes later is not sent; nothing raises."""
    provider.answer = Behavior.HANG
    gateway = open_text(url=provider.url, fields=FIELDS)
    sending = asyncio.ensure_future(gateway.send(a_text()))
    await provider.wait_for(1)
    await gateway.close()
    assert await sending == Unsure("http_gateway.trouble.broken_off")
    assert await gateway.send(a_text()) == NotSent("http_gateway.trouble.unreachable")


async def test_neither_text_nor_secret_is_logged(
    provider: HttpServer,
    open_text: TextOpening,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """SMS-08: not even where a provider wants everything in the URL, and everything is logged."""
    caplog.set_level(logging.DEBUG)
    gateway = open_text(url=provider.url, format="query", method="GET", fields={**FIELDS, "key": "{secret}"})
    for behavior in (Told(200), Told(500, PASSCODE.encode()), Behavior.CLOSE):
        provider.answer = behavior
        result = await gateway.send(a_text())
        assert PASSCODE not in repr(result)
    assert len(provider.asked) == 3
    assert dict(provider.asked[0].query)["key"] == "s3cret"
    printed = capfd.readouterr()
    everything = caplog.text + printed.out + printed.err
    assert not {word for word in (PASSCODE, "s3cret", "4930123456") if word in everything}
