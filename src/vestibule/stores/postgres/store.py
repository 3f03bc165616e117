"""The store on a PostgreSQL server that any number of nodes share.

Invariant: what `transact` returns is committed with synchronous_commit on, and the server did not warn.
Time is the server's, so all nodes judge an expiry alike.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from vestibule import __version__
from vestibule.interfaces.clock import Clock
from vestibule.interfaces.store import Transaction, Unavailable
from vestibule.stores.bodies import Job, too_many
from vestibule.stores.postgres.connection import (
    MIGRATION_LOCK,
    SERVER_ERRORS,
    Connection,
    Connections,
    Server,
    meaning,
)
from vestibule.stores.postgres.lanes import Lanes
from vestibule.stores.postgres.transaction import run_alone
from vestibule.stores.postgres.wakes import Wakes
from vestibule.stores.queries.housekeeping import TOUCH
from vestibule.stores.schema import REVISION_TABLE, check_revision, is_older

Result = TypeVar("Result")

READERS: Final = 4
MOST_READING: Final = 1000


class PostgresStore:
    def __init__(self, url: str, clock: Clock | None = None) -> None:
        """Without a clock, the time is the server's."""
        self._server = Server(url)
        self._now = clock.now if clock is not None else None
        self._lanes: Lanes | None = None
        self._connections = Connections(self._server)
        self._wakes = Wakes(self._server)
        self._reading = asyncio.Semaphore(READERS)
        self._waiting_to_read = 0

    async def open(self) -> None:
        async with self._transaction() as connection:
            await _check(connection)
        self._lanes = Lanes(self._server, self._now)
        self._wakes.start()

    async def migrate(self) -> list[str]:
        async with self._transaction() as connection:
            await connection.raw.execute("select pg_advisory_xact_lock($1)", MIGRATION_LOCK)
            found = await _revision(connection)
            if not is_older(found):
                await _check(connection)
                return []
            # Slow to import, and a start that migrates nothing need not wait for it.
            from vestibule.stores.schema.plan import plan  # noqa: PLC0415

            made = plan("postgresql", found)
            for statement in made.statements:
                await connection.raw.execute(statement, timeout=None)
            return made.steps

    async def transact(self, body: Callable[[Transaction], Awaitable[Result]], tenant_id: str = "") -> Result:
        return await self._transact(body, tenant_id)

    async def _transact(self, body: Callable[[Any], Awaitable[Result]], tenant_id: str = "") -> Result:
        if self._lanes is None:
            raise Unavailable("the store is closed")
        job = Job(body, asyncio.get_running_loop().create_future(), tenant_id)
        self._lanes.submit(job)
        result: Result = await job.future
        return result

    async def read(self, body: Callable[[Transaction], Awaitable[Result]]) -> Result:
        if self._lanes is None:
            raise Unavailable("the store is closed")
        if self._waiting_to_read >= MOST_READING:
            raise too_many()
        job = Job(body, asyncio.get_running_loop().create_future())
        self._waiting_to_read += 1
        try:
            async with self._reading, self._transaction("repeatable read read only") as connection:
                now = self._now() if self._now is not None else await connection.now()
                await run_alone(job, connection, now, may_write=False)
                await connection.rollback()
        finally:
            self._waiting_to_read -= 1
        job.settle()
        result: Result = await job.future
        return result

    async def check(self) -> None:
        # By itself: the row that is written here must not keep a group of sign-ins waiting.
        async with self._transaction() as connection:
            statement, values = TOUCH(now=await connection.now())
            await connection.raw.execute(statement.postgres, *values)

    def wake(self, verification_id: str) -> None:
        self._wakes.wake(verification_id)

    def on_wake(self, hear: Callable[[str], None]) -> None:
        self._wakes.on_wake(hear)

    async def close(self) -> None:
        await self._wakes.stop()
        lanes, self._lanes = self._lanes, None
        if lanes is not None:
            await lanes.stop()
        await self._connections.close()

    @asynccontextmanager
    async def _transaction(self, mode: str = "read committed") -> AsyncIterator[Connection]:
        """Lend a connection in an open transaction, which is committed at the end if it is still open."""
        async with self._connections.begun(mode) as connection:
            try:
                yield connection
                if connection.raw.is_in_transaction():
                    await connection.commit()
            except SERVER_ERRORS as error:
                failure = meaning(error)
                await connection.end(failure)
                raise failure from error


async def _revision(connection: Connection) -> str | None:
    if await connection.raw.fetchval("select to_regclass($1)::text", REVISION_TABLE) is None:
        return None
    name = await connection.raw.fetchval(f"select version_num from {REVISION_TABLE}")  # noqa: S608 - a constant
    return str(name)


async def _check(connection: Connection) -> None:
    found = await _revision(connection)
    oldest = ""
    if found is not None:
        oldest = await connection.raw.fetchval("select oldest_program from installation where id = 1")
    check_revision(found, oldest, __version__)
