"""The text of a CSV file as numbered records, whatever program wrote it.

Understood are UTF-8 and UTF-16, with or without a byte order mark, and Windows-1252 where the caller says so;
line ends LF, CR LF and CR alone. A record is one line. A quoted cell with a line break in it is recognized,
so that its second line is not taken for a row of its own, and reported as a fault: no cell of a token file
can have one.

Memory is bounded whatever arrives: a line longer than LONGEST_LINE is dropped while it is read and reported
by its number, and a quote that is never closed refuses the file.
"""

import codecs
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

from vestibule.wire.oath.token import FileProblem, FileRefused, RowProblem

LONGEST_LINE: Final = 4096
"""Characters."""
MOST_QUOTED_LINES: Final = 16
_CHUNK_BYTES: Final = 1 << 16

Record = tuple[int, str | RowProblem]
"""The number of the line where it begins, and its text or what is wrong with it."""


class TextEncoding(StrEnum):
    """How the bytes of a file are to be read."""

    DETECT = "detect"
    """UTF-16 if it looks like that, else UTF-8; a line that is neither is a fault."""
    WINDOWS_1252 = "windows-1252"


def read_records(chunks: Iterable[bytes], encoding: TextEncoding) -> Iterator[Record]:
    """Yield the records of the file, blank ones too; raise FileRefused for a file that is not text."""
    pending: list[str] = []
    began = 0
    for number, line in _numbered_lines(_text(chunks, encoding)):
        if isinstance(line, RowProblem):
            if pending:
                raise FileRefused(FileProblem.QUOTE_OPEN, began)
            yield number, line
        elif pending:
            pending.append(line)
            if line.count('"') % 2:
                yield began, RowProblem.LINE_BREAK
                pending = []
            elif len(pending) > MOST_QUOTED_LINES:
                raise FileRefused(FileProblem.QUOTE_OPEN, began)
        elif '"' in line and line.count('"') % 2:
            pending, began = [line], number
        else:
            yield number, line
    if pending:
        raise FileRefused(FileProblem.QUOTE_OPEN, began)


def _text(chunks: Iterable[bytes], encoding: TextEncoding) -> Iterator[str]:
    """Decode piece by piece. Bytes that are not UTF-8 become lone surrogates, which spoil their line."""
    decoder: codecs.IncrementalDecoder | None = None
    for piece in _pieces(chunks):
        if decoder is None:
            decoder = _decoder(piece, encoding)
        try:
            yield decoder.decode(piece)
        except UnicodeDecodeError:
            raise FileRefused(FileProblem.NOT_TEXT) from None
    if decoder is not None:
        try:
            yield decoder.decode(b"", True)
        except UnicodeDecodeError:
            raise FileRefused(FileProblem.NOT_TEXT) from None


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    # The first piece has at least four bytes, if the file has, so that the encoding can be told from it.
    first = b""
    is_first = True
    for chunk in chunks:
        for start in range(0, len(chunk), _CHUNK_BYTES):
            piece = first + chunk[start : start + _CHUNK_BYTES]
            if is_first and len(piece) < 4:
                first = piece
                continue
            is_first, first = False, b""
            yield piece
    if first:
        yield first


def _decoder(beginning: bytes, encoding: TextEncoding) -> codecs.IncrementalDecoder:
    if encoding is TextEncoding.WINDOWS_1252:
        return codecs.getincrementaldecoder("windows-1252")("strict")
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return codecs.getincrementaldecoder("utf-16")("strict")
    # Without a mark, the first two characters of a token file are ASCII and give it away.
    if len(beginning) >= 4 and beginning[1] == 0 == beginning[3]:
        return codecs.getincrementaldecoder("utf-16-le")("strict")
    if len(beginning) >= 4 and beginning[0] == 0 == beginning[2]:
        return codecs.getincrementaldecoder("utf-16-be")("strict")
    return codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")


def _numbered_lines(texts: Iterable[str]) -> Iterator[Record]:
    number = 1
    rest = ""
    is_dropping = False
    for text in texts:
        joined = rest + text
        # A CR at the very end may be the first half of CR LF.
        held = "\r" if joined.endswith("\r") else ""
        *lines, rest = _unified(joined.removesuffix("\r")).split("\n")
        for line in lines:
            yield number, _judged(line, is_dropping)
            is_dropping = False
            number += 1
        if len(rest) > LONGEST_LINE:
            rest, is_dropping = "", True
        rest += held
    for line in _unified(rest).removesuffix("\n").split("\n"):
        yield number, _judged(line, is_dropping)


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _judged(line: str, is_too_long: bool) -> str | RowProblem:
    if is_too_long or len(line) > LONGEST_LINE:
        return RowProblem.LINE_TOO_LONG
    if not line.isascii():
        try:
            line.encode()
        except UnicodeEncodeError:
            return RowProblem.NOT_TEXT
    return line
