"""Replication groups and activated servers, as the administrators of a tenant see and change them.

Activation credentials are shown once, when they are made; only their hash is kept.
"""

from __future__ import annotations

from typing import Final

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id, new_token, token_hash
from vestibule.interfaces.store import AlreadyExists, Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.replication import (
    HOURS,
    MOST_HOURS,
    ActivatedServer,
    ActivationCredentials,
    ReplicationGroup,
)
from vestibule.services.links import ServiceLinks
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

MOST_SERVERS: Final = 1000
"""Credentials of one tenant that may wait to be used, and groups that it may have."""
LONGEST_NAME: Final = 100
_HOUR_MS: Final = 3_600_000


class NewCredentials(msgspec.Struct, frozen=True):
    """Credentials that were made just now; `shown` is what the server is given, this one time."""

    credentials: ActivationCredentials
    group: ReplicationGroup
    shown: Secret[str]


class Fleet(msgspec.Struct, frozen=True):
    """All that a tenant has activated, or is about to."""

    groups: tuple[ReplicationGroup, ...]
    servers: tuple[ActivatedServer, ...]
    waiting: tuple[ActivationCredentials, ...]
    """Credentials that can still be used."""

    def group_name(self, group_id: str) -> str:
        return next((each.name for each in self.groups if each.group_id == group_id), "")

    def size(self, group_id: str) -> int:
        return sum(each.group_id == group_id for each in self.servers)


class Replication:
    def __init__(self, store: Store, links: ServiceLinks, own_pin: str) -> None:
        """`own_pin` is the public key that servers may know this service by; empty: TLS ends elsewhere."""
        self._store = store
        self._links = links
        self.own_pin = own_pin

    async def fleet(self, actor: Actor, tenant_id: str) -> Fleet:
        actor.demand(Right.READ_CONFIGURATION, tenant_id)

        async def body(tx: Transaction) -> Fleet:
            waiting = [
                each
                for each in await tx.activation_credentials(tenant_id)
                if each.used_at is None and each.expires_at > tx.now
            ]
            groups = await tx.replication_groups(tenant_id)
            return Fleet(groups, await tx.activated_servers(tenant_id), tuple(waiting))

        return await self._store.read(body)

    async def make_credentials(
        self, actor: Actor, tenant_id: str, group_name: str, hours: int = HOURS
    ) -> NewCredentials:
        """Make credentials with which one server joins the group of this name; it is made if there is none.

        Raises `Refused`: no such name can be given, or too many wait already.
        """
        actor.demand(Right.SERVERS, tenant_id)
        name = _group_name(group_name)
        if not 1 <= hours <= MOST_HOURS:
            raise Refused(Refusal.SETTING_INVALID, "hours")
        shown = Secret(new_token())

        async def body(tx: Transaction) -> NewCredentials:
            group = await self._group(tx, actor, tenant_id, name)
            made = ActivationCredentials(
                tenant_id=tenant_id,
                credentials_id=new_id(),
                group_id=group.group_id,
                secret_hash=token_hash(shown.reveal()),
                made_by=actor.name,
                created_at=tx.now,
                expires_at=tx.now + hours * _HOUR_MS,
            )
            if len(await tx.activation_credentials(tenant_id)) >= MOST_SERVERS:
                raise Refused(Refusal.TOO_MANY, str(MOST_SERVERS))
            await tx.add_activation_credentials(made)
            await record(tx, actor, tenant_id, "server.credentials_made", made.credentials_id, group.name)
            return NewCredentials(made, group, shown)

        return await self._store.transact(body)

    async def _group(self, tx: Transaction, actor: Actor, tenant_id: str, name: str) -> ReplicationGroup:
        groups = await tx.replication_groups(tenant_id)
        for group in groups:
            if group.name == name:
                return group
        if len(groups) >= MOST_SERVERS:
            raise Refused(Refusal.TOO_MANY, str(MOST_SERVERS))
        made = ReplicationGroup(
            tenant_id=tenant_id, group_id=new_id(), provider_id="", name=name, created_at=tx.now
        )
        await tx.add_replication_group(made)
        await record(tx, actor, tenant_id, "server.group_added", made.group_id, name)
        return made

    async def withdraw(self, actor: Actor, tenant_id: str, credentials_id: str) -> None:
        """Take credentials back that no server has used yet."""
        actor.demand(Right.SERVERS, tenant_id)

        async def body(tx: Transaction) -> None:
            if not await tx.withdraw_activation_credentials(tenant_id, credentials_id):
                raise Refused(Refusal.NOT_FOUND, credentials_id)
            await record(tx, actor, tenant_id, "server.credentials_withdrawn", credentials_id)

        await self._store.transact(body)

    async def remove_server(self, actor: Actor, tenant_id: str, server_id: str) -> ActivatedServer:
        """Forget a server: it is let in no more until it is activated anew."""
        actor.demand(Right.SERVERS, tenant_id)

        async def body(tx: Transaction) -> ActivatedServer:
            server = await tx.activated_server(tenant_id, server_id)
            if server is None or not await tx.remove_activated_server(tenant_id, server_id):
                raise Refused(Refusal.NOT_FOUND, server_id)
            await record(tx, actor, tenant_id, "server.removed", server_id, server.name)
            return server

        removed = await self._store.transact(body)
        await self._links.drop(server_id)
        return removed

    async def rename_group(
        self, actor: Actor, tenant_id: str, group_id: str, new_name: str
    ) -> ReplicationGroup:
        """Call a group otherwise; raises `Refused`, among others if no such name can be given."""
        actor.demand(Right.SERVERS, tenant_id)
        name = _group_name(new_name)

        async def body(tx: Transaction) -> ReplicationGroup:
            group = await _found(tx, tenant_id, group_id)
            renamed = msgspec.structs.replace(group, name=name)
            await tx.replace_replication_group(renamed)
            await record(tx, actor, tenant_id, "server.group_renamed", group_id, renamed.name)
            return renamed

        try:
            return await self._store.transact(body)
        except AlreadyExists as taken:
            raise Refused(Refusal.NAME_TAKEN, taken.key) from None

    async def remove_group(self, actor: Actor, tenant_id: str, group_id: str) -> ReplicationGroup:
        """Remove a group that no server is in; its credentials go with it."""
        actor.demand(Right.SERVERS, tenant_id)

        async def body(tx: Transaction) -> ReplicationGroup:
            group = await _found(tx, tenant_id, group_id)
            if any(each.group_id == group_id for each in await tx.activated_servers(tenant_id)):
                raise Refused(Refusal.IN_USE, group.name)
            await tx.remove_replication_group(tenant_id, group_id)
            await record(tx, actor, tenant_id, "server.group_removed", group_id, group.name)
            return group

        return await self._store.transact(body)


def _group_name(typed: str) -> str:
    name = typed.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Refused(Refusal.REPLICATION_GROUP_NAME, str(LONGEST_NAME))
    return name


async def _found(tx: Transaction, tenant_id: str, group_id: str) -> ReplicationGroup:
    group = await tx.replication_group(tenant_id, group_id)
    if group is None:
        raise Refused(Refusal.NOT_FOUND, group_id)
    return group
