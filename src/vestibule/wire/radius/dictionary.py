"""Names and types of attributes, for people: what Vestibule knows by itself, from dictionary.txt.

Nothing here takes part in a decision; an attribute without a name is shown by its number and its octets.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Final

from vestibule.wire.radius.attribute_values import ValueType, parse_value, shown_value
from vestibule.wire.radius.dictionary_file import BadLine, Definition, read_dictionary
from vestibule.wire.radius.message import Attribute
from vestibule.wire.radius.numbers import LARGEST_VALUE

_LARGEST_TAG: Final = 0x1F


class Unparsable(Enum):
    """Why a text is no attribute."""

    NAME = "no such attribute"
    VALUE = "not a value of this attribute's type, or longer than 253 octets"


@cache
def definitions() -> tuple[Definition, ...]:
    """All attributes that Vestibule names."""
    read = read_dictionary(files(__package__).joinpath("dictionary.txt").read_text(encoding="utf-8"))
    assert not isinstance(read, BadLine), read
    return read.definitions


@cache
def _by_number() -> dict[int, Definition]:
    return {entry.number: entry for entry in definitions() if not entry.vendor}


@cache
def _by_name() -> dict[str, Definition]:
    return {entry.name.lower(): entry for entry in definitions() if not entry.vendor}


def name_of(number: int) -> str:
    """The name of an attribute, or "Attribute-N"."""
    entry = _by_number().get(number)
    return entry.name if entry else f"Attribute-{number}"


def show_value(number: int, value: bytes) -> str:
    """A value as a person reads it; secret ones as asterisks, anything that does not fit its type in
    hexadecimal.
    """
    entry = _by_number().get(number)
    if entry is None:
        return shown_value(ValueType.OCTETS, value, {})
    if entry.is_secret:
        return "***"
    if entry.has_tag and value and value[0] <= _LARGEST_TAG:
        value = b"\0" + value[1:] if entry.type is ValueType.INTEGER else value[1:]
    return shown_value(entry.type, value, entry.values)


def parse_attribute(name: str, text: str) -> Attribute | Unparsable:
    """An attribute from its name and a value as a person writes it; strings in hexadecimal with "0x" or as
    text.
    """
    entry = _by_name().get(name.lower())
    if entry is None:
        return Unparsable.NAME
    type_ = ValueType.OCTETS if entry.type is ValueType.STRING else entry.type
    value = parse_value(type_, text, entry.values)
    return Unparsable.VALUE if value is None or len(value) > LARGEST_VALUE else (entry.number, value)
