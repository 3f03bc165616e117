"""A CSV file of TOTP tokens, chunk by chunk, to tokens.

A row is complete or a fault. Two defaults are part of the format, which has no column for them in either
form: SHA-1 and six digits; a file that needs others says so in columns `algorithm` and `digits`.

A secret is Base32. A text that could as well be hexadecimal is refused until the caller says which it is,
because either reading gives a token that looks right and never works.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import chain
from typing import Final

from vestibule.wire.oath.base32 import decode_base32
from vestibule.wire.oath.passcode import INTERVALS, MAX_DIGITS, MIN_DIGITS, HashAlgorithm
from vestibule.wire.oath.token import (
    MIN_SECRET_BITS,
    FileProblem,
    FileRefused,
    OathAlgorithm,
    RowFault,
    RowProblem,
    TokenKey,
    TokenRow,
    is_name,
    is_serial,
    nameable_serial,
    secret_problem,
)
from vestibule.wire.token_csv.columns import Column, Layout, cells_of, declared_separator, read_layout
from vestibule.wire.token_csv.lines import Record, TextEncoding, read_records

_INTERVALS: Final = {str(interval): interval for interval in INTERVALS}
_DIGITS: Final = {str(digits): digits for digits in range(MIN_DIGITS, MAX_DIGITS + 1)}
_HASHES: Final = {algorithm.name: algorithm for algorithm in HashAlgorithm}
_SHORT_NUMBER: Final = re.compile(r"-?[0-9]{1,10}")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+")
# What a spreadsheet program would run (OWASP ASVS 1.2.10); a lone hyphen stands for an empty cell.
_FORMULA: Final = re.compile(r"[=+@\t]|-.", re.DOTALL)


class SecretEncoding(StrEnum):
    """How the secrets of a file are written, if the caller knows."""

    UNSTATED = "unstated"
    """Base32, and whatever could be hexadecimal too is refused."""
    BASE32 = "base32"
    HEX = "hex"


def read_token_csv(
    chunks: Iterable[bytes],
    *,
    secret_encoding: SecretEncoding = SecretEncoding.UNSTATED,
    text_encoding: TextEncoding = TextEncoding.DETECT,
    least_secret_bits: int = MIN_SECRET_BITS,
) -> Iterator[TokenRow]:
    """Yield each row of the file whose bytes are `chunks`, in order, as TokenKey or RowFault.

    Raises FileRefused when nothing of the file may be used: it is not text, its columns are not known or one
    of serial, secret and interval is missing.
    """
    records = read_records(chunks, text_encoding)
    layout, first_row = _begin(records)
    rows = _Rows(layout, secret_encoding, least_secret_bits)
    for number, record in chain(first_row, records):
        if isinstance(record, RowProblem):
            yield RowFault(number, record)
        elif record and not record.isspace():
            row = rows.read(number, record)
            if row is not None:
                yield row


def check_token_csv(
    chunks: Iterable[bytes], text_encoding: TextEncoding = TextEncoding.DETECT
) -> Iterator[None]:
    """Yield once for each record, unread, and raise FileRefused wherever `read_token_csv` would.

    It takes a fifth of the time: whoever stores tokens drains it before the first write.
    """
    records = read_records(chunks, text_encoding)
    _begin(records)
    for _ in records:
        yield


def is_cloud_form(beginning: bytes, text_encoding: TextEncoding = TextEncoding.DETECT) -> bool:
    """Tell from the beginning of a file whether its rows name who holds the token; raise FileRefused."""
    layout, _ = _begin(read_records([beginning], text_encoding))
    return Column.OWNER in layout.positions


def _begin(records: Iterator[Record]) -> tuple[Layout, tuple[Record, ...]]:
    """Read up to the line that tells the layout; return that, and the line too if it is a row itself."""
    separator = None
    for number, record in records:
        if isinstance(record, RowProblem):
            raise FileRefused(FileProblem.HEADER_UNKNOWN, number)
        declared = declared_separator(record)
        if declared:
            separator = declared
        elif record and not record.isspace():
            layout = read_layout(record, number, separator)
            return layout, () if layout.has_header else ((number, record),)
    raise FileRefused(FileProblem.EMPTY)


class _Bad(Exception):
    """Why the row is refused; becomes a RowFault before it leaves this module."""

    def __init__(self, problem: RowProblem, detail: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.detail = detail


class _Rows:
    """Reads the rows of one layout."""

    def __init__(self, layout: Layout, encoding: SecretEncoding, least_secret_bits: int) -> None:
        self._layout = layout
        self._encoding = encoding
        self._least_secret_bits = least_secret_bits
        # A column that the file does not have is read from an empty cell behind the last one.
        self._columns = [layout.positions.get(column, layout.width) for column in Column]

    def read(self, number: int, record: str) -> TokenRow | None:
        """Return the token of a record, the reason why it has none, or None if all cells are empty."""
        cells = cells_of(record, self._layout.separator)
        if cells is None:
            return RowFault(number, RowProblem.QUOTES)
        if len(cells) != self._layout.width:
            if not any(cells):
                return None
            # Spreadsheet programs write empty cells behind the last column.
            if len(cells) < self._layout.width or any(cells[self._layout.width :]):
                return RowFault(number, RowProblem.CELL_COUNT)
            del cells[self._layout.width :]
        cells.append("")
        serial, secret, interval, owner, manufacturer, model, digits, hash_name = [
            cells[position] for position in self._columns
        ]
        if not (serial or secret or interval) and not any(cells):
            return None
        try:
            return TokenKey(
                line=number,
                serial=_serial(serial),
                algorithm=OathAlgorithm.TOTP,
                secret=self._secret(secret),
                hash_algorithm=_hash(hash_name) if hash_name else HashAlgorithm.SHA1,
                digits=_digits(digits) if digits else MIN_DIGITS,
                interval=_INTERVALS.get(interval) or _no_interval(interval),
                manufacturer=_name(manufacturer, RowProblem.NAME_INVALID) if manufacturer else "",
                model=_name(model, RowProblem.NAME_INVALID) if model else "",
                owner=_owner(owner) if owner else "",
            )
        except _Bad as bad:
            return RowFault(number, bad.problem, nameable_serial(serial), bad.detail)

    def _secret(self, text: str) -> bytes:
        if not text:
            raise _Bad(RowProblem.SECRET_MISSING)
        secret = _hex(text) if self._encoding is SecretEncoding.HEX else decode_base32(text)
        if secret is None:
            raise _Bad(RowProblem.SECRET_INVALID)
        if self._encoding is SecretEncoding.UNSTATED and _HEX.fullmatch(text.replace(" ", "")):
            raise _Bad(RowProblem.SECRET_AMBIGUOUS)
        problem = secret_problem(secret, self._least_secret_bits)
        if problem is not None:
            raise _Bad(problem)
        return secret


def _serial(text: str) -> str:
    if not text:
        raise _Bad(RowProblem.SERIAL_MISSING)
    if not is_serial(text):
        raise _Bad(RowProblem.SERIAL_INVALID)
    return text


def _hex(text: str) -> bytes | None:
    digits = text.replace(" ", "")
    return bytes.fromhex(digits) if _HEX.fullmatch(digits) else None


def _no_interval(text: str) -> int:
    if not text:
        raise _Bad(RowProblem.INTERVAL_MISSING)
    # Only a short number is shown: in a file of mixed up columns anything may stand here.
    raise _Bad(RowProblem.INTERVAL_UNSUPPORTED, text if _SHORT_NUMBER.fullmatch(text) else "")


def _digits(text: str) -> int:
    if text not in _DIGITS:
        raise _Bad(RowProblem.DIGITS_UNSUPPORTED, text if _SHORT_NUMBER.fullmatch(text) else "")
    return _DIGITS[text]


def _hash(text: str) -> HashAlgorithm:
    name = text.upper().replace("-", "").replace("_", "").removeprefix("HMAC")
    if name not in _HASHES:
        raise _Bad(RowProblem.HASH_UNSUPPORTED)
    return _HASHES[name]


def _owner(text: str) -> str:
    if " " in text:
        raise _Bad(RowProblem.OWNER_INVALID)
    return _name(text, RowProblem.OWNER_INVALID)


def _name(text: str, problem: RowProblem) -> str:
    if _FORMULA.match(text):
        raise _Bad(RowProblem.FORMULA)
    if not is_name(text):
        raise _Bad(problem)
    return text
