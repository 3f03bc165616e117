"""Reports: which there are, one page of one, and a whole one as a file, as far as somebody may read.

What a report says is its plug-in's; who may read it and about whom is asked here. A file is written from page
to page, so it takes the same memory however long it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from vestibule.interfaces.report import Charted, Report, ReportDescriptor
from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import Actor, Right
from vestibule.model.csv_line import MARK, csv_line
from vestibule.model.edition import Feature
from vestibule.model.phone import read_phone
from vestibule.model.report import Cell, Chart, Kind, ReportFilter, ReportPage
from vestibule.model.username import canonical_name
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.editions import demand
from vestibule.services.refusal import Refusal, Refused

MOST_NAMED: Final = 20
"""People, or phones, that one report can be narrowed to."""
_ROWS: Final = 500


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a report, and the chart of it, if the report has one and there is anything to draw."""

    descriptor: ReportDescriptor
    page: ReportPage
    chart: Chart | None = None


class Reporting:
    def __init__(
        self, store: Store, configuration: ConfigurationCache, reports: Mapping[str, Report]
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._reports = reports

    def all(self, actor: Actor, tenant_id: str) -> tuple[ReportDescriptor, ...]:
        """Return the reports that somebody may read, by name; without a look at the edition."""
        is_limited = bool(actor.limit(Right.READ_HISTORY, tenant_id))
        found = (report.descriptor for report in self._reports.values())
        return tuple(one for one in found if not (is_limited and one.is_of_all))

    def describe(self, actor: Actor, tenant_id: str, name: str) -> ReportDescriptor:
        """Return what a report is; raises `Refused` if there is none of that name for him."""
        descriptor = next((one for one in self.all(actor, tenant_id) if one.name == name), None)
        if descriptor is None:
            raise Refused(Refusal.NOT_FOUND, name)
        return descriptor

    async def wanted(self, actor: Actor, tenant_id: str, name: str, where: ReportFilter) -> ReportFilter:
        """Return the filter as it is followed: names as people, phones as numbers, and within the groups to
        which the reader is limited. Raises `Refused`."""
        descriptor = self.describe(actor, tenant_id, name)
        demand(self._configuration.current.tenants[tenant_id], Feature.REPORTS)
        if where.state and where.state not in descriptor.states:
            raise Refused(Refusal.NOT_POSSIBLE, where.state)
        if max(len(where.users), len(where.phones)) > MOST_NAMED:
            raise Refused(Refusal.TOO_MANY, str(MOST_NAMED))
        phones = tuple([self._phone(tenant_id, typed) for typed in where.phones])
        names = [canonical_name(typed) or "" for typed in where.users]
        found = await self._store.read(lambda tx: tx.user_ids_by_names(tenant_id, names)) if names else {}
        within = tuple(sorted(actor.limit(Right.READ_HISTORY, tenant_id)))
        return msgspec.structs.replace(
            where, user_ids=tuple(sorted(set(found.values()))), phones=phones, within=within
        )

    async def view(
        self, actor: Actor, tenant_id: str, name: str, where: ReportFilter, page: Page
    ) -> ReportView:
        """Return one page; ValueError if the cursor is none of this report's."""
        wanted = await self.wanted(actor, tenant_id, name, where)
        found = await self._page(tenant_id, name, wanted, page)
        report = self._reports[name]
        chart = report.chart(found.rows) if isinstance(report, Charted) and found.rows else None
        return ReportView(descriptor=report.descriptor, page=found, chart=chart)

    async def file(self, actor: Actor, tenant_id: str, name: str, where: ReportFilter) -> AsyncIterator[str]:
        """Return the whole report as a file, to be read page by page as it is written. Raises `Refused`
        before the first."""
        wanted = await self.wanted(actor, tenant_id, name, where)
        return self._joined(self.lines(tenant_id, name, wanted))

    async def lines(self, tenant_id: str, name: str, wanted: ReportFilter) -> AsyncIterator[list[str]]:
        """Yield the lines of a report whose filter was asked for by somebody who may: the header, and then
        those of each page, of which there may be none."""
        columns = self._reports[name].descriptor.columns
        yield [MARK + csv_line(column.name for column in columns)]
        cursor = ""
        while True:
            found = await self._page(tenant_id, name, wanted, Page(_ROWS, cursor))
            yield [
                csv_line(written(column.kind, cell) for column, cell in zip(columns, row, strict=True))
                for row in found.rows
            ]
            cursor = found.next_cursor
            if not cursor:
                return

    async def _joined(self, pages: AsyncIterator[list[str]]) -> AsyncIterator[str]:
        async for lines in pages:
            yield "".join(lines)

    def knows(self, name: str) -> bool:
        return name in self._reports

    async def _page(self, tenant_id: str, name: str, wanted: ReportFilter, page: Page) -> ReportPage:
        report = self._reports[name]
        if wanted.users and not wanted.user_ids and report.descriptor.knows_people:
            return ReportPage(())  # Nobody has any of these names.

        async def body(tx: Transaction) -> ReportPage:
            return await report.page(tx, tenant_id, wanted, page)

        return await self._store.read(body)

    def _phone(self, tenant_id: str, typed: str) -> str:
        country_code = self._configuration.current.tenants[tenant_id].settings.country_code
        try:
            return read_phone(typed, country_code).number
        except ValueError:
            raise Refused(Refusal.PHONE_INVALID, typed.strip()) from None


def written(kind: Kind, cell: Cell) -> str:
    """Return a cell as it stands in a file: the same in every language."""
    match cell:
        case None:
            return ""
        case bool():
            return "Yes" if cell else "No"
        case int() if kind is Kind.TIME:
            return f"{datetime.fromtimestamp(cell / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
        case _:
            return str(cell)
