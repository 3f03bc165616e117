"""Replication groups, activated servers and credentials, which are used by one conditional write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from vestibule.interfaces.store import AlreadyExists
from vestibule.model.replication import ActivatedServer, ActivationCredentials, ReplicationGroup
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests, UniqueTaken

_GROUP: Final = ReplicationGroup.__struct_fields__
_SERVER: Final = ActivatedServer.__struct_fields__
_CREDENTIALS: Final = ActivationCredentials.__struct_fields__

# All of it is made of constants.
GROUPS: Final = Statement(
    f"select {select(_GROUP)} from replication_groups where tenant_id = :tenant_id order by name"  # noqa: S608
)
GROUP: Final = Statement(
    f"select {select(_GROUP)} from replication_groups"  # noqa: S608
    " where tenant_id = :tenant_id and group_id = :group_id"
)
ADD_GROUP: Final = Statement(insert("replication_groups", _GROUP))
REPLACE_GROUP: Final = Statement(
    "update replication_groups set provider_id = :provider_id, name = :name, installation = :installation"
    " where tenant_id = :tenant_id and group_id = :group_id"
)
REMOVE_GROUP: Final = Statement(
    "delete from replication_groups where tenant_id = :tenant_id and group_id = :group_id"
)

SERVERS: Final = Statement(
    f"select {select(_SERVER)} from activated_servers where tenant_id = :tenant_id"  # noqa: S608
    " order by name, server_id"
)
SERVER: Final = Statement(
    f"select {select(_SERVER)} from activated_servers"  # noqa: S608
    " where tenant_id = :tenant_id and server_id = :server_id"
)
ADD_SERVER: Final = Statement(insert("activated_servers", _SERVER))
REPLACE_SERVER: Final = Statement(
    f"update activated_servers set {', '.join(f'{name} = :{name}' for name in _SERVER[2:])}"  # noqa: S608
    " where tenant_id = :tenant_id and server_id = :server_id"
)
REMOVE_SERVER: Final = Statement(
    "delete from activated_servers where tenant_id = :tenant_id and server_id = :server_id"
)
NOTE_CONTACTS: Final = Statement(
    "update activated_servers set last_contact_at = :now, left_at = null"
    " where tenant_id = :tenant_id and server_id = any(:server_ids)"
)

ADD_CREDENTIALS: Final = Statement(insert("activation_credentials", _CREDENTIALS))
CREDENTIALS: Final = Statement(
    f"select {select(_CREDENTIALS)} from activation_credentials where tenant_id = :tenant_id"  # noqa: S608
    " order by created_at desc, credentials_id"
)
BY_HASH: Final = Statement(
    f"select {select(_CREDENTIALS)} from activation_credentials where secret_hash = :secret_hash"  # noqa: S608
)
USE: Final = Statement(
    "update activation_credentials set used_at = :now, server_id = :server_id"
    " where secret_hash = :secret_hash and used_at is null and expires_at > :now"
)
WITHDRAW: Final = Statement(
    "delete from activation_credentials where tenant_id = :tenant_id and credentials_id = :credentials_id"
)


class Replication(Requests):
    __slots__ = ()

    async def replication_groups(self, tenant_id: str) -> tuple[ReplicationGroup, ...]:
        return tuple([_group_of(row) for row in await self.fetch(GROUPS(tenant_id=tenant_id))])

    async def replication_group(self, tenant_id: str, group_id: str) -> ReplicationGroup | None:
        rows = await self.fetch(GROUP(tenant_id=tenant_id, group_id=group_id))
        return _group_of(rows[0]) if rows else None

    async def add_replication_group(self, group: ReplicationGroup) -> None:
        try:
            await self.execute(_bound(ADD_GROUP, group))
        except UniqueTaken:
            raise self.broken(AlreadyExists("replication group", group.name)) from None

    async def replace_replication_group(self, group: ReplicationGroup) -> bool:
        try:
            return await self.execute(_bound(REPLACE_GROUP, group)) > 0
        except UniqueTaken:
            raise self.broken(AlreadyExists("replication group", group.name)) from None

    async def remove_replication_group(self, tenant_id: str, group_id: str) -> bool:
        return await self.execute(REMOVE_GROUP(tenant_id=tenant_id, group_id=group_id)) > 0

    async def activated_servers(self, tenant_id: str) -> tuple[ActivatedServer, ...]:
        return tuple([_server_of(row) for row in await self.fetch(SERVERS(tenant_id=tenant_id))])

    async def activated_server(self, tenant_id: str, server_id: str) -> ActivatedServer | None:
        rows = await self.fetch(SERVER(tenant_id=tenant_id, server_id=server_id))
        return _server_of(rows[0]) if rows else None

    async def add_activated_server(self, server: ActivatedServer) -> None:
        await self.execute(_bound(ADD_SERVER, server))

    async def replace_activated_server(self, server: ActivatedServer) -> bool:
        return await self.execute(_bound(REPLACE_SERVER, server)) > 0

    async def remove_activated_server(self, tenant_id: str, server_id: str) -> bool:
        return await self.execute(REMOVE_SERVER(tenant_id=tenant_id, server_id=server_id)) > 0

    async def note_contacts(self, tenant_id: str, server_ids: Sequence[str]) -> int:
        ids = self.texts(server_ids)
        return await self.execute(NOTE_CONTACTS(now=self.now, tenant_id=tenant_id, server_ids=ids))

    async def add_activation_credentials(self, credentials: ActivationCredentials) -> None:
        await self.execute(_bound(ADD_CREDENTIALS, credentials))

    async def activation_credentials(self, tenant_id: str) -> tuple[ActivationCredentials, ...]:
        return tuple([_credentials_of(row) for row in await self.fetch(CREDENTIALS(tenant_id=tenant_id))])

    async def credentials_by_hash(self, secret_hash: str) -> ActivationCredentials | None:
        rows = await self.fetch(BY_HASH(secret_hash=secret_hash))
        return _credentials_of(rows[0]) if rows else None

    async def use_activation_credentials(self, secret_hash: str, server_id: str) -> bool:
        used = await self.execute(USE(now=self.now, server_id=server_id, secret_hash=secret_hash))
        return used > 0

    async def withdraw_activation_credentials(self, tenant_id: str, credentials_id: str) -> bool:
        gone = await self.execute(WITHDRAW(tenant_id=tenant_id, credentials_id=credentials_id))
        return gone > 0


def _bound(statement: Statement, record: ReplicationGroup | ActivatedServer | ActivationCredentials) -> Any:
    return statement(**{name: getattr(record, name) for name in statement.parameters})


def _group_of(row: Sequence[Any]) -> ReplicationGroup:
    return ReplicationGroup(**dict(zip(_GROUP, row, strict=True)))


def _server_of(row: Sequence[Any]) -> ActivatedServer:
    return ActivatedServer(**dict(zip(_SERVER, row, strict=True)))


def _credentials_of(row: Sequence[Any]) -> ActivationCredentials:
    return ActivationCredentials(**dict(zip(_CREDENTIALS, row, strict=True)))
