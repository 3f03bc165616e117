"""Names and types of attributes, for people: reads dictionary.txt and shows or parses values.

Nothing here takes part in a decision; an attribute without a name is shown by its number and its octets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from importlib.resources import files
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from vestibule.wire.radius.message import Attribute


class ValueType(Enum):
    """How the octets of a value are to be read (RFC 8044 §3)."""

    TEXT = "text"
    STRING = "string"
    INTEGER = "integer"
    IPV4 = "ipv4addr"
    IPV6 = "ipv6addr"
    HIDDEN = "hidden"


class Unparsable(Enum):
    """Why a text is no attribute."""

    NAME = "no such attribute"
    VALUE = "not a value of this attribute's type, or longer than 253 octets"


@dataclass(frozen=True, slots=True)
class Definition:
    """One line of the dictionary. `vendor` is 0 for the attributes of RADIUS itself."""

    vendor: int
    number: int
    name: str
    type: ValueType
    values: Mapping[int, str] = field(default_factory=dict)


def parse_dictionary(text: str) -> tuple[Definition, ...]:
    """Read the format that the head of dictionary.txt describes. Raises ValueError or KeyError on a broken
    line.
    """
    vendor = 0
    found: list[tuple[int, int, str, ValueType, dict[int, str]]] = []
    for line in text.splitlines():
        match line.partition("#")[0].split():
            case []:
                continue
            case ["vendor", number, _]:
                vendor = int(number)
            case ["value", number, name]:
                found[-1][4][int(number)] = name
            case [number, name, type_, *_]:
                found.append((vendor, int(number), name, ValueType(type_), {}))
            case _:
                raise ValueError(f"a line of the dictionary cannot be read: {line!r}")
    return tuple(Definition(*entry) for entry in found)


@cache
def definitions() -> tuple[Definition, ...]:
    """All attributes that Vestibule names."""
    return parse_dictionary(files(__package__).joinpath("dictionary.txt").read_text(encoding="utf-8"))


@cache
def _by_number() -> dict[tuple[int, int], Definition]:
    return {(entry.vendor, entry.number): entry for entry in definitions()}


@cache
def _by_name() -> dict[str, Definition]:
    return {entry.name.lower(): entry for entry in definitions() if not entry.vendor}


def name_of(number: int) -> str:
    """The name of an attribute, or "Attribute-N"."""
    entry = _by_number().get((0, number))
    return entry.name if entry else f"Attribute-{number}"


def show_value(number: int, value: bytes) -> str:
    """A value as a person reads it; hidden ones as asterisks, anything that does not fit its type in
    hexadecimal.
    """
    entry = _by_number().get((0, number))
    match entry.type if entry else ValueType.STRING:
        case ValueType.HIDDEN:
            return "***"
        case ValueType.TEXT:
            text = value.decode(errors="replace")
            return text if text.isprintable() else _hexadecimal(value)
        case ValueType.INTEGER if len(value) == 4 and entry:
            whole = int.from_bytes(value, "big")
            return entry.values.get(whole, str(whole))
        case ValueType.IPV4 if len(value) == 4:
            return str(IPv4Address(value))
        case ValueType.IPV6 if len(value) == 16:
            return str(IPv6Address(value))
        case _:
            return _hexadecimal(value)


def parse_attribute(name: str, text: str) -> Attribute | Unparsable:
    """An attribute from its name and a value as a person writes it; strings in hexadecimal with "0x" or as
    text.
    """
    entry = _by_name().get(name.lower())
    if entry is None:
        return Unparsable.NAME
    try:
        value = _parse_value(entry, text)
    except (AddressValueError, ValueError, OverflowError):
        return Unparsable.VALUE
    return (entry.number, value) if len(value) <= 253 else Unparsable.VALUE


def _parse_value(entry: Definition, text: str) -> bytes:
    match entry.type:
        case ValueType.INTEGER:
            named = {label.lower(): number for number, label in entry.values.items()}
            number = named.get(text.lower())
            return (int(text) if number is None else number).to_bytes(4, "big")
        case ValueType.IPV4:
            return IPv4Address(text).packed
        case ValueType.IPV6:
            return IPv6Address(text).packed
        case _:
            return bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode()


def _hexadecimal(value: bytes) -> str:
    return "0x" + value.hex()
