"""People whom an identity provider pushes: added, changed and deleted by it, and read as it knows them.

What holds:
- It changes nobody whom a synchronised directory keeps, who has a role, or who is kept for emergencies; and
  only with the administrator's leave somebody whom it has not added.
- What it has not given, it does not take.
- Nobody becomes somebody else by being called like him: a name of somebody here is refused. Only who was
  deleted and has the same identifier at the provider comes back as who he was.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import AlreadyExists, Conflict, Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.edition import Feature
from vestibule.model.group import Group
from vestibule.model.provisioning import PROVISION_SCOPE, Provisioned, ProvisioningSettings
from vestibule.model.synchronisation import Leavers
from vestibule.model.user import Role, User, UserStatus
from vestibule.model.username import canonical_name
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.directory_phones import DirectoryPhones
from vestibule.services.editions import demand
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.users import Users, changed_fields

_AT_ONCE: Final = 500


class PushedUser(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of a person."""

    username: str
    external_id: str = ""
    is_active: bool | None = None
    """None: it does not say."""
    fields: dict[str, Any] = {}
    """Fields of a user, by name; what it does not say is left out."""
    phones: tuple[str, ...] = ()
    """Its numbers that can be methods, the preferred one first."""
    unreadable: tuple[str, ...] = ()
    """Fields whose values cannot be read, such as a phone number that is none."""
    told: dict[str, Any] = {}
    """What it said, to be told again."""


class KnownUser(msgspec.Struct, frozen=True):
    """A person as a provider knows him. `record` is None if none has pushed him."""

    user: User
    record: Provisioned | None
    groups: tuple[Group, ...]

    @property
    def changed_at(self) -> int:
        """When he was changed last (epoch ms)."""
        return max(self.user.updated_at, self.record.pushed_at if self.record else 0)


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """Who is looked for: `fits` decides; one of the others, if it is not None, says where to look."""

    fits: Callable[[KnownUser], bool]
    user_id: str | None = None
    name: str | None = None
    external_id: str | None = None

    @property
    def is_narrow(self) -> bool:
        return not (self.user_id is None and self.name is None and self.external_id is None)


class FoundUsers(msgspec.Struct, frozen=True):
    """Some of those who were sought, and how many there are in all."""

    rows: tuple[KnownUser, ...]
    total: int


