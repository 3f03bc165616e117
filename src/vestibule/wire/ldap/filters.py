"""Search filters as values, and their encoding (RFC 4511 §4.5.1.7).

A filter is a tree of values; what a person typed is only ever the content of an octet string in it. There
is no step where a filter is text that is parsed, so `*`, `(`, `)`, `\\` and NUL in a name mean themselves
and nothing can be injected. `describe` writes the text form of RFC 4515 for people to read.

Invariants: reading recurses no deeper than the limit it is given; attribute descriptions are checked both
ways, so a setting with a typing error is found before it reaches a directory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from vestibule.wire.ldap import ber

_AND = 0xA0
_OR = 0xA1
_NOT = 0xA2
_EQUALITY = 0xA3
_SUBSTRINGS = 0xA4
_GREATER_OR_EQUAL = 0xA5
_LESS_OR_EQUAL = 0xA6
_PRESENT = 0x87
_APPROXIMATE = 0xA8
_EXTENSIBLE = 0xA9

_INITIAL = 0x80
_ANY = 0x81
_FINAL = 0x82

_RULE = 0x81
_TYPE = 0x82
_VALUE = 0x83
_DN_ATTRIBUTES = 0x84

# RFC 4512 §1.4 and §2.5: a name or an object identifier, then options. Object identifiers stay text, so a
# long arc costs nothing. The underscore is no part of it, yet directories in the field use it.
_DESCRIPTION = re.compile(r"(?:[A-Za-z][A-Za-z0-9_-]*|[0-9]+(?:\.[0-9]+)*)(?:;[A-Za-z0-9_-]+)*", re.ASCII)
_MAX_DESCRIPTION = 255

_PLAIN = frozenset(range(0x20, 0x7F)) - frozenset(b"*()\\")


@dataclass(frozen=True, slots=True)
class And:
    """All of `parts`; with no parts, true (RFC 4526)."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of `parts`; with no parts, false (RFC 4526)."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of `part`."""

    part: Filter


@dataclass(frozen=True, slots=True)
class Equality:
    """`attribute` has the value `value`, by the attribute's own matching rule."""

    attribute: str
    value: bytes


@dataclass(frozen=True, slots=True)
class GreaterOrEqual:
    """`attribute` is at least `value`."""

    attribute: str
    value: bytes


@dataclass(frozen=True, slots=True)
class LessOrEqual:
    """`attribute` is at most `value`."""

    attribute: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Approximate:
    """`attribute` resembles `value`, however the server likes to judge that."""

    attribute: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Substrings:
    """`attribute` begins with `initial`, then contains each of `any_` in order, and ends with `final`."""

    attribute: str
    initial: bytes | None = None
    any_: tuple[bytes, ...] = ()
    final: bytes | None = None


@dataclass(frozen=True, slots=True)
class Present:
    """`attribute` has any value."""

    attribute: str


@dataclass(frozen=True, slots=True)
class Extensible:
    """A match by an explicit matching rule; at least one of `rule` and `attribute` is given."""

    value: bytes
    rule: str | None = None
    attribute: str | None = None
    dn_attributes: bool = False


Filter: TypeAlias = (
    And | Or | Not | Equality | Substrings | GreaterOrEqual | LessOrEqual | Present | Approximate | Extensible
)
_Assertion: TypeAlias = Equality | GreaterOrEqual | LessOrEqual | Approximate

_ASSERTION_TAGS: dict[type[_Assertion], int] = {
    Equality: _EQUALITY,
    GreaterOrEqual: _GREATER_OR_EQUAL,
    LessOrEqual: _LESS_OR_EQUAL,
    Approximate: _APPROXIMATE,
}
_ASSERTION_TYPES = {tag: kind for kind, tag in _ASSERTION_TAGS.items()}


def is_attribute_description(name: str) -> bool:
    """Tell whether `name` can name an attribute (RFC 4512 §2.5)."""
    return len(name) <= _MAX_DESCRIPTION and _DESCRIPTION.fullmatch(name) is not None


def encode_filter(filter_: Filter) -> bytes:
    """Return the encoding of `filter_`; raises ValueError for an attribute that cannot be one."""
    match filter_:
        case And(parts):
            return ber.element(_AND, b"".join(map(encode_filter, parts)))
        case Or(parts):
            return ber.element(_OR, b"".join(map(encode_filter, parts)))
        case Not(part):
            return ber.element(_NOT, encode_filter(part))
        case Substrings():
            return _encode_substrings(filter_)
        case Present(attribute):
            return ber.string(_checked(attribute), _PRESENT)
        case Extensible():
            return _encode_extensible(filter_)
        case _:
            content = ber.string(_checked(filter_.attribute)) + ber.string(filter_.value)
            return ber.element(_ASSERTION_TAGS[type(filter_)], content)


def _checked(attribute: str) -> str:
    if not is_attribute_description(attribute):
        raise ValueError("not an attribute description")
    return attribute


