"""Lists: follow the pages of a service, as a table for people or as one JSON array for machines.

Nothing is kept but the page at hand, so a list may be as long as it likes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any

import msgspec

from vestibule.catalog import text
from vestibule.cli.output import Table
from vestibule.cli.terminal import Terminal
from vestibule.interfaces.transaction.lists import Listed, Page

FOR_PEOPLE = 100
_ROWS = 500

Fetch = Callable[[Page], Awaitable[Listed]]


async def pages(fetch: Fetch, limit: int) -> AsyncIterator[tuple[Sequence[Any], bool]]:
    """Yield the rows of each page, at most `limit` in all (0: no end), and whether more follow."""
    left, cursor = limit, ""
    while True:
        listed = await fetch(Page(min(left, _ROWS) if limit else _ROWS, cursor))
        left -= len(listed.rows)
        cursor = listed.next_cursor
        yield listed.rows, bool(cursor)
        if not cursor or (limit and left <= 0):
            return


async def show_pages(
    terminal: Terminal,
    fetch: Fetch,
    limit: int | None,
    *,
    as_json: bool,
    record: Callable[[Any], Any],
    header: Sequence[str],
    row: Callable[[Any], Sequence[str]],
    empty: str,
    labels: str = "cli.label",
) -> None:
    """Write a list that comes in pages; `header` are keys under `labels`, `empty` one under `cli`."""
    if as_json:
        await _write_array(terminal, pages(fetch, limit or 0), record)
        return
    table: Table | None = None
    is_cut = False
    async for rows, has_more in pages(fetch, FOR_PEOPLE if limit is None else limit):
        is_cut = has_more
        cells = [row(entry) for entry in rows]
        if not cells:
            continue
        if table is None:
            table = Table([text(terminal.language, f"{labels}.{label}") for label in header], cells)
            terminal.line(table.header)
        for line in cells:
            terminal.line(table.line(line))
    if table is None:
        terminal.note(empty)
    elif is_cut:
        terminal.note("list.more")


def show_rows(
    terminal: Terminal,
    rows: Iterable[Any],
    *,
    as_json: bool,
    record: Callable[[Any], Any],
    header: Sequence[str],
    row: Callable[[Any], Sequence[str]],
    empty: str,
) -> None:
    """Write a list that is at hand as a whole."""
    found = list(rows)
    if as_json:
        terminal.line("[")
        for number, entry in enumerate(found, start=1):
            terminal.line(_encoded(record(entry)) + ("," if number < len(found) else ""))
        terminal.line("]")
        return
    if not found:
        terminal.note(empty)
        return
    cells = [row(entry) for entry in found]
    table = Table([terminal.words(f"label.{label}") for label in header], cells)
    terminal.line(table.header)
    for line in cells:
        terminal.line(table.line(line))


async def _write_array(
    terminal: Terminal, found: AsyncIterator[tuple[Sequence[Any], bool]], record: Callable[[Any], Any]
) -> None:
    terminal.line("[")
    before = ""
    async for rows, _ in found:
        for entry in rows:
            if before:
                terminal.line(f"{before},")
            before = _encoded(record(entry))
    if before:
        terminal.line(before)
    terminal.line("]")


def _encoded(record: Any) -> str:
    return msgspec.json.encode(record).decode()
