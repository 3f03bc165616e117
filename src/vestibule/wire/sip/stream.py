"""Cuts SIP messages out of a stream of bytes by their Content-Length (RFC 3261 §18.3), without I/O.

Must never hold more than one message of the allowed length and what one read brought along. Invariant: once
the stream is malformed it stays so, because after bad bytes nobody knows where the next message begins.
"""

from __future__ import annotations

from vestibule.wire.sip.message import LARGEST_MESSAGE, Malformed, Message, decode

PING = b"\r\n\r\n"
PONG = b"\r\n"
_LENGTH_NAMES = (b"content-length", b"l")


class MessageStream:
    """One direction of one connection: put bytes in with `feed`, take messages out with `next_message`."""

    __slots__ = ("_broken", "_buffer", "pings")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._broken: Malformed | None = None
        self.pings = 0
        """How many times the peer asked whether we are there (RFC 5626 §3.5.1); the caller counts down."""

    def feed(self, data: bytes) -> None:
        """Add what was read from the peer."""
        if self._broken is None:
            self._buffer += data

    def next_message(self) -> Message | Malformed | None:
        """Return the next message, or None when none is complete."""
        if self._broken is not None:
            return self._broken
        self._skip_empty_lines()
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return self._break(Malformed.TOO_LONG) if len(self._buffer) > LARGEST_MESSAGE else None
        length = _length(bytes(self._buffer[:end]))
        if length is None:
            return self._break(Malformed.LENGTH)
        size = end + 4 + length
        if size > LARGEST_MESSAGE:
            return self._break(Malformed.TOO_LONG)
        if size > len(self._buffer):
            return None
        frame = bytes(self._buffer[:size])
        del self._buffer[:size]
        message = decode(frame, is_stream=True)
        return self._break(message) if isinstance(message, Malformed) else message

    def _skip_empty_lines(self) -> None:
        while self._buffer[:4] == PING:
            self.pings = min(self.pings + 1, 100)
            del self._buffer[:4]
        # Half a ping stays until its other half or a message has come.
        while self._buffer[:2] == PONG and len(self._buffer) > 3:
            del self._buffer[:2]

    def _break(self, problem: Malformed) -> Malformed:
        self._broken = problem
        self._buffer.clear()
        return problem


def _length(head: bytes) -> int | None:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip(b" \t").lower() in _LENGTH_NAMES:
            number = value.strip(b" \t")
            return int(number) if number.isdigit() and len(number) < 10 else None
    return None
