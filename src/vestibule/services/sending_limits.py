"""Sending limits: before a text or call is written down, all its limits count it, or one of them refuses it.

Invariants:
- Nothing goes to a country that is not open, nor to a premium number, and nothing beyond a limit, however
  many ask at once on however many nodes (SMS-04, VOI-09).
- What is refused counts nowhere: a limit that refused gives back what narrower ones had counted.
- The cost that is reserved is that of the dearest gateway that may carry it, so that the next gateway, if the
  first cannot, does not pass the cap.
- That a limit has refused is told once for each limit and window: an event, a warning in the log.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
import structlog

from vestibule.interfaces.clock import Clock
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.actor import SYSTEM, Actor, Right
from vestibule.model.delivery import TO_PHONES, Carries
from vestibule.model.price import UNIT, amount
from vestibule.model.sending_limit import (
    DAY_MS,
    HOUR_MS,
    LimitKind,
    LimitReached,
    SendingLimit,
    app_limit,
    as_told,
    blocked,
    ceiling,
    closed_for,
    cost_limit,
    counted_limits,
    shown_key,
)
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.gateways import Gateways
from vestibule.services.metrics import Metrics
from vestibule.services.range_breakers import RangeBreakers
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

log = structlog.get_logger(__name__)

MOST_SHOWN: Final = 50
_MOST_TOLD: Final = 10_000
_OF_A_USER: Final = (LimitKind.USER, LimitKind.APP)


class SendingStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What a tenant has spent on texts and calls today, and which of its limits have refused of late."""

    cost_today: int
    """In 1/10,000 of the currency unit; by the prices of the gateways, not by anybody's bill."""
    daily_cost_cap: int
    """In whole units; 0: none."""
    sendings_ceiling: int
    """Texts and calls of a day that the operator allows; 0: as many as the tenant."""
    cost_ceiling: int
    """What the operator lets them cost, in whole units; 0: as much as the tenant."""
    reached: tuple[LimitReached, ...]
    """Within the last day, the latest first."""
    unpriced: tuple[str, ...]
    """Gateways in use that carry something for which they have no price, although there is a cap."""
    is_closed: bool
    """Whether there are gateways in use, and no country is open."""

    @property
    def shown_cost(self) -> str:
        return amount(self.cost_today)

    @property
    def least_cap(self) -> int:
        """The lower of the tenant's and the operator's; 0: none."""
        return min([cap for cap in (self.daily_cost_cap, self.cost_ceiling) if cap], default=0)

    @property
    def shown_cap(self) -> str:
        return amount(self.least_cap * UNIT)


class LimitRefuses(Exception):
    """A limit refuses what a body wanted to send; nothing of the body is kept."""

    def __init__(self, limit: SendingLimit) -> None:
        super().__init__(limit.kind.value)
        self.limit = limit


def refused_by(limit: SendingLimit) -> Refused:
    """Return what a person is told whose request a limit refuses."""
    match limit.kind:
        case LimitKind.PREMIUM:
            return Refused(Refusal.PHONE_NOT_ALLOWED, f"+{limit.key}")
        case LimitKind.COUNTRY:
            return Refused(Refusal.COUNTRY_CLOSED, f"+{limit.key}")
        case _:
            return Refused(Refusal.NOTHING_SENT)


