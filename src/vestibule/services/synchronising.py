"""One run of a synchronisation: read the directory to its end, find the difference, then change what differs.

What holds:
- Nothing is changed before everything has been read. A directory that breaks off in the middle changes
  nobody.
- One run at a time for a directory, on whichever node: a lease in the store, and a fence behind which an old
  holder writes nothing.
- More losses than an administrator has allowed are withheld until one agrees; all else is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import structlog
from msgspec.structs import replace

from vestibule.crypto.tokens import new_ordered_id
from vestibule.interfaces.directory import PeopleRead, ReadsPeople
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.actor import Actor
from vestibule.model.application import DirectoryConfiguration
from vestibule.model.directory_difference import (
    LOSSES,
    Difference,
    Here,
    Kind,
    Rules,
    difference,
    left,
    names_of,
)
from vestibule.model.edition import Feature
from vestibule.model.synchronisation import (
    ENDED,
    MINUTE_MS,
    SHOWN_PROBLEMS,
    Bond,
    Counts,
    Problem,
    RunState,
    Synchronisation,
    SyncRun,
    SyncSettings,
)
from vestibule.model.user import User
from vestibule.services.attempt import Node
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.directory_phones import DirectoryPhones
from vestibule.services.editions import demand
from vestibule.services.first_factor import FirstFactors
from vestibule.services.notices import Notices
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sync_changes import KEPT_RUNS, LEASE_MS, Applying, Lost, demand_hold
from vestibule.services.users import Users

log = structlog.get_logger(__name__)

_HOLD_SECONDS: Final = 10.0
_AT_ONCE: Final = 1000

Piece = TypeVar("Piece")


class Synchronising:
    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        first_factors: FirstFactors,
        users: Users,
        notices: Notices,
        phones: DirectoryPhones,
        node: Node,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._first_factors = first_factors
        self._users = users
        self._notices = notices
        self._phones = phones
        self._node = node

    async def reader(self, tenant_id: str, directory_id: str) -> ReadsPeople:
        """Return the directory, opened; raises `Refused` if its people cannot be read."""
        directory = await self._first_factors.directory(tenant_id, directory_id)
        if directory is None:
            raise Refused(Refusal.NOT_FOUND, directory_id)
        if not isinstance(directory, ReadsPeople):
            raise Refused(Refusal.SYNC_IMPOSSIBLE)
        return directory

    async def try_out(
        self, tenant_id: str, directory_id: str, settings: SyncSettings
    ) -> tuple[Difference, int]:
        """Return what a full run would change, and how many people it would read. Writes nothing."""
        read = await self._read(tenant_id, directory_id, settings, "", lambda _: None, is_whole=True)
        return await self._difference(tenant_id, directory_id, settings, read), len(read.entries)

    async def begin(
        self, tenant_id: str, directory_id: str, started_by: str, *, wants_all: bool
    ) -> tuple[Synchronisation, SyncRun]:
        """Take the synchronisation and write down that a run has begun; raises `Refused` if one is at work.

        A run whose node died is written down as lost.
        """
        demand(self._configuration.current.tenants[tenant_id], Feature.SUITE_SERVICES)

        async def body(tx: Transaction) -> tuple[Synchronisation, SyncRun]:
            if await tx.synchronisation(tenant_id, directory_id) is None:
                raise Refused(Refusal.NOT_FOUND, directory_id)
            held = await tx.take_synchronisation(tenant_id, directory_id, self._node.name, LEASE_MS)
            if held is None:
                raise Refused(Refusal.SYNC_RUNNING)
            for before in await tx.sync_runs(tenant_id, directory_id, KEPT_RUNS):
                if before.state not in ENDED:
                    lost = replace(before, state=RunState.FAILED, cause="lost", ended_at=tx.now)
                    await tx.put_sync_run(lost, KEPT_RUNS)
            is_due_in_full = tx.now >= held.full_at + held.settings.full_minutes * MINUTE_MS
            run = SyncRun(
                tenant_id=tenant_id,
                run_id=new_ordered_id(tx.now),
                directory_id=directory_id,
                is_full=wants_all or is_due_in_full or not held.token,
                started_by=started_by,
                node=self._node.name,
                started_at=tx.now,
                moved_at=tx.now,
            )
            await tx.put_sync_run(run, KEPT_RUNS)
            return held, run

        return await self._store.transact(body)

    async def run(self, held: Synchronisation, run: SyncRun) -> SyncRun:
        """Carry a run that has begun to its end and return it as it ended; never raises for a directory."""
        applying = self._applying(held, run)
        try:
            async with self._kept(applying, held):
                run = await self._carry_out(applying, held, run)
        except Lost:
            log.warning("a synchronisation is in other hands now", directory=held.directory_id)
            return replace(applying.run, state=RunState.FAILED, cause="lost")
        except OSError as failure:
            about = getattr(failure, "about", "")
            run = replace(applying.run, problems=(Problem("missing", "", about),) if about else ())
            return await self._end(applying.run, held, run, RunState.FAILED, str(failure))
        except (Refused, ValueError) as wrong:
            return await self._end(applying.run, held, applying.run, RunState.FAILED, str(wrong))
        except BaseException:
            await self._store.transact(lambda tx: tx.release_synchronisation(held))
            raise
        return run

    async def _carry_out(self, applying: Applying, held: Synchronisation, run: SyncRun) -> SyncRun:
        def told(count: int) -> None:
            applying.run = replace(applying.run, counts=replace(applying.run.counts, read=count))

        read = await self._read(
            held.tenant_id, held.directory_id, held.settings, held.token, told, is_whole=run.is_full
        )
        found = await self._difference(held.tenant_id, held.directory_id, held.settings, read)
        losses = [change.user_id for change in found.losses]
        is_allowed = len(losses) <= held.settings.approval_above or await self._is_approved(run, losses)
        changes = found.changes
        if not is_allowed:
            changes = tuple(change for change in changes if change.kind not in LOSSES)
        counts = Counts(
            read=len(read.entries),
            unchanged=found.unchanged,
            problems=len(found.problems),
            withheld=0 if is_allowed else len(losses),
        )
        applying.run = replace(
            run,
            is_full=read.asked is None,
            state=RunState.APPLYING,
            counts=counts,
            total=len(changes),
            problems=found.problems[:SHOWN_PROBLEMS],
            leavers=() if is_allowed else tuple(losses),
        )
        await applying.apply(changes)
        state = RunState.DONE if is_allowed else RunState.WAITING
        is_whole = read.asked is None and is_allowed
        ended = replace(
            held,
            token=read.token if is_allowed else "",
            full_at=run.started_at if is_whole else held.full_at if is_allowed else 0,
        )
        return await self._end(run, ended, applying.run, state)

    async def _read(
        self,
        tenant_id: str,
        directory_id: str,
        settings: SyncSettings,
        token: str,
        told: Callable[[int], None],
        *,
        is_whole: bool,
    ) -> PeopleRead:
        directory = await self.reader(tenant_id, directory_id)
        country_code = self._configuration.current.tenants[tenant_id].settings.country_code
        return await directory.read_people(settings, country_code, token, told, is_whole=is_whole)

    async def _difference(
        self, tenant_id: str, directory_id: str, settings: SyncSettings, read: PeopleRead
    ) -> Difference:
        rules = Rules(
            tenant_id=tenant_id,
            directory_id=directory_id,
            items=settings.items,
            leavers=settings.leavers,
            domain=settings.domain,
            bare_names=settings.bare_names,
        )
        here = await self._here(rules, read)
        if read.asked is None:
            return await asyncio.to_thread(difference, rules, read.entries, here, is_whole=True)
        found = difference(rules, read.entries, here, is_whole=False)
        there = {entry.reference for entry in read.entries}
        gone = left(rules, [each for each in read.asked if each not in there], here)
        return Difference(
            (*found.changes, *gone.changes),
            (*found.problems, *gone.problems),
            found.unchanged + gone.unchanged,
        )

    async def _here(self, rules: Rules, read: PeopleRead) -> Here:
        """Read what is here of the people who were read, and of those who are bound to the directory."""
        tenant_id = rules.tenant_id
        names = list({name for entry in read.entries for name in names_of(entry, rules)})

        async def body(tx: Transaction) -> Here:
            bonds = {bond.reference: bond for bond in await _bonds(tx, rules, read.asked)}
            users: dict[str, User] = {}
            for some in _pieces([bond.user_id for bond in bonds.values()]):
                users |= await tx.users_by_id(tenant_id, some)
            for some in _pieces([one.reference for one in read.entries if one.reference not in bonds]):
                found = await tx.users_by_reference(tenant_id, some)
                users |= {user.user_id: user for user in found}
            holders: dict[str, str] = {}
            for some in _pieces(names):
                holders |= await tx.user_ids_by_names(tenant_id, some)
            return Here(bonds, users, holders, frozenset(self._group_names(tenant_id)))

        return await self._store.read(body)

    async def _is_approved(self, run: SyncRun, losses: Sequence[str]) -> bool:
        """Tell whether an administrator has agreed to all of these losses."""
        runs = await self._store.read(lambda tx: tx.sync_runs(run.tenant_id, run.directory_id, KEPT_RUNS))
        known = (one for one in runs if one.run_id != run.run_id)
        before = next((one for one in known if one.state in (RunState.DONE, RunState.WAITING)), None)
        return before is not None and bool(before.approved_by) and set(losses) <= set(before.leavers)

    async def _end(
        self, begun: SyncRun, held: Synchronisation, run: SyncRun, state: RunState, cause: str = ""
    ) -> SyncRun:
        """Give the synchronisation back and write down how the run ended; administrators are told of what
        waits for them, and of a failure once."""
        actor = self._actor(held)

        async def body(tx: Transaction) -> SyncRun:
            await demand_hold(tx, held)
            due_at = begun.started_at + held.settings.interval_minutes * MINUTE_MS
            if not await tx.end_synchronisation(replace(held, due_at=due_at)):
                await tx.release_synchronisation(held)  # Its settings are others now: it runs again at once.
            ended = replace(run, state=state, cause=cause, ended_at=tx.now, moved_at=tx.now)
            runs = await tx.sync_runs(held.tenant_id, held.directory_id, 2)
            before = next((one for one in runs if one.run_id != run.run_id), None)
            await tx.put_sync_run(ended, KEPT_RUNS)
            if told := _told(ended, before):
                kind, facts = told
                await record(tx, actor, held.tenant_id, kind, held.directory_id, actor.name, **facts)
            return ended

        try:
            return await self._store.transact(body)
        except Lost:
            return replace(run, state=RunState.FAILED, cause="lost")

    @asynccontextmanager
    async def _kept(self, applying: Applying, held: Synchronisation) -> AsyncIterator[None]:
        """Keep the lease and show the progress while something is at work."""

        async def body(tx: Transaction) -> None:
            await demand_hold(tx, held)
            await tx.put_sync_run(replace(applying.run, moved_at=tx.now), KEPT_RUNS)

        async def keep() -> None:
            while applying.run.state is RunState.READING:
                await asyncio.sleep(_HOLD_SECONDS)
                await self._store.transact(body)

        keeping = asyncio.create_task(keep())
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    def _applying(self, held: Synchronisation, run: SyncRun) -> Applying:
        names = self._group_names(held.tenant_id)
        return Applying(
            self._store, self._users, self._notices, self._phones, self._actor(held), held, run, names
        )

    def _group_names(self, tenant_id: str) -> dict[str, str]:
        groups = self._configuration.current.groups
        return {group_id: group.name for (of, group_id), group in groups.items() if of == tenant_id}

    def _actor(self, held: Synchronisation) -> Actor:
        """Return who makes the changes: the directory."""
        key = (held.tenant_id, held.directory_id)
        directory: DirectoryConfiguration = self._configuration.current.directories[key]
        return Actor(
            actor_id=held.directory_id, name=directory.name, tenant_id=held.tenant_id, rights=frozenset()
        )


def _told(run: SyncRun, before: SyncRun | None) -> tuple[str, dict[str, Any]] | None:
    if run.state is RunState.FAILED:
        is_news = before is None or before.state is not RunState.FAILED
        return ("sync.failed", {"reason": run.cause}) if is_news else None
    if run.state is RunState.WAITING:
        known = before.leavers if before is not None else ()
        is_news = not set(run.leavers) <= set(known)
        return ("sync.approval_needed", {"count": len(run.leavers)}) if is_news else None
    made = {kind.value: count for kind in Kind if (count := getattr(run.counts, kind.value))}
    return ("sync.finished", made) if made else None


async def _bonds(tx: Transaction, rules: Rules, references: tuple[str, ...] | None) -> list[Bond]:
    where = (rules.tenant_id, rules.directory_id)
    found: list[Bond] = []
    if references is not None:
        for some in _pieces(references):
            found += await tx.bonds_of(*where, some)
        return found
    while page := await tx.bonds(*where, found[-1].reference if found else "", _AT_ONCE):
        found += page
    return found


def _pieces(whole: Sequence[Piece]) -> Iterable[Sequence[Piece]]:
    return (whole[start : start + _AT_ONCE] for start in range(0, len(whole), _AT_ONCE))
