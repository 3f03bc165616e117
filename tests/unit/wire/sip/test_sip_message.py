"""SIP messages as bytes and as values: what is tolerated, and which rule the rest breaks."""

from __future__ import annotations

import pytest

from vestibule.wire.sip import Malformed, Request, Response, decode, encode
from vestibule.wire.sip.message import LARGEST_MESSAGE

REQUEST = (
    "BYE sip:alice@192.0.2.4 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa\r\n"
    "From: <sip:trunk@example.org>;tag=1\r\n"
    "To: <sip:alice@192.0.2.4>;tag=2\r\n"
    "Call-ID: a84b4c76e66710\r\n"
    "CSeq: 7 BYE\r\n"
    "\r\n"
)


def changed(old: str, new: str) -> bytes:
    assert old in REQUEST
    return REQUEST.replace(old, new).encode()


def test_a_request_is_read() -> None:
    message = decode(REQUEST.encode())
    assert isinstance(message, Request)
    assert (message.method, message.uri) == ("BYE", "sip:alice@192.0.2.4")
    assert message.call_id == "a84b4c76e66710"
    assert message.sequence == (7, "BYE")


def test_a_torturous_but_right_request_is_read() -> None:
    """In the spirit of RFC 4475 §3.1.1.1: compact names in odd cases, blanks before colons, folded lines,
    fields of nobody, empty lines in front, and a body cut to its length."""
    data = (
        "\r\n\r\nINFO sip:a@192.0.2.4;unknown=%20 SIP/2.0\r\n"
        "TO :\r\n sip:a@192.0.2.4 ;   tag    = 2\r\n"
        'f: "Quote \\" < , ;"\r\n\t<sip:trunk@example.org>;tag=1\r\n'
        "i: 1\r\n"
        "cSEQ: 0009\r\n  INFO\r\n"
        "v: SIP / 2.0 / UDP 192.0.2.1;branch=z9hG4bKa,\r\n SIP/2.0/TCP 192.0.2.9;branch=b\r\n"
        "NewFangledHeader: new fangled\r\n"
        "Empty:\r\n"
        "l: 3\r\n"
        "\r\nabcdef"
    )
    message = decode(data.encode())
    assert isinstance(message, Request)
    assert message.first("to") == "sip:a@192.0.2.4 ;   tag    = 2"
    assert message.sequence == (9, "INFO")
    assert message.first("via").count(",") == 1
    assert message.first("empty") == ""
    assert message.body == b"abc"


