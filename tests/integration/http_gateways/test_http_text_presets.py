"""The presets against what the providers' documentation shows."""

from __future__ import annotations

import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest

from tests.integration.http_gateways.conftest import BASE, RecordingInbox, TextOpening, a_text
from tests.peers.http_server import HttpServer, Told
from tests.peers.telephony import signature
from vestibule.crypto.secret import Secret
from vestibule.interfaces.gateway import CallbackAnswer, CallbackRequest, NotSent, Receipt, Reply, Sent

FORM = "application/x-www-form-urlencoded"
ACCOUNT = "ACXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
JSON = {"Content-Type": "application/json"}

# "Create a Message", Messages resource.
TWILIO_CREATED = {
    "account_sid": ACCOUNT,
    "api_version": "2010-04-01",
    "body": "Hi there",
    "direction": "outbound-api",
    "error_code": None,
    "error_message": None,
    "from": "+15557122661",
    "num_segments": "1",
    "price": None,
    "sid": "SMXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
    "status": "queued",
    "to": "+15558675310",
}


def twilio(open_text: TextOpening, provider: HttpServer, **settings: str):  # type: ignore[no-untyped-def]
    url = provider.url + "/2010-04-01/Accounts/{account}/Messages.json"
    return open_text(
        preset="twilio", url=url, account=ACCOUNT, sender="+15557122661", secret="12345", **settings
    )


