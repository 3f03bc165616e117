"""Users from a CSV file: all of them, or nobody if one row is wrong.

A name that somebody has here already is such a row: an import adds people and changes none.
"""

from __future__ import annotations

import msgspec

from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import AlreadyExists, Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.edition import Feature
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import User
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.editions import demand
from vestibule.services.recording import event_of
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.user_file import RowProblem, UserRow, read_users


class UserImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """With `problems` nobody was added, and nobody would be."""

    read: int
    added: tuple[str, ...] = ()
    """Names of those who were added, or would be."""
    problems: tuple[RowProblem, ...] = ()


class UserImports:
    def __init__(self, store: Store, configuration: ConfigurationCache) -> None:
        self._store = store
        self._configuration = configuration

    async def run(
        self, actor: Actor, tenant_id: str, text: str, *, is_dry_run: bool = False
    ) -> UserImportReport:
        """Add the people of a file. They have no password here until one is set."""
        actor.demand(Right.CHANGE_PEOPLE, tenant_id)
        if tenant_id == SYSTEM_TENANT:
            raise Refused(Refusal.NOT_POSSIBLE)
        tenant = self._configuration.current.tenants[tenant_id]
        demand(tenant, Feature.SUITE_SERVICES)
        rows, problems = read_users(text, tenant.settings.country_code)
        groups = self._groups(tenant_id)
        if any(row.groups for row in rows):
            actor.demand(Right.GROUPS, tenant_id)
        problems += [
            RowProblem(row.line, "group", name) for row in rows for name in row.groups if name not in groups
        ]

        async def body(tx: Transaction) -> UserImportReport:
            lines = {name: row.line for row in rows for name in row.names}
            taken = await tx.user_ids_by_names(tenant_id, list(lines))
            wrong = [*problems, *(RowProblem(lines[name], "name_taken", name) for name in taken)]
            if wrong:
                ordered = sorted(wrong, key=lambda problem: problem.line)
                return UserImportReport(read=len(rows), problems=tuple(ordered))
            if not is_dry_run:
                await self._add(tx, actor, tenant_id, rows, groups)
            return UserImportReport(read=len(rows), added=tuple(row.username for row in rows))

        try:
            return await (self._store.read(body) if is_dry_run else self._store.transact(body))
        except AlreadyExists as taken:
            raise Refused(Refusal.NAME_TAKEN, taken.key) from None

    async def _add(
        self, tx: Transaction, actor: Actor, tenant_id: str, rows: list[UserRow], groups: dict[str, str]
    ) -> None:
        users = [_user(tx, tenant_id, row) for row in rows]
        await tx.add_users(users)
        events = [event_of(tx, actor, tenant_id, "user.added", each.user_id, each.username) for each in users]
        for row, user in zip(rows, users, strict=True):
            for name in row.groups:
                if await tx.add_member(tenant_id, groups[name], user.user_id):
                    told = (user.user_id, user.username)
                    events.append(event_of(tx, actor, tenant_id, "group.member_added", *told, group=name))
        await tx.add_events(events)

    def _groups(self, tenant_id: str) -> dict[str, str]:
        groups = self._configuration.current.groups
        return {group.name: group_id for (of, group_id), group in groups.items() if of == tenant_id}


def _user(tx: Transaction, tenant_id: str, row: UserRow) -> User:
    return User(
        tenant_id=tenant_id,
        user_id=new_id(),
        username=row.username,
        names=row.names,
        given_name=row.given_name,
        family_name=row.family_name,
        email=row.email,
        phone=row.phone,
        language=row.language,
        requirement=row.requirement,
        created_at=tx.now,
        updated_at=tx.now,
    )
