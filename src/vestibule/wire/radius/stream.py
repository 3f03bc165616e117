"""Packets out of a stream of octets: TCP, and TLS over it (RFC 6613 §2.6, RFC 6614 §2.1).

Whatever way the octets are cut on the road, the packets are the same. A length that no packet can have ends
the stream: where the next packet begins, nobody knows.
"""

from typing import Final

from vestibule.wire.radius.message import Malformed
from vestibule.wire.radius.numbers import HEADER_SIZE, LARGEST_PACKET

_LENGTH_KNOWN: Final = 4


class PacketStream:
    """Holds no more than what was fed and is not taken."""

    __slots__ = ("_octets", "_position")

    def __init__(self) -> None:
        self._octets = b""
        self._position = 0

    def feed(self, octets: bytes) -> None:
        self._octets = self._octets[self._position :] + octets if self.has_rest else octets
        self._position = 0

    @property
    def has_rest(self) -> bool:
        """Whether there is the beginning of a packet, or more."""
        return self._position < len(self._octets)

    def next_packet(self) -> bytes | Malformed | None:
        """Take the next packet; None until more is fed."""
        octets, start = self._octets, self._position
        if len(octets) - start < _LENGTH_KNOWN:
            return None
        length = octets[start + 2] << 8 | octets[start + 3]
        if not HEADER_SIZE <= length <= LARGEST_PACKET:
            return Malformed.LENGTH_FIELD
        if len(octets) - start < length:
            return None
        self._position = start + length
        return octets[start : self._position]
