"""Cuts the messages out of a stream of bytes, without I/O.

Must never hold more than one message of the allowed length and what one read brought along. Invariant: once
the stream is malformed it stays so, because after bad bytes nobody knows where the next message begins.
"""

from __future__ import annotations

from vestibule.wire.ldap import ber
from vestibule.wire.ldap.codec import decode, frame_length
from vestibule.wire.ldap.messages import Malformed, Message


class MessageStream:
    """One direction of one connection: put bytes in with `feed`, take messages out with `next_message`."""

    __slots__ = ("_broken", "_buffer", "_limits")

    def __init__(self, limits: ber.Limits = ber.DEFAULT_LIMITS) -> None:
        self._buffer = bytearray()
        self._broken: Malformed | None = None
        self._limits = limits

    @property
    def pending_bytes(self) -> int:
        """How many bytes wait that were not yet taken out as a message.

        After a StartTLS exchange this must be 0 before the handshake: bytes that came in the clear must not
        be read as if they had come protected (RFC 4511 §4.14.1).
        """
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Add what was read from the peer."""
        if self._broken is None:
            self._buffer += data

    def next_frame(self) -> bytes | Malformed | None:
        """Return the bytes of the next message undecoded, or None when none is complete."""
        if self._broken is not None:
            return self._broken
        length = frame_length(self._buffer, self._limits)
        if isinstance(length, Malformed):
            return self._break(length)
        if length is None or length > len(self._buffer):
            return None
        frame = bytes(self._buffer[:length])
        del self._buffer[:length]
        return frame

    def next_message(self) -> Message | Malformed | None:
        """Return the next message, or None when none is complete."""
        frame = self.next_frame()
        if not isinstance(frame, bytes):
            return frame
        message = decode(frame, self._limits)
        return self._break(message) if isinstance(message, Malformed) else message

    def _break(self, problem: Malformed) -> Malformed:
        self._broken = problem
        self._buffer.clear()
        return problem
