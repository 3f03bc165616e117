"""Synchronisations with directories, their runs and whom they have brought."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vestibule.model.synchronisation import Bond, Synchronisation, SyncRun


class SynchronisationRecords(Protocol):
    """A part of `Transaction`."""

    async def synchronisations(self) -> tuple[Synchronisation, ...]:
        """Return those of all tenants: the worker's own."""
        ...

    async def synchronisation(self, tenant_id: str, directory_id: str) -> Synchronisation | None: ...

    async def put_synchronisation(self, synchronisation: Synchronisation) -> None:
        """Insert, or replace the settings by compare-and-set on `version` (raises `Conflict`). With new
        settings everything is read anew, at once."""
        ...

    async def remove_synchronisation(self, tenant_id: str, directory_id: str) -> bool: ...

    async def take_synchronisation(
        self, tenant_id: str, directory_id: str, node: str, lease_ms: int
    ) -> Synchronisation | None:
        """Take it for a run if no lease holds: `fence` + 1. None: somebody has it."""
        ...

    async def hold_synchronisation(self, held: Synchronisation, lease_ms: int) -> bool:
        """Begin the lease anew. False: somebody else has taken it, and this body must write nothing."""
        ...

    async def end_synchronisation(self, held: Synchronisation) -> bool:
        """Give it back, and write `due_at`, `token` and `full_at`. False: not held any more, or its settings
        are others now."""
        ...

    async def release_synchronisation(self, held: Synchronisation) -> None:
        """Give it back, if it is held still, and leave everything else as it was."""
        ...

    async def make_synchronisation_due(self, tenant_id: str, directory_id: str) -> None: ...

    async def put_sync_run(self, run: SyncRun, keep: int) -> None:
        """Insert, and forget all of the directory but the newest `keep`; or replace."""
        ...

    async def sync_runs(self, tenant_id: str, directory_id: str, limit: int) -> tuple[SyncRun, ...]:
        """Return the newest runs, the newest first."""
        ...

    async def bonds(self, tenant_id: str, directory_id: str, after: str, limit: int) -> tuple[Bond, ...]:
        """Return who is bound to a directory, by reference, behind the reference `after`."""
        ...

    async def bonds_of(
        self, tenant_id: str, directory_id: str, references: Sequence[str]
    ) -> tuple[Bond, ...]:
        """Return who is bound to a directory by one of these references."""
        ...

    async def count_bonds(self, tenant_id: str, directory_id: str) -> int: ...

    async def put_bonds(self, bonds: Sequence[Bond]) -> None:
        """Insert, or put in the place of those with the same reference. They go with their users."""
        ...
