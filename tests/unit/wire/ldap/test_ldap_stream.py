"""Messages are cut out of a stream wherever the network cut it, and bad bytes end it for good."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vestibule.wire.ldap import Limits, MessageStream, encode
from vestibule.wire.ldap.messages import AbandonRequest, Malformed, Message, UnbindRequest

_MESSAGES = [Message(number, AbandonRequest(number * 1000)) for number in range(1, 6)]


@given(st.lists(st.integers(1, 9), min_size=1))
def test_messages_come_out_whole_however_they_came_in(sizes: list[int]) -> None:
    data = b"".join(map(encode, _MESSAGES))
    stream, found, position, turn = MessageStream(), [], 0, 0
    while position < len(data):
        size = sizes[turn % len(sizes)]
        stream.feed(data[position : position + size])
        position, turn = position + size, turn + 1
        while isinstance(message := stream.next_message(), Message):
            found.append(message)
        assert message is None
    assert found == _MESSAGES
    assert stream.pending_bytes == 0


def test_what_follows_a_message_is_counted_as_pending() -> None:
    """LD-11: bytes behind a StartTLS answer are seen before the handshake."""
    stream = MessageStream()
    stream.feed(encode(Message(1, UnbindRequest())) + b"\x30\x05")
    assert stream.next_message() == Message(1, UnbindRequest())
    assert stream.pending_bytes == 2


def test_a_broken_stream_stays_broken() -> None:
    stream = MessageStream()
    stream.feed(b"GET / HTTP/1.1\r\n")
    broken = Malformed("a message that does not begin with a sequence")
    assert stream.next_message() == broken
    stream.feed(encode(Message(1, UnbindRequest())))
    assert stream.next_message() == broken
    assert stream.pending_bytes == 0


def test_a_message_that_cannot_be_read_breaks_the_stream() -> None:
    stream = MessageStream()
    stream.feed(bytes.fromhex("3005020101 7e00") + encode(Message(1, UnbindRequest())))
    assert stream.next_message() == Malformed("tag 0x7e is no operation")
    assert stream.next_message() == Malformed("tag 0x7e is no operation")


def test_a_frame_comes_out_undecoded() -> None:
    """A proxy passes on the bytes it was given."""
    stream, data = MessageStream(), bytes.fromhex("3084000000050201014200")
    stream.feed(data + b"\x30")
    assert stream.next_frame() == data
    assert stream.next_frame() is None


def test_a_stream_has_a_limit() -> None:
    """LD-14, LD-15: a message longer than allowed is refused at its header."""
    stream = MessageStream(Limits(max_message_bytes=16))
    stream.feed(b"\x30\x0f")
    assert stream.next_message() == Malformed("a message longer than allowed")
