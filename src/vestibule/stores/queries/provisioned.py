"""People and groups that an identity provider pushes, and the lists that it reads: by identifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vestibule.model.provisioning import Provisioned, ProvisionedGroup
from vestibule.model.user import User
from vestibule.stores.queries.people_lists import COLUMNS
from vestibule.stores.rows import (
    PROVISIONED,
    PROVISIONED_GROUP,
    provisioned_group_of,
    provisioned_of,
    record_values,
    user_of,
)
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

_USER: Final = "tenant_id = :tenant_id and user_id = :user_id"
_GROUP: Final = "tenant_id = :tenant_id and group_id = :group_id"

KNOWN: Final = Statement(
    f"""
    select {select(COLUMNS, "u")} from users u
     where u.tenant_id = :tenant_id and u.user_id > :after
       and not exists (select 1 from provisioned p
                        where p.tenant_id = u.tenant_id and p.user_id = u.user_id and p.is_gone)
     order by u.user_id limit :limit offset :offset::bigint
    """  # noqa: S608 - made of constants
)
COUNT_KNOWN: Final = Statement(
    """
    select (select count(*) from users where tenant_id = :tenant_id)
         - (select count(*) from provisioned where tenant_id = :tenant_id and is_gone)
    """
)
OF_USERS: Final = Statement(
    f"select {select(PROVISIONED)} from provisioned where tenant_id = :tenant_id and user_id = any(:user_ids)"  # noqa: S608 - constants
)
BY_EXTERNAL_ID: Final = Statement(
    f"select {select(PROVISIONED)} from provisioned"  # noqa: S608 - made of constants
    " where tenant_id = :tenant_id and external_id = :external_id order by user_id"
)
LAST: Final = Statement(
    f"select {select(PROVISIONED)} from provisioned"  # noqa: S608 - made of constants
    " where tenant_id = :tenant_id order by pushed_at desc limit :limit"
)
DROP: Final = Statement(f"delete from provisioned where {_USER}")  # noqa: S608 - constants
ADD: Final = Statement(insert("provisioned", PROVISIONED))

MEMBERSHIPS: Final = Statement(
    "select user_id, group_id from group_members where tenant_id = :tenant_id and user_id = any(:user_ids)"
)
MEMBERS: Final = Statement(
    """
    select user_id from group_members
     where tenant_id = :tenant_id and group_id = :group_id and user_id > :after
     order by user_id limit :limit
    """
)
GROUPS: Final = Statement(
    f"select {select(PROVISIONED_GROUP)} from provisioned_groups where tenant_id = :tenant_id"  # noqa: S608 - constants
)
DROP_GROUP: Final = Statement(f"delete from provisioned_groups where {_GROUP}")  # noqa: S608 - constants
ADD_GROUP: Final = Statement(insert("provisioned_groups", PROVISIONED_GROUP))


class ProvisionedPeople(Requests):
    __slots__ = ()

    async def people_known(self, tenant_id: str, after: str, limit: int, offset: int = 0) -> tuple[User, ...]:
        rows = await self.fetch(KNOWN(tenant_id=tenant_id, after=after, limit=limit, offset=offset))
        return tuple([user_of(row) for row in rows])

    async def count_known(self, tenant_id: str) -> int:
        return int((await self.fetch(COUNT_KNOWN(tenant_id=tenant_id)))[0][0])

    async def provisioned(self, tenant_id: str, user_ids: Sequence[str]) -> dict[str, Provisioned]:
        rows = await self.fetch(OF_USERS(tenant_id=tenant_id, user_ids=self.texts(user_ids)))
        return {record.user_id: record for record in map(provisioned_of, rows)}

    async def provisioned_as(self, tenant_id: str, external_id: str) -> tuple[Provisioned, ...]:
        rows = await self.fetch(BY_EXTERNAL_ID(tenant_id=tenant_id, external_id=external_id))
        return tuple([provisioned_of(row) for row in rows])

    async def last_provisioned(self, tenant_id: str, limit: int) -> tuple[Provisioned, ...]:
        rows = await self.fetch(LAST(tenant_id=tenant_id, limit=limit))
        return tuple([provisioned_of(row) for row in rows])

    async def put_provisioned(self, record: Provisioned) -> None:
        await self.execute(DROP(tenant_id=record.tenant_id, user_id=record.user_id))
        await self.execute(ADD(**record_values(record)))

    async def memberships(self, tenant_id: str, user_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        rows = await self.fetch(MEMBERSHIPS(tenant_id=tenant_id, user_ids=self.texts(user_ids)))
        found: dict[str, set[str]] = {}
        for user_id, group_id in rows:
            found.setdefault(user_id, set()).add(group_id)
        return {user_id: frozenset(group_ids) for user_id, group_ids in found.items()}

    async def members(self, tenant_id: str, group_id: str, after: str, limit: int) -> tuple[str, ...]:
        rows = await self.fetch(MEMBERS(tenant_id=tenant_id, group_id=group_id, after=after, limit=limit))
        return tuple([row[0] for row in rows])

    async def provisioned_groups(self, tenant_id: str) -> dict[str, ProvisionedGroup]:
        rows = await self.fetch(GROUPS(tenant_id=tenant_id))
        return {record.group_id: record for record in map(provisioned_group_of, rows)}

    async def put_provisioned_group(self, record: ProvisionedGroup) -> None:
        await self.execute(DROP_GROUP(tenant_id=record.tenant_id, group_id=record.group_id))
        await self.execute(ADD_GROUP(**record_values(record)))
