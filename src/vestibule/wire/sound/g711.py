"""G.711: 8 bits that stand for 14 (µ-law) or 13 (A-law), decoded by tables (ITU-T G.711 tables 1 and 2).

Both laws are signed and made of segments, each twice as coarse as the one below it.
"""

from __future__ import annotations

from array import array
from typing import Final

_MU_BIAS: Final = 0x84


def decode_mu_law(octets: bytes) -> array[int]:
    """Return 16-bit samples."""
    return array("h", [_MU_TABLE[octet] for octet in octets])


def decode_a_law(octets: bytes) -> array[int]:
    """Return 16-bit samples."""
    return array("h", [_A_TABLE[octet] for octet in octets])


def _mu_value(octet: int) -> int:
    # µ-law is sent with all bits turned over (G.711 §3, note to table 2).
    octet = ~octet & 0xFF
    magnitude = ((((octet & 0x0F) << 3) + _MU_BIAS) << (octet >> 4 & 0x07)) - _MU_BIAS
    return -magnitude if octet & 0x80 else magnitude


def _a_value(octet: int) -> int:
    # A-law is sent with its even bits turned over (G.711 §3, note to table 1).
    octet ^= 0x55
    segment, step = octet >> 4 & 0x07, octet & 0x0F
    magnitude = (step << 4) + 8 if segment == 0 else ((step << 4) + 0x108) << (segment - 1)
    return magnitude if octet & 0x80 else -magnitude


_MU_TABLE: Final = tuple(map(_mu_value, range(256)))
_A_TABLE: Final = tuple(map(_a_value, range(256)))
