"""Ceilings: what the operator lets a tenant send within a day, whatever the tenant's own limits say.

Invariant: no tenant moves its own, and none gets round it by what its texts are said to cost: while there is
one of cost, the prices of its gateways are the operator's to change.
"""

from __future__ import annotations

from typing import Final

import msgspec

from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.tenant import Tenant
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

MOST_SENDINGS: Final = 10_000_000
MOST_COST: Final = 1_000_000


class Ceilings:
    def __init__(self, store: Store, configuration: ConfigurationCache) -> None:
        self._store = store
        self._configuration = configuration

    async def change(self, actor: Actor, tenant_id: str, *, sendings: int, cost: int) -> Tenant:
        """Let a tenant send so many texts and calls within a day of UTC, for so many whole units of the
        currency of its gateways' prices. 0: as many, or as much, as its own settings say."""
        actor.demand(Right.TENANTS, "")  # of the whole installation: no tenant moves its own
        tenant = self._configuration.current.tenants[tenant_id]
        for value, most in ((sendings, MOST_SENDINGS), (cost, MOST_COST)):
            if not 0 <= value <= most:
                raise Refused(Refusal.AMOUNT_INVALID, str(value))

        async def body(tx: Transaction) -> None:
            await tx.put(msgspec.structs.replace(tenant, sendings_ceiling=sendings, cost_ceiling=cost))
            facts = {"sendings": sendings, "cost": cost}
            await record(tx, actor, tenant_id, "tenant.ceiling_changed", tenant_id, tenant.name, **facts)

        try:
            await self._store.transact(body)
        except Conflict:
            raise Refused(Refusal.CHANGED_MEANWHILE, tenant.name) from None
        await self._configuration.refresh()
        return self._configuration.current.tenants[tenant_id]


def demand_prices(actor: Actor, tenant: Tenant) -> None:
    """Raise `Refused` unless `actor` may change what a tenant's gateways are said to cost."""
    if tenant.cost_ceiling and not actor.may(Right.TENANTS, ""):
        raise Refused(Refusal.PRICES_OF_OPERATOR, tenant.name)
