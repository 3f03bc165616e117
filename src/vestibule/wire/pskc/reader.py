"""A PSKC file, chunk by chunk, to tokens (RFC 6030).

The file is read by the parser; from the end of a package on, as long as the shape of the packages allows, by
the template. Order and result are the same. A file can be refused at its very last byte, and then nothing of
it may be used: that is what `check_pskc` is for.
"""

import codecs
from collections.abc import Iterable, Iterator
from typing import Final

from vestibule.wire.oath.token import MIN_SECRET_BITS, FileProblem, FileRefused, TokenRow
from vestibule.wire.pskc.names import PSKC, XENC, Fields
from vestibule.wire.pskc.package import open_values, read_package
from vestibule.wire.pskc.parser import LONGEST_TOKEN, ContainerParser
from vestibule.wire.pskc.protection import Credential, Protection
from vestibule.wire.pskc.template import PackageTemplate

CHUNK_BYTES: Final = 1 << 16
NO_CREDENTIAL: Final = Credential()
LONGEST_HEAD: Final = 1 << 14
"""Bytes before the first package beyond which the parser does all the work."""
_FEWEST_MATCHES: Final = 8
"""A template that matches fewer packages in a row than this is not worth starting again."""
_PLAIN_ENCODINGS: Final = frozenset({"", "utf-8", "us-ascii"})

_Package = tuple[Fields, int]


def read_pskc(
    chunks: Iterable[bytes],
    credential: Credential = NO_CREDENTIAL,
    *,
    least_secret_bits: int = MIN_SECRET_BITS,
) -> Iterator[TokenRow]:
    """Yield each key of the file whose bytes are `chunks`, in order, as TokenKey or RowFault.

    Raises FileRefused when nothing of the file may be used: it is malformed or hostile, cannot be opened
    with `credential`, or has been changed.
    """
    for fields, line, protection in _packages(chunks, credential):
        yield read_package(fields, line, protection, least_secret_bits)


def check_pskc(chunks: Iterable[bytes], credential: Credential = NO_CREDENTIAL) -> Iterator[None]:
    """Yield once for each key, unread, and raise FileRefused wherever `read_pskc` would.

    It takes half the time: whoever stores tokens drains it before the first write.
    """
    for fields, line, protection in _packages(chunks, credential):
        open_values(fields, line, protection)
        yield


def _packages(chunks: Iterable[bytes], credential: Credential) -> Iterator[tuple[Fields, int, Protection]]:
    container = _Container()
    protection: Protection | None = None
    for chunk in _pieces(chunks):
        for fields, line in container.feed(chunk):
            protection = protection or Protection(container.head, credential)
            yield fields, line, protection
    for fields, line in container.close():
        protection = protection or Protection(container.head, credential)
        yield fields, line, protection


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), CHUNK_BYTES):
            yield chunk[start : start + CHUNK_BYTES]


