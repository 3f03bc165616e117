"""The XML of a PSKC file, read as it arrives: bytes to the fields of one key package after another.

Memory stays the same however long the file is: one package is held at a time, and an element, a package or a
mark-up token that is too large refuses the file. So does a document type (and with it every entity), an
XInclude, or nesting that no PSKC file has. The parser is expat; it opens no file and no connection by itself.

It must never judge what a package means: see package.py.
"""

from collections.abc import Callable
from typing import Final
from xml.parsers import expat

from vestibule.wire.oath.token import FileProblem, FileRefused, shown
from vestibule.wire.pskc.names import (
    KEY_USAGE,
    KNOWN_POLICIES,
    MARK,
    MARKED,
    POLICY,
    PSKC,
    REPEATED,
    UNKNOWN_POLICY,
    XENC,
    XINCLUDE,
    Fields,
)

DEEPEST: Final = 32
MOST_ELEMENTS: Final = 400
"""In the head of the file, or in one package."""
LONGEST_TEXT: Final = 1 << 16
"""Characters of one element or attribute."""
LONGEST_TOKEN: Final = 1 << 18
"""Bytes of one tag, comment or the like that has not ended yet."""

_ROOT: Final = f"{PSKC} KeyContainer"
_PACKAGE: Final = f"{PSKC} KeyPackage"
_HEAD_ELEMENTS: Final = frozenset({f"{PSKC} EncryptionKey", f"{PSKC} MACMethod"})
_PREFIXES: Final = {PSKC: "", XENC: "xenc:"}


class _Place:
    """Where an element stands. Places are made once and found again by the element's name."""

    __slots__ = ("below", "children", "depth", "is_ignored", "is_package", "is_special", "path")

    def __init__(self, path: str, depth: int, *, is_special: bool = False, is_package: bool = False) -> None:
        self.path = path
        self.depth = depth
        self.is_special = is_special
        self.is_package = is_package
        self.is_ignored = False
        self.children: dict[str, _Place] = {}
        self.below: _Place | None = None
        """Of an ignored place: the one place of everything in it."""


