"""Which column is what: the form of a CSV file of tokens, told from its first line.

Two forms are known. The *server form* has serial, Base32 secret and interval, with a header or, in that
order, without one. The *cloud form* has a header and also says who holds the token, its maker and model.
Columns may stand in any order under a header, and a column that nobody knows refuses the file: a misspelled
`digits` that is passed over would make every passcode wrong.
"""

import csv
import re
from enum import StrEnum
from typing import Final

import msgspec

from vestibule.wire.oath.token import FileProblem, FileRefused, nameable_serial, shown

SEPARATORS: Final = (",", ";", "\t")


class Column(StrEnum):
    SERIAL = "serial number"
    SECRET = "secret key"  # noqa: S105 - the name of a column
    INTERVAL = "time interval"
    OWNER = "upn"
    MANUFACTURER = "manufacturer"
    MODEL = "model"
    DIGITS = "digits"
    HASH = "algorithm"


SERVER_FORM: Final = (Column.SERIAL, Column.SECRET, Column.INTERVAL)
_NAMES: Final = {
    Column.SERIAL: ("serial", "serial no", "token serial", "token serial number", "seriennummer"),
    Column.SECRET: ("secret", "base32 secret", "secret base32", "seed", "key", "geheimnis", "schlüssel"),
    Column.INTERVAL: ("interval", "time step", "timestep", "period", "intervall", "zeitintervall"),
    Column.OWNER: ("user principal name", "user", "username", "user name", "benutzer", "benutzername"),
    Column.MANUFACTURER: ("vendor", "hersteller"),
    Column.MODEL: ("modell",),
    Column.DIGITS: ("otp length", "length", "stellen"),
    Column.HASH: ("hash", "hash function", "hash algorithm"),
}
_BY_NAME: Final = {name: column for column, others in _NAMES.items() for name in (column.value, *others)}
_COLLAPSED: Final = {name.replace(" ", ""): column for name, column in _BY_NAME.items()}
_SEPARATOR_LINE: Final = re.compile(r'"?sep=([,;\t])"?', re.IGNORECASE)


class Layout(msgspec.Struct, frozen=True):
    """Where each column is. `width` is the number of cells in a row."""

    separator: str
    positions: dict[Column, int]
    width: int
    has_header: bool


def declared_separator(line: str) -> str | None:
    """Return the separator that a spreadsheet program's first line `sep=;` declares, None for other lines."""
    found = _SEPARATOR_LINE.fullmatch(line.strip(" "))
    return found[1] if found else None


def read_layout(line: str, number: int, separator: str | None) -> Layout:
    """Return the layout that the first line tells; raise FileRefused if it tells none (S61)."""
    candidates = (separator,) if separator else SEPARATORS
    best = max(candidates, key=lambda candidate: _score(line, candidate))
    cells = cells_of(line, best)
    if cells is None:
        raise FileRefused(FileProblem.HEADER_UNKNOWN, number)
    while cells and not cells[-1]:
        cells.pop()
    columns = [_column(cell) for cell in cells]
    if any(columns):
        return Layout(best, _positions(cells, columns, number), len(cells), True)
    if len(cells) == len(SERVER_FORM):
        return Layout(best, {column: i for i, column in enumerate(SERVER_FORM)}, len(cells), False)
    if len(cells) < len(SERVER_FORM) and len(cells) > 1:
        raise FileRefused(FileProblem.COLUMN_MISSING, number)
    raise FileRefused(FileProblem.HEADER_UNKNOWN, number)


def cells_of(line: str, separator: str) -> list[str] | None:
    """Split a record at `separator` (RFC 4180 §2), without blanks around cells; None if its quotes are wrong.

    A cell that a spreadsheet wrote as the text formula `="0123"`, to keep its zeros, is its text.
    """
    if '"' not in line:
        return [cell.strip(" ") for cell in line.split(separator)]
    try:
        cells = next(csv.reader([line], delimiter=separator, strict=True))
    except csv.Error:
        return None
    return [_unwrapped(cell.strip(" ")) for cell in cells]


def _unwrapped(cell: str) -> str:
    return cell[2:-1] if len(cell) > 2 and cell.startswith('="') and cell.endswith('"') else cell


def _score(line: str, separator: str) -> tuple[int, int]:
    cells = cells_of(line, separator) or []
    return sum(_column(cell) is not None for cell in cells), len(cells)


def _column(cell: str) -> Column | None:
    return _COLLAPSED.get(re.sub(r"[ _.\-]", "", cell.lower()))


def _positions(cells: list[str], columns: list[Column | None], number: int) -> dict[Column, int]:
    positions: dict[Column, int] = {}
    for position, (cell, column) in enumerate(zip(cells, columns, strict=True)):
        if column is None:
            # What stands here may be anything, so it is shown only if it cannot be a secret.
            raise FileRefused(FileProblem.COLUMN_UNKNOWN, number, shown(nameable_serial(cell)))
        if column in positions:
            raise FileRefused(FileProblem.COLUMN_REPEATED, number, column.value)
        positions[column] = position
    missing = [column.value for column in SERVER_FORM if column not in positions]
    if missing:
        raise FileRefused(FileProblem.COLUMN_MISSING, number, ", ".join(missing))
    return positions
