"""Synchronisations as an administrator sets them up, starts them, and agrees to what they would take away.

The chore at the end starts whatever is due, on whichever node sees it first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import structlog
from msgspec.structs import replace

from vestibule.interfaces.store import Conflict, Store, Transaction, Unavailable
from vestibule.model.actor import Actor, Right
from vestibule.model.application import DirectoryConfiguration
from vestibule.model.directory_difference import Difference
from vestibule.model.synchronisation import RunState, Synchronisation, SyncRun, SyncSettings
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import User
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sync_changes import KEPT_RUNS
from vestibule.services.synchronising import Synchronising

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 5.0


class SyncStatus(msgspec.Struct, frozen=True, kw_only=True):
    synchronisation: Synchronisation
    bound: int
    """How many users are bound to the directory."""
    runs: tuple[SyncRun, ...]
    """The newest first."""

    @property
    def waiting(self) -> SyncRun | None:
        """The run that waits for consent, if there is one."""
        newest = next((run for run in self.runs if run.state in (RunState.DONE, RunState.WAITING)), None)
        return newest if newest is not None and newest.state is RunState.WAITING else None

    @property
    def running(self) -> SyncRun | None:
        return self.runs[0] if self.runs and not self.runs[0].ended_at else None


class Synchronisations:
    def __init__(self, store: Store, configuration: ConfigurationCache, synchronising: Synchronising) -> None:
        self._store = store
        self._configuration = configuration
        self._synchronising = synchronising
        self._at_work: dict[tuple[str, str], asyncio.Task[SyncRun]] = {}

    async def status(
        self, actor: Actor, tenant_id: str, directory_id: str, limit: int = 20
    ) -> SyncStatus | None:
        """Return how a directory is synchronised; None: it is not."""
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        self._find(tenant_id, directory_id)

        async def body(tx: Transaction) -> SyncStatus | None:
            found = await tx.synchronisation(tenant_id, directory_id)
            if found is None:
                return None
            return SyncStatus(
                synchronisation=found,
                bound=await tx.count_bonds(tenant_id, directory_id),
                runs=await tx.sync_runs(tenant_id, directory_id, limit),
            )

        return await self._store.read(body)

    async def put(
        self,
        actor: Actor,
        tenant_id: str,
        directory_id: str,
        settings: SyncSettings,
        version: int | None = None,
    ) -> Synchronisation:
        """Set up or change how a directory is synchronised; with `version` (0: not yet), only if nobody else
        has changed it since. Raises `Refused`, for a setting with `setting: why`."""
        self._demand(actor, tenant_id, directory_id)
        await self._check(tenant_id, directory_id, settings)

        async def body(tx: Transaction) -> None:
            current = await tx.synchronisation(tenant_id, directory_id)
            if version is not None and version != (current.version if current else 0):
                raise Refused(Refusal.CHANGED_MEANWHILE)
            new = current or Synchronisation(
                tenant_id=tenant_id, directory_id=directory_id, created_at=tx.now
            )
            await tx.put_synchronisation(replace(new, settings=settings))
            name = self._find(tenant_id, directory_id).name
            fields = _changed(current.settings if current else SyncSettings(), settings)
            await record(tx, actor, tenant_id, "sync.changed", directory_id, name, fields=fields)

        await self._store.transact(body)
        put = await self._store.read(lambda tx: tx.synchronisation(tenant_id, directory_id))
        if put is None:
            raise Conflict
        return put

    async def remove(self, actor: Actor, tenant_id: str, directory_id: str) -> None:
        """Synchronise a directory no more. Its users stay as they are."""
        actor.demand(Right.DIRECTORIES, tenant_id)
        name = self._find(tenant_id, directory_id).name

        async def body(tx: Transaction) -> None:
            if not await tx.remove_synchronisation(tenant_id, directory_id):
                raise Refused(Refusal.NOT_FOUND, directory_id)
            await record(tx, actor, tenant_id, "sync.removed", directory_id, name)

        await self._store.transact(body)

    async def try_out(
        self, actor: Actor, tenant_id: str, directory_id: str, settings: SyncSettings | None = None
    ) -> tuple[Difference, int]:
        """Return what a full run would change, with other settings than the stored if some are given, and
        how many people it would read. Raises OSError with the cause if the directory cannot be read."""
        actor.demand(Right.DIRECTORIES, tenant_id)
        self._find(tenant_id, directory_id)
        actor.demand(Right.READ_PEOPLE, tenant_id)
        if settings is None:
            stored = await self._store.read(lambda tx: tx.synchronisation(tenant_id, directory_id))
            if stored is None:
                raise Refused(Refusal.NOT_FOUND, directory_id)
            settings = stored.settings
        await self._check(tenant_id, directory_id, settings)
        return await self._synchronising.try_out(tenant_id, directory_id, settings)

    async def run(
        self, actor: Actor, tenant_id: str, directory_id: str, *, wants_all: bool = True
    ) -> SyncRun:
        """Run to the end and return how it ended; raises `Refused` if a run is at work already."""
        await self.start(actor, tenant_id, directory_id, wants_all=wants_all)
        return await self._at_work[tenant_id, directory_id]

    async def start(
        self, actor: Actor, tenant_id: str, directory_id: str, *, wants_all: bool = True
    ) -> SyncRun:
        """Begin a run and return it; `status` tells how it goes. Raises `Refused` if one is at work."""
        self._demand(actor, tenant_id, directory_id)
        return await self._begin(tenant_id, directory_id, actor.name, wants_all=wants_all)

    async def approve(self, actor: Actor, tenant_id: str, directory_id: str) -> SyncRun:
        """Agree to what the newest run has withheld. The next run does it, if it is still as it was."""
        name = self._demand(actor, tenant_id, directory_id).name

        async def body(tx: Transaction) -> SyncRun:
            runs = await tx.sync_runs(tenant_id, directory_id, KEPT_RUNS)
            ended = next((run for run in runs if run.state in (RunState.DONE, RunState.WAITING)), None)
            if ended is None or ended.state is not RunState.WAITING or ended.approved_by:
                raise Refused(Refusal.SYNC_NOTHING_WAITS)
            approved = replace(ended, approved_by=actor.name)
            await tx.put_sync_run(approved, KEPT_RUNS)
            await tx.make_synchronisation_due(tenant_id, directory_id)
            count = len(ended.leavers)
            await record(tx, actor, tenant_id, "sync.approved", directory_id, name, count=count)
            return approved

        return await self._store.transact(body)

    async def leavers(self, actor: Actor, tenant_id: str, run: SyncRun, limit: int) -> Sequence[User]:
        """Return the first of those whom a run would disable or remove, by name."""
        actor.demand(Right.READ_PEOPLE, tenant_id)
        user_ids = run.leavers[:limit]
        found = await self._store.read(lambda tx: tx.users_by_id(tenant_id, user_ids))
        return sorted(found.values(), key=lambda user: user.names[0])

    # --- what is due --------------------------------------------------------------------------------

    async def watch(self) -> None:
        """Start what is due, for ever; what is at work when this ends is broken off."""
        try:
            while True:
                try:
                    await self.start_due()
                except Unavailable as error:
                    log.warning("synchronisations cannot be looked at", why=str(error))
                except Exception as error:
                    log.exception("synchronisations cannot be started", error=type(error).__name__)
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            await self.close()

    async def start_due(self) -> None:
        async def body(tx: Transaction) -> list[Synchronisation]:
            return [
                each
                for each in await tx.synchronisations()
                if each.settings.is_enabled and each.due_at <= tx.now and each.lease_until <= tx.now
            ]

        for due in await self._store.read(body):
            key = (due.tenant_id, due.directory_id)
            if key in self._at_work or key not in self._configuration.current.directories:
                continue
            try:
                await self._begin(*key, "", wants_all=False)
            except Refused as refused:
                if refused.why is not Refusal.SYNC_RUNNING:
                    raise

    async def close(self) -> None:
        """Break off what is at work here."""
        for task in self._at_work.values():
            task.cancel()
        await asyncio.gather(*self._at_work.values(), return_exceptions=True)

    # --- parts --------------------------------------------------------------------------------------

    async def _begin(self, tenant_id: str, directory_id: str, started_by: str, *, wants_all: bool) -> SyncRun:
        key = (tenant_id, directory_id)
        held, run = await self._synchronising.begin(*key, started_by, wants_all=wants_all)
        task = asyncio.create_task(self._synchronising.run(held, run))
        self._at_work[key] = task
        task.add_done_callback(lambda ended: self._ended(key, ended))
        return run

    def _ended(self, key: tuple[str, str], task: asyncio.Task[SyncRun]) -> None:
        self._at_work.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a synchronisation broke off", directory=key[1], error=type(error).__name__)

    def _demand(self, actor: Actor, tenant_id: str, directory_id: str) -> DirectoryConfiguration:
        """Return the directory; raise `NotAllowed` unless the actor may change it and its people here."""
        actor.demand(Right.DIRECTORIES, tenant_id)
        found = self._find(tenant_id, directory_id)
        actor.demand(Right.CHANGE_PEOPLE, tenant_id)
        return found

    def _find(self, tenant_id: str, directory_id: str) -> DirectoryConfiguration:
        found = self._configuration.current.directories.get((tenant_id, directory_id))
        if found is None:
            raise Refused(Refusal.NOT_FOUND, directory_id)
        return found

    async def _check(self, tenant_id: str, directory_id: str, settings: SyncSettings) -> None:
        self._find(tenant_id, directory_id)
        if tenant_id == SYSTEM_TENANT:
            raise Refused(Refusal.SYNC_IMPOSSIBLE)
        if problem := settings.problem():
            raise Refused(Refusal.SETTING_INVALID, problem)
        for item in settings.items:
            for group_id in item.groups:
                if (tenant_id, group_id) not in self._configuration.current.groups:
                    raise Refused(Refusal.GROUP_UNKNOWN, group_id)
        try:
            (await self._synchronising.reader(tenant_id, directory_id)).check_reading(settings)
        except ValueError as wrong:
            raise Refused(Refusal.SETTING_INVALID, str(wrong)) from None


def _changed(before: SyncSettings, after: SyncSettings) -> list[str]:
    names = SyncSettings.__struct_fields__
    return [name for name in names if getattr(before, name) != getattr(after, name)]