class ContainerParser:
    """Feed it the file; it calls `on_package(fields, line)` for each package, in order.

    `head` are the fields before the first package, under local names without prefixes. `head_bytes` is where
    the first package begins, `boundary` where the closing tag of the latest one begins, as offsets into what
    was fed; 0 until that has been seen. `prefixes` are those that the root binds, by namespace.
    """

    def __init__(self, on_package: Callable[[Fields, int], None], lines_before: int = 0) -> None:
        self.head: Fields = {}
        self.head_bytes = 0
        self.boundary = 0
        self.boundary_line = 0
        self.encoding = ""
        self.prefixes: dict[str, list[str]] = {}
        self._on_package = on_package
        self._lines_before = lines_before
        self._fed = 0
        self._top = _Place("", 0)
        self._stack = [self._top]
        self._places = 0
        self._fields = self.head
        self._elements = 0
        self._line = 0
        self._text: list[str] = []
        self._parser = self._new_parser()

    def _new_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        return parser

    def feed(self, chunk: bytes) -> None:
        """Read on; raise FileRefused when the file is malformed or breaks a limit."""
        self._parse(chunk, is_last=False)
        self._fed += len(chunk)
        unread = self._fed - self._parser.CurrentByteIndex
        if unread > LONGEST_TOKEN or sum(map(len, self._text)) > LONGEST_TEXT:
            raise self._refusal(FileProblem.TOO_LARGE)

    def close(self) -> None:
        """Say that the file has ended; raise FileRefused if it should not have."""
        self._parse(b"", is_last=True)

    def _parse(self, chunk: bytes, is_last: bool) -> None:
        try:
            self._parser.Parse(chunk, is_last)
        except expat.ExpatError as error:
            reason = expat.errors.messages.get(error.code, "")
            raise FileRefused(FileProblem.NOT_XML, error.lineno + self._lines_before, reason) from None
        except (ValueError, LookupError):
            # Expat asks Python for an encoding that it does not know itself.
            raise FileRefused(FileProblem.NOT_XML, 1, "encoding") from None

    def _current_line(self) -> int:
        return self._parser.CurrentLineNumber + self._lines_before

    def _refusal(self, problem: FileProblem, detail: str = "") -> FileRefused:
        return FileRefused(problem, self._current_line(), detail)

    # --- what expat reports ---------------------------------------------------------------------------

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        self.encoding = encoding or ""

    def _doctype(self, *_: object) -> None:
        raise self._refusal(FileProblem.DOCTYPE)

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        if len(self._stack) == 1:
            self.prefixes.setdefault(uri or "", []).append(prefix or "")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        stack = self._stack
        place = stack[-1].children.get(name) or self._place(stack[-1], name)
        stack.append(place)
        if self._text:
            self._text.clear()
        if place.is_special:
            self._enter(place, name, attributes)
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise self._refusal(FileProblem.TOO_LARGE)
        if attributes and not place.is_ignored:
            for attribute, value in attributes.items():
                self._store(f"{place.path}/@{attribute}", value)

    def _end(self, name: str) -> None:
        place = self._stack.pop()
        pieces = self._text
        if pieces:
            text = (pieces[0] if len(pieces) == 1 else "".join(pieces)).strip(" \t\r\n")
            pieces.clear()
            if text and place.path and not place.is_ignored:
                self._store(place.path, text)
        if place.is_package:
            self.boundary = self._parser.CurrentByteIndex
            self.boundary_line = self._current_line()
            self._on_package(self._fields, self._line)

    # --- where in the file ------------------------------------------------------------------------------

    def _enter(self, place: _Place, name: str, attributes: dict[str, str]) -> None:
        """Do what the beginning of a special element asks for."""
        if place.depth == 1:
            self._enter_root(name, attributes)
        elif place.is_package:
            self.head_bytes = self.head_bytes or self._parser.CurrentByteIndex
            self._fields = {}
            self._elements = 0
            self._line = self._current_line()
        elif place.depth == 2:
            self._enter_outside(name)
        elif place.path in MARKED:
            self._fields[place.path + MARK] = "present"
        else:
            self._fields[UNKNOWN_POLICY] = place.path.removeprefix(f"{POLICY}/")

    def _enter_root(self, name: str, attributes: dict[str, str]) -> None:
        if name != _ROOT:
            raise self._refusal(FileProblem.NOT_PSKC)
        version = attributes.pop("Version", "")
        if version != "1.0":
            raise self._refusal(FileProblem.VERSION_UNSUPPORTED, shown(version))

    def _enter_outside(self, name: str) -> None:
        """Enter an element beside the packages: part of the head, or without meaning for us behind it."""
        if not self.head_bytes:
            return
        if name in _HEAD_ELEMENTS:
            # RFC 6030 §4.1: how to open the packages is said before them.
            raise self._refusal(FileProblem.ELEMENT_ORDER)
        self._fields = {}
        self._elements = 0

    def _place(self, parent: _Place, name: str) -> _Place:
        """Return the place of an element that has not been here before."""
        uri, _, local = name.rpartition(" ")
        if uri == XINCLUDE:
            raise self._refusal(FileProblem.XINCLUDE)
        if parent.depth >= DEEPEST:
            raise self._refusal(FileProblem.TOO_DEEP)
        if parent.is_ignored:
            return self._ignored(parent)
        place = self._new_place(parent, name, uri, local)
        if self._places < MOST_ELEMENTS:
            self._places += 1
            parent.children[name] = place
        return place

    def _new_place(self, parent: _Place, name: str, uri: str, local: str) -> _Place:
        depth = parent.depth + 1
        if depth == 1:
            return _Place("", depth, is_special=True)
        if name == _PACKAGE and depth == 2:
            return _Place("", depth, is_special=True, is_package=True)
        is_inside = len(self._stack) > 2 and self._stack[2].is_package
        if not is_inside:
            # The head mixes five namespaces and, in the RFC's own example, none (RFC 6030 figure 7).
            path = f"{parent.path}/{local}" if parent.path else local
            return _Place(path, depth, is_special=depth == 2)
        short = _PREFIXES.get(uri, "?:") + local
        path = f"{parent.path}/{short}" if parent.path else short
        is_unknown_policy = parent.path == POLICY and short not in KNOWN_POLICIES
        place = _Place(path, depth, is_special=is_unknown_policy or path in MARKED)
        place.is_ignored = uri not in _PREFIXES
        return place

    def _ignored(self, parent: _Place) -> _Place:
        if parent.below is None:
            parent.below = _Place("?", parent.depth + 1)
            parent.below.is_ignored = True
        return parent.below

    def _store(self, path: str, value: str) -> None:
        if len(value) > LONGEST_TEXT:
            raise self._refusal(FileProblem.TOO_LARGE)
        if path not in self._fields:
            self._fields[path] = value
        elif path == KEY_USAGE:
            self._fields[path] += " " + value
        else:
            self._fields[REPEATED] = path
