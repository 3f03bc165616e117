"""One RTP packet as bytes and as a value (RFC 3550 §5.1).

`decode` returns None for what is no packet and never raises. It proves nothing about the sender: RTP is not
authenticated, so who is listened to is decided elsewhere, by address, payload type and SSRC.
"""

from __future__ import annotations

import struct
from typing import Final

import msgspec

_HEADER: Final = struct.Struct("!BBHII")
_VERSION: Final = 2 << 6


class Packet(msgspec.Struct, frozen=True, gc=False):
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    is_marked: bool = False


def decode(data: bytes) -> Packet | None:
    """Read one packet: contributing sources and header extensions are skipped, padding is cut off."""
    if len(data) < _HEADER.size:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if first & 0xC0 != _VERSION:
        return None
    begin = _HEADER.size + 4 * (first & 0x0F)
    if first & 0x10:
        if len(data) < begin + 4:
            return None
        begin += 4 + 4 * int.from_bytes(data[begin + 2 : begin + 4], "big")
    end = len(data)
    if first & 0x20:
        # The last octet counts the padding, itself included.
        if data[-1] == 0:
            return None
        end -= data[-1]
    if begin > end:
        return None
    return Packet(second & 0x7F, sequence, timestamp, ssrc, data[begin:end], bool(second & 0x80))


def encode(
    payload_type: int, sequence: int, timestamp: int, ssrc: int, payload: bytes, is_marked: bool = False
) -> bytes:
    """Write one packet; sequence and timestamp wrap around."""
    second = payload_type | 0x80 if is_marked else payload_type
    return _HEADER.pack(_VERSION, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + payload
