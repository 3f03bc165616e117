"""Phone costs: what texts and calls have cost, by gateway and country, beside what customers pay.

They are counted from deliveries whose time is over, by the prices that the gateways have then, once whatever
crashes: the sums and how far they go are one commit. No customer is billed for them (S11).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from vestibule.interfaces.store import Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.delivery import Carries
from vestibule.model.phone import calling_code
from vestibule.model.phone_cost import PhoneCost, Sendings
from vestibule.model.usage import GRACE_MS
from vestibule.services.configuration import ConfigurationCache, Snapshot

_AT_ONCE_MS: Final = 3_600_000


class PhoneCosts:
    def __init__(self, store: Store, configuration: ConfigurationCache) -> None:
        self._store = store
        self._configuration = configuration

    async def round(self) -> None:
        """Add up what has ended since the last time, an hour at a time."""
        now = await self._store.read(_now)
        since = await self._store.read(lambda tx: tx.phone_costs_until()) or 0
        while since < now - GRACE_MS:
            # The first time is for all that is there.
            until = min(since + _AT_ONCE_MS, now - GRACE_MS) if since else now - GRACE_MS
            if not await self._add(since, until):
                return
            since = until

    async def _add(self, since: int, until: int) -> bool:
        """Add what has ended in that time; False: somebody else has."""
        ended = await self._store.read(lambda tx: tx.ended_sendings(since, until))
        costs = _summed(ended, self._configuration.current)
        return await self._store.transact(lambda tx: tx.add_phone_costs(costs, since, until))

    async def of_tenant(self, actor: Actor, tenant_id: str, first: str, last: str) -> tuple[PhoneCost, ...]:
        """Return the sums of some days, both ends included, by gateway, country and what was carried. For the
        operator."""
        actor.demand(Right.BILLING, "")
        return await self._store.read(lambda tx: tx.phone_costs(tenant_id, first, last))


def _summed(ended: Iterable[Sendings], snapshot: Snapshot) -> list[PhoneCost]:
    sums: dict[tuple[str, str, str, str, Carries], list[int]] = {}
    for each in ended:
        gateway = snapshot.gateways.get((each.tenant_id, each.gateway_id))
        price = gateway.price(each.carries, each.address) if gateway is not None else 0
        key = (each.tenant_id, each.day, each.gateway_id, calling_code(each.address), each.carries)
        counted = sums.setdefault(key, [0, 0])
        counted[0] += each.count
        counted[1] += each.count * price
    return [
        PhoneCost(
            tenant_id=tenant_id,
            day=day,
            gateway_id=gateway_id,
            calling_code=code,
            carries=carries,
            count=count,
            cost=cost,
        )
        for (tenant_id, day, gateway_id, code, carries), (count, cost) in sums.items()
    ]


async def _now(tx: Transaction) -> int:
    return tx.now
