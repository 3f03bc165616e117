"""Who is in which group. The groups themselves are records of the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vestibule.stores.statement import Statement, insert
from vestibule.stores.transaction import Requests

GROUPS_OF: Final = Statement(
    "select group_id from group_members where tenant_id = :tenant_id and user_id = :user_id",
    joins=True,
    turn=3,
)
ADD_MEMBER: Final = Statement(
    insert("group_members", ("tenant_id", "group_id", "user_id")) + " on conflict do nothing"
)
REMOVE_MEMBER: Final = Statement(
    """
    delete from group_members
     where tenant_id = :tenant_id and group_id = :group_id and user_id = :user_id
    """
)
# In the order of the key, so that no planner reads the whole table for the first of a group.
COUNT_MEMBERS: Final = Statement(
    """
    select g.group_id, (select count(*) from (
               select m.user_id from group_members m
                where m.tenant_id = g.tenant_id and m.group_id = g.group_id
                order by m.user_id limit :most) counted)
      from groups g where g.tenant_id = :tenant_id and g.group_id = any(:group_ids)
    """
)


class Groups(Requests):
    __slots__ = ()

    async def groups_of(self, tenant_id: str, user_id: str) -> frozenset[str]:
        rows = await self.fetch(GROUPS_OF(tenant_id=tenant_id, user_id=user_id))
        return frozenset([row[0] for row in rows])

    async def add_member(self, tenant_id: str, group_id: str, user_id: str) -> bool:
        return await self.execute(ADD_MEMBER(tenant_id=tenant_id, group_id=group_id, user_id=user_id)) > 0

    async def remove_member(self, tenant_id: str, group_id: str, user_id: str) -> bool:
        return await self.execute(REMOVE_MEMBER(tenant_id=tenant_id, group_id=group_id, user_id=user_id)) > 0

    async def count_members(self, tenant_id: str, group_ids: Sequence[str], most: int) -> dict[str, int]:
        counting = COUNT_MEMBERS(tenant_id=tenant_id, group_ids=self.texts(group_ids), most=most)
        return {row[0]: row[1] for row in await self.fetch(counting)}
