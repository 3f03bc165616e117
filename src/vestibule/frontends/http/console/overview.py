"""How a tenant stands, at a glance."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from litestar import Response, get

from vestibule.frontends.http.console.desk import Desk, desk
from vestibule.frontends.http.fields import InPath
from vestibule.frontends.http.rights import ANY_ROLE
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Counts, HealthLine, Words
from vestibule.interfaces.store import Unavailable
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import Right
from vestibule.model.application import ClientKind
from vestibule.model.spraying import SprayingAlarm

_DAY_MS: Final = 24 * 3600 * 1000
_RECENT: Final = 8


@get("/tenants/{tenant:str}", opt=ANY_ROLE)
async def overview(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    day, recent, alarms, users, database = await asyncio.gather(
        _day(at), _recent(at), _alarms(at), _users(at), _database(at)
    )
    reads = at.may(Right.READ_CONFIGURATION)
    services, actor = at.services, at.actor
    counts = Counts(
        users=users,
        attempts=sum(day.values()),
        applications=len(services.applications.applications(actor, tenant)) if reads else 0,
        radius_clients=len(services.applications.clients(actor, tenant, ClientKind.RADIUS)) if reads else 0,
    )
    has_phones = at.may(Right.SECRETS) and services.simulated_phones.of_tenant(actor, tenant) is not None
    return at.page(
        "console/overview.html",
        counts=counts,
        day=day,
        recent=recent,
        alarms=alarms,
        now=at.services.clock.now(),
        health=(database, _node(at)),
        has_phones=has_phones,
    )


async def _day(at: Desk) -> dict[str, int]:
    if not at.may(Right.READ_HISTORY):
        return {}
    since = at.services.clock.now() - _DAY_MS
    return await at.services.attempts.count(at.actor, at.tenant_id, since)


async def _recent(at: Desk) -> tuple[Any, ...]:
    if not at.may(Right.READ_HISTORY):
        return ()
    listed = await at.services.attempts.list(at.actor, at.tenant_id, VerificationFilter(), Page(_RECENT))
    return listed.rows


async def _alarms(at: Desk) -> tuple[SprayingAlarm, ...]:
    return await at.services.spraying.alarms(at.actor, at.tenant_id) if at.may(Right.READ_HISTORY) else ()


async def _users(at: Desk) -> int:
    return await at.services.users.count(at.actor, at.tenant_id) if at.may(Right.READ_PEOPLE) else 0


async def _database(at: Desk) -> HealthLine:
    began = time.perf_counter()
    try:
        await at.services.check_store()
    except Unavailable:
        return HealthLine("database", "bad", Words("console.health.silent"))
    milliseconds = max(1, round((time.perf_counter() - began) * 1000))
    return HealthLine("database", "good", Words("console.health.answers", {"milliseconds": milliseconds}))


def _node(at: Desk) -> HealthLine:
    node = at.services.node
    return HealthLine(
        "node", "good", Words("console.health.is_called", {"name": node.name, "address": node.address})
    )
