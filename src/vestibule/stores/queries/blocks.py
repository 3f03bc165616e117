"""Blocks of people. A person has one that is not over; `users.blocked_until` says the same to the sign-in
path and is written in the same transaction.
"""

from __future__ import annotations

from typing import Final

from vestibule.interfaces.store import AlreadyExists
from vestibule.interfaces.transaction.blocks import BlockFilter
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.block import Block
from vestibule.stores.paging import (
    Order,
    Where,
    of_people_within,
    position_of_time,
    searched,
)
from vestibule.stores.rows import BLOCK, block_of, record_values, storable
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests, UniqueTaken

ADD: Final = Statement(insert("blocks", BLOCK))

# So that a block whose time is over stands in the way of no other.
CLOSE_EXPIRED: Final = Statement(
    """
    update blocks set ended_at = until
     where tenant_id = :tenant_id and user_id = :user_id and ended_at is null and until <= :now
    """
)

LIFT: Final = Statement(
    f"""
    update blocks
       set ended_at = :now, ended_by = :ended_by, ended_by_name = :ended_by_name, end_reason = :end_reason
     where tenant_id = :tenant_id and user_id = :user_id and ended_at is null and until > :now
    returning {select(BLOCK)}
    """  # noqa: S608 - made of constants
)

ACTIVE: Final = Statement(
    f"""
    select {select(BLOCK)} from blocks
     where tenant_id = :tenant_id and user_id = :user_id and ended_at is null and until > :now
    """  # noqa: S608 - made of constants
)

OF_NUMBER: Final = Statement(
    """
    select 1 from blocks
     where tenant_id = :tenant_id and phone = :phone and phone <> '' and ended_at is null
       and until > :now::bigint limit 1
    """,
    joins=True,
    turn=2,
)

# With the version: whoever has read the person before must read again before he writes.
MARK_USER: Final = Statement(
    """
    update users set blocked_until = :until, version = version + 1
     where tenant_id = :tenant_id and user_id = :user_id
    """
)


_NEWEST: Final = Order("blocks", select(BLOCK), "begun_at", "block_id", is_falling=True)
_BEGUN_AT: Final = BLOCK.index("begun_at")


class Blocks(Requests):
    __slots__ = ()

    async def add_block(self, block: Block) -> None:
        who = {"tenant_id": block.tenant_id, "user_id": block.user_id}
        await self.execute(CLOSE_EXPIRED(**who, now=self.now))
        try:
            await self.execute(ADD(**record_values(block)))
        except UniqueTaken:
            raise self.broken(AlreadyExists("block", block.user_id)) from None
        await self.execute(MARK_USER(**who, until=block.until))

    async def block_of(self, tenant_id: str, user_id: str) -> Block | None:
        rows = await self.fetch(ACTIVE(tenant_id=tenant_id, user_id=user_id, now=self.now))
        return block_of(rows[0]) if rows else None

    async def lift_block(
        self, tenant_id: str, user_id: str, ended_by: str, ended_by_name: str, end_reason: str
    ) -> Block | None:
        who = {"tenant_id": tenant_id, "user_id": user_id}
        rows = await self.fetch(
            LIFT(
                **who,
                now=self.now,
                ended_by=ended_by,
                ended_by_name=storable(ended_by_name),
                end_reason=end_reason,
            )
        )
        await self.execute(MARK_USER(**who, until=0))
        return block_of(rows[0]) if rows else None

    async def is_number_blocked(self, tenant_id: str, number: str) -> bool:
        return bool(await self.fetch(OF_NUMBER(tenant_id=tenant_id, phone=number, now=self.now)))

    async def blocks(self, tenant_id: str, where: BlockFilter, page: Page) -> Listed:
        known, sought = Where(), Where()
        known.keep("tenant_id = :tenant_id", tenant_id=tenant_id)
        if where.user_id:
            known.keep("user_id = :user_id", user_id=where.user_id)
        if where.user_ids:
            known.among("user_id", self.texts(where.user_ids))
        if where.phones:
            sought.among("phone", self.texts(where.phones))
        known.between("begun_at", where.since, where.until)
        if where.is_active:
            sought.keep("ended_at is null and until > :now", now=self.now)
        if where.within:
            sought.look_up(of_people_within("blocks"), within=self.texts(where.within))
        if where.text:
            sought.called(where.text)
        if page.cursor:
            condition, values = _NEWEST.after(*position_of_time(page.cursor))
            known.keep(condition, **values)
        rows = await searched(self, _NEWEST, known, sought, page.limit)
        return rows.page(block_of, lambda row: (row[_BEGUN_AT], row[1]))
