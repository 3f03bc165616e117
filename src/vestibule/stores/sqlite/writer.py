"""The one writer: bodies run in groups on the event loop, one commit and one sync per group on a thread.

Running them needs the interpreter and never the disk's patience, so a thread of their own would only quarrel
with the event loop over the interpreter; the sync needs nothing but patience. While a group is synced the
next one gathers, so the slower the disk, the larger the groups. Nobody hears of a result before the commit
has returned, then all of a group at once. A body that cannot be part of the group runs after it, on the
thread, in a transaction of its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final

from vestibule.interfaces.store import Unavailable
from vestibule.stores.bodies import Job, refuse
from vestibule.stores.group import Group
from vestibule.stores.sqlite.checkpoints import Checkpoints
from vestibule.stores.sqlite.connection import BUSY_SECONDS, connect_writer, is_busy, unavailable
from vestibule.stores.sqlite.transaction import SqliteTransaction, run, run_alone
from vestibule.stores.turns import Turns

LARGEST_GROUP: Final = 64
"""Few enough that the event loop gets back to its other work soon."""
CONTESTED_GROUP: Final = 16
"""The same where several tenants wait: whoever comes waits for a group, and then for the end of his own."""
MOST_GROUP_TRIES: Final = 3
_BUSY_APART: Final = 0.01


class Writer:
    """Owns the connection that writes, and uses it for one thing at a time."""

    def __init__(self, path: Path, now: Callable[[], int]) -> None:
        self._path = path
        self._now = now
        self._jobs = Turns()
        self._connection = connect_writer(path, patience=0)
        self._checkpoints = Checkpoints(path)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")
        self._working: asyncio.Task[None] | None = None
        self._is_stopping = False

    def submit(self, job: Job) -> None:
        """Queue a body; raise Unavailable at once if too many wait already."""
        if self._is_stopping:
            raise Unavailable("the store is closed")
        self._jobs.add(job)
        if self._working is None:
            self._working = asyncio.get_running_loop().create_task(self._work())

    async def stop(self) -> None:
        """Finish what is queued, then close the file."""
        self._is_stopping = True
        if self._working is not None:
            await self._working
        await self._checkpoints.stop()
        await asyncio.to_thread(self._thread.shutdown)
        self._connection.close()

    async def _work(self) -> None:
        try:
            while self._jobs:
                await self._next_group()
                # Those who have their results go on before the next group takes its time.
                await asyncio.sleep(0)
        finally:
            self._working = None

    async def _next_group(self) -> None:
        taken = self._jobs.take(CONTESTED_GROUP if self._jobs.is_contested else LARGEST_GROUP)
        group = [job for job in taken if not job.future.cancelled()]
        try:
            await self._decide(group)
        except Exception as error:
            # The file could not even be opened again; with the next group it is tried anew.
            for job in group:
                refuse(job, error)
        for job in group:
            job.settle()
        self._checkpoints.note(self._connection)

    async def _decide(self, jobs: Sequence[Job]) -> None:
        """Run all of `jobs` to their endings, with as few commits as their failures allow."""
        together, alone = list(jobs), []
        for _ in range(MOST_GROUP_TRIES):
            if together:
                away, together = await self._together(together)
                alone += away
        for job in alone + together:
            await self._on_thread(self._alone, job)
            while job.wants_again:
                await self._on_thread(self._alone, job)

    async def _together(self, jobs: list[Job]) -> tuple[list[Job], list[Job]]:
        """Try to decide `jobs` by one commit; return whom to run alone, and whom together once more."""
        connection = self._connection
        try:
            await self._begin()
            group = Group(jobs, partial(SqliteTransaction, self._now()))
            run(group, connection)
            await self._on_thread(connection.execute, "rollback" if group.is_spoiled else "commit")
        except Exception as error:
            await self._on_thread(self._roll_back)
            if not isinstance(error, sqlite3.Error):
                raise
            for job in jobs:
                refuse(job, unavailable(error, self._path))
            return [], []
        others = group.others(jobs)
        return group.alone, others if group.is_spoiled else [job for job in others if job.wants_again]

    async def _begin(self) -> None:
        """Begin to write: at once if nothing stands in the way, else on the thread."""
        if not self._checkpoints.is_due:
            try:
                self._connection.execute("begin immediate")
            except sqlite3.OperationalError as error:
                if not is_busy(error):
                    raise
            else:
                return
        await self._on_thread(self._begin_patiently)

    def _begin_patiently(self) -> None:
        if self._checkpoints.is_due:
            self._checkpoints.finish(self._connection)
        end = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._connection.execute("begin immediate")
            except sqlite3.OperationalError as error:
                if not is_busy(error) or time.monotonic() > end:
                    raise
                time.sleep(_BUSY_APART)
            else:
                return

    def _alone(self, job: Job) -> None:
        connection = self._connection
        try:
            self._begin_patiently()
            run_alone(job, connection, self._now())
            connection.execute("commit" if job.failure is None else "rollback")
        except sqlite3.Error as error:
            self._roll_back()
            refuse(job, unavailable(error, self._path))

    def _roll_back(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
        except sqlite3.Error:
            # The connection is of no use any more; a new one recovers what the journal holds.
            self._connection.close()
            self._connection = connect_writer(self._path, patience=0)

    async def _on_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)
