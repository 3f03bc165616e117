"""Reads dictionaries of attributes in the format that FreeRADIUS made common.

Takes lines of VENDOR, ATTRIBUTE, VALUE, BEGIN-VENDOR and BEGIN-TLV. What a line says wrongly is told with its
number. What is right, but laid out in a way that Vestibule does not write (RFC 6929 extensions, values over
several attributes, other people's ciphers), is left out and named. No file is opened here: `$INCLUDE` is
refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from vestibule.wire.radius.attribute_values import ValueType

LARGEST_VENDOR: Final = 0xFF_FFFF
_OTHER_TYPES: Final = {"abinary", "combo-ip", "evs", "extended", "long-extended", "vsa", "struct"}
_OTHER_FLAGS: Final = {"concat", "virtual", "internal", "encrypt=3"}
_SYNONYMS: Final = {"uint8": "byte", "uint16": "short", "uint32": "integer", "uint64": "integer64"}
_EXTENDED: Final = range(241, 247)
"""RFC 6929 §2."""


class Problem(Enum):
    """What is wrong with a line; texts are in the catalog under `reply.dictionary.…`."""

    INCLUDE = "include"
    KEYWORD = "keyword"
    WORDS = "words"
    NUMBER = "number"
    TYPE = "type"
    FLAG = "flag"
    VENDOR = "vendor"
    FORMAT = "format"
    BLOCK = "block"
    ATTRIBUTE = "attribute"
    TWICE = "twice"


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be read: its number, counted from 1, what is wrong, and the word it is about."""

    line: int
    problem: Problem
    word: str


class Hiding(Enum):
    """How a value travels that only the receiver may read, by the number of the flag `encrypt`."""

    NONE = 0
    PASSWORD = 1
    """As User-Password (RFC 2865 §5.2)."""
    SALTED = 2
    """As Tunnel-Password (RFC 2868 §3.5)."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """`layout` is how many octets the number and the length of its attributes have."""

    number: int
    layout: tuple[int, int] = (1, 1)
    is_written: bool = True
    """Whether Vestibule can write its attributes."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One attribute. `path` are its numbers, the outermost first; `vendor` is 0 for RADIUS itself."""

    name: str
    path: tuple[int, ...]
    type: ValueType
    vendor: int = 0
    layout: tuple[int, int] = (1, 1)
    has_tag: bool = False
    hiding: Hiding = Hiding.NONE
    is_secret: bool = False
    length: int = 0
    """Of octets: how many there must be; 0: any number."""
    values: dict[str, int] = field(default_factory=dict)

    @property
    def number(self) -> int:
        return self.path[-1]

    @property
    def place(self) -> tuple[int, tuple[int, ...]]:
        return self.vendor, self.path


@dataclass(frozen=True, slots=True)
class DictionaryFile:
    definitions: tuple[Definition, ...]
    left_out: tuple[str, ...] = ()
    """Names of attributes that cannot be written."""


class _Wrong(Exception):
    """Raised and caught in this file."""

    def __init__(self, problem: Problem, word: str) -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.word = word


def read_dictionary(text: str, known: Iterable[Definition] = ()) -> DictionaryFile | BadLine:
    """Read a whole file. What is `known` already, under the same name and place, is not defined again."""
    reader, at = _Reader(known), 0
    try:
        for line in text.split("\n"):
            at += 1
            words = line.partition("#")[0].split()
            if words:
                reader.take(words[0], words[1:])
        reader.end()
    except _Wrong as wrong:
        return BadLine(at, wrong.problem, wrong.word[:64])
    return DictionaryFile(tuple(reader.found.values()), tuple(reader.left_out))


