"""TLS in pieces that fit into EAP packets (RFC 5216 §2.1.5 and §3, RFC 5281 §9.2).

The data of each packet begins with an octet of flags, whose last three bits are the version of the method,
and, where the length is included, four octets that say how long the whole is.
"""

from enum import Enum
from typing import Final

from msgspec import Struct

LENGTH_INCLUDED: Final = 0x80
MORE: Final = 0x40
START: Final = 0x20
VERSION: Final = 0x07

LONGEST: Final = 16_384
"""Octets of one flight of a peer that has no certificate to show; many times what any sends."""
_LENGTH: Final = 4


class Fragment(Struct, frozen=True, gc=False):
    """`total` is what the sender says of the whole flight, in octets; None if nothing."""

    is_last: bool
    version: int
    total: int | None
    octets: bytes

    @property
    def is_acknowledgement(self) -> bool:
        return self.is_last and self.total is None and not self.octets


class Incomplete(Enum):
    """What keeps fragments from being a flight."""

    MORE_TO_COME = "more fragments are to come"
    TOO_LONG = "more octets than a flight may have"
    OTHER_LENGTH = "another length than was announced"


def read_fragment(data: bytes) -> Fragment | None:
    """The fragment that the data of a response is; None if it is none."""
    if not data or data[0] & START:
        return None
    flags, octets, total = data[0], data[1:], None
    if flags & LENGTH_INCLUDED:
        if len(octets) < _LENGTH:
            return None
        total, octets = int.from_bytes(octets[:_LENGTH], "big"), octets[_LENGTH:]
    is_last = not flags & MORE
    if not is_last and not octets:
        return None  # It would never come to an end.
    return Fragment(is_last, flags & VERSION, total, octets)


class Reassembly:
    """Puts the fragments of one flight together."""

    def __init__(self) -> None:
        self._octets = b""
        self._total: int | None = None

    def add(self, fragment: Fragment) -> bytes | Incomplete:
        """Return the flight when it is whole, and begin the next one."""
        if fragment.total is not None and not self._octets:
            self._total = fragment.total
        octets = self._octets + fragment.octets
        if max(len(octets), self._total or 0) > LONGEST:
            return Incomplete.TOO_LONG
        if not fragment.is_last:
            self._octets = octets
            return Incomplete.MORE_TO_COME
        if self._total is not None and self._total != len(octets):
            return Incomplete.OTHER_LENGTH
        self._octets, self._total = b"", None
        return octets


def fragmented(octets: bytes, size: int) -> list[bytes]:
    """The data of the packets that carry `octets` in version 0, at most `size` octets each; one packet, even
    if there are none."""
    if len(octets) < size:
        return [b"\0" + octets]
    first = size - 1 - _LENGTH
    pieces = [octets[:first]]
    pieces += [octets[start : start + size - 1] for start in range(first, len(octets), size - 1)]
    head = bytes((LENGTH_INCLUDED | MORE,)) + len(octets).to_bytes(_LENGTH, "big")
    return [head + pieces[0], *(bytes((MORE,)) + each for each in pieces[1:-1]), b"\0" + pieces[-1]]
