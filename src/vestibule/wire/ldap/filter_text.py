"""Filters as administrators write them (RFC 4515), read into the values of `filters`.

For settings only: what a person types at a door never comes here, and is never put into such a text.
"""

from __future__ import annotations

import re
from typing import Final

from vestibule.wire.ldap.filters import (
    And,
    Approximate,
    Equality,
    Extensible,
    Filter,
    GreaterOrEqual,
    LessOrEqual,
    Not,
    Or,
    Present,
    Substrings,
    is_attribute_description,
)

_MOST_CHARACTERS: Final = 10_000
_DEEPEST: Final = 30
_ESCAPED: Final = re.compile(r"\\([0-9A-Fa-f]{2})?", re.ASCII)
_ITEM: Final = re.compile(r"([^=<>~:()*\\]*)(>=|<=|~=|:=|:[^=()\\]*:=|=)(.*)", re.DOTALL)
_EXTENDED: Final = re.compile(r"(:dn)?(?::([^:]+))?:=", re.IGNORECASE)


def read_filter_text(text: str) -> Filter:
    """Return the filter that `text` says; the outermost parentheses may be left out.

    Raises ValueError with what is wrong, and where.
    """
    text = text.strip()
    if not text or len(text) > _MOST_CHARACTERS:
        raise ValueError("not a filter: empty or too long")
    if not text.startswith("("):
        text = f"({text})"
    found, end = _filter(text, 0, _DEEPEST)
    if end != len(text):
        raise ValueError(f"something behind the end of the filter, at character {end + 1}")
    return found


def _filter(text: str, at: int, depth: int) -> tuple[Filter, int]:
    """Return the filter that begins with the parenthesis at `at`, and where it ends."""
    if depth <= 0:
        raise ValueError("a filter nested too deeply")
    if text[at : at + 1] != "(":
        raise ValueError(f"a parenthesis is missing at character {at + 1}")
    sign, inner = text[at + 1 : at + 2], at + 2
    match sign:
        case "&" | "|":
            parts = []
            while text[inner : inner + 1] == "(":
                part, inner = _filter(text, inner, depth - 1)
                parts.append(part)
            found: Filter = And(tuple(parts)) if sign == "&" else Or(tuple(parts))
        case "!":
            part, inner = _filter(text, inner, depth - 1)
            found = Not(part)
        case _:
            inner = text.find(")", at)
            if inner < 0:
                raise ValueError("a parenthesis is not closed")
            found = _item(text[at + 1 : inner])
    if text[inner : inner + 1] != ")":
        raise ValueError(f"a parenthesis is not closed at character {inner + 1}")
    return found, inner + 1


def _item(text: str) -> Filter:
    found = _ITEM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no comparison of an attribute")
    attribute, sign, value = found[1].strip(), found[2], found[3]
    if sign.startswith(":"):
        return _extensible(attribute, sign, value)
    if not is_attribute_description(attribute):
        raise ValueError(f"{attribute!r} cannot be the name of an attribute")
    match sign:
        case ">=":
            return GreaterOrEqual(attribute, _value(value))
        case "<=":
            return LessOrEqual(attribute, _value(value))
        case "~=":
            return Approximate(attribute, _value(value))
    if value == "*":
        return Present(attribute)
    if "*" not in value:
        return Equality(attribute, _value(value))
    first, *between, last = value.split("*")
    return Substrings(
        attribute,
        _value(first) if first else None,
        tuple(_value(piece) for piece in between if piece),
        _value(last) if last else None,
    )


def _extensible(attribute: str, sign: str, value: str) -> Filter:
    extended = _EXTENDED.fullmatch(sign)
    if extended is None or not (attribute or extended[2]):
        raise ValueError("a comparison by a rule that cannot be read")
    for name in (attribute, extended[2]):
        if name and not is_attribute_description(name):
            raise ValueError(f"{name!r} cannot be the name of an attribute or a rule")
    return Extensible(_value(value), extended[2], attribute or None, extended[1] is not None)


def _value(text: str) -> bytes:
    """Return what a value means: `\\2a` is the byte 2A (RFC 4515 §3)."""

    def byte(found: re.Match[str]) -> str:
        if found[1] is None:
            raise ValueError("a backslash without two hexadecimal digits behind it")
        return f"\\x{found[1]}"

    if "(" in text or "*" in text:
        raise ValueError("( and * in a value are written \\28 and \\2a")
    marked = _ESCAPED.sub(byte, text)
    pieces = re.split(r"\\x([0-9A-Fa-f]{2})", marked)
    return b"".join(
        bytes.fromhex(piece) if number % 2 else piece.encode() for number, piece in enumerate(pieces)
    )
