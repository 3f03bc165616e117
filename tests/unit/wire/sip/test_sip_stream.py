"""Messages out of a stream of bytes."""

from __future__ import annotations

from vestibule.wire.sip import Malformed, MessageStream, Request
from vestibule.wire.sip.message import LARGEST_MESSAGE

MESSAGE = (
    b"OPTIONS sip:a@b SIP/2.0\r\nVia: v\r\nFrom: f\r\nTo: t\r\nCall-ID: i\r\nCSeq: 1 OPTIONS\r\n"
    b"l : 4\r\n\r\nbody"
)


def test_messages_come_out_however_they_were_cut() -> None:
    """RFC 3261 §18.3."""
    stream = MessageStream()
    found = []
    for octet in b"\r\n" + MESSAGE + b"\r\n\r\n" + MESSAGE:
        stream.feed(bytes((octet,)))
        if (message := stream.next_message()) is not None:
            found.append(message)
    assert [type(message) for message in found] == [Request, Request]
    assert all(isinstance(message, Request) and message.body == b"body" for message in found)


def test_pings_are_counted() -> None:
    """RFC 5626 §3.5.1."""
    stream = MessageStream()
    stream.feed(b"\r\n\r\n")
    assert stream.next_message() is None
    assert stream.pings == 1


def test_a_stream_without_a_length_is_broken_for_good() -> None:
    stream = MessageStream()
    stream.feed(MESSAGE.replace(b"l : 4\r\n", b""))
    assert stream.next_message() is Malformed.LENGTH
    stream.feed(MESSAGE)
    assert stream.next_message() is Malformed.LENGTH


def test_a_stream_that_never_ends_a_header_is_cut_off() -> None:
    stream = MessageStream()
    stream.feed(b"x" * (LARGEST_MESSAGE + 1))
    assert stream.next_message() is Malformed.TOO_LONG


def test_a_body_longer_than_anybody_needs_is_not_waited_for() -> None:
    stream = MessageStream()
    stream.feed(MESSAGE.replace(b"l : 4", b"l: 99999999"))
    assert stream.next_message() is Malformed.TOO_LONG