class ProvisionedUsers:
    def __init__(
        self, store: Store, configuration: ConfigurationCache, users: Users, phones: DirectoryPhones
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._users = users
        self._phones = phones

    # --- reading ------------------------------------------------------------------------------------

    async def find(self, actor: Actor, tenant_id: str, user_id: str) -> KnownUser | None:
        actor.demand(Right.PROVISION, tenant_id)
        found = await self._store.read(lambda tx: self._by_id(tx, tenant_id, (user_id,)))
        return found[0] if found else None

    async def list(
        self, actor: Actor, tenant_id: str, sought: Sought | None, start: int, count: int
    ) -> FoundUsers:
        """Return at most `count` people by identifier, behind the first `start`; with `sought` those who
        fit, for which everybody may have to be looked at."""
        actor.demand(Right.PROVISION, tenant_id)
        if sought is None:
            return await self._store.read(lambda tx: self._page(tx, tenant_id, start, count))
        rows: list[KnownUser] = []
        total = 0
        async for some in self._candidates(tenant_id, sought):
            fitting = [each for each in some if sought.fits(each)]
            first = max(start - total, 0)
            rows += fitting[first : first + count - len(rows)]
            total += len(fitting)
        return FoundUsers(tuple(rows), total)

    async def last(self, actor: Actor, tenant_id: str, limit: int) -> tuple[KnownUser, ...]:
        """Return who was pushed last, the latest first, those included who were deleted."""
        actor.demand(Right.READ_PEOPLE, tenant_id)

        async def body(tx: Transaction) -> tuple[KnownUser, ...]:
            records = await tx.last_provisioned(tenant_id, limit)
            users = await tx.users_by_id(tenant_id, [each.user_id for each in records])
            return tuple(KnownUser(users[each.user_id], each, ()) for each in records)

        return await self._store.read(body)

    async def _page(self, tx: Transaction, tenant_id: str, start: int, count: int) -> FoundUsers:
        users = await tx.people_known(tenant_id, "", count, start) if count else ()
        return FoundUsers(await self._known(tx, tenant_id, users), await tx.count_known(tenant_id))

    async def _candidates(self, tenant_id: str, sought: Sought) -> AsyncIterator[tuple[KnownUser, ...]]:
        """Yield whom a search has to look at, some at a time, so that nothing else waits for all of it."""
        if sought.is_narrow:
            yield await self._store.read(lambda tx: self._narrow(tx, tenant_id, sought))
            return
        after = ""

        async def body(tx: Transaction) -> tuple[KnownUser, ...]:
            return await self._known(tx, tenant_id, await tx.people_known(tenant_id, after, _AT_ONCE))

        while some := await self._store.read(body):
            yield some
            after = some[-1].user.user_id

    async def _narrow(self, tx: Transaction, tenant_id: str, sought: Sought) -> tuple[KnownUser, ...]:
        if sought.user_id is not None:
            return await self._by_id(tx, tenant_id, (sought.user_id,))
        if sought.name is not None:
            name = canonical_name(sought.name)
            found = await tx.user_ids_by_names(tenant_id, (name,)) if name else {}
            return await self._by_id(tx, tenant_id, tuple(found.values()))
        records = await tx.provisioned_as(tenant_id, sought.external_id or "")
        return await self._by_id(tx, tenant_id, [each.user_id for each in records])

    async def _by_id(self, tx: Transaction, tenant_id: str, user_ids: Sequence[str]) -> tuple[KnownUser, ...]:
        users = await tx.users_by_id(tenant_id, user_ids)
        known = await self._known(tx, tenant_id, users.values())
        return tuple(each for each in known if each.record is None or not each.record.is_gone)

    async def _known(self, tx: Transaction, tenant_id: str, users: Iterable[User]) -> tuple[KnownUser, ...]:
        people = list(users)
        user_ids = [user.user_id for user in people]
        records = await tx.provisioned(tenant_id, user_ids)
        memberships = await tx.memberships(tenant_id, user_ids)
        groups = self._configuration.current.groups
        return tuple(
            KnownUser(
                user,
                records.get(user.user_id),
                tuple(
                    groups[tenant_id, group_id]
                    for group_id in sorted(memberships.get(user.user_id, ()))
                    if (tenant_id, group_id) in groups
                ),
            )
            for user in people
        )

    # --- changing -----------------------------------------------------------------------------------

    async def add(
        self, actor: Actor, tenant_id: str, pushed: PushedUser, settings: ProvisioningSettings
    ) -> KnownUser:
        """Add a person; raises `Refused` with `NAME_TAKEN` if somebody is called so."""
        actor.demand(Right.PROVISION, tenant_id)
        demand(self._configuration.current.tenants[tenant_id], Feature.SUITE_SERVICES)
        name = _canonical(pushed.username)

        async def body(tx: Transaction) -> str:
            holder = (await tx.user_ids_by_names(tenant_id, (name,))).get(name)
            if holder is not None:
                return await self._bring_back(tx, actor, tenant_id, holder, pushed, settings)
            user = User(
                tenant_id=tenant_id,
                user_id=new_id(),
                username=pushed.username,
                names=(name,),
                status=UserStatus.DISABLED if pushed.is_active is False else UserStatus.ACTIVE,
                requirement=settings.requirement,
                created_at=tx.now,
                updated_at=tx.now,
                **pushed.fields,
            )
            await tx.add_user(user)
            await self._give_phones(tx, actor, user, pushed, settings, is_new=True)
            await tx.put_provisioned(_record(tx, actor, user, pushed))
            await record(
                tx, actor, tenant_id, "user.added", user.user_id, user.username, **_unreadable(pushed)
            )
            return user.user_id

        return await self._written(actor, tenant_id, body)

    async def replace(
        self,
        actor: Actor,
        tenant_id: str,
        user_id: str,
        pushed: PushedUser,
        settings: ProvisioningSettings,
        version: int | None = None,
    ) -> KnownUser:
        """Let a person be as he is pushed; with `version`, only if nobody has changed him since."""
        actor.demand(Right.PROVISION, tenant_id)

        async def body(tx: Transaction) -> str:
            user, before = await self._to_change(tx, tenant_id, user_id, settings, version)
            await self._write(tx, actor, user, before, pushed)
            await self._give_phones(tx, actor, user, pushed, settings)
            return user_id

        return await self._written(actor, tenant_id, body)

    async def remove(
        self,
        actor: Actor,
        tenant_id: str,
        user_id: str,
        settings: ProvisioningSettings,
        version: int | None = None,
    ) -> None:
        """Remove a person, or disable him and know him no more, as the administrator has chosen."""
        actor.demand(Right.PROVISION, tenant_id)

        async def body(tx: Transaction) -> None:
            user, before = await self._to_change(tx, tenant_id, user_id, settings, version)
            if settings.when_deleted is Leavers.REMOVE:
                subject = await tx.subject(tenant_id, user_id)
                assert subject is not None
                await self._users.take_away(tx, actor, subject)
                return
            gone = before or Provisioned(
                tenant_id=tenant_id, user_id=user_id, client_id=actor.actor_id, pushed_at=0
            )
            await tx.put_provisioned(replace(gone, is_gone=True, pushed_at=tx.now))
            if user.is_active:
                disabled = replace(user, status=UserStatus.DISABLED, updated_at=tx.now)
                await self._users.write(tx, actor, user, disabled)

        await self._store.transact(body)

    async def _to_change(
        self,
        tx: Transaction,
        tenant_id: str,
        user_id: str,
        settings: ProvisioningSettings,
        version: int | None,
    ) -> tuple[User, Provisioned | None]:
        """Return somebody whom the provider may change, or raise `Refused`."""
        user = (await tx.users_by_id(tenant_id, (user_id,))).get(user_id)
        before = (await tx.provisioned(tenant_id, (user_id,))).get(user_id)
        if user is None or (before is not None and before.is_gone):
            raise Refused(Refusal.NOT_FOUND, user_id)
        if version is not None and user.version != version:
            raise Refused(Refusal.CHANGED_MEANWHILE, user.username)
        if user.directory_reference:
            bonds = await tx.bonds_of(tenant_id, user.directory_id, (user.directory_reference,))
            if any(bond.user_id == user_id for bond in bonds):
                directory = self._configuration.current.directories[tenant_id, user.directory_id]
                raise Refused(Refusal.KEPT_BY_DIRECTORY, directory.name)
        is_ours = user.role is not Role.NONE or user.is_break_glass
        if is_ours or (before is None and not settings.takes_over):
            raise Refused(Refusal.KEPT_HERE, user.username)
        return user, before

    async def _bring_back(
        self,
        tx: Transaction,
        actor: Actor,
        tenant_id: str,
        user_id: str,
        pushed: PushedUser,
        settings: ProvisioningSettings,
    ) -> str:
        """Let somebody be again who was deleted, if he is the same; a name of anybody else is taken."""
        known = (await tx.provisioned(tenant_id, (user_id,))).get(user_id)
        user = (await tx.users_by_id(tenant_id, (user_id,))).get(user_id)
        is_same = known is not None and known.is_gone and known.external_id == pushed.external_id != ""
        if user is None or not is_same:
            raise Refused(Refusal.NAME_TAKEN, pushed.username)
        is_active = pushed.is_active is not False
        await self._write(tx, actor, user, known, replace(pushed, is_active=is_active))
        await self._give_phones(tx, actor, user, pushed, settings)
        return user_id

    async def _give_phones(
        self,
        tx: Transaction,
        actor: Actor,
        user: User,
        pushed: PushedUser,
        settings: ProvisioningSettings,
        *,
        is_new: bool = False,
    ) -> None:
        if "phone" not in pushed.unreadable:
            await self._phones.align(
                tx, actor, user, settings.phone_method, pushed.phones, PROVISION_SCOPE, is_new=is_new
            )

    async def _write(
        self, tx: Transaction, actor: Actor, user: User, before: Provisioned | None, pushed: PushedUser
    ) -> None:
        name = _canonical(pushed.username)
        given = before.names if before is not None else ()
        kept = [each for each in user.names if each != name and each not in given]
        taken = {
            field: ""
            for field in (before.fields if before is not None else ())
            if field not in pushed.fields and field not in pushed.unreadable
        }
        status = user.status
        if pushed.is_active is not None:
            status = UserStatus.ACTIVE if pushed.is_active else UserStatus.DISABLED
        after = replace(
            user,
            username=pushed.username,
            names=(name, *kept),
            status=status,
            # Only what shuts or opens a door: a new time voids sign-ins that are under way.
            updated_at=tx.now if status is not user.status else user.updated_at,
            **{**taken, **pushed.fields},
        )
        known = _record(tx, actor, user, pushed)
        if changed_fields(user, after):
            await self._users.write(tx, actor, user, after)
        elif before is None or replace(before, pushed_at=known.pushed_at) != known:
            if not await tx.replace_user(after):  # What he is told as has changed, and so has his version.
                raise Conflict
        else:
            return
        if before is None:
            await record(tx, actor, user.tenant_id, "user.taken_over", user.user_id, user.username)
        await tx.put_provisioned(known)

    async def _written(self, actor: Actor, tenant_id: str, body: Callable[[Transaction], Any]) -> KnownUser:
        try:
            user_id: str = await self._store.transact(body)
        except AlreadyExists as taken:
            raise Refused(Refusal.NAME_TAKEN, taken.key) from None
        found = await self.find(actor, tenant_id, user_id)
        if found is None:
            raise Refused(Refusal.NOT_FOUND, user_id)
        return found


def _record(tx: Transaction, actor: Actor, user: User, pushed: PushedUser) -> Provisioned:
    return Provisioned(
        tenant_id=user.tenant_id,
        user_id=user.user_id,
        client_id=actor.actor_id,
        external_id=pushed.external_id,
        names=(_canonical(pushed.username),),
        fields=tuple(sorted({*pushed.fields, *pushed.unreadable})),
        told=pushed.told,
        pushed_at=tx.now,
    )


def _canonical(username: str) -> str:
    name = canonical_name(username)
    if name is None:
        raise Refused(Refusal.NAME_INVALID, username)
    return name


def _unreadable(pushed: PushedUser) -> dict[str, Any]:
    return {"unreadable": list(pushed.unreadable)} if pushed.unreadable else {}
