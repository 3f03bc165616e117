"""Accounting: what RADIUS clients have told of sessions."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.listing import USUAL_LIMIT, page_of
from vestibule.frontends.http.api.records.listing import Listing, Record
from vestibule.frontends.http.api.values import Cursor, Limit, SearchId, SearchTime
from vestibule.frontends.http.rights import needs_over_everybody
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.radius import AccountingFilter
from vestibule.model.accounting_record import AccountingRecord
from vestibule.model.actor import Right

Told = Annotated[str, QueryParameter(max_length=253, pattern=r"^[^\x00]*$", description="As it was told.")]
Open = Annotated[bool, QueryParameter(name="open", description="Only sessions of which no end is known.")]


class SessionRecord(Record):
    """What was told of a session once."""

    named = "record_id"

    id: str
    client_id: str
    client_name: str
    received_at: int
    expires_at: int
    """When it is deleted."""
    kind: str
    """`Start`, `Stop`, `Interim-Update`, `Accounting-On`, `Accounting-Off`, or its number."""
    username: str
    session: str
    attributes: dict[str, list[str]]
    forwarding: str
    """Whether the server behind was told: empty where there is none, `pending` or `done`."""


@get(
    "/accounting", tags=["Accounting"], responses=problems(404), opt=needs_over_everybody(Right.READ_HISTORY)
)
async def list_accounting(
    caller: NamedDependency[Caller],
    username: Told = "",
    session: Told = "",
    client_id: SearchId = "",
    only_open: Open = False,
    since: SearchTime = None,
    until: SearchTime = None,
    limit: Limit = USUAL_LIMIT,
    cursor: Cursor = "",
) -> Listing[SessionRecord]:
    """List what RADIUS clients have told of sessions, newest first."""
    where = AccountingFilter(
        username=username,
        session=session,
        client_id=client_id,
        since=since,
        until=until,
        is_open=only_open,
    )
    asked = caller.services.accounting.list(caller.actor, caller.tenant_id, where, Page(limit, cursor))
    return await page_of(asked, _record)


def _record(record: AccountingRecord) -> SessionRecord:
    shown: SessionRecord = SessionRecord.of(record)
    return shown
