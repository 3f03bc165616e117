"""The one writer: a thread that runs bodies in groups, one commit and one sync per group.

While a group is synced to disk the next one gathers, so the slower the disk, the larger the groups. Nobody
hears of a result before the commit has returned, then all of a group at once. A body that cannot be part of
the group runs after it, in a transaction of its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from vestibule.interfaces.store import Unavailable
from vestibule.stores.bodies import MOST_WAITING, Job, refuse, too_many
from vestibule.stores.group import Group
from vestibule.stores.sqlite.connection import connect_writer, unavailable
from vestibule.stores.sqlite.transaction import SqliteTransaction, run, run_alone

LARGEST_GROUP: Final = 256
MOST_GROUP_TRIES: Final = 3


class Writer:
    """Owns the connection that writes. `submit` on the event loop; everything else is on the thread."""

    def __init__(self, path: Path, now: Callable[[], int], loop: asyncio.AbstractEventLoop) -> None:
        self._path = path
        self._now = now
        self._loop = loop
        self._jobs: deque[Job] = deque()
        self._bell: SimpleQueue[bool] = SimpleQueue()
        self._is_rung = False
        self._connection = connect_writer(path)
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._is_stopping = False

    def start(self) -> None:
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue a body; raise Unavailable at once if too many wait already."""
        if self._is_stopping:
            raise Unavailable("the store is closed")
        if len(self._jobs) >= MOST_WAITING:
            raise too_many()
        self._jobs.append(job)
        if not self._is_rung:
            # Once for all that this turn of the loop brings: they make one group.
            self._is_rung = True
            self._loop.call_soon(self._ring)

    def stop(self) -> None:
        """Finish what is queued, then end the thread and close the file. Blocks."""
        self._is_stopping = True
        self._bell.put(False)
        self._thread.join()
        self._connection.close()

    def _ring(self) -> None:
        self._is_rung = False
        self._bell.put(True)

    def _run(self) -> None:
        while self._bell.get():
            self._work()
        self._work()

    def _work(self) -> None:
        while self._jobs:
            taken = [self._jobs.popleft() for _ in range(min(len(self._jobs), LARGEST_GROUP))]
            group = [job for job in taken if not job.future.cancelled()]
            try:
                self._decide(group)
            except Exception as error:
                # The file could not even be opened again; with the next group it is tried anew.
                for job in group:
                    refuse(job, error)
            self._loop.call_soon_threadsafe(_settle, group)

    def _decide(self, jobs: list[Job]) -> None:
        """Run all of `jobs` to their endings, with as few commits as their failures allow."""
        together, alone = (jobs, []) if len(jobs) > 1 else ([], list(jobs))
        for _ in range(MOST_GROUP_TRIES):
            if together:
                away, together = self._together(together)
                alone += away
        for job in alone + together:
            self._alone(job)
            while job.wants_again:
                self._alone(job)

    def _together(self, jobs: list[Job]) -> tuple[list[Job], list[Job]]:
        """Try to decide `jobs` by one commit; return whom to run alone, and whom together once more."""
        connection = self._connection
        try:
            connection.execute("begin immediate")
            now = self._now()
            group = Group(jobs, lambda: SqliteTransaction(now))
            run(group, connection)
            connection.execute("rollback" if group.is_spoiled else "commit")
        except sqlite3.Error as error:
            self._roll_back()
            for job in jobs:
                refuse(job, unavailable(error, self._path))
            return [], []
        others = group.others(jobs)
        return group.alone, others if group.is_spoiled else [job for job in others if job.wants_again]

    def _alone(self, job: Job) -> None:
        connection = self._connection
        try:
            connection.execute("begin immediate")
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
            self._connection = connect_writer(self._path)


def _settle(group: Sequence[Job]) -> None:
    for job in group:
        job.settle()