class SendingLimits:
    def __init__(
        self,
        store: Store,
        clock: Clock,
        configuration: ConfigurationCache,
        gateways: Gateways,
        metrics: Metrics,
        breakers: RangeBreakers,
    ) -> None:
        self._store = store
        self._clock = clock
        self._configuration = configuration
        self._gateways = gateways
        self._metrics = metrics
        self._breakers = breakers
        self._told_until: dict[tuple[str, SendingLimit], int] = {}
        """What this node has told of already, until the window ends: a flood of refusals does not become one
        of writes."""

    async def reserve(
        self, tx: Transaction, tenant_id: str, number: str, carries: Carries, user_id: str = ""
    ) -> SendingLimit | None:
        """Count one text or call to `number`. Returns the limit that refuses it: then nothing was counted,
        and nothing may be sent."""
        tenant = self._configuration.current.tenants[tenant_id]
        settings = tenant.settings
        closed = closed_for(settings, number)
        if closed is not None:
            return closed
        if await tx.is_number_blocked(tenant_id, number):
            return blocked(number)
        breaker = self._breakers.limit(tenant_id, number, tx.now)
        if breaker is not None and not breaker.most_count:
            return breaker  # Before anything is counted that would have to be given back.
        cost = self._gateways.dearest(tenant_id, carries, number)
        limits = [(limit, 0) for limit in counted_limits(settings, user_id, number, breaker)]
        if cost:
            limits.append((cost_limit(tenant), cost))
        if (operators := ceiling(tenant)) is not None:
            limits.append((operators, 0))
        for position, (limit, its_cost) in enumerate(limits):
            if not await tx.spend_sending(tenant_id, limit, its_cost):
                for counted, counted_cost in limits[:position]:
                    await tx.give_back_sending(tenant_id, counted, counted_cost)
                return as_told(limit, tenant)
        return None

    async def reserve_request(self, tx: Transaction, tenant_id: str, user_id: str) -> SendingLimit | None:
        """Count one request in a person's app. Returns the limit that refuses it: then none is shown."""
        limit = app_limit(self._configuration.current.tenants[tenant_id].settings, user_id)
        return None if await tx.spend_sending(tenant_id, limit, 0) else limit

    async def reserve_again(self, tenant_id: str, number: str, carries: Carries) -> SendingLimit | None:
        """Count the cost of a text that may have left once, and is to leave by another gateway as well."""
        tenant = self._configuration.current.tenants[tenant_id]
        cost = self._gateways.dearest(tenant_id, carries, number)
        limit = cost_limit(tenant)
        if not cost or await self._store.transact(lambda tx: tx.spend_sending(tenant_id, limit, cost)):
            return None
        return as_told(limit, tenant)

    async def alarm(self, tenant_id: str, refusing: Iterable[SendingLimit]) -> None:
        """Tell that these limits have refused something. After the commit of what was refused; an alarm that
        cannot be written is tried again at the next refusal, and stops nobody."""
        for limit in refusing:
            self._metrics.sendings_refused.add(limit.kind.value)
            if limit.kind is LimitKind.BREAKER:
                continue  # It was told when it opened.
            try:
                await self._tell(tenant_id, limit)
            except Exception as error:
                log.warning("alarm cannot be written", limit=limit.kind.value, error=type(error).__name__)

    async def standing(self, actor: Actor, tenant_id: str) -> SendingStanding:
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        tenant = self._configuration.current.tenants[tenant_id]
        settings, has_cap = tenant.settings, tenant.settings.daily_cost_cap or tenant.cost_ceiling

        async def body(tx: Transaction) -> SendingStanding:
            return SendingStanding(
                cost_today=await tx.sending_cost(tenant_id, cost_limit(tenant)),
                daily_cost_cap=settings.daily_cost_cap,
                sendings_ceiling=tenant.sendings_ceiling,
                cost_ceiling=tenant.cost_ceiling,
                reached=await _reached(tx, tenant_id),
                unpriced=self._gateways.unpriced(tenant_id) if has_cap else (),
                is_closed=self._gateways.has_any(tenant_id, TO_PHONES) and not settings.open_codes,
            )

        return await self._store.read(body)

    async def _tell(self, tenant_id: str, limit: SendingLimit) -> None:
        if self._clock.now() < self._told_until.get((tenant_id, limit), 0):
            return

        async def body(tx: Transaction) -> tuple[int, bool]:
            is_first = await tx.note_limit_reached(tenant_id, limit)
            if is_first:
                await _record(tx, tenant_id, limit)
            return limit.ends_at(tx.now), is_first

        until, is_first = await self._store.transact(body)
        if len(self._told_until) >= _MOST_TOLD:
            self._told_until.clear()
        self._told_until[tenant_id, limit] = until
        if is_first:
            shown = shown_key(limit.kind, limit.key)
            log.warning("a sending limit refuses", tenant=tenant_id, limit=limit.kind.value, key=shown)


async def _reached(tx: Transaction, tenant_id: str) -> tuple[LimitReached, ...]:
    """Return the limits that have refused within the last day, with the names of users."""
    reached = await tx.limits_reached(tenant_id, tx.now - DAY_MS, MOST_SHOWN)
    named = []
    for one in reached:
        found = await tx.subject(tenant_id, one.key) if one.kind in _OF_A_USER else None
        username = found.user.username if found is not None else ""
        named.append(msgspec.structs.replace(one, username=username))
    return tuple(named)


async def _record(tx: Transaction, tenant_id: str, limit: SendingLimit) -> None:
    subject, name = "", shown_key(limit.kind, limit.key)
    if limit.kind in _OF_A_USER:
        found = await tx.subject(tenant_id, limit.key)
        subject, name = limit.key, found.user.username if found is not None else ""
    window = "hour" if limit.window_ms == HOUR_MS else "day"
    await record(tx, SYSTEM, tenant_id, "limit.reached", subject, name, limit=limit.kind.value, window=window)
