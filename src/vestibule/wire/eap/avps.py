"""What EAP-TTLS says inside TLS: attributes in the shape of Diameter's (RFC 5281 §10)."""

from typing import Final

from msgspec import Struct

_VENDOR: Final = 0x80
_MANDATORY: Final = 0x40
_HEADER: Final = 8
_HEADER_OF_VENDOR: Final = 12
_MOST: Final = 64


class Avp(Struct, frozen=True, gc=False):
    """One attribute; `vendor` is 0 for those of RADIUS itself. Unless it is mandatory, who does not know it
    passes it over."""

    code: int
    vendor: int
    is_mandatory: bool
    value: bytes


def read_avps(octets: bytes) -> tuple[Avp, ...] | None:
    """The attributes in `octets`; None if they are none, or too many. The last may lack its padding."""
    found: list[Avp] = []
    position = 0
    while position < len(octets):
        if len(found) == _MOST or position + _HEADER > len(octets):
            return None
        flags = octets[position + 4]
        length = int.from_bytes(octets[position + 5 : position + 8], "big")
        head = _HEADER_OF_VENDOR if flags & _VENDOR else _HEADER
        end = position + length
        if length < head or end > len(octets):
            return None
        code = int.from_bytes(octets[position : position + 4], "big")
        vendor = int.from_bytes(octets[position + 8 : position + head], "big")
        found.append(Avp(code, vendor, bool(flags & _MANDATORY), octets[position + head : end]))
        position = end + -length % 4
    return tuple(found)


def write_avp(code: int, value: bytes, vendor: int = 0) -> bytes:
    """One mandatory attribute with its padding."""
    flags = _MANDATORY | (_VENDOR if vendor else 0)
    head = _HEADER_OF_VENDOR if vendor else _HEADER
    length = (head + len(value)).to_bytes(3, "big")
    written = code.to_bytes(4, "big") + bytes((flags,)) + length
    written += (vendor.to_bytes(4, "big") if vendor else b"") + value
    return written + bytes(-len(written) % 4)
