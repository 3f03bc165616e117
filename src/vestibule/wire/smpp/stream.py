"""Cuts PDUs out of a stream of octets, without I/O.

Must never hold more than one PDU of the allowed length and what one read brought along. Invariant: once the
stream is broken it stays so, because after a wrong length nobody knows where the next PDU begins.
"""

from __future__ import annotations

from dataclasses import dataclass

from vestibule.wire.smpp.codec import decode
from vestibule.wire.smpp.messages import Malformed, Pdu
from vestibule.wire.smpp.numbers import HEADER_SIZE, LARGEST_PDU

_LENGTH_SIZE = 4


@dataclass(frozen=True, slots=True)
class BrokenStream:
    """These octets are no PDUs. `reason` names the rule and holds no octet."""

    reason: str


class PduStream:
    """One direction of one connection: put octets in with `feed`, take PDUs out with `next_pdu`."""

    __slots__ = ("_broken", "_buffer", "_largest", "_start")

    def __init__(self, largest: int = LARGEST_PDU) -> None:
        self._buffer = bytearray()
        self._start = 0
        self._broken: BrokenStream | None = None
        self._largest = largest

    def feed(self, octets: bytes) -> None:
        """Add what was read from the peer."""
        if self._broken is None:
            # What was taken out is cut off once for each read, not once for each PDU.
            del self._buffer[: self._start]
            self._start = 0
            self._buffer += octets

    def next_pdu(self) -> Pdu | Malformed | BrokenStream | None:
        """Return the next PDU, or None when none is complete."""
        if self._broken is not None:
            return self._broken
        if len(self._buffer) - self._start < _LENGTH_SIZE:
            return None
        length = int.from_bytes(self._buffer[self._start : self._start + _LENGTH_SIZE], "big")
        if not HEADER_SIZE <= length <= self._largest:
            return self._break("the command_length is below 16 or above what we take")
        end = self._start + length
        if end > len(self._buffer):
            return None
        octets = bytes(self._buffer[self._start : end])
        self._start = end
        return decode(octets)

    def _break(self, reason: str) -> BrokenStream:
        self._broken = BrokenStream(reason)
        self._buffer.clear()
        self._start = 0
        return self._broken
