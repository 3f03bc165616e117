"""Breakers of ranges of numbers: where nobody answers, nothing is sent for a while (SMS-04).

Each node reads what has become of texts and calls, its tenants' own and those that servers have asked for,
and counts in memory; what follows is a conditional write, so that one node opens a breaker and the others
know of it within seconds. Which ones are not closed all nodes keep in memory: a sign-in pays nothing.
Invariants: that one opens is told once; what no gateway could send counts for none, for it costs nothing; an
answer from the range closes it, and so does an administrator.
"""

from __future__ import annotations

from typing import Final

import structlog

from vestibule.interfaces.store import Store, Transaction
from vestibule.model.actor import SYSTEM, Actor, Right
from vestibule.model.number_range import range_of
from vestibule.model.range_breaker import WINDOW_MS, RangeBreaker, opened
from vestibule.model.sending_limit import SendingLimit
from vestibule.model.sending_outcome import SendingOutcome
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sending_outcomes import SendingOutcomes

log = structlog.get_logger(__name__)

MOST_SHOWN: Final = 200

_Range = tuple[str, str]
"""A tenant and how its numbers begin."""


class RangeBreakers:
    def __init__(self, store: Store, configuration: ConfigurationCache, outcomes: SendingOutcomes) -> None:
        self._store = store
        self._configuration = configuration
        self.outcomes = outcomes
        self._held: dict[_Range, RangeBreaker] = {}
        self._closed_at: dict[_Range, int] = {}
        self._unanswered: dict[_Range, list[SendingOutcome]] = {}
        """Within the window, since the last answer."""

    def limit(self, tenant_id: str, number: str, now: int) -> SendingLimit | None:
        """Return what limits sendings to the range of a number; None if its breaker is closed."""
        held = self._held.get((tenant_id, range_of(number)))
        return held.limit(now) if held is not None else None

    async def look(self) -> None:
        """Take in what has become of texts and calls since the last look, in the order in which their time
        was over; open and close what follows from it."""
        now = await self._refresh()
        for outcome in await self.outcomes.look():
            where = outcome.tenant_id, range_of(outcome.number)
            if outcome.is_answered:
                await self._answer(where, outcome.over_at)
            elif outcome.is_sent and outcome.created_at > self._closed_at.get(where, 0):
                await self._no_answer(where, outcome)
        self._forget(now - WINDOW_MS)

    async def all(self, actor: Actor, tenant_id: str) -> tuple[tuple[RangeBreaker, ...], int]:
        """Return the breakers of a tenant, those that are not closed first, and the time by which they
        stand."""
        actor.demand(Right.READ_CONFIGURATION, tenant_id)

        async def body(tx: Transaction) -> tuple[tuple[RangeBreaker, ...], int]:
            return await tx.range_breakers(tenant_id, MOST_SHOWN), tx.now

        return await self._store.read(body)

    async def count(self, actor: Actor, tenant_id: str) -> int:
        """Return how many breakers of a tenant are not closed."""
        found, _ = await self.all(actor, tenant_id)
        return sum(one.closed_at is None for one in found)

    async def close(self, actor: Actor, tenant_id: str, prefix: str) -> None:
        """Let texts and calls go to a range again; every node knows of it within seconds. `prefix` may come
        without its plus sign."""
        actor.demand(Right.GATEWAYS, tenant_id)
        prefix = f"+{prefix.removeprefix('+')}"

        async def body(tx: Transaction) -> None:
            if not await tx.close_range_breaker(tenant_id, prefix, actor.actor_id, actor.name):
                raise Refused(Refusal.NOT_FOUND, prefix)
            await record(tx, actor, tenant_id, "breaker.closed", prefix, shown_range(prefix))

        await self._store.transact(body)
        await self._refresh()

    async def _refresh(self) -> int:
        """Read which ones are not closed; return the time by which they stand."""

        async def body(tx: Transaction) -> tuple[tuple[RangeBreaker, ...], int]:
            return await tx.all_range_breakers(tx.now - WINDOW_MS), tx.now

        found, now = await self._store.read(body)
        known = {(one.tenant_id, one.prefix): one for one in found}
        self._held = {where: one for where, one in known.items() if one.closed_at is None}
        self._closed_at = {where: one.closed_at for where, one in known.items() if one.closed_at is not None}
        for where in self._closed_at.keys() & self._unanswered.keys():
            since = self._closed_at[where]
            self._unanswered[where] = [one for one in self._unanswered[where] if one.created_at > since]
        return now

    async def _answer(self, where: _Range, at: int) -> None:
        self._unanswered.pop(where, None)
        held = self._held.get(where)
        if held is None or at <= held.opened_at:
            return

        async def body(tx: Transaction) -> bool:
            if not await tx.close_range_breaker(*where, "", ""):
                return False
            await record(tx, SYSTEM, where[0], "breaker.closed", where[1], shown_range(where[1]))
            return True

        is_closed = await self._store.transact(body)
        del self._held[where]
        if is_closed:
            log.info("a range of numbers answers again", tenant=where[0], range=shown_range(where[1]))

    async def _no_answer(self, where: _Range, outcome: SendingOutcome) -> None:
        held = self._held.get(where)
        if held is not None:
            if outcome.created_at >= held.rests_until:
                await self._rest(held)
            return
        since = outcome.over_at - WINDOW_MS
        kept = [one for one in self._unanswered.get(where, ()) if one.over_at > since]
        unanswered = self._unanswered[where] = [*kept, outcome]
        tenant = self._configuration.current.tenants.get(outcome.tenant_id)
        most = tenant.settings.breaker_unanswered if tenant is not None else 0
        if most and len(unanswered) >= most:
            await self._open(where, unanswered)
            del self._unanswered[where]

    async def _rest(self, held: RangeBreaker) -> None:
        async def body(tx: Transaction) -> None:
            await tx.rest_range_breaker(held, held.next_rest(tx.now))

        await self._store.transact(body)
        await self._refresh()

    async def _open(self, where: _Range, unanswered: list[SendingOutcome]) -> None:
        tenant_id, prefix = where
        cost = sum(map(self._cost, unanswered))

        async def body(tx: Transaction) -> RangeBreaker | None:
            breaker = opened(tenant_id, prefix, tx.now, unanswered=len(unanswered), cost=cost)
            if not await tx.open_range_breaker(breaker):
                return None
            facts = {"unanswered": breaker.unanswered, "cost": breaker.shown_cost}
            await record(tx, SYSTEM, tenant_id, "breaker.opened", prefix, shown_range(prefix), **facts)
            return breaker

        breaker = await self._store.transact(body)
        if breaker is not None:
            self._held[where] = breaker
            log.warning(
                "a range of numbers does not answer",
                tenant=tenant_id,
                range=shown_range(prefix),
                unanswered=breaker.unanswered,
                cost=breaker.shown_cost,
            )

    def _cost(self, outcome: SendingOutcome) -> int:
        gateway = self._configuration.current.gateways.get((outcome.tenant_id, outcome.gateway_id))
        return gateway.price(outcome.carries, outcome.number) if gateway is not None else 0

    def _forget(self, before: int) -> None:
        """Drop the ranges of which nothing counts any more."""
        self._unanswered = {
            where: unanswered
            for where, unanswered in self._unanswered.items()
            if unanswered and unanswered[-1].over_at > before
        }


def shown_range(prefix: str) -> str:
    """Return a range as it is shown."""
    return f"{prefix}…"
