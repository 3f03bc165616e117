"""Routes: which gateway carries to a number and why, and ranges of numbers that rest."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.listing import Listing, Record, whole
from vestibule.frontends.http.api.values import PathId
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.model.delivery import Carries
from vestibule.model.range_breaker import RangeBreaker
from vestibule.policy.routing import Route

Number = Annotated[
    str,
    QueryParameter(
        max_length=64,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="As its owner would write it, `+` as `%2B`. Left out: those that carry to all.",
    ),
]
Carried = Annotated[Carries, QueryParameter(description="`text` or `call`.")]


class RouteRecord(Record):
    """A gateway that carries something to a number, as it stands on this server."""

    named = "gateway_id"

    id: str
    name: str
    is_working: bool
    digits: int
    """How closely it is named for the number; 0: it carries to all."""
    priority: int
    cost: str
    carried: int
    """Texts and calls whose time was over within the last hour."""
    answered: int
    """Those of them that were answered."""
    because: str
    """What puts it before the next: `works`, `answered`, `range`, `priority`, `cost`, `share` or `name`; of
    the last one `last`."""


class RangeRecord(Record):
    """A range of numbers in which nobody answered."""

    named = "prefix"

    id: str
    """How its numbers begin, without the plus sign."""
    state: str
    """`open`: nothing is sent there; `half_open`: a few are tried; `closed`: served again."""
    unanswered: int
    cost: str
    """What those cost, by the prices of the gateways."""
    opened_at: int
    rests_until: int
    trials_failed: int
    closed_at: int | None
    closed_by_name: str
    """Empty: it was closed by an answer."""


class Routing(Controller):
    tags = ("Gateways",)

    @get("/gateway-routes", responses=problems(404, 422), opt=needs(Right.READ_CONFIGURATION))
    async def list_gateway_routes(
        self, caller: NamedDependency[Caller], number: Number = "", carries: Carried = Carries.TEXT
    ) -> Listing[RouteRecord]:
        """List the gateways that carry a text or call to a number, in the order in which they are used, each
        with what puts it before the next."""
        _, found = caller.services.gateway_settings.routes(caller.actor, caller.tenant_id, number, carries)
        return whole(_route(one) for one in found)

    @get("/number-ranges", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_number_ranges(self, caller: NamedDependency[Caller]) -> Listing[RangeRecord]:
        """List ranges of numbers that rest because nobody answers there, and those of the last day."""
        found, now = await caller.services.range_breakers.all(caller.actor, caller.tenant_id)
        return whole(_range(one, now) for one in found)

    @delete("/number-ranges/{prefix:str}", responses=problems(404), opt=needs(Right.GATEWAYS))
    async def close_number_range(self, caller: NamedDependency[Caller], prefix: PathId) -> None:
        """Serve a range again at once. If nobody answers there, it rests again."""
        await caller.services.range_breakers.close(caller.actor, caller.tenant_id, prefix)


def _route(one: Route) -> RouteRecord:
    record: RouteRecord = RouteRecord.of(one, cost=one.shown_cost)
    return record


def _range(one: RangeBreaker, now: int) -> RangeRecord:
    number = one.prefix.removeprefix("+")
    record: RangeRecord = RangeRecord.of(one, id=number, state=one.state(now).value, cost=one.shown_cost)
    return record
