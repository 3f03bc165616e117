"""Who is in which group. The groups themselves are records of the configuration."""

from __future__ import annotations

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
COUNT_MEMBERS: Final = Statement(
    "select group_id, count(*) from group_members where tenant_id = :tenant_id group by group_id"
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

    async def count_members(self, tenant_id: str) -> dict[str, int]:
        return {row[0]: row[1] for row in await self.fetch(COUNT_MEMBERS(tenant_id=tenant_id))}
