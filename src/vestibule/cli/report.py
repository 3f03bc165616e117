"""`vestibule report`: what happened, as tables for people and files for others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_pages, show_rows
from vestibule.cli.output import NOTHING, moment
from vestibule.cli.parameters import HERE, Json, Limit, Scope
from vestibule.cli.values import moment_before
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.report import Cell, Kind, ReportFilter
from vestibule.services.reporting import written

if TYPE_CHECKING:
    from vestibule.interfaces.report import ReportDescriptor

app = App(name="report", help="Reports: usage, attempts, fraud, blocks and more.", help_format="plaintext")


@app.command(name="list")
def list_reports(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the reports there are.

    For example:

      vestibule report list
    """

    async def work(desk: Desk) -> None:
        show_rows(
            desk.terminal,
            desk.services.reporting.all(desk.actor, desk.tenant_id),
            as_json=as_json,
            record=_record,
            header=("name", "report", "narrowed_by"),
            row=lambda one: (
                one.name,
                desk.terminal.named(f"report.{one.name}", "title"),
                ", ".join(sorted(one.asks)),
            ),
            empty="list.no_reports",
        )

    return at_desk(scope, work)


@app.command
def run(
    name: str,
    /,
    *,
    since: str | None = None,
    until: str | None = None,
    user: Annotated[list[str] | None, Parameter(negative="")] = None,
    phone: Annotated[list[str] | None, Parameter(negative="")] = None,
    state: str = "",
    csv: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    limit: Limit = None,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Show a report, or write all of it as CSV.

    For example:

      vestibule report run usage --since 30d
      vestibule report run attempts --since 2026-11-01 --until 2026-12-01 --csv > attempts.csv
      vestibule report run user_details --user alice --user bob
      vestibule report run fraud --state not_blocked

    Parameters
    ----------
    name
        Which one; see: vestibule report list
    since
        From when: 90m, 2h, 7d, 2w ago, or a day or time such as 2026-11-01.
    until
        Before when, in the same way.
    user
        Only of this user; may be repeated.
    phone
        Only of this phone number; may be repeated.
    state
        Only what stands so; which states there are says: vestibule report list --json
    csv
        Write all rows and all columns as CSV.
    """

    async def work(desk: Desk) -> None:
        reporting, terminal = desk.services.reporting, desk.terminal
        where = ReportFilter(
            since=moment_before(since, desk.now) if since else None,
            until=moment_before(until, desk.now) if until else None,
            users=tuple(user or ()),
            phones=tuple(phone or ()),
            state=state,
        )
        if csv:
            content = await reporting.file(desk.actor, desk.tenant_id, name, where)
            async for lines in content:
                terminal.content(lines)
            return
        descriptor = reporting.describe(desk.actor, desk.tenant_id, name)

        async def fetch(page: Page) -> Listed:
            view = await reporting.view(desk.actor, desk.tenant_id, name, where, page)
            return Listed(view.page.rows, view.page.next_cursor)

        await show_pages(
            terminal,
            fetch,
            limit,
            as_json=as_json,
            record=lambda row: {
                column.name: cell for column, cell in zip(descriptor.columns, row, strict=True)
            },
            header=[column.shown for _, column in descriptor.shown],
            row=lambda row: [_cell(desk, column.kind, row[place]) for place, column in descriptor.shown],
            empty="list.no_rows",
            labels="report.column",
        )

    return at_desk(scope, work)


def _record(one: ReportDescriptor) -> dict[str, object]:
    return {
        "name": one.name,
        "columns": [column.name for column in one.columns],
        "asks": sorted(one.asks),
        "states": list(one.states),
    }


def _cell(desk: Desk, kind: Kind, cell: Cell) -> str:
    """Return a cell as people read it."""
    if cell is None or cell == "":
        return NOTHING
    terminal = desk.terminal
    match kind:
        case Kind.TIME if isinstance(cell, int):
            return moment(cell)
        case Kind.YES_NO:
            return terminal.yes_no(bool(cell))
        case Kind.STATE | Kind.REASON | Kind.EVENT:
            return terminal.named(kind.value, str(cell))
        case Kind.STATUS:
            return terminal.named("link.status", str(cell))
        case Kind.METHOD:
            return terminal.method(str(cell))
        case _:
            return written(kind, cell)
