"""Values of attributes, between how people write them and octets (RFC 8044 §3).

Bad texts are None, and octets that do not fit their type are shown in hexadecimal. A tag (RFC 2868 §3.1) is
no part of a value here: see placing.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

_WIDTHS: Final = {"byte": 1, "short": 2, "integer": 4, "integer64": 8, "signed": 4}
_GROUPS: Final = re.compile(r"[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){3}")
_ETHERNET: Final = re.compile(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")
_PREFIX_HEAD: Final = 2


class ValueType(Enum):
    """How the octets of a value are to be read, by the word of the dictionaries."""

    STRING = "string"
    OCTETS = "octets"
    INTEGER = "integer"
    BYTE = "byte"
    SHORT = "short"
    INTEGER64 = "integer64"
    SIGNED = "signed"
    IPV4 = "ipaddr"
    IPV4_PREFIX = "ipv4prefix"
    IPV6 = "ipv6addr"
    IPV6_PREFIX = "ipv6prefix"
    INTERFACE = "ifid"
    ETHERNET = "ether"
    DATE = "date"
    TLV = "tlv"
    """Holds other attributes and has no value of its own."""


def parse_value(type_: ValueType, text: str, names: Mapping[str, int]) -> bytes | None:
    """Return the octets of a value as a person writes it; None if it is none of this type. `names` are its
    named numbers. Octets are hexadecimal behind "0x", else text."""
    if type_.value in _WIDTHS:
        return _integer(type_, text, names)
    parse = _PARSERS.get(type_)
    try:
        return parse(text) if parse else None
    except (ValueError, OverflowError):
        return None


def shown_value(type_: ValueType, octets: bytes, names: Mapping[str, int]) -> str:
    """Return a value as a person reads it."""
    if type_.value in _WIDTHS and len(octets) == _WIDTHS[type_.value]:
        number = int.from_bytes(octets, "big", signed=type_ is ValueType.SIGNED)
        return next((name for name, named in names.items() if named == number), str(number))
    show = _SHOWN.get(type_)
    try:
        text = show(octets) if show else ""
    except (ValueError, OverflowError, OSError):
        text = ""
    return text or "0x" + octets.hex()


def _integer(type_: ValueType, text: str, names: Mapping[str, int]) -> bytes | None:
    by_name = {name.casefold(): number for name, number in names.items()}
    number = by_name.get(text.casefold())
    try:
        number = int(text, 0) if number is None else number
        return number.to_bytes(_WIDTHS[type_.value], "big", signed=type_ is ValueType.SIGNED)
    except (ValueError, OverflowError):
        return None


def _octets(text: str) -> bytes:
    return bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode()


def _ipv4_prefix(text: str) -> bytes:
    network = IPv4Network(text)
    return bytes((0, network.prefixlen)) + network.network_address.packed


def _ipv6_prefix(text: str) -> bytes:
    network = IPv6Network(text)
    return bytes((0, network.prefixlen)) + network.network_address.packed


def _interface(text: str) -> bytes:
    if not _GROUPS.fullmatch(text):
        raise ValueError(text)
    return b"".join(int(group, 16).to_bytes(2, "big") for group in text.split(":"))


def _ethernet(text: str) -> bytes:
    if not _ETHERNET.fullmatch(text):
        raise ValueError(text)
    return bytes.fromhex(text.replace(":", "").replace("-", ""))


def _date(text: str) -> bytes:
    """Seconds since 1970, or a date in ISO 8601; without a zone it is UTC."""
    if text.isascii() and text.isdigit():
        return int(text).to_bytes(4, "big")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp()).to_bytes(4, "big")


def _readable(octets: bytes) -> str:
    text = octets.decode(errors="replace")
    return text if text.isprintable() else ""


def _ipv6_network(octets: bytes) -> str:
    address = octets[_PREFIX_HEAD:].ljust(16, b"\0")
    return str(IPv6Network((address, octets[1]), strict=False))


_PARSERS: Final[Mapping[ValueType, Callable[[str], bytes]]] = {
    ValueType.STRING: lambda text: text.encode(),
    ValueType.OCTETS: _octets,
    ValueType.IPV4: lambda text: IPv4Address(text).packed,
    ValueType.IPV4_PREFIX: _ipv4_prefix,
    ValueType.IPV6: lambda text: IPv6Address(text).packed,
    ValueType.IPV6_PREFIX: _ipv6_prefix,
    ValueType.INTERFACE: _interface,
    ValueType.ETHERNET: _ethernet,
    ValueType.DATE: _date,
}
_SHOWN: Final[Mapping[ValueType, Callable[[bytes], str]]] = {
    ValueType.STRING: _readable,
    ValueType.IPV4: lambda octets: str(IPv4Address(octets)),
    ValueType.IPV4_PREFIX: lambda octets: str(IPv4Network((octets[_PREFIX_HEAD:], octets[1]))),
    ValueType.IPV6: lambda octets: str(IPv6Address(octets)),
    ValueType.IPV6_PREFIX: _ipv6_network,
    ValueType.INTERFACE: lambda octets: octets.hex(":", 2) if len(octets) == 8 else "",
    ValueType.ETHERNET: lambda octets: octets.hex(":") if len(octets) == 6 else "",
    ValueType.DATE: lambda octets: datetime.fromtimestamp(int.from_bytes(octets, "big"), UTC).isoformat(),
}
