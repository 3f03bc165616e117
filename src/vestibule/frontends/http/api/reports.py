"""Reports: which there are, one page of one, and files that are prepared in the background."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from litestar.response import Stream
from msgspec import Meta

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.listing import USUAL_LIMIT
from vestibule.frontends.http.api.records.listing import Listing, Record, whole
from vestibule.frontends.http.api.request import Discreet, invalid
from vestibule.frontends.http.api.values import Cursor, Id, Limit, PathId, SearchTime, Time
from vestibule.frontends.http.rights import needs
from vestibule.interfaces.report import ReportDescriptor
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import Right
from vestibule.model.report import ReportFilter
from vestibule.model.report_run import ReportRun

_LINE = r"^[^\x00-\x1f\x7f]*$"
Name = Annotated[str, Meta(min_length=1, max_length=255, pattern=_LINE)]
Names = Annotated[
    str, QueryParameter(max_length=4096, pattern=_LINE, description="With commas between, 20 at most.")
]
Standing = Annotated[
    str,
    QueryParameter(name="state", max_length=64, pattern=r"^[a-z_]*$", description="One of its `states`."),
]


class ReportRecord(Record):
    named = "name"

    id: str
    columns: list[str]
    """In the order of the cells; the names that files have."""
    asks: list[str]
    """By what it can be narrowed: `days`, `users`, `phones`, `state`."""
    states: list[str]
    """What `state` can be."""


class ReportRows(Record):
    """One page of a report."""

    columns: list[str]
    rows: list[list[str | int | bool | None]]
    """Times are milliseconds since 1970, UTC."""
    next_cursor: str


class WantedReport(Discreet):
    """What of a report is wanted; what is left out means all."""

    since: Time | None = None
    until: Time | None = None
    users: Annotated[tuple[Name, ...], Meta(max_length=20)] = ()
    phones: Annotated[tuple[Name, ...], Meta(max_length=20)] = ()
    state: Id = ""


class ReportFileRecord(Record):
    """A report that is prepared in the background, as a file."""

    named = "run_id"

    id: str
    report: str
    state: str
    """`waiting`, `ready` or `failed`."""
    rows: int
    is_cut: bool
    """Of very many rows it has the first million."""
    asked_at: int
    expires_at: int


class Reports(Controller):
    tags = ("Reports",)

    @get("/reports", responses=problems(404), opt=needs(Right.READ_HISTORY))
    async def list_reports(self, caller: NamedDependency[Caller]) -> Listing[ReportRecord]:
        """List the reports that the key may read."""
        found = caller.services.reporting.all(caller.actor, caller.tenant_id)
        return whole(_report(one) for one in found)

    @get("/reports/{report:str}", responses=problems(404, 422), opt=needs(Right.READ_HISTORY))
    async def read_report(
        self,
        caller: NamedDependency[Caller],
        report: PathId,
        since: SearchTime = None,
        until: SearchTime = None,
        users: Names = "",
        phones: Names = "",
        standing: Standing = "",
        limit: Limit = USUAL_LIMIT,
        cursor: Cursor = "",
    ) -> ReportRows:
        """Read one page of a report."""
        where = ReportFilter(
            since=since, until=until, users=_names(users), phones=_names(phones), state=standing
        )
        asked = caller.services.reporting.view(
            caller.actor, caller.tenant_id, report, where, Page(limit, cursor)
        )
        try:
            view = await asked
        except ValueError:
            raise invalid("cursor", "not a cursor of this report") from None
        rows = [list(row) for row in view.page.rows]
        return ReportRows(_columns(view.descriptor), rows, view.page.next_cursor)

    @post("/reports/{report:str}/files", responses=problems(404, 422), opt=needs(Right.READ_HISTORY))
    async def queue_report(
        self, caller: NamedDependency[Caller], report: PathId, data: JSONBody[WantedReport]
    ) -> ReportFileRecord:
        """Have a whole report prepared as a file, in the background; it waits for three days."""
        where = ReportFilter(
            since=data.since, until=data.until, users=data.users, phones=data.phones, state=data.state
        )
        return _file(await caller.services.report_runs.ask(caller.actor, caller.tenant_id, report, where))

    @get("/report-files", responses=problems(404), opt=needs(Right.READ_HISTORY))
    async def list_report_files(self, caller: NamedDependency[Caller]) -> Listing[ReportFileRecord]:
        """List the files that this key has asked for, newest first."""
        return whole(map(_file, await caller.services.report_runs.all(caller.actor, caller.tenant_id)))

    @get("/report-files/{run_id:str}", responses=problems(404), opt=needs(Right.READ_HISTORY))
    async def read_report_file(self, caller: NamedDependency[Caller], run_id: PathId) -> ReportFileRecord:
        """Read how far a file is."""
        return _file(await caller.services.report_runs.find(caller.actor, caller.tenant_id, run_id))

    @get(
        "/report-files/{run_id:str}/content",
        responses=problems(404, 409, 422),
        opt=needs(Right.READ_HISTORY),
        media_type="text/csv",
    )
    async def fetch_report_file(self, caller: NamedDependency[Caller], run_id: PathId) -> Stream:
        """Fetch a file that is ready, as CSV."""
        _, content = await caller.services.report_runs.fetch(caller.actor, caller.tenant_id, run_id)
        return Stream(content, media_type="text/csv")

    @delete("/report-files/{run_id:str}", responses=problems(404), opt=needs(Right.READ_HISTORY))
    async def remove_report_file(self, caller: NamedDependency[Caller], run_id: PathId) -> None:
        """Remove a file, or stop preparing it."""
        await caller.services.report_runs.remove(caller.actor, caller.tenant_id, run_id)


def _report(one: ReportDescriptor) -> ReportRecord:
    asks = sorted(each.value for each in one.asks)
    return ReportRecord(id=one.name, columns=_columns(one), asks=asks, states=list(one.states))


def _columns(one: ReportDescriptor) -> list[str]:
    return [column.name for column in one.columns]


def _file(run: ReportRun) -> ReportFileRecord:
    record: ReportFileRecord = ReportFileRecord.of(run, state=run.state.value)
    return record


def _names(typed: str) -> tuple[str, ...]:
    return tuple(name for each in typed.split(",") if (name := each.strip()))
