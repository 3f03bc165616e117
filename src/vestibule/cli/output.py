"""How the command line writes: tables, facts, times, JSON, a QR code. Text in, text out; prints nothing.

Whatever comes from outside (a claimed user name, a label, a directory's answer) goes through `harmless`
before it reaches a terminal: it can neither move the cursor nor begin a line of its own.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

NOTHING = "–"
_LONGEST_CELL = 48
_GAP = "  "


def harmless(words: str) -> str:
    """Return `words` on one line and without what could deceive a terminal or its reader."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words.expandtabs(1)
    )


def width(words: str) -> int:
    """Return how many columns of a terminal `words` take."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in words
    )


def cut(words: str, columns: int = _LONGEST_CELL) -> str:
    """Return `words`, or their beginning and an ellipsis, in at most `columns`."""
    if width(words) <= columns:
        return words
    kept = words
    while width(kept) > columns - 1:
        kept = kept[:-1]
    return f"{kept}…"


class Table:
    """Rows under a header, in columns as wide as the first rows need; later rows may stick out."""

    def __init__(self, header: Sequence[str], first_rows: Sequence[Sequence[str]]) -> None:
        rows = [[_cell(cell) for cell in row] for row in (header, *first_rows)]
        self._widths = [max(width(row[column]) for row in rows) for column in range(len(header))]
        self.header = self.line(header)

    def line(self, row: Sequence[str]) -> str:
        """Return one row without a line end."""
        cells = [_cell(cell) for cell in row]
        padded = [
            cell + " " * max(0, wanted - width(cell))
            for cell, wanted in zip(cells, self._widths, strict=True)
        ]
        return _GAP.join(padded).rstrip()


def _cell(words: str) -> str:
    return cut(harmless(words)) or NOTHING


def facts(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return `label  value` lines, the values beneath one another; pairs without a value are left out."""
    told = [(label, harmless(value)) for label, value in pairs if value]
    widest = max((width(label) for label, _ in told), default=0)
    return [f"{label}{' ' * (widest - width(label))}{_GAP}{value}" for label, value in told]


def moment(at: int | None, otherwise: str = NOTHING) -> str:
    """Return epoch milliseconds as this machine's local time with its distance from UTC."""
    if at is None:
        return otherwise
    return datetime.fromtimestamp(at // 1000, UTC).astimezone().isoformat(" ", "seconds")


def qr_code(content: str) -> str:
    """Return a QR code of half-height blocks, for a terminal of either color."""
    import segno

    drawing = io.StringIO()
    segno.make(content, error="l").terminal(out=drawing, compact=True, border=2)
    return drawing.getvalue()
