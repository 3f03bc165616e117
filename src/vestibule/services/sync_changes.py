"""The changes of a synchronisation, written: a batch is one transaction, with its events and the progress.

Whoever was changed here meanwhile keeps it: only the fields that a change names are written. Invariant:
nothing is written unless the run still holds the synchronisation, in that very transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import AlreadyExists, Store, Transaction
from vestibule.model.actor import Actor
from vestibule.model.directory_difference import Change, Kind
from vestibule.model.event import Event
from vestibule.model.synchronisation import SHOWN_PROBLEMS, Counts, Problem, Synchronisation, SyncRun
from vestibule.model.user import User
from vestibule.services.directory_phones import DirectoryPhones
from vestibule.services.notices import Notices
from vestibule.services.recording import event_of
from vestibule.services.users import Users

LEASE_MS: Final = 60_000
KEPT_RUNS: Final = 50
BATCH: Final = 200
"""Few enough that a sign-in does not wait for them."""


class Lost(Exception):
    """Somebody else has the synchronisation now, or it was removed."""


class Applying:
    """Writes the changes of one run."""

    def __init__(
        self,
        store: Store,
        users: Users,
        notices: Notices,
        phones: DirectoryPhones,
        actor: Actor,
        held: Synchronisation,
        run: SyncRun,
        group_names: Mapping[str, str],
    ) -> None:
        self._store = store
        self._users = users
        self._notices = notices
        self._phones = phones
        self._actor = actor
        self._held = held
        self._group_names = group_names
        self.run = run

    async def apply(self, changes: Sequence[Change]) -> None:
        """Write all changes in order; raises `Lost`. A name that is taken by now is reported."""
        for start in range(0, len(changes), BATCH):
            batch = changes[start : start + BATCH]
            try:
                await self._write(batch)
            except AlreadyExists:
                for change in batch:
                    await self._write_one(change)

    async def _write_one(self, change: Change) -> None:
        try:
            await self._write((change,))
        except AlreadyExists as taken:
            problem = Problem("name_taken", change.reference, change.username, taken.key)
            problems = (*self.run.problems, problem)[:SHOWN_PROBLEMS]
            counts = self.run.counts.plus(problems=1)
            self.run = replace(self.run, problems=problems, counts=counts, done=self.run.done + 1)

    async def _write(self, batch: Sequence[Change]) -> None:
        async def body(tx: Transaction) -> SyncRun:
            await demand_hold(tx, self._held)
            counts = await self._batch(tx, batch)
            run = replace(self.run, counts=counts, done=self.run.done + len(batch), moved_at=tx.now)
            await tx.put_sync_run(run, KEPT_RUNS)
            return run

        self.run = await self._store.transact(body)

    async def _batch(self, tx: Transaction, batch: Sequence[Change]) -> Counts:
        tenant_id = self._held.tenant_id
        known = await tx.users_by_id(tenant_id, [change.user_id for change in batch if change.user_id])
        written: list[tuple[Change, User]] = []
        tally: dict[str, int] = {}
        for change in batch:
            before = known.get(change.user_id)
            if change.user_id and before is None:
                continue  # Somebody has removed him meanwhile.
            tally[change.kind.value] = tally.get(change.kind.value, 0) + 1
            if change.kind is Kind.REMOVED:
                await self._remove(tx, change.user_id)
            else:
                user = self._new(tx, change) if before is None else _changed(before, change, tx.now)
                written.append((change, user))
        # Who is renamed lets go of a name before somebody new is called so.
        await tx.replace_users([user for change, user in written if change.user_id and change.fields])
        await tx.add_users([user for change, user in written if not change.user_id])
        events = [self._event(tx, change, user) for change, user in written if change.fields]
        for change, user in written:
            if change.gives_phones:
                await self._give_phones(tx, change, user)
            events += await self._groups(tx, change, user)
            if change.user_id:
                await self._tell(tx, known[change.user_id], user)
        bonds = [(change.bond, user.user_id) for change, user in written]
        await tx.put_bonds([replace(bond, user_id=user_id) for bond, user_id in bonds if bond is not None])
        await tx.add_events(events)
        return self.run.counts.plus(**tally)

    async def _give_phones(self, tx: Transaction, change: Change, user: User) -> None:
        assert change.bond is not None
        bond, is_new = change.bond, not change.user_id
        giver = bond.directory_id
        await self._phones.align(tx, self._actor, user, bond.phone_method, bond.phones, giver, is_new=is_new)

    async def _tell(self, tx: Transaction, before: User, after: User) -> None:
        if before.is_active and not after.is_active:
            await tx.end_sessions_of(after.tenant_id, after.user_id)
        if before.email and after.email != before.email:
            await self._notices.tell_old_address(tx, self._actor, before)

    async def _groups(self, tx: Transaction, change: Change, user: User) -> list[Event]:
        """Put a person into his item's groups and out of those of the item before."""
        who = user.user_id
        joined = [each for each in change.join if await tx.add_member(user.tenant_id, each, who)]
        gone = [each for each in change.leave if await tx.remove_member(user.tenant_id, each, who)]
        return [
            *(self._member_event(tx, "group.member_added", group_id, user) for group_id in joined),
            *(self._member_event(tx, "group.member_removed", group_id, user) for group_id in gone),
        ]

    def _member_event(self, tx: Transaction, kind: str, group_id: str, user: User) -> Event:
        name = self._group_names.get(group_id, group_id)
        return event_of(tx, self._actor, user.tenant_id, kind, user.user_id, user.username, group=name)

    async def _remove(self, tx: Transaction, user_id: str) -> None:
        subject = await tx.subject(self._held.tenant_id, user_id)
        if subject is not None:
            await self._users.take_away(tx, self._actor, subject)

    def _new(self, tx: Transaction, change: Change) -> User:
        return User(
            tenant_id=self._held.tenant_id,
            user_id=new_id(),
            directory_id=self._held.directory_id,
            directory_reference=change.reference,
            created_at=tx.now,
            updated_at=tx.now,
            **change.fields,
        )

    def _event(self, tx: Transaction, change: Change, user: User) -> Event:
        kind = "user.changed" if change.user_id else "user.added"
        facts: dict[str, Any] = {"fields": sorted(change.fields)} if change.user_id else {}
        return event_of(tx, self._actor, user.tenant_id, kind, user.user_id, user.username, **facts)


async def demand_hold(tx: Transaction, held: Synchronisation) -> None:
    """Raise `Lost` unless the run still has the synchronisation; its lease begins anew."""
    if not await tx.hold_synchronisation(held, LEASE_MS):
        raise Lost


def _changed(before: User, change: Change, now: int) -> User:
    user = replace(before, **change.fields)
    # Only what shuts or opens a door: a new time voids sign-ins that are under way.
    return replace(user, updated_at=now) if user.status is not before.status else user
