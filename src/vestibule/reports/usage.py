"""Usage: how the attempts of each day ended, newest day first (S9, S10).

Without days it is about the last thirty. A page has a week: it is counted as it is read, and no page reads
more than that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from vestibule.interfaces.report import ReportDescriptor
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.report import Asks, Bar, Cell, Chart, Column, Kind, ReportFilter, ReportPage
from vestibule.model.usage_count import ResultCount

_USUAL_DAYS: Final = 30
_DAYS_OF_A_PAGE: Final = 7
_FIRST_DAY: Final = date(1970, 1, 1)


class Usage:
    descriptor = ReportDescriptor(
        name="usage",
        columns=(
            Column("Date", "day", Kind.DAY),
            Column("Method", "method", Kind.METHOD),
            Column("Outcome", "outcome", Kind.STATE),
            Column("Reason", "reason", Kind.REASON),
            Column("Result", "original_result"),
            Column("Authentications", "count", Kind.COUNT),
        ),
        asks=frozenset({Asks.DAYS}),
        is_of_all=True,
    )

    async def page(self, tx: Transaction, tenant_id: str, where: ReportFilter, page: Page) -> ReportPage:
        newest = _day((where.until or tx.now + 1) - 1)
        oldest = newest - timedelta(_USUAL_DAYS - 1) if where.since is None else _day(where.since)
        first = date.fromisoformat(page.cursor) if page.cursor else newest
        days = [first - timedelta(back) for back in range(_DAYS_OF_A_PAGE)]
        rows: list[tuple[Cell, ...]] = []
        for day in days:
            if day < oldest:
                return ReportPage(tuple(rows))
            since = max(_midnight(day), where.since or 0)
            until = min(_midnight(day + timedelta(1)), where.until or tx.now + 1)
            rows += [_row(day, count) for count in await tx.count_results(tenant_id, since, until)]
        return ReportPage(tuple(rows), (days[-1] - timedelta(1)).isoformat() if days[-1] > oldest else "")

    def chart(self, rows: Sequence[tuple[Cell, ...]]) -> Chart:
        days: dict[str, list[int]] = {}
        for day, _, outcome, _, _, count in rows:
            parts = days.setdefault(str(day), [0, 0])
            parts[outcome != "approved"] += int(count or 0)
        bars = tuple(Bar(day, tuple(parts)) for day, parts in sorted(days.items()))
        return Chart(("approved", "not_approved"), bars)


def _row(day: date, count: ResultCount) -> tuple[Cell, ...]:
    return day.isoformat(), count.method, count.state, count.reason, count.legacy_result, count.count


def _day(at: int) -> date:
    return datetime.fromtimestamp(at / 1000, UTC).date()


def _midnight(day: date) -> int:
    return (day - _FIRST_DAY).days * 86_400_000


REPORT: Final = Usage()
