"""Reports as tables: columns, what narrows them, pages of cells, and the chart over them.

Pure. A cell is a value and not yet a text: a page and a file each write it in their own way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias

import msgspec

Cell: TypeAlias = str | int | bool | None
"""None and the empty text are nothing. Times are epoch milliseconds."""


class Kind(StrEnum):
    """What the cells of a column are."""

    TEXT = "text"
    TIME = "time"
    DAY = "day"
    """Of UTC, as 2026-12-31."""
    COUNT = "count"
    YES_NO = "yes_no"
    STATE = "state"
    """A `VerificationState`."""
    REASON = "reason"
    """A `Reason`, of this release or of a server's."""
    METHOD = "method"
    EVENT = "event"
    """The kind of an `Event`."""
    STATUS = "status"
    """A `ServerStatus`."""


class Column(msgspec.Struct, frozen=True):
    """A column of a report. Its name is what stands in a file: where readers of reports know one, that."""

    name: str
    shown: str = ""
    """The text `report.column.<shown>` heads it on a page; empty: it is in files only."""
    kind: Kind = Kind.TEXT


class Asks(StrEnum):
    """By what a report can be narrowed."""

    DAYS = "days"
    USERS = "users"
    PHONES = "phones"
    STATE = "state"


class ReportFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What of a report is wanted; empty or None means all."""

    since: int | None = None
    """Epoch ms, as all times."""
    until: int | None = None
    """The first that does not count."""
    users: tuple[str, ...] = ()
    """Names of people, in any spelling."""
    user_ids: tuple[str, ...] = ()
    """Who they are: filled in from `users`."""
    phones: tuple[str, ...] = ()
    """E.164."""
    state: str = ""
    """One of those that the report names."""
    within: tuple[str, ...] = ()
    """Only what is about people in one of these groups."""


class ReportPage(msgspec.Struct, frozen=True):
    """Rows in the order of the report; `next_cursor` is empty on the last page."""

    rows: tuple[tuple[Cell, ...], ...]
    next_cursor: str = ""
    searched_to: int | str | None = None
    """Of a search that has stopped on its way: to where it has looked."""


def row_of(columns: Sequence[Column], known: Mapping[str, Cell]) -> tuple[Cell, ...]:
    """Return a row from what is known by the names of columns; the rest is empty. KeyError for a name that no
    column has."""
    left = dict(known)
    row = tuple([left.pop(column.name, "") for column in columns])
    if left:
        raise KeyError(*left)
    return row


class Bar(msgspec.Struct, frozen=True):
    """One bar of a chart: a part of each series, from below."""

    label: str
    parts: tuple[int, ...]


class Chart(msgspec.Struct, frozen=True):
    """Counts over time; the texts of `series` are under `report.series.…`."""

    series: tuple[str, ...]
    bars: tuple[Bar, ...]

    @property
    def highest(self) -> int:
        return max((sum(bar.parts) for bar in self.bars), default=0)
