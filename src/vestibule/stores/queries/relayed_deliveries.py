"""Deliveries that servers have asked for: which texts went to a number, and what is still owed to whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vestibule.model.delivery import Delivery, Owed
from vestibule.stores.rows import DELIVERY, delivery_of
from vestibule.stores.statement import Statement, select
from vestibule.stores.transaction import Requests

TEXTS_TO: Final = Statement(
    f"""
    select {select(DELIVERY)} from deliveries
     where tenant_id = :tenant_id and address = :address and group_id <> '' and carries = 'text'
       and expires_at > :now::bigint
     order by created_at desc, delivery_id limit 20
    """  # noqa: S608 - made of constants
)

IS_OWED: Final = Statement("select 1 from deliveries where owed <> '' and due_at <= :now::bigint limit 1")

TAKE_OWED: Final = Statement(
    f"""
    with due as materialized (
        select tenant_id, delivery_id from deliveries
         where owed <> '' and due_at <= :now order by due_at limit :limit for update skip locked)
    update deliveries
       set due_at = :again_at, owed = case when expires_at > :now then owed else '' end, version = version + 1
     where (tenant_id, delivery_id) in (select due.tenant_id, due.delivery_id from due)
    returning {select(DELIVERY)}
    """  # noqa: S608 - made of constants
)

SETTLE: Final = Statement(
    """
    update deliveries set owed = '', version = version + 1
     where tenant_id = :tenant_id and delivery_id = any(:delivery_ids)
    """,
    joins=True,
    turn=13,
)


DROP: Final = Statement(
    """
    update deliveries set state = 'dropped', sealed_body = :nothing, version = version + 1
     where tenant_id = :tenant_id and delivery_id = :delivery_id and state in ('waiting', 'taken')
    """
)


class RelayedDeliveries(Requests):
    __slots__ = ()

    async def relayed_texts_to(self, tenant_id: str, address: str) -> tuple[Delivery, ...]:
        rows = await self.fetch(TEXTS_TO(tenant_id=tenant_id, address=address, now=self.now))
        return tuple([delivery_of(row) for row in rows])

    async def drop_relayed(self, tenant_id: str, delivery_id: str) -> bool:
        dropped = DROP(tenant_id=tenant_id, delivery_id=delivery_id, nothing=b"")
        return await self.execute(dropped) > 0

    async def is_anything_owed(self) -> bool:
        return bool(await self.fetch(IS_OWED(now=self.now)))

    async def take_owed(self, limit: int, again_ms: int) -> tuple[Delivery, ...]:
        rows = await self.fetch(TAKE_OWED(now=self.now, limit=limit, again_at=self.now + again_ms))
        found = [delivery_of(row) for row in rows]
        return tuple([each for each in found if each.owed is not Owed.NOTHING])

    async def settle_owed(self, tenant_id: str, delivery_ids: Sequence[str]) -> None:
        await self.execute(SETTLE(tenant_id=tenant_id, delivery_ids=self.texts(sorted(delivery_ids))))
