"""How a tenant stands, at a glance."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from litestar import Response, get

from vestibule.frontends.http.console.desk import Desk, desk
from vestibule.frontends.http.fields import InPath
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Counts, HealthLine, Words
from vestibule.interfaces.store import Page, Unavailable, VerificationFilter
from vestibule.model.application import ClientKind

_DAY_MS: Final = 24 * 3600 * 1000
_RECENT: Final = 8


@get("/tenants/{tenant:str}")
async def overview(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    attempts, actor = at.services.attempts, at.actor
    since = at.services.clock.now() - _DAY_MS
    day, recent, users, database = await asyncio.gather(
        attempts.count(actor, tenant, since),
        attempts.list(actor, tenant, VerificationFilter(), Page(_RECENT)),
        at.services.users.count(actor, tenant),
        _database(at),
    )
    counts = Counts(
        users=users,
        attempts=sum(day.values()),
        applications=len(at.services.applications.applications(actor, tenant)),
        radius_clients=len(at.services.applications.clients(actor, tenant, ClientKind.RADIUS)),
    )
    has_phones = at.services.simulated_phones.of_tenant(actor, tenant) is not None
    return at.page(
        "console/overview.html",
        counts=counts,
        day=day,
        recent=recent.rows,
        health=(database, _node(at)),
        has_phones=has_phones,
    )


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
