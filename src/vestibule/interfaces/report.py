"""Report: what somebody wants to read about what happened, page by page.

Each is one file under `reports/` with one constant `REPORT`. It describes itself; its name appears nowhere
else. It reads and never writes, and it trusts nobody: whether somebody may read it, the service has asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import msgspec

from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.report import Asks, Cell, Chart, Column, ReportFilter, ReportPage


class ReportDescriptor(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    """Machine name, e.g. `blocked`; texts are in the catalog under `report.<name>`."""
    columns: tuple[Column, ...]
    asks: frozenset[Asks]
    states: tuple[str, ...] = ()
    """What `ReportFilter.state` can be; the texts are under `report.state.…`."""
    knows_people: bool = True
    """Its users are people of the tenant; else names are compared as they were told."""
    is_of_all: bool = False
    """It cannot be told apart by people, so it is nothing for who may read about some only."""

    @property
    def shown(self) -> tuple[tuple[int, Column], ...]:
        """The columns that a page shows, with their places in a row."""
        return tuple((place, column) for place, column in enumerate(self.columns) if column.shown)


class Report(Protocol):
    @property
    def descriptor(self) -> ReportDescriptor: ...

    async def page(self, tx: Transaction, tenant_id: str, where: ReportFilter, page: Page) -> ReportPage:
        """Return one page; ValueError if the cursor is none of this report's."""
        ...


@runtime_checkable
class Charted(Protocol):
    """A report that a chart sums up."""

    def chart(self, rows: Sequence[tuple[Cell, ...]]) -> Chart:
        """Return the chart of the rows of a page."""
        ...


def attempts_of(where: ReportFilter, reason: str = "") -> VerificationFilter:
    """Return the filter of attempts that a report's filter means."""
    return VerificationFilter(
        user_ids=where.user_ids,
        phones=where.phones,
        state=where.state,
        reason=reason,
        since=where.since,
        until=where.until,
        within=where.within,
    )
