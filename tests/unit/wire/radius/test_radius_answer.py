"""A reply seen from the client's side."""

import hashlib
import hmac

import pytest

from vestibule.wire.radius import (
    CheckedReply,
    Message,
    ReplyFault,
    SharedSecret,
    Signature,
    check_reply,
    decode,
    encode_attributes,
)

SECRET = SharedSecret(b"secret")
AUTHENTICATOR = bytes(range(16))


@pytest.fixture
def request_() -> Message:
    message = decode(SECRET.encode_request(1, 3, AUTHENTICATOR, [(1, b"alice")]))
    assert isinstance(message, Message)
    return message


def unsigned_reply(code: int, *attributes: tuple[int, bytes], identifier: int = 3) -> bytes:
    body = encode_attributes(attributes)
    head = bytes((code, identifier, 0, 20 + len(body)))
    return head + hashlib.md5(head + AUTHENTICATOR + body + b"secret").digest() + body


def test_signed_reply(request_: Message) -> None:
    checked = check_reply(SECRET.encode_reply(2, request_, [(18, b"hi")]), request_, SECRET)
    assert isinstance(checked, CheckedReply)
    assert checked.signature is Signature.FIRST
    assert checked.message.values(18) == [b"hi"]


def test_unsigned_reply_is_told(request_: Message) -> None:
    """RA-10: the caller learns that it could have been forged."""
    checked = check_reply(unsigned_reply(2, (18, b"hi")), request_, SECRET)
    assert isinstance(checked, CheckedReply)
    assert checked.signature is Signature.MISSING


def test_signature_behind_other_attributes_is_told(request_: Message) -> None:
    """RA-08: a server that signs late can be told so."""
    body = encode_attributes([(18, b"hi"), (80, bytes(16))])
    head = bytes((2, 3, 0, 20 + len(body)))
    body = body[:-16] + hmac.digest(b"secret", head + AUTHENTICATOR + body, "md5")
    reply = head + hashlib.md5(head + AUTHENTICATOR + body + b"secret").digest() + body
    checked = check_reply(reply, request_, SECRET)
    assert isinstance(checked, CheckedReply)
    assert checked.signature is Signature.LATER


@pytest.mark.parametrize(
    ("datagram", "fault"),
    [
        (b"", ReplyFault.MALFORMED),
        (b"\x02\x03\x00\x14", ReplyFault.MALFORMED),
        (unsigned_reply(2, identifier=4), ReplyFault.OTHER_IDENTIFIER),
        (unsigned_reply(5), ReplyFault.UNEXPECTED_CODE),
        (unsigned_reply(1), ReplyFault.UNEXPECTED_CODE),
        (b"\x02\x03\x00\x14" + bytes(16), ReplyFault.RESPONSE_AUTHENTICATOR),
        (unsigned_reply(2, (33, b"chosen by an attacker")), ReplyFault.PROXY_STATE),
        (unsigned_reply(2, (80, bytes(16))), ReplyFault.MESSAGE_AUTHENTICATOR),
    ],
)
def test_what_is_no_answer(request_: Message, datagram: bytes, fault: ReplyFault) -> None:
    """RA-10: forged and unsound replies count for nothing, whatever they say."""
    assert check_reply(datagram, request_, SECRET) is fault


def test_reply_of_another_secret(request_: Message) -> None:
    reply = SharedSecret(b"other").encode_reply(2, request_, [])
    assert check_reply(reply, request_, SECRET) is ReplyFault.RESPONSE_AUTHENTICATOR