async def test_twilio_is_asked_as_documented(provider: HttpServer, open_text: TextOpening) -> None:
    provider.answer = Told(201, json.dumps(TWILIO_CREATED).encode(), JSON)
    gateway = twilio(open_text, provider)
    text = a_text(to="+15558675310", body=Secret("Hi there"))
    assert await gateway.send(text) == Sent("SMXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX")
    (asked,) = provider.asked
    assert (asked.method, asked.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    assert asked.headers["content-type"] == FORM
    assert dict(asked.form) == {
        "To": "+15558675310",
        "From": "+15557122661",
        "Body": "Hi there",
        "ValidityPeriod": "300",
        "StatusCallback": f"{BASE}receipt",
    }


async def test_twilio_without_a_public_address_wants_no_receipts(
    provider: HttpServer, open_text: TextOpening
) -> None:
    provider.answer = Told(201, json.dumps(TWILIO_CREATED).encode(), JSON)
    gateway = twilio(open_text, provider, callback_url="")
    await gateway.send(a_text())
    assert "StatusCallback" not in dict(provider.asked[0].form)


@pytest.mark.parametrize(("code", "is_final"), [(21211, True), (21614, True), (20003, False), (21608, False)])
async def test_twilio_says_which_numbers_are_wrong(
    provider: HttpServer, open_text: TextOpening, code: int, is_final: bool
) -> None:
    """As in "Twilio API responses": errors have a code; 21211 is no phone number, 20003 no right to ask."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    answer = {"code": code, "message": "No", "more_info": more, "status": 400}
    provider.answer = Told(400, json.dumps(answer).encode(), JSON)
    result = await twilio(open_text, provider).send(a_text())
    assert isinstance(result, NotSent)
    assert result.is_final is is_final
    assert result.cause.endswith(f"400 {code}")


def twilio_request(path: str, form: dict[str, str], token: str = "12345") -> CallbackRequest:
    url = BASE + path
    return CallbackRequest(
        method="POST",
        url=url,
        path=path,
        headers=(
            ("content-type", f"{FORM}; charset=utf-8"),
            ("x-twilio-signature", signature(token, url, form)),
        ),
        body=urlencode(form).encode(),
    )


STATUS = {
    "SmsSid": "SM2xxxxxx",
    "SmsStatus": "sent",
    "MessageStatus": "delivered",
    "To": "+15558675310",
    "MessageSid": "SM2xxxxxx",
    "AccountSid": ACCOUNT,
    "From": "+15557122661",
    "ApiVersion": "2010-04-01",
}


async def test_twilio_receipts(provider: HttpServer, open_text: TextOpening, inbox: RecordingInbox) -> None:
    """As in "Track the Message Status of Outbound Messages": states in any order, each as it is told."""
    gateway = twilio(open_text, provider)
    failed = {**STATUS, "MessageStatus": "undelivered", "ErrorCode": "30003"}
    for form in ({**STATUS, "MessageStatus": "sent"}, STATUS, failed):
        answer = await gateway.callback(twilio_request("receipt", form))
        assert answer.status == 200
    assert inbox.receipts == [
        Receipt(reference="SM2xxxxxx", is_delivered=False, is_final=False, cause="sent"),
        Receipt(reference="SM2xxxxxx", is_delivered=True, cause="delivered"),
        Receipt(reference="SM2xxxxxx", is_delivered=False, cause="undelivered 30003"),
    ]
    assert inbox.replies == []


async def test_a_twilio_reply_is_answered_with_an_empty_document(
    provider: HttpServer, open_text: TextOpening, inbox: RecordingInbox
) -> None:
    form = {
        "ToCountry": "US",
        "SmsMessageSid": "SMXX",
        "NumMedia": "0",
        "SmsStatus": "received",
        "Body": "481516 & more ü",
        "To": "+15557122661",
        "MessageSid": "SMXX",
        "AccountSid": ACCOUNT,
        "From": "+15558675310",
    }
    answer = await twilio(open_text, provider).callback(twilio_request("reply", form))
    body = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
    assert answer == CallbackAnswer(status=200, content_type="text/xml", body=body)
    assert inbox.replies == [
        Reply(sender="+15558675310", recipient="+15557122661", body="481516 & more ü", message_id="SMXX")
    ]


async def test_callbacks_are_proven_by_the_second_line_of_the_secret(
    provider: HttpServer, open_text: TextOpening, inbox: RecordingInbox
) -> None:
    """An API key sends, the auth token signs."""
    provider.answer = Told(201, json.dumps(TWILIO_CREATED).encode(), JSON)
    gateway = open_text(
        preset="twilio", url=provider.url, account=ACCOUNT, username="SK1", secret="key-secret\ntoken"
    )
    await gateway.send(a_text())
    assert provider.asked[0].headers["authorization"] == "Basic U0sxOmtleS1zZWNyZXQ="
    assert (await gateway.callback(twilio_request("receipt", STATUS, token="key-secret"))).status == 403
    assert (await gateway.callback(twilio_request("receipt", STATUS, token="token"))).status == 200
    assert len(inbox.receipts) == 1


# "Troubleshooting SMS", SMS API of Vonage.
VONAGE_TAKEN = {
    "message-count": "1",
    "messages": [
        {
            "to": "447700900000",
            "message-id": "0C000000217B7F02",
            "status": "0",
            "remaining-balance": "15.53590000",
            "message-price": "0.03330000",
            "network": "23410",
        }
    ],
}


async def test_vonage_is_asked_as_documented(provider: HttpServer, open_text: TextOpening) -> None:
    provider.answer = Told(200, json.dumps(VONAGE_TAKEN).encode(), JSON)
    gateway = open_text(
        preset="vonage",
        url=f"{provider.url}/sms/json",
        account="abcd1234",
        sender="AcmeInc",
        secret="api\nsig",
    )
    assert await gateway.send(a_text(to="+447700900000", valid_seconds=5)) == Sent("0C000000217B7F02")
    await gateway.send(a_text(body=Secret("Ваш код 1")))
    assert provider.asked[0].path == "/sms/json"
    assert dict(provider.asked[0].form) == {
        "api_key": "abcd1234",
        "api_secret": "api",
        "to": "447700900000",
        "from": "AcmeInc",
        "text": "Ihr Code: 481516",
        "type": "text",
        "ttl": "20000",
        "client-ref": "0123456789abcdef0123456789abcdef",
        "callback": f"{BASE}receipt",
    }
    assert dict(provider.asked[1].form)["type"] == "unicode"


@pytest.mark.parametrize(
    ("status", "cause", "is_final"),
    [("1", "refused 200 1", False), ("4", "refused 200 4", False), ("6", "wrong_number 200 6", True)],
)
async def test_vonage_refuses_with_http_200(
    provider: HttpServer, open_text: TextOpening, status: str, cause: str, is_final: bool
) -> None:
    answer = {"message-count": "1", "messages": [{"status": status, "error-text": "No"}]}
    provider.answer = Told(200, json.dumps(answer).encode(), JSON)
    gateway = open_text(preset="vonage", url=provider.url, account="a", secret="api\nsig")
    expected = NotSent(f"http_gateway.trouble.{cause}", is_final=is_final)
    assert await gateway.send(a_text()) == expected


def vonage_signature(fields: dict[str, str], secret: str) -> str:
    """As in "Signing messages": sorted, `&` and `=` of values replaced, HMAC."""
    text = "".join(f"&{name}={fields[name].replace('&', '_').replace('=', '_')}" for name in sorted(fields))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


VONAGE_RECEIPT = {
    "msisdn": "447700900000",
    "to": "AcmeInc",
    "network-code": "12345",
    "messageId": "0A0000001234567B",
    "price": "0.03330000",
    "status": "delivered",
    "scts": "2001011400",
    "err-code": "0",
    "api-key": "abcd1234",
    "message-timestamp": "2020-01-01T14:00:00.000Z",
    "timestamp": "1577887200",
    "nonce": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
}
VONAGE_INBOUND = {
    "msisdn": "447700900001",
    "to": "447700900000",
    "messageId": "0A0000000123ABCD1",
    "text": "Hello & = world",
    "type": "text",
    "keyword": "HELLO",
    "message-timestamp": "2020-01-01T12:00:00.000+00:00",
    "timestamp": "1577880000",
    "nonce": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
}


def vonage_request(path: str, fields: dict[str, str], way: str, secret: str = "sig") -> CallbackRequest:
    signed = {**fields, "sig": vonage_signature(fields, secret)}
    if way == "query":
        query = tuple(signed.items())
        return CallbackRequest(method="GET", url=f"{BASE}{path}?{urlencode(signed)}", path=path, query=query)
    body = json.dumps(signed) if way == "json" else urlencode(signed)
    kind = "application/json" if way == "json" else FORM
    headers = (("content-type", kind),)
    return CallbackRequest(method="POST", url=BASE + path, path=path, headers=headers, body=body.encode())


async def test_signed_fields_cover_neither_a_query_beside_them_nor_a_structure_inside(
    open_text: TextOpening, inbox: RecordingInbox
) -> None:
    """SMS-01: what the signature does not see is not read."""
    gateway = open_text(
        preset="vonage", account="abcd1234", secret="api\nsig", reply_sender="query:a", reply_body="query:b"
    )
    good = vonage_request("reply", VONAGE_INBOUND, "json")
    fields = {name: getattr(good, name) for name in good.__struct_fields__}
    beside = CallbackRequest(**{**fields, "query": (("a", "+4930666"), ("b", "481516"))})
    assert (await gateway.callback(beside)).status == 403
    inside = json.loads(good.body) | {"more": {"from": "+4930666"}}
    signed = {"more": "", **VONAGE_INBOUND}
    inside["sig"] = vonage_signature(signed, "sig")
    nested = CallbackRequest(**{**fields, "body": json.dumps(inside).encode()})
    assert (await gateway.callback(nested)).status == 403
    assert inbox.replies == []


@pytest.mark.parametrize("way", ["json", "form", "query"])
async def test_vonage_calls_back_in_three_ways(
    provider: HttpServer, open_text: TextOpening, inbox: RecordingInbox, way: str
) -> None:
    gateway = open_text(preset="vonage", url=provider.url, account="abcd1234", secret="api\nsig")
    for path, fields in (("receipt", VONAGE_RECEIPT), ("reply", VONAGE_INBOUND)):
        assert (await gateway.callback(vonage_request(path, fields, way))).status == 204
        assert (await gateway.callback(vonage_request(path, fields, way, secret="api"))).status == 403
    receipt = Receipt(reference="0A0000001234567B", is_delivered=True, cause="delivered 0")
    assert inbox.receipts == [receipt]
    (reply,) = inbox.replies
    assert (reply.sender, reply.recipient) == ("+447700900001", "+447700900000")
    assert (reply.body, reply.message_id) == ("Hello & = world", "0A0000000123ABCD1")
