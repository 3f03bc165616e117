"""The store in one file. It belongs to one process; a command beside it waits for its turn.

Invariant: what `transact` returns is on disk (WAL, full sync).
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from vestibule import __version__
from vestibule.interfaces.clock import Clock
from vestibule.interfaces.store import Transaction, Unavailable
from vestibule.stores.bodies import Job
from vestibule.stores.queries import Queries
from vestibule.stores.schema import REVISION_TABLE, check_revision, is_older
from vestibule.stores.sqlite.connection import connect_writer, unavailable
from vestibule.stores.sqlite.readers import Readers
from vestibule.stores.sqlite.writer import Writer

Result = TypeVar("Result")


class SqliteStore:
    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        """`path` is the database file; without a clock, the time is the system's."""
        self._path = path
        self._now = clock.now if clock is not None else _system_now
        self._loop: asyncio.AbstractEventLoop
        self._writer: Writer | None = None
        self._readers: Readers | None = None
        self._hearers: list[Callable[[str], None]] = []

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._check_schema)
        self._writer = await asyncio.to_thread(Writer, self._path, self._now)
        self._readers = Readers(self._path, self._now)

    async def migrate(self) -> list[str]:
        return await asyncio.to_thread(self._migrate)

    async def transact(self, body: Callable[[Transaction], Awaitable[Result]], tenant_id: str = "") -> Result:
        if self._writer is None:
            raise Unavailable("the store is closed")
        job = Job(body, self._loop.create_future(), tenant_id)
        self._writer.submit(job)
        result: Result = await job.future
        return result

    async def read(self, body: Callable[[Transaction], Awaitable[Result]]) -> Result:
        if self._readers is None:
            raise Unavailable("the store is closed")
        job = Job(body, asyncio.get_running_loop().create_future())
        await self._readers.run(job)
        job.settle()
        result: Result = await job.future
        return result

    async def check(self) -> None:
        touch: Callable[[Any], Awaitable[None]] = Queries.touch
        await self.transact(touch)

    def wake(self, verification_id: str) -> None:
        # The one process that has the file is the one that waits.
        for hear in self._hearers:
            hear(verification_id)

    def on_wake(self, hear: Callable[[str], None]) -> None:
        self._hearers.append(hear)

    async def close(self) -> None:
        writer, readers = self._writer, self._readers
        self._writer = self._readers = None
        if readers is not None:
            await asyncio.to_thread(readers.stop)
        if writer is not None:
            await writer.stop()

    def _check_schema(self) -> None:
        if not self._path.exists():
            check_revision(None, "", __version__)
        connection = connect_writer(self._path)
        try:
            _check(connection)
        except sqlite3.Error as error:
            raise unavailable(error, self._path) from error
        finally:
            connection.close()

    def _migrate(self) -> list[str]:
        connection = connect_writer(self._path)
        try:
            connection.execute("begin immediate")
            found = _revision(connection)
            if not is_older(found):
                _check(connection)
                return []
            # Slow to import, and a start that migrates nothing need not wait for it.
            from vestibule.stores.schema.plan import plan  # noqa: PLC0415

            made = plan("sqlite", found)
            for statement in made.statements:
                connection.execute(statement)
            connection.execute("commit")
            return made.steps
        except sqlite3.Error as error:
            raise unavailable(error, self._path) from error
        finally:
            # What is not committed is rolled back.
            connection.close()


def _revision(connection: sqlite3.Connection) -> str | None:
    tables = "select 1 from sqlite_master where type = 'table' and name = ?"
    if connection.execute(tables, (REVISION_TABLE,)).fetchone() is None:
        return None
    row = connection.execute(f"select version_num from {REVISION_TABLE}").fetchone()  # noqa: S608 - a constant
    return str(row[0])


def _check(connection: sqlite3.Connection) -> None:
    found = _revision(connection)
    oldest = ""
    if found is not None:
        oldest = connection.execute("select oldest_program from installation where id = 1").fetchone()[0]
    check_revision(found, oldest, __version__)


def _system_now() -> int:
    return time.time_ns() // 1_000_000
