"""What servers have told their service, each thing once; and what a server has to tell, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import astuple

from vestibule.model.server_attempt import ServerAttempt, ServerUsers
from vestibule.model.verification import Verification, VerificationState
from vestibule.stores.rows import VERIFICATION, Row, record_values, storable, verification_of
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

SERVER_ATTEMPT: Final = ServerAttempt.__struct_fields__
_SERVER_USERS: Final = ServerUsers.__struct_fields__

ADD: Final = Statement(
    insert("server_attempts", SERVER_ATTEMPT) + " on conflict (tenant_id, provider_id, attempt_id) do nothing"
)

RECEIVED: Final = Statement(
    f"""
    select {select(SERVER_ATTEMPT)} from server_attempts
     where tenant_id = :tenant_id and provider_id = :provider_id
       and received_at >= :since::bigint and received_at < :until::bigint and attempt_id > :after
     order by attempt_id limit :limit
    """  # noqa: S608 - made of constants
)

PUT_USERS: Final = Statement(
    """
    insert into server_users as old (tenant_id, provider_id, group_id, day, users)
    values (:tenant_id, :provider_id, :group_id, :day, :users::bigint)
    on conflict (tenant_id, provider_id, group_id, day) do update
       set users = case when excluded.users > old.users then excluded.users else old.users end
    """
)

USERS: Final = Statement(
    f"""
    select {select(_SERVER_USERS)} from server_users told
     where tenant_id = :tenant_id and provider_id = :provider_id
       and day = (select max(last.day) from server_users last
                   where last.tenant_id = told.tenant_id and last.provider_id = told.provider_id
                     and last.group_id = told.group_id and last.day <= :day)
     order by group_id
    """  # noqa: S608 - made of constants
)

IN_ORDER: Final = Statement(
    f"""
    select {select(VERIFICATION)} from verifications
     where tenant_id = :tenant_id and started_at >= :began::bigint and started_at < :before::bigint
       and (started_at, verification_id) > (:began::bigint, :after)
     order by started_at, verification_id limit :limit
    """  # noqa: S608 - made of constants
)


HAS_SERVERS: Final = Statement(
    "select 1 from activated_servers where group_id = :group_id limit 1", joins=True
)


class ServerRecords(Requests):
    __slots__ = ()

    async def add_server_attempts(self, attempts: Sequence[ServerAttempt]) -> int:
        # In one order, so that two servers of a group that tell the same do not wait for one another.
        ordered = sorted(attempts, key=lambda each: (each.provider_id, each.attempt_id))
        return await self.execute_many(ADD, [_attempt_values(each) for each in ordered])

    async def server_attempts(
        self, tenant_id: str, provider_id: str, since: int, until: int, after: str, limit: int
    ) -> tuple[ServerAttempt, ...]:
        asked = RECEIVED(
            tenant_id=tenant_id, provider_id=provider_id, since=since, until=until, after=after, limit=limit
        )
        return tuple([server_attempt_of(row) for row in await self.fetch(asked)])

    async def put_server_users(self, told: ServerUsers) -> None:
        await self.execute(PUT_USERS(**record_values(told)))

    async def server_users(self, tenant_id: str, provider_id: str, day: str) -> tuple[ServerUsers, ...]:
        rows = await self.fetch(USERS(tenant_id=tenant_id, provider_id=provider_id, day=day))
        return tuple([ServerUsers(**dict(zip(_SERVER_USERS, row, strict=True))) for row in rows])

    async def has_servers(self, group_id: str) -> bool:
        return bool(await self.fetch(HAS_SERVERS(group_id=group_id)))

    async def attempts_in_order(
        self, tenant_id: str, after: tuple[int, str], before: int, limit: int
    ) -> tuple[Verification, ...]:
        asked = IN_ORDER(tenant_id=tenant_id, began=after[0], after=after[1], before=before, limit=limit)
        return tuple([verification_of(row) for row in await self.fetch(asked)])


def server_attempt_of(row: Row) -> ServerAttempt:
    values = dict(zip(SERVER_ATTEMPT, row, strict=True))
    values["state"] = VerificationState(values["state"])
    values["is_authenticated"] = bool(values["is_authenticated"])
    return ServerAttempt(**values)


def _attempt_values(attempt: ServerAttempt) -> tuple[object, ...]:
    # What a server says is stored as it was said.
    return tuple([storable(each) if isinstance(each, str) else each for each in astuple(attempt)])
