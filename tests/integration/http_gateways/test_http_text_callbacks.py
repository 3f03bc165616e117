"""Callbacks of providers that settings describe: proven, bounded, and read as they were described."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.integration.http_gateways.conftest import BASE, RecordingInbox, TextOpening, a_text
from tests.integration.http_gateways.test_http_text_presets import STATUS, twilio_request
from tests.peers.http_server import HttpServer
from tests.peers.telephony import signature
from vestibule.interfaces.gateway import CallbackRequest

PLACES = {
    "url": "https://provider.example/send",
    "fields": {"to": "{to}"},
    "receipt_reference": "json:id",
    "receipt_state": "json:state",
    "delivered_words": ["DELIVRD"],
    "failed_words": ["UNDELIV"],
    "reply_sender": "json:from",
    "reply_body": "json:text",
}
RECEIPT = {"id": "r1", "state": "DELIVRD"}


def posted(content: Any, path: str = "receipt", **changes: Any) -> CallbackRequest:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = {"content-type": "application/json", **changes.pop("headers", {})}
    given = {"method": "POST", "url": BASE + path, "path": path, "body": body}
    return CallbackRequest(**{**given, **changes}, headers=tuple(headers.items()))


def body_signature(content: Any, secret: str = "s3cret") -> dict[str, str]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return {"x-signature": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


SIGNED_BODY = {
    **PLACES,
    "callback_proof": "hmac_body",
    "callback_signature": "header:X-Signature",
    "callback_prefix": "sha256=",
}


async def test_a_signed_body_is_believed(open_text: TextOpening, inbox: RecordingInbox) -> None:
    gateway = open_text(**SIGNED_BODY)
    assert (await gateway.callback(posted(RECEIPT, headers=body_signature(RECEIPT)))).status == 204
    upper = {"x-signature": body_signature(RECEIPT)["x-signature"].upper().replace("SHA256", "sha256")}
    assert (await gateway.callback(posted(RECEIPT, headers=upper))).status == 204
    assert [receipt.is_delivered for receipt in inbox.receipts] == [True, True]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-signature": ""},
        {"x-signature": "sha256="},
        {"x-signature": "sha256=" + "0" * 64},
        {"x-signature": "Ü" * 32},
        {"x-signature": body_signature({"id": "r2"})["x-signature"]},
        {"x-signature": body_signature(RECEIPT)["x-signature"].removeprefix("sha256=")},
        body_signature(RECEIPT, "wrong"),
        body_signature(RECEIPT, ""),
    ],
)
async def test_a_forged_callback_is_refused_and_told_nothing(
    open_text: TextOpening, inbox: RecordingInbox, headers: dict[str, str]
) -> None:
    """SMS-01, SMS-07."""
    answer = await open_text(**SIGNED_BODY).callback(posted(RECEIPT, headers=headers))
    assert (answer.status, answer.body, answer.content_type) == (403, b"", "")
    assert (inbox.receipts, inbox.replies) == ([], [])


async def test_without_a_rule_nobody_is_believed(open_text: TextOpening, inbox: RecordingInbox) -> None:
    """SMS-01: forgotten settings open no door; neither does an empty secret."""
    assert (await open_text(**PLACES).callback(posted(RECEIPT))).status == 403
    shared = {"callback_proof": "shared_secret", "callback_signature": "query:token"}
    gateway = open_text(**PLACES, **shared, secret="")
    assert (await gateway.callback(posted(RECEIPT, query=(("token", ""),)))).status == 403
    assert inbox.receipts == []


@pytest.mark.parametrize(
    ("place", "headers", "query", "status"),
    [
        ("query:token", {}, (("token", "s3cret"),), 204),
        ("query:token", {}, (("token", "s3cre"),), 403),
        ("query:token", {}, (("token", "s3cret"), ("token", "x")), 403),
        ("query:token", {}, (), 403),
        ("header:X-Token", {"x-token": "s3cret"}, (), 204),
        ("header:X-Token", {"x-token": "s3cret "}, (), 403),
    ],
)
async def test_a_shared_secret(
    open_text: TextOpening,
    place: str,
    headers: dict[str, str],
    query: tuple[tuple[str, str], ...],
    status: int,
) -> None:
    gateway = open_text(**PLACES, callback_proof="shared_secret", callback_signature=place)
    assert (await gateway.callback(posted(RECEIPT, headers=headers, query=query))).status == status


async def test_a_shared_secret_in_the_query_is_part_of_the_address_that_is_told(
    open_text: TextOpening, provider: HttpServer, inbox: RecordingInbox
) -> None:
    gateway = open_text(
        **{**PLACES, "url": provider.url, "fields": {"webhook": "{callback_url}"}},
        callback_proof="shared_secret",
        callback_signature="query:token",
        secret="api\nhook & co",
    )
    await gateway.send(a_text())
    url = provider.asked[0].form[0][1]
    assert url == BASE + "receipt?token=hook+%26+co"
    query = tuple(parse_qsl(urlsplit(url).query))
    assert (await gateway.callback(posted(RECEIPT, url=url, query=query))).status == 204
    assert len(inbox.receipts) == 1


async def test_basic_is_asked_for_besides_the_signature(open_text: TextOpening) -> None:
    basic = {"authorization": "Basic cHJvdmlkZXI6czNjcmV0"}
    only = open_text(**PLACES, callback_username="provider")
    assert (await only.callback(posted(RECEIPT, headers=basic))).status == 204
    assert (await only.callback(posted(RECEIPT))).status == 403
    both = open_text(**SIGNED_BODY, callback_username="provider")
    signed = body_signature(RECEIPT)
    assert (await both.callback(posted(RECEIPT, headers={**basic, **signed}))).status == 204
    assert (await both.callback(posted(RECEIPT, headers=basic))).status == 403
    assert (await both.callback(posted(RECEIPT, headers=signed))).status == 403


async def test_every_changed_piece_of_a_twilio_callback_breaks_its_signature(
    open_text: TextOpening, inbox: RecordingInbox
) -> None:
    """SMS-07: address, query, names and values are all covered."""
    gateway = open_text(preset="twilio", account="AC1", secret="12345")
    good = twilio_request("receipt", STATUS)
    changed = [
        {"body": good.body.replace(b"delivered", b"undelivered")},
        {"body": good.body + b"&ErrorCode=1"},
        {"body": good.body + b"&MessageSid=SM3"},
        {"body": good.body.replace(b"&SmsStatus=sent", b"")},
        {"body": b""},
        {"url": good.url + "?x=1"},
        {"url": good.url.replace("signin.", "other.")},
        {"url": good.url.replace("https:", "http:")},
        {"url": good.url.replace(".com/", ".com:8443/")},
        {"path": "reply", "url": BASE + "reply"},
        {"headers": (("content-type", "application/json"), good.headers[1])},
        {"headers": (("content-type", "text/plain"), good.headers[1])},
        {"headers": (*good.headers, ("x-twilio-signature", "x"))},
        {"headers": good.headers[:1]},
    ]
    for change in changed:
        fields = {name: getattr(good, name) for name in good.__struct_fields__}
        answer = await gateway.callback(CallbackRequest(**{**fields, **change}))
        assert answer.status == 403, change
    assert inbox.receipts == []
    assert (await gateway.callback(good)).status == 200


async def test_a_signed_address_covers_no_json_body(open_text: TextOpening, inbox: RecordingInbox) -> None:
    """SMS-07: a signature over the address alone must not carry a body of somebody else."""
    gateway = open_text(preset="twilio", account="AC1", secret="12345")
    url = BASE + "receipt"
    for body, kind in ((b'{"a": 1}', "application/json"), (b"&&&", "application/x-www-form-urlencoded")):
        headers = (("content-type", kind), ("x-twilio-signature", signature("12345", url, {})))
        request = CallbackRequest(method="POST", url=url, path="receipt", headers=headers, body=body)
        assert (await gateway.callback(request)).status == 403
    assert inbox.receipts == []


async def test_the_port_that_a_scheme_implies_may_be_left_out_or_added(open_text: TextOpening) -> None:
    gateway = open_text(preset="twilio", account="AC1", secret="12345")
    good = twilio_request("receipt", STATUS)
    fields = {name: getattr(good, name) for name in good.__struct_fields__}
    fields["url"] = good.url.replace(".com/", ".com:443/")
    assert (await gateway.callback(CallbackRequest(**fields))).status == 200


async def test_repeated_and_reordered_receipts_are_told_as_they_come(
    open_text: TextOpening, inbox: RecordingInbox
) -> None:
    """SMS-07: telling twice is harmless, and an intermediate state is never final."""
    gateway = open_text(**SIGNED_BODY)
    for state in ("DELIVRD", "ENROUTE", "DELIVRD", "UNDELIV"):
        content = {"id": "unknown to anybody", "state": state}
        assert (await gateway.callback(posted(content, headers=body_signature(content)))).status == 204
    assert [(told.is_delivered, told.is_final) for told in inbox.receipts] == [
        (True, True),
        (False, False),
        (True, True),
        (False, True),
    ]


async def test_a_list_in_one_body_is_read_item_by_item(open_text: TextOpening, inbox: RecordingInbox) -> None:
    gateway = open_text(**SIGNED_BODY, callback_list="results")
    content = {"results": [{"id": "1", "state": "DELIVRD"}, {"id": "2"}, "x", None, {"id": "3", "state": 7}]}
    assert (await gateway.callback(posted(content, headers=body_signature(content)))).status == 204
    assert [told.reference for told in inbox.receipts] == ["1", "3"]
    many = {"results": [{"id": "1", "state": "DELIVRD"}] * 1000}
    await gateway.callback(posted(many, headers=body_signature(many)))
    assert len(inbox.receipts) == 202


async def test_the_address_decides_what_may_come(open_text: TextOpening, inbox: RecordingInbox) -> None:
    gateway = open_text(**SIGNED_BODY)
    both = {**RECEIPT, "from": "+4930123456", "text": "123456"}
    for path in ("receipt", "reply", ""):
        assert (await gateway.callback(posted(both, path, headers=body_signature(both)))).status == 204
    assert (len(inbox.receipts), len(inbox.replies)) == (1, 2)
    assert (await gateway.callback(posted(both, "other", headers=body_signature(both)))).status == 404


async def test_bodies_and_methods_are_bounded(open_text: TextOpening, inbox: RecordingInbox) -> None:
    gateway = open_text(**SIGNED_BODY)
    huge = b" " * 65_537
    assert (await gateway.callback(posted(huge, headers=body_signature(huge)))).status == 413
    assert (await gateway.callback(posted(RECEIPT, method="DELETE"))).status == 405
    for body in (b"[" * 60_000, b"\xff", b"{", b"null", b"[]", b"7"):
        answer = await gateway.callback(posted(body, headers=body_signature(body)))
        assert answer.status in (204, 403)
    assert inbox.receipts == []


async def test_a_plus_that_became_a_blank_is_a_plus(open_text: TextOpening, inbox: RecordingInbox) -> None:
    gateway = open_text(
        url="https://provider.example/send",
        fields={"to": "{to}"},
        callback_proof="shared_secret",
        callback_signature="query:token",
        reply_sender="query:from",
        reply_recipient="query:to",
        reply_body="query:text",
    )
    query = (("token", "s3cret"), ("from", " 4930123456"), ("to", "32323"), ("text", "  123 456 "))
    request = CallbackRequest(method="GET", url=BASE + "reply", path="reply", query=query)
    assert (await gateway.callback(request)).status == 204
    (reply,) = inbox.replies
    assert (reply.sender, reply.recipient, reply.body) == ("+4930123456", "32323", "  123 456 ")