class _Reader:
    def __init__(self, known: Iterable[Definition]) -> None:
        self.found: dict[str, Definition] = {}
        self.left_out: dict[str, None] = {}
        self._known = {each.name.casefold(): each for each in known}
        self._vendors: dict[str, Vendor] = {}
        self._vendor: tuple[str, Vendor] | None = None
        self._parents: list[Definition] = []
        self._containers = {each.place for each in known if each.type is ValueType.TLV}
        self._lines: Mapping[str, Callable[[list[str]], None]] = {
            "VENDOR": self._vendor_line,
            "ATTRIBUTE": self._attribute_line,
            "VALUE": self._value_line,
            "BEGIN-VENDOR": self._begin_vendor,
            "END-VENDOR": self._end_vendor,
            "BEGIN-TLV": self._begin_tlv,
            "END-TLV": self._end_tlv,
        }

    def take(self, keyword: str, words: list[str]) -> None:
        if keyword.upper().startswith("$INCLUDE"):
            raise _Wrong(Problem.INCLUDE, words[0] if words else "")
        line = self._lines.get(keyword.upper())
        if line is None:
            raise _Wrong(Problem.KEYWORD, keyword)
        line(words)

    def end(self) -> None:
        if self._parents:
            raise _Wrong(Problem.BLOCK, self._parents[-1].name)
        if self._vendor is not None:
            raise _Wrong(Problem.BLOCK, self._vendor[0])

    def _vendor_line(self, words: list[str]) -> None:
        match words:
            case [name, number]:
                layout, is_written = (1, 1), True
            case [name, number, format_]:
                layout, is_written = _layout(format_)
            case _:
                raise _Wrong(Problem.WORDS, " ".join(words))
        vendor = Vendor(_number(number, LARGEST_VENDOR), layout, is_written)
        if self._vendors.setdefault(name.casefold(), vendor) != vendor:
            raise _Wrong(Problem.TWICE, name)

    def _begin_vendor(self, words: list[str]) -> None:
        if self._vendor is not None or self._parents:
            raise _Wrong(Problem.BLOCK, " ".join(words))
        match words:
            case [name]:
                self._vendor = name, self._vendor_of(name)
            case [name, format_] if format_.startswith("format="):
                # Inside an extended attribute (RFC 6929 §2.4).
                found = self._vendor_of(name)
                self._vendor = name, Vendor(found.number, found.layout, is_written=False)
            case _:
                raise _Wrong(Problem.WORDS, " ".join(words))

    def _end_vendor(self, words: list[str]) -> None:
        if self._vendor is None or self._parents or words != [self._vendor[0]]:
            raise _Wrong(Problem.BLOCK, " ".join(words))
        self._vendor = None

    def _begin_tlv(self, words: list[str]) -> None:
        parent = self._defined(words[0]) if len(words) == 1 else None
        if parent is None or parent.type is not ValueType.TLV:
            raise _Wrong(Problem.BLOCK, " ".join(words))
        self._parents.append(parent)

    def _end_tlv(self, words: list[str]) -> None:
        if not self._parents or words != [self._parents[-1].name]:
            raise _Wrong(Problem.BLOCK, " ".join(words))
        self._parents.pop()

    def _attribute_line(self, words: list[str]) -> None:
        if len(words) < 3:
            raise _Wrong(Problem.WORDS, " ".join(words))
        name, number, type_, *rest = words
        flags = [flag for word in rest for flag in word.split(",") if flag]
        vendor = self._vendor[1] if self._vendor else Vendor(0)
        if flags and flags[0].casefold() in self._vendors:
            vendor = self._vendor_of(flags.pop(0))
        path = self._path(number, vendor)
        kind, length = _type(type_)
        has_tag, hiding, is_secret, is_usual = _flags(flags)
        if kind is None or not is_usual or not self._is_written(vendor, path):
            self.left_out[name] = None
            return
        self._define(
            Definition(name, path, kind, vendor.number, vendor.layout, has_tag, hiding, is_secret, length)
        )

    def _is_written(self, vendor: Vendor, path: tuple[int, ...]) -> bool:
        if not vendor.is_written or (not vendor.number and path[0] in _EXTENDED):
            return False
        return len(path) == 1 or (vendor.number, path[:-1]) in self._containers

    def _path(self, text: str, vendor: Vendor) -> tuple[int, ...]:
        parent = self._parents[-1].path if self._parents else ()
        numbers = [_number(part, 0xFFFF_FFFF) for part in text.split(".")]
        path = (*parent, *numbers)
        if path[0] >= 1 << 8 * vendor.layout[0] or any(inner > 0xFF for inner in path[1:]):
            raise _Wrong(Problem.NUMBER, text)
        return path

    def _define(self, definition: Definition) -> None:
        before = self._defined(definition.name)
        if before is not None and before.place != definition.place:
            raise _Wrong(Problem.TWICE, definition.name)
        if before is None:
            self.found[definition.name.casefold()] = definition
            if definition.type is ValueType.TLV:
                self._containers.add(definition.place)

    def _value_line(self, words: list[str]) -> None:
        if len(words) != 3:
            raise _Wrong(Problem.WORDS, " ".join(words))
        attribute, name, number = words
        value = _number(number, 0xFFFF_FFFF_FFFF_FFFF)
        found = self.found.get(attribute.casefold())
        if found is not None:
            found.values.setdefault(name, value)
        elif attribute.casefold() not in self._known and attribute not in self.left_out:
            raise _Wrong(Problem.ATTRIBUTE, attribute)

    def _defined(self, name: str) -> Definition | None:
        return self._known.get(name.casefold()) or self.found.get(name.casefold())

    def _vendor_of(self, name: str) -> Vendor:
        found = self._vendors.get(name.casefold())
        if found is None:
            raise _Wrong(Problem.VENDOR, name)
        return found


