"""Synchronisations, whose turn it is to run them, what came of each run, and who is bound to a directory.

Invariant: whoever writes for a run holds its fence, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vestibule.interfaces.store import Conflict
from vestibule.model.synchronisation import Bond, Synchronisation, SyncRun
from vestibule.stores.rows import (
    BOND,
    SYNC_RUN,
    SYNCHRONISATION,
    bond_of,
    bond_values,
    record_values,
    sync_run_of,
    synchronisation_of,
)
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests, UniqueTaken

_KEY: Final = "tenant_id = :tenant_id and directory_id = :directory_id"

ALL: Final = Statement(
    f"select {select(SYNCHRONISATION)} from synchronisations order by tenant_id, directory_id"  # noqa: S608 - constants
)
ONE: Final = Statement(f"select {select(SYNCHRONISATION)} from synchronisations where {_KEY}")  # noqa: S608 - constants
ADD: Final = Statement(insert("synchronisations", SYNCHRONISATION))
# What only runs write stays; new settings make the next run a full one, and due.
REPLACE: Final = Statement(
    f"""
    update synchronisations
       set settings = :settings, token = '', full_at = 0, due_at = 0, version = version + 1
     where {_KEY} and version = :version
    """  # noqa: S608 - made of constants
)
REMOVE: Final = Statement(f"delete from synchronisations where {_KEY}")  # noqa: S608 - constants
TAKE: Final = Statement(
    f"""
    update synchronisations set node = :node, fence = fence + 1, lease_until = :lease_until::bigint
     where {_KEY} and lease_until <= :now::bigint
    returning {select(SYNCHRONISATION)}
    """  # noqa: S608 - made of constants
)
HOLD: Final = Statement(
    f"""
    update synchronisations set lease_until = :lease_until::bigint
     where {_KEY} and fence = :fence::bigint and lease_until > 0
    """  # noqa: S608 - made of constants
)
END: Final = Statement(
    f"""
    update synchronisations
       set lease_until = 0, due_at = :due_at::bigint, token = :token, full_at = :full_at::bigint
     where {_KEY} and fence = :fence::bigint and lease_until > 0 and version = :version::bigint
    """  # noqa: S608 - made of constants
)
RELEASE: Final = Statement(
    f"update synchronisations set lease_until = 0 where {_KEY} and fence = :fence::bigint"  # noqa: S608 - constants
)
MAKE_DUE: Final = Statement(f"update synchronisations set due_at = 0 where {_KEY}")  # noqa: S608 - constants

ADD_RUN: Final = Statement(insert("sync_runs", SYNC_RUN))
REPLACE_RUN: Final = Statement(
    f"""
    update sync_runs set {", ".join(f"{name} = :{name}" for name in SYNC_RUN[2:])}
     where tenant_id = :tenant_id and run_id = :run_id
    """  # noqa: S608 - made of constants
)
RUNS: Final = Statement(
    f"select {select(SYNC_RUN)} from sync_runs where {_KEY} order by run_id desc limit :limit"  # noqa: S608 - constants
)
DROP_RUNS: Final = Statement(
    f"""
    delete from sync_runs where {_KEY} and run_id not in (
        select kept.run_id from sync_runs kept
         where kept.tenant_id = :tenant_id and kept.directory_id = :directory_id
         order by kept.run_id desc limit :limit)
    """  # noqa: S608 - made of constants
)

BONDS: Final = Statement(
    f"select {select(BOND)} from bonds where {_KEY} and reference > :after order by reference limit :limit"  # noqa: S608 - constants
)
BONDS_OF: Final = Statement(
    f"select {select(BOND)} from bonds where {_KEY} and reference = any(:references)"  # noqa: S608 - constants
)
ADD_BONDS: Final = Statement(insert("bonds", BOND))
DROP_BOND: Final = Statement(f"delete from bonds where {_KEY} and reference = :reference")  # noqa: S608 - constants
COUNT_BONDS: Final = Statement(f"select count(*) from bonds where {_KEY}")  # noqa: S608 - constants


class Synchronisations(Requests):
    __slots__ = ()

    async def synchronisations(self) -> tuple[Synchronisation, ...]:
        return tuple([synchronisation_of(row) for row in await self.fetch(ALL())])

    async def synchronisation(self, tenant_id: str, directory_id: str) -> Synchronisation | None:
        rows = await self.fetch(ONE(tenant_id=tenant_id, directory_id=directory_id))
        return synchronisation_of(rows[0]) if rows else None

    async def put_synchronisation(self, synchronisation: Synchronisation) -> None:
        values = record_values(synchronisation)
        if await self.execute(REPLACE(**{name: values[name] for name in REPLACE.parameters})):
            return
        if synchronisation.version != 1:
            raise self.broken(Conflict())
        try:
            await self.execute(ADD(**values))
        except UniqueTaken:
            raise self.broken(Conflict()) from None

    async def remove_synchronisation(self, tenant_id: str, directory_id: str) -> bool:
        return await self.execute(REMOVE(tenant_id=tenant_id, directory_id=directory_id)) > 0

    async def take_synchronisation(
        self, tenant_id: str, directory_id: str, node: str, lease_ms: int
    ) -> Synchronisation | None:
        where = {"tenant_id": tenant_id, "directory_id": directory_id}
        rows = await self.fetch(TAKE(**where, node=node, now=self.now, lease_until=self.now + lease_ms))
        return synchronisation_of(rows[0]) if rows else None

    async def hold_synchronisation(self, held: Synchronisation, lease_ms: int) -> bool:
        return await self.execute(HOLD(**_of(held), lease_until=self.now + lease_ms)) > 0

    async def end_synchronisation(self, held: Synchronisation) -> bool:
        told = {"due_at": held.due_at, "token": held.token, "full_at": held.full_at}
        return await self.execute(END(**_of(held), **told, version=held.version)) > 0

    async def release_synchronisation(self, held: Synchronisation) -> None:
        await self.execute(RELEASE(**_of(held)))

    async def make_synchronisation_due(self, tenant_id: str, directory_id: str) -> None:
        await self.execute(MAKE_DUE(tenant_id=tenant_id, directory_id=directory_id))

    async def put_sync_run(self, run: SyncRun, keep: int) -> None:
        values = record_values(run)
        if not await self.execute(REPLACE_RUN(**values)):
            await self.execute(ADD_RUN(**values))
            await self.execute(DROP_RUNS(tenant_id=run.tenant_id, directory_id=run.directory_id, limit=keep))

    async def sync_runs(self, tenant_id: str, directory_id: str, limit: int) -> tuple[SyncRun, ...]:
        rows = await self.fetch(RUNS(tenant_id=tenant_id, directory_id=directory_id, limit=limit))
        return tuple([sync_run_of(row) for row in rows])

    async def bonds(self, tenant_id: str, directory_id: str, after: str, limit: int) -> tuple[Bond, ...]:
        where = {"tenant_id": tenant_id, "directory_id": directory_id}
        rows = await self.fetch(BONDS(**where, after=after, limit=limit))
        return tuple([bond_of(row) for row in rows])

    async def bonds_of(
        self, tenant_id: str, directory_id: str, references: Sequence[str]
    ) -> tuple[Bond, ...]:
        where = {"tenant_id": tenant_id, "directory_id": directory_id}
        rows = await self.fetch(BONDS_OF(**where, references=self.texts(references)))
        return tuple([bond_of(row) for row in rows])

    async def count_bonds(self, tenant_id: str, directory_id: str) -> int:
        return int((await self.fetch(COUNT_BONDS(tenant_id=tenant_id, directory_id=directory_id)))[0][0])

    async def put_bonds(self, bonds: Sequence[Bond]) -> None:
        await self.execute_many(
            DROP_BOND, [(bond.tenant_id, bond.directory_id, bond.reference) for bond in bonds]
        )
        await self.insert_many(ADD_BONDS, [bond_values(bond) for bond in bonds])


def _of(held: Synchronisation) -> dict[str, object]:
    return {"tenant_id": held.tenant_id, "directory_id": held.directory_id, "fence": held.fence}
