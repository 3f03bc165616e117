"""MD4 (RFC 1320), for MS-CHAPv2 alone: OpenSSL 3 has put it away, and rightly. It protects nothing."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Final

_WORD: Final = 0xFFFF_FFFF
_START: Final = (0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476)
_ORDERS: Final = (
    tuple(range(16)),
    (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
    (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15),
)
_SHIFTS: Final = ((3, 7, 11, 19), (3, 5, 9, 13), (3, 9, 11, 15))
_ADDED: Final = (0, 0x5A82_7999, 0x6ED9_EBA1)
_MIXES: Final[tuple[Callable[[int, int, int], int], ...]] = (
    lambda x, y, z: (x & y) | (~x & z),
    lambda x, y, z: (x & y) | (x & z) | (y & z),
    lambda x, y, z: x ^ y ^ z,
)


def md4(octets: bytes) -> bytes:
    """Return the 16 octets of the digest."""
    state: tuple[int, ...] = _START
    for block in _blocks(octets):
        a, b, c, d = state
        for mix, order, shifts, added in zip(_MIXES, _ORDERS, _SHIFTS, _ADDED, strict=True):
            for step, index in enumerate(order):
                turned = (a + mix(b, c, d) + block[index] + added) & _WORD
                shift = shifts[step % 4]
                a, b, c, d = d, (turned << shift | turned >> (32 - shift)) & _WORD, b, c
        state = tuple((old + new) & _WORD for old, new in zip(state, (a, b, c, d), strict=True))
    return struct.pack("<4I", *state)


def _blocks(octets: bytes) -> Iterator[tuple[int, ...]]:
    padded = octets + b"\x80" + bytes(-(len(octets) + 9) % 64) + struct.pack("<Q", 8 * len(octets))
    return struct.iter_unpack("<16I", padded)
