"""Callbacks with damage of every kind: nothing is told, nothing raises but what is said to."""

from __future__ import annotations

import random
from collections.abc import Callable
from urllib.parse import urlencode

from tests.integration.http_gateways.conftest import BASE, RecordingInbox
from tests.integration.http_gateways.test_http_call_callbacks import ADDRESSES, DELIVERY, told
from tests.integration.http_gateways.test_http_text_presets import (
    STATUS,
    VONAGE_RECEIPT,
    twilio_request,
    vonage_request,
)
from tests.peers.telephony import ACCOUNT, TOKEN
from vestibule.crypto.secret import Secret
from vestibule.gateways.http_call import GATEWAY as HTTP_CALL
from vestibule.gateways.http_call.addresses import KEYS
from vestibule.gateways.http_call.events import event_of_status, event_of_step
from vestibule.gateways.http_text import GATEWAY as HTTP_TEXT
from vestibule.interfaces.gateway import CallbackRequest, Surroundings
from vestibule.wire.http_forms.places import Unreadable, fields_of, take_apart
from vestibule.wire.http_forms.signature import url_and_form

_SNIPPETS = [
    b"&",
    b"=",
    b"%",
    b"%00",
    b"%ff",
    b"+",
    b"{",
    b"}",
    b"[",
    b'"',
    b"\\u0000",
    b"\xff",
    b"\x00",
    b",",
    b"1e999",
]
_KINDS = ["application/x-www-form-urlencoded", "application/json", "a/b+json", "text/plain", "", ";;", "JSON"]


def _damaged(content: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(content) + 1)
        match chance.randrange(3):
            case 0:
                content = content[:start] + chance.choice(_SNIPPETS) + content[start:]
            case 1:
                content = content[:start] + content[start + chance.randint(1, 20) :]
            case _:
                content = content[:start] + bytes([chance.randrange(256)]) + content[start + 1 :]
    return content


def test_damaged_bodies(proof: Callable[[int, int], int]) -> None:
    """A body is read, or it is unreadable; it never raises anything else."""
    chance = random.Random(9)
    seeds = [urlencode(STATUS).encode(), vonage_request("receipt", VONAGE_RECEIPT, "json").body]
    for _ in range(proof(2_000, 200_000)):
        headers = (("content-type", chance.choice(_KINDS)),)
        try:
            parts = take_apart((), headers, _damaged(chance.choice(seeds), chance))
        except Unreadable:
            continue
        assert all(isinstance(value, str) for _, value in fields_of(parts))


async def test_damaged_callbacks_tell_nothing(proof: Callable[[int, int], int]) -> None:
    """SMS-01, SMS-07, VOI-01: a single changed bit, and it is nobody's word."""
    chance = random.Random(10)
    inbox = RecordingInbox()
    surroundings = Surroundings(gateway_id="gateway-1", inbox=inbox, callback_url=BASE)
    settings = {"account": ACCOUNT, "caller_id": "+49301000"}
    gateways = {
        "twilio": HTTP_TEXT.open({"preset": "twilio"}, Secret("12345"), surroundings),
        "vonage": HTTP_TEXT.open({"preset": "vonage"}, Secret("api\nsig"), surroundings),
        "call": HTTP_CALL.open(settings, Secret(TOKEN), surroundings),
    }
    good = {
        "twilio": twilio_request("receipt", STATUS),
        "vonage": vonage_request("receipt", VONAGE_RECEIPT, "form"),
        "call": told(ADDRESSES.step(KEYS, DELIVERY, 1), Digits="1234"),
    }
    for _ in range(proof(1_000, 50_000)):
        name = chance.choice(list(good))
        request = good[name]
        body = _damaged(request.body, chance)
        if _reads_the_same(request, body):
            continue
        damaged = CallbackRequest(
            method="POST", url=request.url, path=request.path, headers=request.headers, body=body
        )
        assert (await gateways[name].callback(damaged)).status in (403, 413)
    assert (inbox.receipts, inbox.replies, inbox.events) == ([], [], [])
    for gateway in gateways.values():
        await gateway.close()


def _reads_the_same(request: CallbackRequest, body: bytes) -> bool:
    try:
        forms = [take_apart((), request.headers, content).form for content in (body, request.body)]
        # Twilio runs names and values together: a boundary that moves is not seen by its signature.
        return url_and_form("", forms[0]) == url_and_form("", forms[1])
    except Unreadable:
        return False


def test_any_form_is_an_event(proof: Callable[[int, int], int]) -> None:
    """Keys are keys of a telephone, whatever is told."""
    chance = random.Random(11)
    names = ["Digits", "FinishedOnKey", "CallStatus", "AnsweredBy", "SipResponseCode"]
    values = [
        "",
        "#",
        "12#34",
        "1" * 99,
        "١٢",
        "in-progress",
        "completed",
        "busy",
        "machine_x",
        "\x00",
        "1234",
    ]
    for _ in range(proof(2_000, 100_000)):
        form = {name: chance.choice(values) for name in chance.sample(names, chance.randint(0, 5))}
        event = event_of_step(chance.choice(["answered", "keys", "said"]), form)
        assert set(event.keys) <= set("0123456789*")
        assert len(event.keys) <= 60
        event_of_status(form)