class _Container:
    """Bytes to packages, by the parser or by the template, whichever has the thread just now."""

    def __init__(self) -> None:
        self._packages: list[_Package] = []
        self._parser = ContainerParser(self._add)
        self._fed = 0
        self._head = b""
        self._is_head_complete = False
        self._is_shortcut_possible = True
        self._shortcut: _Shortcut | None = None
        self._is_empty = True

    @property
    def head(self) -> Fields:
        return self._parser.head

    def feed(self, chunk: bytes) -> list[_Package]:
        rest = chunk
        while rest:
            rest = self._parse(rest) if self._shortcut is None else self._match(rest, is_last=False)
        return self._taken()

    def close(self) -> list[_Package]:
        if self._shortcut is not None:
            rest = self._match(b"", is_last=True)
            self._fed_to_parser(rest)
        self._parser.close()
        packages = self._taken()
        if self._is_empty:
            raise FileRefused(FileProblem.EMPTY)
        return packages

    def _add(self, fields: Fields, line: int) -> None:
        self._packages.append((fields, line))

    def _taken(self) -> list[_Package]:
        packages, self._packages = self._packages, []
        self._is_empty = self._is_empty and not packages
        return packages

    def _fed_to_parser(self, chunk: bytes) -> None:
        self._fed += len(chunk)
        self._parser.feed(chunk)

    def _parse(self, chunk: bytes) -> bytes:
        """Feed the parser; return what is behind the last package, if the template may try on it."""
        before = self._fed
        self._fed_to_parser(chunk)
        self._remember_head(chunk)
        boundary = self._parser.boundary - before
        end = chunk.find(b">", boundary) + 1
        # A closing tag that began in the chunk before, or in another encoding, is not looked for.
        if not self._is_shortcut_possible or boundary <= 0 or chunk[boundary : boundary + 2] != b"</":
            return b""
        template = self._template()
        if template is None:
            self._is_shortcut_possible = False
            return b""
        line = self._parser.boundary_line + _all_lines(chunk[boundary:end])
        self._shortcut = _Shortcut(template, line)
        return chunk[end:] or b" "

    def _remember_head(self, chunk: bytes) -> None:
        """Keep the bytes before the first package: a later parser begins with them."""
        if not self._is_shortcut_possible or self._is_head_complete:
            return
        self._head += chunk
        if self._parser.head_bytes:
            self._head = self._head[: self._parser.head_bytes]
            self._is_head_complete = True
        if len(self._head) > LONGEST_HEAD:
            self._is_shortcut_possible = False
            self._head = b""

    def _template(self) -> PackageTemplate | None:
        pskc = self._parser.prefixes.get(PSKC, [])
        xenc = self._parser.prefixes.get(XENC, [])
        if self._parser.encoding.lower() not in _PLAIN_ENCODINGS or len(pskc) != 1 or len(xenc) > 1:
            return None
        return PackageTemplate(pskc[0], xenc[0] if xenc else None)

    def _match(self, chunk: bytes, is_last: bool) -> bytes:
        """Feed the template; return what it could not match, after the parser has taken over again."""
        shortcut = self._shortcut
        assert shortcut is not None
        rest = shortcut.feed(chunk, self._packages, is_last)
        if rest is None:
            return b""
        self._shortcut = None
        self._is_shortcut_possible = shortcut.matches >= _FEWEST_MATCHES
        # The parser begins anew with the head, which binds the prefixes, and goes on behind the last match.
        self._parser = ContainerParser(self._add, shortcut.line - 1 - _all_lines(self._head))
        self._fed = 0
        self._fed_to_parser(self._head)
        return rest


class _Shortcut:
    """One run of the template over the text behind a package; `line` is where the unmatched rest begins."""

    def __init__(self, template: PackageTemplate, line: int) -> None:
        self.line = line
        self.matches = 0
        self._template = template
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""

    def feed(self, chunk: bytes, packages: list[_Package], is_last: bool) -> bytes | None:
        """Append what matches to `packages`; return the unmatched bytes to stop, None to go on."""
        undecoded = self._decoder.getstate()[0]
        try:
            text = self._text + self._decoder.decode(chunk)
        except UnicodeDecodeError:
            return self._text.encode() + undecoded + chunk
        count = _lines if "\r" in text else _line_feeds
        position = 0
        while (found := self._template.match(text, position)) is not None:
            fields, end = found
            begin = text.index("<", position)
            self.line += count(text, position, begin)
            packages.append((fields, self.line))
            self.line += count(text, begin, end)
            self.matches += 1
            position = end
        self._text = text[position:]
        is_mismatch = len(self._text) > LONGEST_TOKEN or self._template.is_package_complete(self._text, 0)
        if is_last or is_mismatch:
            return self._text.encode() + self._decoder.getstate()[0]
        return None


def _line_feeds(text: str, start: int, end: int) -> int:
    return text.count("\n", start, end)


def _lines(text: str, start: int, end: int) -> int:
    """Count line ends as XML does: LF, CR LF, or CR alone (XML 1.0 §2.11)."""
    returns = text.count("\r", start, end) - text.count("\r\n", start, end)
    return text.count("\n", start, end) + returns


def _all_lines(octets: bytes) -> int:
    text = octets.decode()
    return _lines(text, 0, len(text))
