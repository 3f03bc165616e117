"""Statements as PDF: one sheet to pay by, and under it the days that each line is made of.

Pure: the same statement is the same file, byte by byte. Its fonts are in it (statement_fonts.py); CSV and
JSON have names as they are.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from vestibule.catalog import text
from vestibule.model.day import day_at
from vestibule.model.statement import LineKind, Statement, StatementLine
from vestibule.model.usage import Usage
from vestibule.policy.rating import units_of
from vestibule.services.amount_words import money_words, number_words, price_words, unit_words
from vestibule.services.statement_files import BilledStatement, counted
from vestibule.services.statement_fonts import BOLD, PLAIN, drawable, register, unwritable

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_MM: Final = 72 / 25.4
_WIDTH, _HEIGHT = 210 * _MM, 297 * _MM
_LEFT, _RIGHT, _TOP, _BOTTOM = 25 * _MM, _WIDTH - 20 * _MM, _HEIGHT - 25 * _MM, 22 * _MM
_INK, _SOFT, _RULE = (0.10, 0.12, 0.15), (0.38, 0.41, 0.45), (0.80, 0.82, 0.85)
_ROW: Final = 5.6 * _MM
_COLUMNS: Final = {
    LineKind.USERS: ("service_users", "server_users", "licensed"),
    LineKind.ATTEMPTS: ("service_attempts", "server_attempts"),
}
"""What of a day is shown beside what it counts."""

_AREA: Final = "statement"
"""Of the catalog."""

Cells = Sequence[str]


def statement_pdf(billed: BilledStatement, language: str, issuer: str) -> bytes:
    """Return the file in one of our languages. `issuer`: who asks for the money."""
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 - loaded when the first statement is drawn

    register()
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(_WIDTH, _HEIGHT), invariant=True, lang=language)
    statement = billed.statement
    words = _Words(language, statement.currency)
    canvas.setTitle(f"{words(_title(statement))} {statement.number}".strip())
    canvas.setAuthor(issuer)
    sheet = _Sheet(canvas, words, issuer, statement)
    _head(sheet, statement, issuer)
    _lines(sheet, statement)
    _notes(sheet, statement)
    for line, days in zip(statement.lines, billed.days, strict=True):
        if days:
            _days(sheet, line, days)
    sheet.end()
    return file.getvalue()


def not_as_written(billed: BilledStatement, issuer: str) -> tuple[str, ...]:
    """Return what of a statement a PDF cannot write as it is: names, and the reason of a credit note."""
    statement = billed.statement
    providers = (line.provider_name for line in statement.lines)
    return unwritable((issuer, statement.customer, statement.reason, *providers))


class _Words:
    """What is said, and how numbers and days are written."""

    def __init__(self, language: str, currency: str) -> None:
        self._language = language
        self._currency = currency

    def __call__(self, key: str, **values: str | int) -> str:
        return text(self._language, f"{_AREA}.{key}", **values)

    def number(self, value: int | Decimal) -> str:
        return number_words(self._language, value)

    def units(self, exact: Fraction) -> str:
        return unit_words(self._language, exact)

    def money(self, amount: Decimal) -> str:
        return money_words(self._language, amount, self._currency)

    def price(self, price: Decimal) -> str:
        return price_words(self._language, price, self._currency)

    def month(self, month: str) -> str:
        name = text(self._language, f"ui.time.month.m{int(month[5:])}")
        return f"{name} {month[:4]}"

    def day(self, day: str) -> str:
        when = date.fromisoformat(day)
        month = text(self._language, f"ui.time.month.m{when.month}")
        return text(self._language, "ui.time.day", day=when.day, month=month, year=when.year)


class _Sheet:
    """Where the pen is: down the page, and on to the next one with the column heads again."""

    def __init__(self, canvas: Canvas, words: _Words, issuer: str, statement: Statement) -> None:
        self.words = words
        self.y = _TOP
        self._canvas = canvas
        self._page = 1
        self._foot = " · ".join(filter(None, (issuer, statement.customer, statement.number)))

    def write(
        self,
        words: str,
        x: float,
        size: float = 9.5,
        *,
        font: str = PLAIN,
        ink: tuple[float, float, float] = _INK,
        ends: bool = False,
    ) -> None:
        """Write words that begin, or end, at `x`."""
        self._canvas.setFont(font, size)
        self._canvas.setFillColorRGB(*ink)
        draw = self._canvas.drawRightString if ends else self._canvas.drawString
        draw(x, self.y, drawable(words))

    def paragraph(
        self, words: str, x: float, size: float = 9.5, *, ink: tuple[float, float, float] = _INK
    ) -> None:
        """Write words that begin at `x`, over as many lines as they need."""
        from reportlab.lib.utils import simpleSplit  # noqa: PLC0415 - loaded when it is drawn

        for number, line in enumerate(simpleSplit(drawable(words), PLAIN, size, _RIGHT - x)):
            if number:
                self.move(size * 1.3)
            self.write(line, x, size, ink=ink)

    def rule(self, *, is_strong: bool = False) -> None:
        self._canvas.setStrokeColorRGB(*(_INK if is_strong else _RULE))
        self._canvas.setLineWidth(0.8 if is_strong else 0.4)
        self._canvas.line(_LEFT, self.y, _RIGHT, self.y)

    def move(self, by: float) -> bool:
        """Go down; True if that was on to a new page."""
        self.y -= by
        if self.y >= _BOTTOM:
            return False
        self.turn()
        return True

    def turn(self) -> None:
        self._finish()
        self._page += 1
        self.y = _TOP

    def end(self) -> None:
        self._finish()
        self._canvas.save()

    def _finish(self) -> None:
        self.y = 12 * _MM
        self.write(self._foot, _LEFT, 7.5, ink=_SOFT)
        self.write(self.words("page", page=self._page), _RIGHT, 7.5, ink=_SOFT, ends=True)
        self._canvas.showPage()


class _Table:
    """Columns: the first ones begin where they stand, those behind `texts` end there."""

    def __init__(self, sheet: _Sheet, head: Cells, places: Sequence[float], texts: int) -> None:
        self._sheet = sheet
        self._head = head
        self._places = [_LEFT + place * (_RIGHT - _LEFT) for place in places]
        self._texts = texts
        self._row(head, size=8.0, ink=_SOFT)
        self._underline(is_strong=True)

    def row(self, cells: Cells, second: str = "", *, font: str = PLAIN) -> None:
        """Write a row, and under its first cell a second line if there is one."""
        if self._sheet.move(_ROW):
            self._row(self._head, size=8.0, ink=_SOFT)
            self._underline(is_strong=True)
            self._sheet.move(_ROW)
        self._row(cells, font=font)
        if second:
            self._sheet.y -= 4 * _MM
            self._sheet.write(second, _LEFT, 8, ink=_SOFT)
        self._underline()

    def _underline(self, *, is_strong: bool = False) -> None:
        self._sheet.y -= 1.9 * _MM
        self._sheet.rule(is_strong=is_strong)

    def _row(
        self,
        cells: Cells,
        *,
        size: float = 9.0,
        font: str = PLAIN,
        ink: tuple[float, float, float] = _INK,
    ) -> None:
        for number, (cell, place) in enumerate(zip(cells, self._places, strict=True)):
            self._sheet.write(cell, place, size, font=font, ink=ink, ends=number >= self._texts)


def _title(statement: Statement) -> str:
    if statement.is_credit:
        return "credit_note"
    return "draft" if statement.is_draft else "title"


def _head(sheet: _Sheet, statement: Statement, issuer: str) -> None:
    words = sheet.words
    sheet.write(issuer, _LEFT, 9.5, ink=_SOFT)
    sheet.move(16 * _MM)
    sheet.write(words(_title(statement)), _LEFT, 22, font=BOLD)
    sheet.move(6 * _MM)
    facts = [
        ("customer", statement.customer),
        ("number", statement.number),
        ("issued", words.day(day_at(statement.issued_at)) if statement.issued_at else ""),
        ("month", words.month(statement.month)),
        ("credits", statement.credits_number),
        ("reason", statement.reason),
    ]
    for key, value in facts:
        if value:
            sheet.move(_ROW)
            sheet.write(words(key), _LEFT, ink=_SOFT)
            sheet.paragraph(value, _LEFT + 38 * _MM)
    sheet.move(12 * _MM)


def _lines(sheet: _Sheet, statement: Statement) -> None:
    words = sheet.words
    heads = [words(f"column.{name}") for name in ("line", "count", "units", "price", "amount")]
    table = _Table(sheet, heads, (0.0, 0.54, 0.68, 0.82, 1.0), texts=1)
    for line in statement.lines:
        numbers = (words.number(line.count), words.units(line.exact_units), words.price(line.price))
        cells = ("", "", "") if line.kind is LineKind.CREDIT else numbers
        period = " – ".join(dict.fromkeys(map(words.day, (line.from_day, line.last_day))))
        second = " · ".join(filter(None, (line.provider_name, period)))
        table.row((words(f"line.{line.kind}"), *cells, words.number(line.amount)), second)
    sheet.move(_ROW + 1.5 * _MM)
    sheet.write(words("total"), _LEFT, 11, font=BOLD)
    sheet.write(words.money(statement.total), _RIGHT, 11, font=BOLD, ends=True)
    sheet.move(2.2 * _MM)
    sheet.rule(is_strong=True)


def _notes(sheet: _Sheet, statement: Statement) -> None:
    sheet.move(8 * _MM)
    kinds = dict.fromkeys(line.kind for line in statement.lines)
    rounding = () if statement.is_credit else ("note.rounding",)
    for key in ("note.taxes", *(f"note.{kind}" for kind in kinds), *rounding):
        sheet.move(4.6 * _MM)
        sheet.paragraph(sheet.words(key), _LEFT, 8.5, ink=_SOFT)


def _days(sheet: _Sheet, line: StatementLine, days: Sequence[Usage]) -> None:
    """Write, on a page of its own, what each day of a line adds to it."""
    words = sheet.words
    sheet.turn()
    title = f"{words(f'line.{line.kind}')}: {line.provider_name}"
    sheet.write(title, _LEFT, 13, font=BOLD)
    sheet.move(10 * _MM)
    columns = _COLUMNS[line.kind]
    heads = [words("column.day"), *(words(f"column.{name}") for name in (*columns, "count", "units"))]
    step = 0.84 / (len(heads) - 1)
    table = _Table(sheet, heads, (0.0, *(0.16 + step * number for number in range(1, len(heads)))), texts=1)
    for usage in days:
        numbers = [getattr(usage, name) for name in columns]
        cells = [*map(words.number, (*numbers, counted(usage))), words.units(units_of(usage))]
        table.row((usage.day, *cells))
    sums = [words.number(line.count), words.units(line.exact_units)]
    table.row((words("sum"), *[""] * len(columns), *sums), font=BOLD)
