"""Groups that an identity provider pushes, and who is in them.

What holds: it changes only groups that it has added, unless the administrator lets it take over others; a
group that an access rule names stays; whom the synchronisation of a directory has put into a group stays in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import AlreadyExists, Body, Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.event import Event
from vestibule.model.group import Group
from vestibule.model.provisioning import ProvisionedGroup, ProvisioningSettings
from vestibule.model.user import User
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.editions import demand_people
from vestibule.services.groups import MOST_GROUPS, Groups
from vestibule.services.recording import event_of, record
from vestibule.services.refusal import Refusal, Refused

_AT_ONCE: Final = 1000


class KnownGroup(msgspec.Struct, frozen=True):
    """A group as a provider knows it. `record` is None if none has pushed it."""

    group: Group
    record: ProvisionedGroup | None

    @property
    def external_id(self) -> str:
        return self.record.external_id if self.record is not None else ""

    @property
    def changed_at(self) -> int:
        """When it was pushed last, or added (epoch ms)."""
        return max(self.group.created_at, self.record.pushed_at if self.record is not None else 0)


class Step(msgspec.Struct, frozen=True):
    """People who come into a group, who go, or (`replace`) who alone are in it then."""

    kind: Literal["add", "remove", "replace"]
    user_ids: tuple[str, ...]


class GroupChange(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a group; what is None stays as it is."""

    name: str | None = None
    external_id: str | None = None
    steps: tuple[Step, ...] = ()
    version: str | None = None
    """Change it only if it has this version still."""


class ProvisionedGroups:
    def __init__(self, store: Store, configuration: ConfigurationCache, groups: Groups) -> None:
        self._store = store
        self._configuration = configuration
        self._groups = groups

    async def list(self, actor: Actor, tenant_id: str) -> tuple[KnownGroup, ...]:
        """Return all groups, by identifier."""
        actor.demand(Right.PROVISION, tenant_id)
        records = await self._store.read(lambda tx: tx.provisioned_groups(tenant_id))
        groups = self._configuration.current.groups
        return tuple(
            KnownGroup(group, records.get(group_id))
            for (of, group_id), group in sorted(groups.items())
            if of == tenant_id
        )

    async def find(self, actor: Actor, tenant_id: str, group_id: str) -> KnownGroup:
        """Return a group; raises `Refused`."""
        actor.demand(Right.PROVISION, tenant_id)
        return await self._store.read(lambda tx: self._found(tx, tenant_id, group_id))

    async def members(self, actor: Actor, tenant_id: str, group_id: str) -> tuple[str, ...]:
        """Return the identifiers of everybody in a group, in order."""
        actor.demand(Right.PROVISION, tenant_id)
        return await self._store.read(lambda tx: _members(tx, tenant_id, group_id))

    async def add(
        self, actor: Actor, tenant_id: str, name: str, external_id: str, user_ids: Sequence[str]
    ) -> KnownGroup:
        """Add a group with its people; raises `Refused` if there is one of that name."""
        actor.demand(Right.PROVISION, tenant_id)
        demand_people(self._configuration.current.tenants[tenant_id])
        if len(await self.list(actor, tenant_id)) >= MOST_GROUPS:
            raise Refused(Refusal.TOO_MANY, str(MOST_GROUPS))
        group_id = new_id()

        async def body(tx: Transaction) -> None:
            group = Group(tenant_id=tenant_id, group_id=group_id, name=name, created_at=tx.now)
            await tx.put(group)
            await tx.put_provisioned_group(_record(tx, actor, group, external_id))
            await record(tx, actor, tenant_id, "group.added", group_id, name)
            await self._take(tx, actor, group, Step("add", tuple(user_ids)))

        await self._written(body)
        return await self.find(actor, tenant_id, group_id)

    async def change(
        self,
        actor: Actor,
        tenant_id: str,
        group_id: str,
        change: GroupChange,
        settings: ProvisioningSettings,
    ) -> KnownGroup:
        """Change a group and who is in it: all of it, or nothing."""
        actor.demand(Right.PROVISION, tenant_id)

        async def body(tx: Transaction) -> None:
            known = await self._to_change(tx, tenant_id, group_id, settings, change.version)
            group = known.group
            if change.name is not None and change.name != group.name:
                group = replace(group, name=change.name)
                await tx.put(group)
                facts = {"before": known.group.name}
                await record(tx, actor, tenant_id, "group.renamed", group_id, group.name, **facts)
            external_id = known.external_id if change.external_id is None else change.external_id
            await tx.put_provisioned_group(_record(tx, actor, group, external_id))
            for step in change.steps:
                await self._take(tx, actor, group, step)

        await self._written(body)
        return await self.find(actor, tenant_id, group_id)

    async def remove(
        self,
        actor: Actor,
        tenant_id: str,
        group_id: str,
        settings: ProvisioningSettings,
        version: str | None = None,
    ) -> None:
        """Remove a group; its people stay."""
        actor.demand(Right.PROVISION, tenant_id)
        await self._store.read(lambda tx: self._to_change(tx, tenant_id, group_id, settings, version))
        await self._groups.remove(actor, tenant_id, group_id)

    async def _found(self, tx: Transaction, tenant_id: str, group_id: str) -> KnownGroup:
        group = self._configuration.current.groups.get((tenant_id, group_id))
        if group is None:
            raise Refused(Refusal.NOT_FOUND, group_id)
        return KnownGroup(group, (await tx.provisioned_groups(tenant_id)).get(group_id))

    async def _to_change(
        self,
        tx: Transaction,
        tenant_id: str,
        group_id: str,
        settings: ProvisioningSettings,
        version: str | None,
    ) -> KnownGroup:
        known = await self._found(tx, tenant_id, group_id)
        if version is not None and version != version_of(known, await _members(tx, tenant_id, group_id)):
            raise Refused(Refusal.CHANGED_MEANWHILE, known.group.name)
        if known.record is None and not settings.takes_over:
            raise Refused(Refusal.KEPT_HERE, known.group.name)
        return known

    async def _take(self, tx: Transaction, actor: Actor, group: Group, step: Step) -> None:
        """Let people come or go; a name that is nobody's refuses all of it."""
        where = (group.tenant_id, group.group_id)
        people = await tx.users_by_id(group.tenant_id, step.user_ids)
        events: list[Event] = []
        if step.kind != "remove":
            for user_id in step.user_ids:
                if user_id not in people:
                    raise Refused(Refusal.MEMBER_UNKNOWN, user_id)
                if await tx.add_member(*where, user_id):
                    events.append(_event(tx, actor, "group.member_added", group, people[user_id]))
        if step.kind != "add":
            going = people
            if step.kind == "replace":
                ids = [user_id for user_id in await _members(tx, *where) if user_id not in people]
                going = await tx.users_by_id(group.tenant_id, ids)
            free = await _free(tx, group, going.values())
            gone = [user for user in free if await tx.remove_member(*where, user.user_id)]
            events += [_event(tx, actor, "group.member_removed", group, user) for user in gone]
        await tx.add_events(events)

    async def _written(self, body: Body[None]) -> None:
        try:
            await self._store.transact(body)
        except AlreadyExists as taken:
            raise Refused(Refusal.NAME_TAKEN, taken.key) from None
        await self._configuration.refresh()