def test_bytes_that_are_no_utf_8_come_back_the_same() -> None:
    """A field that is copied into a response must be the same bytes."""
    data = changed("a84b4c76e66710", "x").replace(b": x", b": \xff\xfe")
    message = decode(data)
    assert isinstance(message, Request)
    assert b"Call-ID: \xff\xfe\r\n" in encode(message)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", Malformed.TRUNCATED),
        (REQUEST[:-2].encode(), Malformed.TRUNCATED),
        (changed("SIP/2.0\r\nVia", "SIP/7.0\r\nVia"), Malformed.START_LINE),
        (changed("BYE sip", "BYE  sip"), Malformed.START_LINE),
        (changed("BYE sip:alice", "BYE sip:al\0ice"), Malformed.START_LINE),
        (changed("BYE sip:alice@192.0.2.4 SIP/2.0", "SIP/2.0 486 Busy\rHere"), Malformed.START_LINE),
        (changed("sip:alice@192.0.2.4 SIP", "<sip:alice@192.0.2.4> SIP"), Malformed.START_LINE),
        (changed("sip:alice@192.0.2.4 SIP", "sip:al ice@192.0.2.4 SIP"), Malformed.START_LINE),
        (changed("BYE sip:alice@192.0.2.4 SIP/2.0", "SIP/2.0 4294967301 better"), Malformed.START_LINE),
        (changed("BYE sip:alice@192.0.2.4 SIP/2.0", "SIP/2.0 099 x"), Malformed.START_LINE),
        (changed("CSeq: 7 BYE", "CSeq: 36893488147419103232 BYE"), Malformed.SEQUENCE),
        (changed("CSeq: 7 BYE", "CSeq: 4294967295 BYE"), Malformed.SEQUENCE),
        (changed("CSeq: 7 BYE", "CSeq: 7 INVITE"), Malformed.SEQUENCE),
        (changed("CSeq: 7 BYE\r\n", ""), Malformed.MISSING),
        (changed("CSeq: 7 BYE\r\n", "CSeq: 7 BYE\r\nCSeq: 8 BYE\r\n"), Malformed.MISSING),
        (changed("Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa\r\n", ""), Malformed.MISSING),
        (changed("Call-ID:", "t: <sip:x@y>;tag=9\r\nCall-ID:"), Malformed.MISSING),
        (changed("Call-ID:", "Call ID:"), Malformed.FIELD),
        (changed("Call-ID: a", "Call-ID: \0a"), Malformed.FIELD),
        (changed("\r\nCall", "\nCall"), Malformed.FIELD),
        (changed("\r\nCSeq", "\r\n: x\r\nCSeq"), Malformed.FIELD),
        (changed("SIP/2.0\r\n", "SIP/2.0\r\n folded\r\n"), Malformed.FIELD),
        (changed("CSeq:", "Content-Length: -999\r\nCSeq:"), Malformed.LENGTH),
        (changed("CSeq:", "Content-Length: 0\r\nl: 0\r\nCSeq:"), Malformed.LENGTH),
        (changed("CSeq:", "Content-Length: 9999\r\nCSeq:"), Malformed.TRUNCATED),
        (changed("CSeq:", f"X: {'y' * 9_000}\r\nCSeq:"), Malformed.TOO_LONG),
        (changed("CSeq:", f"X: y\r\n{' y' * 4_000}\r\n{' y' * 4_000}\r\nCSeq:"), Malformed.TOO_LONG),
        (changed("CSeq:", "X: y\r\n" * 300 + "CSeq:"), Malformed.TOO_LONG),
        (REQUEST.encode() + bytes(LARGEST_MESSAGE), Malformed.TOO_LONG),
    ],
)
def test_what_is_no_message_breaks_a_rule(data: bytes, problem: Malformed) -> None:
    """VOI-08, in the spirit of RFC 4475 §3.1.2."""
    assert decode(data) is problem


def test_a_stream_needs_a_length() -> None:
    """RFC 3261 §20.14."""
    assert decode(REQUEST.encode(), is_stream=True) is Malformed.LENGTH


def test_a_status_line_can_be_shown() -> None:
    data = changed("BYE sip:alice@192.0.2.4 SIP/2.0", "SIP/2.0 486 Besetzt\u202e\x85" + "x" * 200)
    message = decode(data)
    assert isinstance(message, Response)
    assert message.status_line.startswith("486 Besetzt??xxx")
    assert len(message.status_line) == 84


@pytest.mark.parametrize("hidden", ["a\r\nX: y", "a\ny", "a\ry", "a\0"])
def test_a_hidden_line_break_is_never_written(hidden: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        encode(Request(method="BYE", uri="sip:x", fields=(("to", hidden),)))


def test_what_is_written_is_read() -> None:
    message = Response(
        status=200,
        reason="OK",
        fields=(("via", "v"), ("from", "f"), ("to", "t"), ("call-id", "i"), ("cseq", "1 INVITE")),
        body=b"v=0",
    )
    data = encode(message)
    assert data.startswith(b"SIP/2.0 200 OK\r\nVia: v\r\nFrom: f\r\n")
    again = decode(data)
    assert isinstance(again, Response)
    assert again.body == b"v=0"
    assert again.first("content-length") == "3"


def test_a_representation_shows_no_fields() -> None:
    message = decode(REQUEST.encode())
    assert repr(message) == "Request(BYE, 5 fields)"
