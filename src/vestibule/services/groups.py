"""Groups: people whom rules, roles and settings name together, and who is in them.

A group is known by its identifier; its name may change. Whoever is put into a group by name is there
already: a list with one name that nobody has changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import msgspec

from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import AlreadyExists, Store, Transaction
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.actor import Actor, Right
from vestibule.model.group import Group
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import User
from vestibule.model.username import canonical_name
from vestibule.policy.replies import NO_REPLIES
from vestibule.services.bulk import BulkAct
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.editions import demand_people
from vestibule.services.name_list import MOST_NAMES, NamedLine
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

MOST_GROUPS: Final = 1000
"""Of one tenant."""
LONGEST_NAME: Final = 100
MOST_COUNTED: Final = 100_000
"""Memberships that one page counts; more would take longer than people wait."""
_EVERYBODY: Final = 2**53

Result = TypeVar("Result")


class MembersReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a list of names. With `unknown`, the lines whose names nobody has, nothing was changed."""

    read: int
    added: int
    already: int
    unknown: tuple[NamedLine, ...] = ()


class Sizes(msgspec.Struct, frozen=True):
    """How many people are in groups, by group_id. More than `most` means: more than that."""

    counted: dict[str, int]
    most: int


class Groups:
    def __init__(self, store: Store, configuration: ConfigurationCache) -> None:
        self._store = store
        self._configuration = configuration

    def list(self, actor: Actor, tenant_id: str) -> tuple[Group, ...]:
        """Return the groups of a tenant by name; to whom only some of them are open, those."""
        open_to_him = actor.limit(Right.READ_PEOPLE, tenant_id)
        return tuple(
            group for group in self._of(tenant_id) if not open_to_him or group.group_id in open_to_him
        )

    def _of(self, tenant_id: str) -> tuple[Group, ...]:
        found = [
            group for group in self._configuration.current.groups.values() if group.tenant_id == tenant_id
        ]
        return tuple(sorted(found, key=lambda group: group.name.casefold()))

    def find(self, actor: Actor, tenant_id: str, group_id: str) -> Group:
        open_to_him = actor.limit(Right.READ_PEOPLE, tenant_id)
        if open_to_him and group_id not in open_to_him:
            raise Refused(Refusal.NOT_FOUND, group_id)
        return self._found(tenant_id, group_id)

    def _to_change(self, actor: Actor, tenant_id: str, group_id: str) -> Group:
        actor.demand(Right.GROUPS, tenant_id)
        return self._found(tenant_id, group_id)

    def _found(self, tenant_id: str, group_id: str) -> Group:
        found = self._configuration.current.groups.get((tenant_id, group_id))
        if found is None:
            raise Refused(Refusal.NOT_FOUND, group_id)
        return found

    async def sizes(self, actor: Actor, tenant_id: str, groups: Sequence[Group]) -> dict[str, int]:
        """Return how many people are in each of these groups that are open to the actor, by group_id."""
        return await self._counted(actor, tenant_id, groups, _EVERYBODY)

    async def glance(self, actor: Actor, tenant_id: str, groups: Sequence[Group]) -> Sizes:
        """Return the same for a page: the more groups, the fewer people are counted in each of them."""
        each = MOST_COUNTED // max(1, len(groups))
        most = 10 ** (len(str(each)) - 1)
        return Sizes(await self._counted(actor, tenant_id, groups, most + 1), most)

    async def _counted(
        self, actor: Actor, tenant_id: str, groups: Sequence[Group], most: int
    ) -> dict[str, int]:
        open_to_him = actor.limit(Right.READ_PEOPLE, tenant_id)
        group_ids = [each.group_id for each in groups if not open_to_him or each.group_id in open_to_him]
        return await self._store.read(lambda tx: tx.count_members(tenant_id, group_ids, most))

    async def add(self, actor: Actor, tenant_id: str, name: str) -> Group:
        actor.demand(Right.GROUPS, tenant_id)
        demand_people(self._configuration.current.tenants[tenant_id])
        if len(self._of(tenant_id)) >= MOST_GROUPS:
            raise Refused(Refusal.TOO_MANY, str(MOST_GROUPS))

        async def body(tx: Transaction) -> Group:
            group = Group(tenant_id=tenant_id, group_id=new_id(), name=name.strip(), created_at=tx.now)
            await tx.put(group)
            await record(tx, actor, tenant_id, "group.added", group.group_id, group.name)
            return group

        return await self._written(body)

    async def rename(
        self, actor: Actor, tenant_id: str, group_id: str, name: str, version: int | None = None
    ) -> Group:
        """Call a group otherwise; with `version`, only if nobody else has changed it since."""
        group = self._to_change(actor, tenant_id, group_id)
        if version is not None and version != group.version:
            raise Refused(Refusal.CHANGED_MEANWHILE, group.name)
        renamed = msgspec.structs.replace(group, name=name.strip())

        async def body(tx: Transaction) -> None:
            await tx.put(renamed)
            await record(tx, actor, tenant_id, "group.renamed", group_id, renamed.name, before=group.name)

        await self._written(body)
        return self._found(tenant_id, group_id)

    async def remove(self, actor: Actor, tenant_id: str, group_id: str) -> None:
        """Remove a group; its people stay. One that an access rule or a reply attribute names is refused:
        without it that would mean somebody else."""
        group = self._to_change(actor, tenant_id, group_id)
        rules = self._configuration.current.rule_sets.get(tenant_id)
        for rule in rules.rules if rules else ():
            if group_id in (*rule.groups, *rule.except_groups):
                raise Refused(Refusal.NAMED_BY_RULE, rule.name)
        replies = self._configuration.current.replies.get(tenant_id, NO_REPLIES)
        for line in replies.shared:
            if group_id == line.group_id:
                raise Refused(Refusal.NAMED_BY_REPLY, line.attribute)

        async def body(tx: Transaction) -> None:
            grants = (await tx.grants(SYSTEM_TENANT)).values()
            if any(group_id in grant.groups for held in grants for grant in held):
                raise Refused(Refusal.LIMITS_A_ROLE, group.name)
            await tx.remove(group)
            await record(tx, actor, tenant_id, "group.removed", group_id, group.name)

        await self._written(body)

    # --- members ------------------------------------------------------------------------------------

    async def members(self, actor: Actor, tenant_id: str, group_id: str, page: Page) -> Listed:
        """Return one page of the people in a group, by name."""
        self.find(actor, tenant_id, group_id)
        return await self._store.read(lambda tx: tx.users(tenant_id, UserFilter(group_id=group_id), page))

    async def of(self, actor: Actor, tenant_id: str, user_id: str) -> tuple[Group, ...]:
        """Return the groups that a person is in, by name."""
        group_ids = await self._store.read(lambda tx: tx.groups_of(tenant_id, user_id))
        return tuple(group for group in self.list(actor, tenant_id) if group.group_id in group_ids)

    async def add_members(
        self,
        actor: Actor,
        tenant_id: str,
        group_id: str,
        names: Sequence[NamedLine],
        *,
        is_dry_run: bool = False,
    ) -> MembersReport:
        """Put the people of these names into a group: all of them, or none if one name is nobody's."""
        group = self._to_change(actor, tenant_id, group_id)
        if len(names) > MOST_NAMES:
            raise Refused(Refusal.LIST_TOO_LONG, str(MOST_NAMES))
        canonical = {named: canonical_name(named.name) for named in names}
        wanted = sorted({name for name in canonical.values() if name})

        async def body(tx: Transaction) -> MembersReport:
            known = await tx.user_ids_by_names(tenant_id, wanted)
            people = {known[name]: name for name in wanted if name in known}
            unknown = tuple(named for named, name in canonical.items() if name not in known)
            if unknown:
                return MembersReport(read=len(names), added=0, already=0, unknown=unknown)
            added = 0
            for user_id, name in people.items():
                if not is_dry_run and await tx.add_member(tenant_id, group_id, user_id):
                    await self._record(tx, actor, "group.member_added", group, user_id, name)
                    added += 1
                elif is_dry_run:
                    added += group_id not in await tx.groups_of(tenant_id, user_id)
            return MembersReport(read=len(names), added=added, already=len(people) - added)

        return await (self._store.read(body) if is_dry_run else self._store.transact(body))

    async def remove_members(
        self, actor: Actor, tenant_id: str, group_id: str, user_ids: Sequence[str]
    ) -> int:
        """Take people out of a group; return how many were in it."""
        group = self._to_change(actor, tenant_id, group_id)

        async def body(tx: Transaction) -> int:
            removed = 0
            for user_id in dict.fromkeys(user_ids):
                if await tx.remove_member(tenant_id, group_id, user_id):
                    subject = await tx.subject(tenant_id, user_id)
                    name = subject.user.username if subject else ""
                    await self._record(tx, actor, "group.member_removed", group, user_id, name)
                    removed += 1
            return removed

        return await self._store.transact(body)

    @property
    def bulk_acts(self) -> tuple[BulkAct, ...]:
        """What can be done to many people at once."""
        return (
            BulkAct(name="join", right=Right.GROUPS, apply=self._join, choice="group"),
            BulkAct(name="leave", right=Right.GROUPS, apply=self._leave, choice="group"),
        )

    async def _join(self, tx: Transaction, actor: Actor, user: User, group_id: str) -> bool:
        group = self._to_change(actor, user.tenant_id, group_id)
        if not await tx.add_member(user.tenant_id, group_id, user.user_id):
            return False
        await self._record(tx, actor, "group.member_added", group, user.user_id, user.username)
        return True

    async def _leave(self, tx: Transaction, actor: Actor, user: User, group_id: str) -> bool:
        group = self._to_change(actor, user.tenant_id, group_id)
        if not await tx.remove_member(user.tenant_id, group_id, user.user_id):
            return False
        await self._record(tx, actor, "group.member_removed", group, user.user_id, user.username)
        return True

    # --- parts --------------------------------------------------------------------------------------

    async def _record(
        self, tx: Transaction, actor: Actor, kind: str, group: Group, user_id: str, name: str
    ) -> None:
        await record(tx, actor, group.tenant_id, kind, user_id, name, group=group.name)

    async def _written(self, body: Callable[[Transaction], Awaitable[Result]]) -> Result:
        try:
            result = await self._store.transact(body)
        except AlreadyExists as taken:
            raise Refused(Refusal.NAME_TAKEN, taken.key) from None
        await self._configuration.refresh()
        return result