def _encode_substrings(filter_: Substrings) -> bytes:
    pieces = [] if filter_.initial is None else [ber.string(filter_.initial, _INITIAL)]
    pieces += [ber.string(piece, _ANY) for piece in filter_.any_]
    if filter_.final is not None:
        pieces.append(ber.string(filter_.final, _FINAL))
    if not pieces:
        raise ValueError("a substring filter without a substring")
    content = ber.string(_checked(filter_.attribute)) + ber.element(ber.SEQUENCE, b"".join(pieces))
    return ber.element(_SUBSTRINGS, content)


def _encode_extensible(filter_: Extensible) -> bytes:
    if filter_.rule is None and filter_.attribute is None:
        raise ValueError("an extensible match needs a rule or an attribute")
    content = b"" if filter_.rule is None else ber.string(_checked(filter_.rule), _RULE)
    if filter_.attribute is not None:
        content += ber.string(_checked(filter_.attribute), _TYPE)
    content += ber.string(filter_.value, _VALUE)
    if filter_.dn_attributes:
        # RFC 4511 §5.1: a value that is the default is left out.
        content += ber.boolean(True, _DN_ATTRIBUTES)
    return ber.element(_EXTENSIBLE, content)


def read_filter(reader: ber.Reader, depth: int) -> Filter:
    """Read the next element of `reader` as a filter nested at most `depth` levels.

    Raises `ber.MalformedBer`.
    """
    if depth <= 0:
        raise ber.MalformedBer("a filter nested too deeply")
    if reader.next_tag() == _PRESENT:
        return Present(_attribute(reader.take(_PRESENT)))
    tag, inner = reader.enter_any()
    match tag:
        case 0xA0 | 0xA1:
            parts = []
            while not inner.is_finished:
                parts.append(read_filter(inner, depth - 1))
            return And(tuple(parts)) if tag == _AND else Or(tuple(parts))
        case 0xA2:
            part = read_filter(inner, depth - 1)
            _end(inner)
            return Not(part)
        case 0xA4:
            return _read_substrings(inner)
        case 0xA9:
            return _read_extensible(inner)
        case _:
            return _read_assertion(tag, inner)


def _attribute(content: bytes) -> str:
    name = ber.text(content)
    if not is_attribute_description(name):
        raise ber.MalformedBer("not an attribute description")
    return name


def _end(reader: ber.Reader) -> None:
    # Filters are read more strictly than RFC 4511 §4 asks: a part that is skipped here and obeyed by a
    # directory behind us would make the two see different searches.
    if not reader.is_finished:
        raise ber.MalformedBer("more in a filter than belongs there")


def _read_assertion(tag: int, reader: ber.Reader) -> Filter:
    kind = _ASSERTION_TYPES.get(tag)
    if kind is None:
        raise ber.MalformedBer(f"tag 0x{tag:02x} is no filter")
    attribute = _attribute(reader.take(ber.OCTET_STRING))
    value = reader.take(ber.OCTET_STRING)
    _end(reader)
    return kind(attribute, value)


def _read_substrings(reader: ber.Reader) -> Substrings:
    attribute = _attribute(reader.take(ber.OCTET_STRING))
    pieces = reader.enter(ber.SEQUENCE)
    _end(reader)
    initial = pieces.take_if(_INITIAL)
    any_ = []
    while (piece := pieces.take_if(_ANY)) is not None:
        any_.append(piece)
    final = pieces.take_if(_FINAL)
    _end(pieces)
    if initial is None and not any_ and final is None:
        raise ber.MalformedBer("a substring filter without a substring")
    return Substrings(attribute, initial, tuple(any_), final)


def _read_extensible(reader: ber.Reader) -> Extensible:
    rule = reader.take_if(_RULE)
    attribute = reader.take_if(_TYPE)
    value = reader.take(_VALUE)
    dn_attributes = not reader.is_finished and reader.take_boolean(_DN_ATTRIBUTES)
    _end(reader)
    if rule is None and attribute is None:
        raise ber.MalformedBer("an extensible match without rule and attribute")
    return Extensible(
        value,
        None if rule is None else _attribute(rule),
        None if attribute is None else _attribute(attribute),
        dn_attributes,
    )


def describe(filter_: Filter) -> str:
    """Return the text form of `filter_` (RFC 4515), for people; it is never parsed by us."""
    match filter_:
        case And(parts):
            return f"(&{''.join(map(describe, parts))})"
        case Or(parts):
            return f"(|{''.join(map(describe, parts))})"
        case Not(part):
            return f"(!{describe(part)})"
        case Present(attribute):
            return f"({attribute}=*)"
        case Substrings(attribute, initial, any_, final):
            pieces = [initial or b"", *any_, final or b""]
            return f"({attribute}={'*'.join(map(_escape, pieces))})"
        case Extensible(value, rule, attribute, dn_attributes):
            named = (attribute or "") + (":dn" if dn_attributes else "") + (f":{rule}" if rule else "")
            return f"({named}:={_escape(value)})"
        case _:
            sign = {Equality: "=", GreaterOrEqual: ">=", LessOrEqual: "<=", Approximate: "~="}[type(filter_)]
            return f"({filter_.attribute}{sign}{_escape(filter_.value)})"


def _escape(value: bytes) -> str:
    """Escape whatever is not plain printable ASCII (RFC 4515 §3 allows to escape more than it asks)."""
    return "".join(chr(byte) if byte in _PLAIN else f"\\{byte:02x}" for byte in value)
