"""`vestibule gateway route`, `ranges` and `close-range`: which gateway is used and why, and what rests."""

from __future__ import annotations

from typing import Annotated

import msgspec
from cyclopts import Parameter

from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Scope, Yes
from vestibule.model.delivery import Carries
from vestibule.model.range_breaker import RangeBreaker
from vestibule.policy.routing import Route
from vestibule.services.range_breakers import shown_range


def route(
    number: str,
    /,
    *,
    call: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Show which gateways carry a text to a number, in their order, and what puts each before the next.

    Whether a gateway rests or is connected, only the server that uses it knows: see the console.

    For example:

      vestibule gateway route "+49 176 1234567"
      vestibule gateway route +4930123456 --call

    Parameters
    ----------
    number
        The phone, as its owner would write it.
    call
        Which carry a call.
    """

    async def work(desk: Desk) -> None:
        await desk.services.range_breakers.outcomes.look()
        carries = Carries.CALL if call else Carries.TEXT
        _, found = desk.services.gateway_settings.routes(desk.actor, desk.tenant_id, number, carries)
        show_rows(
            desk.terminal,
            found,
            as_json=as_json,
            record=msgspec.to_builtins,
            header=("name", "because", "priority", "price", "answered", "id"),
            row=lambda one: _route_cells(desk, one),
            empty="list.no_routes",
        )

    return at_desk(scope, work)


def ranges(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List ranges of numbers that rest because nobody answers there, and those of the last day.

    For example:

      vestibule gateway ranges
    """

    async def work(desk: Desk) -> None:
        found, now = await desk.services.range_breakers.all(desk.actor, desk.tenant_id)
        show_rows(
            desk.terminal,
            found,
            as_json=as_json,
            record=lambda one: {**msgspec.to_builtins(one), "state": one.state(now).value},
            header=("range", "state", "unanswered", "price", "since", "rests_until"),
            row=lambda one: _range_cells(desk, one, now),
            empty="list.no_ranges",
        )

    return at_desk(scope, work)


def close_range(prefix: str, /, *, yes: Yes = False, scope: Scope = HERE) -> int:
    """Serve a range of numbers again at once. If nobody answers there, it rests again.

    For example:

      vestibule gateway close-range +4917612

    Parameters
    ----------
    prefix
        How its numbers begin; see: vestibule gateway ranges
    """

    async def work(desk: Desk) -> None:
        desk.terminal.confirm(yes, "ask.close_range", range=shown_range(prefix))
        await desk.services.range_breakers.close(desk.actor, desk.tenant_id, prefix)
        desk.terminal.say("gateway.range_closed", range=shown_range(prefix))

    return at_desk(scope, work)


def _route_cells(desk: Desk, one: Route) -> tuple[str, ...]:
    because = desk.terminal.named("routing.because", one.because.value)
    answered = f"{one.answered}/{one.carried}"
    return one.name, because, str(one.priority), one.shown_cost, answered, one.gateway_id


def _range_cells(desk: Desk, one: RangeBreaker, now: int) -> tuple[str, ...]:
    return (
        shown_range(one.prefix),
        desk.terminal.named("routing.state", one.state(now).value),
        str(one.unanswered),
        one.shown_cost,
        moment(one.opened_at),
        moment(one.rests_until),
    )
