"""Filters and paths as text (RFC 7644 §3.4.2.2, §3.5.2), read into `filters`.

What holds: a filter has at most `LONGEST` characters, `MOST_TESTS` tests and `DEEPEST` levels; names of
attributes and operators are known in any case.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from vestibule.wire.scim.filters import Every, Filter, Not, Path, Some, Target, Test, Within, moment
from vestibule.wire.scim.schema import Attribute, Schema
from vestibule.wire.scim.trouble import ScimTrouble

LONGEST: Final = 2000
MOST_TESTS: Final = 50
DEEPEST: Final = 10

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\\x00-\x1f]|\\.)*")|(?P<mark>[()\[\]])|(?P<word>[^\s()\[\]"]+))"""
)
_NAME: Final = re.compile(r"[A-Za-z$][A-Za-z0-9_$-]*")
_COMPARISONS: Final = frozenset(("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"))
_PARTS: Final = frozenset(("co", "sw", "ew"))


def parse_filter(text: str, schema: Schema) -> Filter:
    """Return the filter; raises ScimTrouble `invalidFilter`."""
    reader = _Reader(text, schema, "invalidFilter")
    found = reader.either()
    reader.end()
    return found


def parse_path(text: str, schema: Schema) -> Target:
    """Return what a path names; raises ScimTrouble `invalidPath`."""
    reader = _Reader(text, schema, "invalidPath")
    name = reader.word()
    if not reader.at("["):
        reader.end()
        return Target(reader.path(name))
    path = reader.path(name)
    if path.attribute is None:
        return Target(path)
    where = reader.bracketed(path.attribute)
    part = reader.rest()
    sub = path.attribute.sub(part.removeprefix(".")) if part else None
    if part and (sub is None or not part.startswith(".")):
        raise reader.trouble("there is no such part")
    return Target(Path(path.attribute, sub), where)


class _Reader:
    """Reads one filter or path, token by token."""

    def __init__(self, text: str, schema: Schema, scim_type: str) -> None:
        self._text = text
        self._schema = schema
        self._scim_type = scim_type
        self._at = 0
        self._tests = 0
        self._depth = 0
        self._inside: Attribute | None = None
        if len(text) > LONGEST:
            raise self.trouble(f"longer than {LONGEST} characters")

    def trouble(self, why: str) -> ScimTrouble:
        return ScimTrouble(self._scim_type, why)

    def either(self) -> Filter:
        parts = [self._both()]
        while self._takes("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _both(self) -> Filter:
        parts = [self._one()]
        while self._takes("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _one(self) -> Filter:
        if self._takes("not"):
            return Not(self._grouped())
        if self.at("("):
            return self._grouped()
        return self._test()

    def _grouped(self) -> Filter:
        self._expect("(")
        self._depth += 1
        if self._depth > DEEPEST:
            raise self.trouble(f"deeper than {DEEPEST} levels")
        found = self.either()
        self._depth -= 1
        self._expect(")")
        return found

    def _test(self) -> Filter:
        self._tests += 1
        if self._tests > MOST_TESTS:
            raise self.trouble(f"more than {MOST_TESTS} tests")
        path = self.path(self.word())
        if self.at("["):
            if path.attribute is None or self._inside is not None:
                raise self.trouble("brackets stand behind an attribute with several values")
            return self._within(path.attribute)
        return self._compared(path)

    def _within(self, attribute: Attribute) -> Filter:
        """`emails[type eq "work"]`, or, as one provider asks, `emails[type eq "work"].value eq "…"`."""
        part = self.bracketed(attribute)
        if not self._text.startswith(".", self._at):
            return Within(attribute, part)
        sub = attribute.sub(self.word().removeprefix("."))
        if sub is None:
            raise self.trouble("there is no such part")
        return Within(attribute, Every((part, self._compared(Path(sub)))))

    def _compared(self, path: Path) -> Filter:
        operator = self.word().lower()
        if operator == "pr":
            return Test(path, operator)
        if operator not in _COMPARISONS:
            raise self.trouble("there is no such comparison")
        value = self._value()
        leaf = path.leaf
        if leaf is not None and operator not in {"ne", "eq"}:
            is_text = isinstance(value, str) and leaf.type != "boolean"
            if not is_text or (leaf.type == "dateTime" and operator in _PARTS):
                raise self.trouble("these cannot be compared so")
        if leaf is not None and leaf.type == "dateTime" and isinstance(value, str):
            moment(value)
        return Test(path, operator, value)

    def bracketed(self, attribute: Attribute) -> Filter:
        """Read the filter in brackets, over the parts of `attribute`."""
        if not attribute.sub_attributes:
            raise self.trouble("the attribute has no parts")
        self._expect("[")
        self._inside = attribute
        found = self.either()
        self._inside = None
        self._expect("]")
        return found

    def path(self, name: str) -> Path:
        """Return what a name means, with the name of its schema in front or without."""
        bare = self._without_schema(name)
        if bare is None:
            return Path(None)
        first, dot, second = bare.partition(".")
        if not _NAME.fullmatch(first) or (dot and not _NAME.fullmatch(second)):
            raise self.trouble("not a name of an attribute")
        if self._inside is not None:
            part = self._inside.sub(first)
            if part is None or dot:
                raise self.trouble("there is no such part")
            return Path(part)
        attribute = self._schema.find(first)
        if attribute is None:
            if first.lower() in self._schema.passed_over:
                return Path(None)
            raise self.trouble("there is no such attribute")
        sub = attribute.sub(second) if dot else None
        if dot and sub is None:
            raise self.trouble("there is no such part")
        return Path(attribute, sub)

    def _without_schema(self, name: str) -> str | None:
        """Return a name without its schema; None where that is one that is not kept here."""
        if not name.lower().startswith("urn:"):
            return name
        own = f"{self._schema.id.lower()}:"
        return name[len(own) :] if name.lower().startswith(own) else None

    # --- tokens -------------------------------------------------------------------------------------

    def _next(self) -> tuple[str, str]:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise self.trouble("it ends too early, or a quotation mark is missing")
        self._at = found.end()
        assert found.lastgroup is not None
        return found.lastgroup, found[found.lastgroup]

    def word(self) -> str:
        kind, text = self._next()
        if kind != "word":
            raise self.trouble("a name is missing")
        return text

    def _value(self) -> Any:
        kind, text = self._next()
        if kind == "mark":
            raise self.trouble("a value is missing")
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError):
            raise self.trouble(
                "a value is a text in quotation marks, a number, true, false or null"
            ) from None
        if isinstance(value, dict | list):
            raise self.trouble("a value is a text in quotation marks, a number, true, false or null")
        return value

    def at(self, mark: str) -> bool:
        return self._text[self._at :].lstrip().startswith(mark)

    def _takes(self, word: str) -> bool:
        found = _TOKEN.match(self._text, self._at)
        if found is None or (found["word"] or "").lower() != word:
            return False
        self._at = found.end()
        return True

    def _expect(self, mark: str) -> None:
        if self._next() != ("mark", mark):
            raise self.trouble(f"{mark} is missing")

    def rest(self) -> str:
        """Return what is behind, to the end."""
        behind = self._text[self._at :].strip()
        self._at = len(self._text)
        return behind

    def end(self) -> None:
        if self.rest():
            raise self.trouble("there is something behind the end")
