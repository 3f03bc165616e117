"""Roles: what the installation has named besides the built-in ones, and who has which.

Invariants:
- Nobody gives, takes or defines rights that he has not himself, where he has them (TEN-05).
- One active administrator of everything always stays.
- Whoever's roles change is signed out at once.
- While a second person is asked for, none of it is done alone (see proposals.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import AlreadyExists, Conflict, Store, Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.actor import Actor, Reach, Right
from vestibule.model.proposal import Act
from vestibule.model.right import OF_ADMINISTRATORS
from vestibule.model.role import ADMINISTRATOR, BUILT_IN, EVERYTHING, AdminRole, Grant, reach_of, rights_of
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Role, User
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.proposals import Proposals
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.setup import Setup
from vestibule.services.users import keep_an_administrator

MOST_ROLES: Final = 200
MOST_GRANTS: Final = 50
"""Of one person."""
LONGEST_NAME: Final = 100

Result = TypeVar("Result")


class Holder(msgspec.Struct, frozen=True):
    """Somebody who has roles, and which."""

    user: User
    grants: tuple[Grant, ...]


class Roles:
    def __init__(
        self, store: Store, configuration: ConfigurationCache, proposals: Proposals, setup: Setup
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._proposals = proposals
        self._setup = setup

    # --- roles --------------------------------------------------------------------------------------

    def list(self, actor: Actor) -> tuple[AdminRole, ...]:
        """Return all roles, the built-in ones (version 0) first."""
        actor.demand(Right.ADMINISTRATORS, SYSTEM_TENANT)
        built_in = [
            AdminRole(
                tenant_id=SYSTEM_TENANT, role_id=name, name=name, rights=tuple(sorted(rights)), version=0
            )
            for name, rights in BUILT_IN.items()
        ]
        own = sorted(self._configuration.current.roles.values(), key=lambda role: role.name.casefold())
        return (*built_in, *own)

    def find(self, actor: Actor, role_id: str) -> AdminRole:
        found = [role for role in self.list(actor) if role.role_id == role_id]
        if not found:
            raise Refused(Refusal.NOT_FOUND, role_id)
        return found[0]

    async def add(self, actor: Actor, name: str, rights: Sequence[str]) -> AdminRole:
        """Add a role; its rights are names of rights that the actor has himself in every tenant."""
        wanted = self._judged(actor, rights)
        if len(self._configuration.current.roles) >= MOST_ROLES:
            raise Refused(Refusal.TOO_MANY, str(MOST_ROLES))
        role = AdminRole(
            tenant_id=SYSTEM_TENANT, role_id=new_id(), name=name.strip(), rights=wanted, created_at=0
        )
        facts = {"role": role.name, "rights": list(wanted)}
        agreed = await self._proposals.need_second(actor, Act.ROLE, None, facts)

        async def body(tx: Transaction) -> AdminRole:
            await agreed.use(tx)
            added = replace(role, created_at=tx.now)
            await tx.put(added)
            await record(tx, actor, SYSTEM_TENANT, "role.added", role.role_id, role.name, rights=list(wanted))
            return added

        return await self._written(body)

    async def change(
        self, actor: Actor, role_id: str, name: str, rights: Sequence[str], version: int | None = None
    ) -> AdminRole:
        """Define a role otherwise, for all who have it; with `version`, only if it is still that."""
        before = self._own(actor, role_id)
        if version is not None and version != before.version:
            raise Refused(Refusal.CHANGED_MEANWHILE, before.name)
        self._judged(actor, before.rights)
        wanted = self._judged(actor, rights)
        changed = replace(before, name=name.strip(), rights=wanted)
        facts = {"role": changed.name, "rights": list(wanted)}
        agreed = await self._proposals.need_second(actor, Act.ROLE, None, facts)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            await tx.put(changed)
            await record(tx, actor, SYSTEM_TENANT, "role.changed", role_id, changed.name, rights=list(wanted))

        await self._written(body)
        return self.find(actor, role_id)

    async def remove(self, actor: Actor, role_id: str) -> None:
        """Remove a role that neither a person nor an API key has."""
        role = self._own(actor, role_id)
        if any(peer.client.role_id == role_id for peer in self._configuration.current.peers.values()):
            raise Refused(Refusal.IN_USE, role.name)

        async def body(tx: Transaction) -> None:
            grants = (await tx.grants(SYSTEM_TENANT)).values()
            if any(grant.role_id == role_id for held in grants for grant in held):
                raise Refused(Refusal.IN_USE, role.name)
            await tx.remove(role)
            await record(tx, actor, SYSTEM_TENANT, "role.removed", role_id, role.name)

        await self._written(body)

    # --- who has which ------------------------------------------------------------------------------

    async def holders(self, actor: Actor) -> tuple[Holder, ...]:
        """Return everybody who has a role, by name."""
        actor.demand(Right.ADMINISTRATORS, SYSTEM_TENANT)

        async def body(tx: Transaction) -> list[Holder]:
            found: list[User] = []
            for role in (Role.ADMINISTRATOR, Role.LIMITED):
                found += (await tx.users(SYSTEM_TENANT, UserFilter(role=role.value), Page(limit=500))).rows
            grants = await tx.grants(SYSTEM_TENANT)
            return [Holder(user, _held(user, grants.get(user.user_id, ()))) for user in found]

        holders = await self._store.read(body)
        return tuple(sorted(holders, key=lambda holder: holder.user.names[0]))

    async def of(self, actor: Actor, user_id: str) -> Holder:
        """Return which roles somebody has, if any."""
        actor.demand(Right.ADMINISTRATORS, SYSTEM_TENANT)

        async def body(tx: Transaction) -> Holder:
            return await _holder(tx, user_id)

        return await self._store.read(body)

    async def give(self, actor: Actor, user_id: str, grants: Sequence[Grant]) -> Holder:
        """Give somebody exactly these roles, in place of those he has; with none he is no administrator."""
        actor.demand(Right.ADMINISTRATORS, SYSTEM_TENANT)
        wanted = self._checked(actor, grants)
        before = await self.of(actor, user_id)
        for grant in before.grants:
            self._demand_own(actor, grant)
        facts = {"roles": msgspec.to_builtins(wanted)}
        agreed = await self._proposals.need_second(actor, Act.ROLES, before.user, facts)

        async def body(tx: Transaction) -> Holder:
            await agreed.use(tx)
            held = await _holder(tx, user_id)
            changed = replace(held.user, role=_standing(wanted))
            await keep_an_administrator(tx, held.user, changed)
            if not await tx.replace_user(changed):
                raise Conflict
            await tx.replace_grants(SYSTEM_TENANT, user_id, _stored(wanted))
            await tx.end_sessions_of(SYSTEM_TENANT, user_id)
            told = {"before": _told(held.grants), "after": _told(wanted)}
            await record(tx, actor, SYSTEM_TENANT, "administrator.roles", user_id, held.user.username, **told)
            return Holder(replace(changed, version=changed.version + 1), wanted)

        return await self._store.transact(body)

    async def invite(self, actor: Actor, grants: Sequence[Grant] = (EVERYTHING,)) -> Secret[str]:
        """Make a one-time link with which somebody becomes an administrator who has these roles."""
        actor.demand(Right.ADMINISTRATORS, SYSTEM_TENANT)
        wanted = self._checked(actor, grants)
        if not wanted:
            raise Refused(Refusal.NOT_FOUND)
        facts = {"roles": msgspec.to_builtins(wanted)}
        agreed = await self._proposals.need_second(actor, Act.INVITE, None, facts)
        return await self._setup.make_link(wanted, agreed)

    # --- parts --------------------------------------------------------------------------------------

    def demand_all(self, actor: Actor, reach: Reach) -> None:
        """Raise `NotAllowed` unless the actor has everything himself that `reach` gives."""
        for right in reach.rights:
            actor.demand(right, reach.tenant_id)

    def _demand_own(self, actor: Actor, grant: Grant) -> None:
        self.demand_all(actor, reach_of(grant, self._configuration.current.roles))

    def _own(self, actor: Actor, role_id: str) -> AdminRole:
        role = self.find(actor, role_id)
        if role.version == 0:
            raise Refused(Refusal.NOT_POSSIBLE)
        return role

    def _judged(self, actor: Actor, rights: Sequence[str]) -> tuple[str, ...]:
        """Return rights that a role may have, in order; the actor has each of them in every tenant."""
        actor.demand(Right.ADMINISTRATORS, SYSTEM_TENANT)
        known = {right.value: right for right in OF_ADMINISTRATORS}
        for name in rights:
            if name not in known:
                raise Refused(Refusal.RIGHT_UNKNOWN, name)
            actor.demand(known[name], "")
        return tuple(sorted(set(rights)))

    def _checked(self, actor: Actor, grants: Sequence[Grant]) -> tuple[Grant, ...]:
        """Return grants that can be given, each role once in each tenant."""
        snapshot = self._configuration.current
        if len(grants) > MOST_GRANTS:
            raise Refused(Refusal.TOO_MANY, str(MOST_GRANTS))
        places: dict[tuple[str, str], Grant] = {}
        for grant in grants:
            if not rights_of(grant.role_id, snapshot.roles):
                raise Refused(Refusal.ROLE_UNKNOWN, grant.role_id)
            if grant.tenant_id and grant.tenant_id not in snapshot.tenants:
                raise Refused(Refusal.NOT_FOUND, grant.tenant_id)
            if any((grant.tenant_id, group_id) not in snapshot.groups for group_id in grant.groups):
                raise Refused(Refusal.GROUP_UNKNOWN)
            self._demand_own(actor, grant)
            places[grant.role_id, grant.tenant_id] = grant
        return (EVERYTHING,) if EVERYTHING in places.values() else tuple(places.values())

    async def _written(self, body: Callable[[Transaction], Awaitable[Result]]) -> Result:
        try:
            result = await self._store.transact(body)
        except AlreadyExists as taken:
            raise Refused(Refusal.NAME_TAKEN, taken.key) from None
        await self._configuration.refresh()
        return result


def _held(user: User, grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    return (EVERYTHING,) if user.role is Role.ADMINISTRATOR else grants


def _standing(grants: tuple[Grant, ...]) -> Role:
    if EVERYTHING in grants:
        return Role.ADMINISTRATOR
    return Role.LIMITED if grants else Role.NONE


def _stored(grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    return tuple(grant for grant in grants if grant != EVERYTHING)


def _told(grants: tuple[Grant, ...]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = msgspec.to_builtins(grants)
    return told


async def _holder(tx: Transaction, user_id: str) -> Holder:
    subject = await tx.subject(SYSTEM_TENANT, user_id)
    if subject is None:
        raise Refused(Refusal.NOT_FOUND, user_id)
    return Holder(subject.user, _held(subject.user, await tx.grants_of(SYSTEM_TENANT, user_id)))


def role_name(role_id: str, roles: Sequence[AdminRole]) -> str:
    """Return what an own role is called, or the identifier of a built-in one."""
    return next((role.name for role in roles if role.role_id == role_id), role_id)


__all__ = ["ADMINISTRATOR", "Holder", "Roles", "role_name"]
