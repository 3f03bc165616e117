"""G.711: 16-bit sound to one octet a sample, µ-law and A-law (ITU-T G.711), at 8,000 samples a second.

The tables are built once, at import, and hold one octet for each of the 65,536 values of a sample, so that a
prompt is encoded by looking up.
"""

from __future__ import annotations

import sys
from array import array
from typing import Final

SAMPLES_A_SECOND: Final = 8_000
MU_SILENCE: Final = 0xFF
A_SILENCE: Final = 0xD5

_MU_BIAS: Final = 33
_MU_LARGEST: Final = 8_158


def encode_mu_law(samples: bytes) -> bytes:
    """Encode signed little-endian 16-bit samples; half a sample at the end is left out."""
    return _looked_up(_MU_TABLE, samples)


def encode_a_law(samples: bytes) -> bytes:
    """As `encode_mu_law`, for the rest of the world."""
    return _looked_up(_A_TABLE, samples)


def decode_mu_law(octets: bytes) -> bytes:
    """Return signed little-endian 16-bit samples."""
    return b"".join(map(_MU_SOUND.__getitem__, octets))


def decode_a_law(octets: bytes) -> bytes:
    """Return signed little-endian 16-bit samples."""
    return b"".join(map(_A_SOUND.__getitem__, octets))


def _looked_up(table: bytes, samples: bytes) -> bytes:
    values = array("H")
    values.frombytes(samples[: len(samples) & ~1])
    if sys.byteorder == "big":
        values.byteswap()
    return bytes(map(table.__getitem__, values))


def _mu_octet(value: int) -> int:
    """Encode a value of 14 bits: sign, three bits for the segment, four inside it, all of them inverted."""
    # -1 mirrors to 1 and so on, as the reference of the ITU has it.
    magnitude = min(abs(value), _MU_LARGEST) + _MU_BIAS
    segment = magnitude.bit_length() - 6
    return ~((0x80 if value < 0 else 0) | segment << 4 | (magnitude >> (segment + 1)) & 0x0F) & 0xFF


def _a_octet(value: int) -> int:
    """Encode a value of 13 bits: every second bit is inverted, and the sign is set for what is positive."""
    magnitude = value if value >= 0 else -value - 1
    segment = max(magnitude.bit_length() - 5, 0)
    inside = (magnitude >> max(segment, 1)) & 0x0F
    return ((0x80 if value >= 0 else 0) | segment << 4 | inside) ^ 0x55


def _mu_value(octet: int) -> int:
    octet = ~octet & 0xFF
    magnitude = ((((octet & 0x0F) << 1) + _MU_BIAS) << (octet >> 4 & 7)) - _MU_BIAS
    return (-magnitude if octet & 0x80 else magnitude) * 4


def _a_value(octet: int) -> int:
    octet ^= 0x55
    segment = octet >> 4 & 7
    inside = (octet & 0x0F) << 1 | 1
    magnitude = inside if segment == 0 else (inside + 32) << (segment - 1)
    return (magnitude if octet & 0x80 else -magnitude) * 8


def _table(octets: list[int], repeated: int) -> bytes:
    """Indexed by a sample read as unsigned: first what is positive, then the rest from -32,768 on."""
    return b"".join(bytes((octet,)) * repeated for octet in octets)


_MU_SOUND: Final = [_mu_value(octet).to_bytes(2, "little", signed=True) for octet in range(256)]
_A_SOUND: Final = [_a_value(octet).to_bytes(2, "little", signed=True) for octet in range(256)]
_MU_TABLE: Final = _table([_mu_octet(value) for value in (*range(8_192), *range(-8_192, 0))], 4)
_A_TABLE: Final = _table([_a_octet(value) for value in (*range(4_096), *range(-4_096, 0))], 8)
