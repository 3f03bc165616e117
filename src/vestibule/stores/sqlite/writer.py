"""The one writer: a thread that runs bodies in groups, one commit and one sync per group.

While a group is synced to disk the next one gathers, so the slower the disk, the larger the groups. Nobody
hears of a result before the commit has returned, then all of a group at once.

A body that fails after it has written would leave its traces in the group: the group is rolled back, run
again without it, and it runs alone, in a transaction of its own. A body that fails having written nothing
disturbs nobody.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from vestibule.interfaces.store import Unavailable
from vestibule.stores.bodies import MOST_WAITING, Job, foreign_await, refuse, too_many
from vestibule.stores.sqlite.connection import (
    SqliteTransaction,
    connect_writer,
    is_about_the_file,
    unavailable,
)

LARGEST_GROUP: Final = 256
MOST_GROUP_TRIES: Final = 2


class Writer:
    """Owns the connection that writes. `submit` on the event loop; everything else is on the thread."""

    def __init__(self, path: Path, now: Callable[[], int], loop: asyncio.AbstractEventLoop) -> None:
        self._path = path
        self._now = now
        self._loop = loop
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._connection = connect_writer(path)
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._is_stopping = False

    def start(self) -> None:
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue a body; raise Unavailable at once if too many wait already."""
        if self._is_stopping:
            raise Unavailable("the store is closed")
        if self._jobs.qsize() >= MOST_WAITING:
            raise too_many()
        self._jobs.put(job)

    def stop(self) -> None:
        """Finish what is queued, then end the thread and close the file. Blocks."""
        self._is_stopping = True
        self._jobs.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        is_running = True
        while is_running:
            job = self._jobs.get()
            group: list[Job] = []
            while job is not None:
                if not job.future.cancelled():
                    group.append(job)
                if len(group) >= LARGEST_GROUP or self._jobs.empty():
                    break
                job = self._jobs.get_nowait()
            is_running = job is not None
            if group:
                try:
                    self._decide(group)
                except Exception as error:
                    # The file could not even be opened again; with the next group it is tried anew.
                    for job in group:
                        refuse(job, error)
                self._loop.call_soon_threadsafe(_settle, group)

    def _decide(self, group: list[Job]) -> None:
        """Run all of `group` to their endings, with as few commits as their failures allow."""
        together, alone = list(group), []
        for _ in range(MOST_GROUP_TRIES):
            failed = self._commit(together)
            alone += failed
            together = [job for job in together if job not in failed] if failed else []
        for job in alone + together:
            self._commit([job])
        for job in group:
            while job.wants_again:
                self._commit([job])

    def _commit(self, group: Sequence[Job]) -> list[Job]:
        """Run `group` in one transaction; if it was rolled back, return whose fault that was.

        Alone, a job's failure is its ending, and nobody is returned.
        """
        if not group:
            return []
        connection = self._connection
        try:
            connection.execute("begin immediate")
            now = self._now()
            failed = [job for job in group if _spoils(job, connection, now)]
            if failed:
                connection.execute("rollback")
                return failed if len(group) > 1 else []
            connection.execute("commit")
        except sqlite3.Error as error:
            self._roll_back()
            for job in group:
                refuse(job, unavailable(error, self._path))
        return []

    def _roll_back(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
        except sqlite3.Error:
            # The connection is of no use any more; a new one recovers what the journal holds.
            self._connection.close()
            self._connection = connect_writer(self._path)


def _spoils(job: Job, connection: sqlite3.Connection, now: int) -> bool:
    """Run a body; tell whether it failed and has left traces in the open transaction."""
    transaction = SqliteTransaction(connection, now)
    step(job, transaction)
    if isinstance(job.failure, sqlite3.Error) and is_about_the_file(job.failure):
        # Not the body's failure: nobody in this transaction was decided.
        raise job.failure
    return job.failure is not None and (transaction.has_written or transaction.failure is not None)


def step(job: Job, transaction: SqliteTransaction) -> None:
    """Run the body from beginning to end in one step, and note its ending in the job."""
    steps = job.start(transaction)
    try:
        steps.send(None)
    except StopIteration as end:
        job.result = end.value
        job.failure = transaction.failure
    except BaseException as error:
        # This thread has no event loop, which most of what can be awaited finds out before it suspends.
        is_foreign = isinstance(error, RuntimeError) and "event loop" in str(error)
        job.failure = foreign_await() if is_foreign else transaction.failure or error
    else:
        steps.close()
        job.failure = foreign_await()


def _settle(group: Sequence[Job]) -> None:
    for job in group:
        job.settle()
