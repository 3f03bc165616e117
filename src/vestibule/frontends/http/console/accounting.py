"""Accounting: what RADIUS clients have told of sessions, to find, and to take away as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Response, get
from litestar.response import Stream

from vestibule.frontends.http.console.csv_export import ACCOUNTING_HEADER, accounting_row
from vestibule.frontends.http.console.days import asked_days
from vestibule.frontends.http.console.desk import Desk, desk, listed, wanted_page
from vestibule.frontends.http.fields import YES, InPath, asked
from vestibule.frontends.http.rights import needs_over_everybody
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Choice
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.radius import AccountingFilter
from vestibule.model.actor import Right
from vestibule.model.application import ClientKind
from vestibule.model.csv_line import MARK, csv_line

_CSV_ROWS: Final = 500


@get("/tenants/{tenant:str}/accounting", opt=needs_over_everybody(Right.READ_HISTORY))
async def accounting(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    (where, since, until), page = _filter(request), wanted_page(request)
    found = await listed(at.services.accounting.list(at.actor, tenant, where, page))
    return at.page(
        "console/accounting.html",
        listed=found,
        where=where,
        since=since,
        until=until,
        clients=_clients(at),
        cursor=page.cursor,
    )


@get("/tenants/{tenant:str}/accounting.csv", opt=needs_over_everybody(Right.READ_HISTORY))
async def accounting_csv(request: AnyRequest, tenant: InPath) -> Stream:
    """Return every record that the filters let through, not only one page of them."""
    at = await desk(request, tenant)
    where, _, _ = _filter(request)
    first = await at.services.accounting.list(at.actor, tenant, where, Page(_CSV_ROWS))
    today = datetime.fromtimestamp(at.services.clock.now() / 1000, UTC).date()
    return Stream(
        _csv(at, where, first),
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="accounting-{today:%Y-%m-%d}.csv"'},
    )


async def _csv(at: Desk, where: AccountingFilter, found: Listed) -> AsyncIterator[str]:
    """Yield `found`, the first page, and all that follow it."""
    yield MARK + csv_line(ACCOUNTING_HEADER)
    while True:
        yield "".join(csv_line(accounting_row(record)) for record in found.rows)
        if not found.next_cursor:
            return
        page = Page(_CSV_ROWS, found.next_cursor)
        found = await at.services.accounting.list(at.actor, at.tenant_id, where, page)


def _filter(request: AnyRequest) -> tuple[AccountingFilter, str, str]:
    """Return the filter that the address line asks for, and its two days as typed."""
    days = asked_days(request)
    where = AccountingFilter(
        username=asked(request, "user"),
        client_id=asked(request, "client_id", 128),
        session=asked(request, "session"),
        since=days.since,
        until=days.until,
        is_open=asked(request, "open") == YES,
    )
    return where, *days.typed


def _clients(at: Desk) -> tuple[Choice, ...]:
    """Return the clients to choose from; nothing for who may not see how the tenant is set up."""
    if not at.may(Right.READ_CONFIGURATION):
        return ()
    found = at.services.applications.clients(at.actor, at.tenant_id, ClientKind.RADIUS)
    return tuple(Choice(client.client_id, client.name) for client in found)


ROUTES: Final = [accounting, accounting_csv]