def version_of(known: KnownGroup, members: Sequence[str]) -> str:
    """Return what is the same as long as a group and its people are."""
    said = (known.group.name, known.external_id, *members)
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:32]


async def _members(tx: Transaction, tenant_id: str, group_id: str) -> tuple[str, ...]:
    found: list[str] = []
    while page := await tx.members(tenant_id, group_id, found[-1] if found else "", _AT_ONCE):
        found += page
    return tuple(found)


async def _free(tx: Transaction, group: Group, users: Iterable[User]) -> list[User]:
    """Return those whom no synchronisation has put into the group."""
    references: dict[str, dict[str, User]] = {}
    free = []
    for user in users:
        if user.directory_reference:
            references.setdefault(user.directory_id, {})[user.directory_reference] = user
        else:
            free.append(user)
    for directory_id, bound in references.items():
        bonds = await tx.bonds_of(group.tenant_id, directory_id, list(bound))
        kept = {bond.user_id for bond in bonds if group.group_id in bond.groups}
        free += [user for user in bound.values() if user.user_id not in kept]
    return free


def _record(tx: Transaction, actor: Actor, group: Group, external_id: str) -> ProvisionedGroup:
    return ProvisionedGroup(
        tenant_id=group.tenant_id,
        group_id=group.group_id,
        client_id=actor.actor_id,
        external_id=external_id,
        pushed_at=tx.now,
    )


def _event(tx: Transaction, actor: Actor, kind: str, group: Group, user: User) -> Event:
    return event_of(tx, actor, group.tenant_id, kind, user.user_id, user.username, group=group.name)
