"""Attempts: find, follow one step by step, take the list away as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.response import Stream

from vestibule.frontends.http.console.csv_export import HEADER, csv_row
from vestibule.frontends.http.console.days import asked_days
from vestibule.frontends.http.console.desk import Desk, desk, listed, refused_notice, wanted_page
from vestibule.frontends.http.fields import InPath, asked
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Choice
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.actor import Right
from vestibule.model.csv_line import MARK, csv_line
from vestibule.model.user import User
from vestibule.model.verification import VerificationState
from vestibule.services.refusal import Refused

_CSV_ROWS: Final = 500
_FEW: Final = 5


@get("/tenants/{tenant:str}/attempts", opt=needs(Right.READ_HISTORY))
async def attempts(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _list_page(request, await desk(request, tenant))


async def _list_page(request: AnyRequest, at: Desk, refused: Refused | None = None) -> Response[Any]:
    where, since, until = _filter(request)
    page = wanted_page(request)
    found = await listed(at.services.attempts.list(at.actor, at.tenant_id, where, page))
    return at.page(
        "console/attempts.html",
        status=422 if refused else 200,
        notices=refused_notice(refused) if refused else (),
        listed=found,
        where=where,
        since=since,
        until=until,
        applications=_applications(at),
        narrowed_to=await _narrowed_to(at, where),
        people=await _called(at, where),
        cursor=page.cursor,
    )


@get("/tenants/{tenant:str}/attempts.csv", opt=needs(Right.READ_HISTORY))
async def attempts_csv(request: AnyRequest, tenant: InPath) -> Response[Any] | Stream:
    """Return every attempt that the filters let through, not only one page of them."""
    at = await desk(request, tenant)
    where, _, _ = _filter(request)
    try:
        first = await at.services.attempts.report(at.actor, tenant, where, Page(_CSV_ROWS))
    except Refused as refused:
        return await _list_page(request, at, refused)
    today = datetime.fromtimestamp(at.services.clock.now() / 1000, UTC).date()
    return Stream(
        _csv(at, where, first),
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="attempts-{today:%Y-%m-%d}.csv"'},
    )


@get("/tenants/{tenant:str}/attempts/{attempt:str}", opt=needs(Right.READ_HISTORY))
async def show_attempt(request: AnyRequest, tenant: InPath, attempt: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    found = await at.services.attempts.find(at.actor, tenant, attempt)
    if found is None:
        raise NotFoundException
    devices = await at.services.device_records.of(at.actor, found)
    country = at.services.countries.of(found.user_address)
    return at.page("console/attempt.html", attempt=found, devices=devices, country=country)


async def _csv(at: Desk, where: VerificationFilter, found: Listed) -> AsyncIterator[str]:
    """Yield `found`, the first page, and all that follow it."""
    yield MARK + csv_line(HEADER)
    while True:
        yield "".join(csv_line(csv_row(attempt)) for attempt in found.rows)
        if not found.next_cursor:
            return
        page = Page(_CSV_ROWS, found.next_cursor)
        found = await at.services.attempts.report(at.actor, at.tenant_id, where, page)


def _filter(request: AnyRequest) -> tuple[VerificationFilter, str, str]:
    """Return the filter that the address line asks for, and its two days as typed."""
    days = asked_days(request)
    state = asked(request, "state")
    where = VerificationFilter(
        text=asked(request, "text"),
        user_id=asked(request, "user_id", 64),
        application_id=asked(request, "application_id", 64),
        client_id=asked(request, "client_id", 128),
        state=state if state in list(VerificationState) else "",
        since=days.since,
        until=days.until,
    )
    return where, *days.typed


async def _called(at: Desk, where: VerificationFilter) -> tuple[User, ...]:
    """Return who is called as was searched for: the list of one person's attempts needs no search."""
    if not where.text or where.user_id or not at.has(Right.READ_PEOPLE):
        return ()
    found = await at.services.users.list(at.actor, at.tenant_id, UserFilter(text=where.text), Page(_FEW))
    people: tuple[User, ...] = found.rows
    return () if found.next_cursor else people


def _applications(at: Desk) -> tuple[Choice, ...]:
    """Return the applications to choose from; nothing for who may not see how the tenant is set up."""
    if not at.may(Right.READ_CONFIGURATION):
        return ()
    found = at.services.applications.applications(at.actor, at.tenant_id)
    return tuple(Choice(application.application_id, application.name) for application in found)


async def _narrowed_to(at: Desk, where: VerificationFilter) -> str:
    if where.user_id and at.has(Right.READ_PEOPLE):
        subject = await at.services.users.find(at.actor, at.tenant_id, where.user_id)
        return subject.user.username if subject else where.user_id
    peer = at.snapshot.peers.get(where.client_id)
    return peer.client.name if peer and peer.client.tenant_id == at.tenant_id else where.client_id


ROUTES: Final = [attempts, attempts_csv, show_attempt]