def _number(text: str, largest: int) -> int:
    digits, base = (text[2:], 16) if text.lower().startswith("0x") else (text, 10)
    try:
        number = int(digits, base) if digits.isalnum() and digits.isascii() and len(digits) <= 20 else -1
    except ValueError:
        number = -1
    if not 0 <= number <= largest:
        raise _Wrong(Problem.NUMBER, text)
    return number


def _layout(word: str) -> tuple[tuple[int, int], bool]:
    """RFC 2865 §5.26 lets vendors lay out their attributes: `format=`, octets of number and of length; a "c"
    behind them stands for values over several attributes."""
    parts = word.removeprefix("format=").split(",")
    is_known = word.startswith("format=") and len(parts) in {2, 3} and parts[2:] in ([], ["c"])
    if not is_known or parts[0] not in {"1", "2", "4"} or parts[1] not in {"0", "1", "2"}:
        raise _Wrong(Problem.FORMAT, word)
    return (int(parts[0]), int(parts[1])), len(parts) == 2


def _type(word: str) -> tuple[ValueType | None, int]:
    """Return a type and the length that it demands; no type for one that Vestibule cannot write."""
    name, _, length = word.casefold().partition("[")
    name = _SYNONYMS.get(name, name)
    if name in _OTHER_TYPES:
        return None, 0
    try:
        found = ValueType(name)
    except ValueError:
        raise _Wrong(Problem.TYPE, word) from None
    if length and (found is not ValueType.OCTETS or not length.endswith("]")):
        raise _Wrong(Problem.TYPE, word)
    return found, _number(length[:-1], 253) if length else 0


def _flags(flags: list[str]) -> tuple[bool, Hiding, bool, bool]:
    """Return whether there is a tag, how the value is hidden, whether it is never shown, and whether all of
    this can be written."""
    has_tag = is_secret = False
    hiding, is_usual = Hiding.NONE, True
    for flag in flags:
        match flag.casefold():
            case "has_tag":
                has_tag = True
            case "encrypt=1":
                hiding = Hiding.PASSWORD
            case "encrypt=2":
                hiding = Hiding.SALTED
            case "secret":
                is_secret = True
            case "array":
                pass  # There may be several; one alone is laid out as any other.
            case other if other in _OTHER_FLAGS:
                is_usual = False
            case _:
                raise _Wrong(Problem.FLAG, flag)
    return has_tag, hiding, is_secret or hiding is not Hiding.NONE, is_usual
