"""Lists as CSV (RFC 4180), for spreadsheets: no cell of them is a formula (WEB-11)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

MARK: Final = "\ufeff"
"""In front of a file: without it, spreadsheets take it for anything but UTF-8."""
# Spreadsheets begin a formula at the first four, full-width forms included, and skip the rest before them.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_line(cells: Iterable[str | int | Decimal]) -> str:
    """Return one line; a text that spreadsheets would compute gets an apostrophe in front of it."""
    line = io.StringIO()
    harmless_cells = (harmless(cell) if isinstance(cell, str) else str(cell) for cell in cells)
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(harmless_cells)
    return line.getvalue()


def harmless(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
