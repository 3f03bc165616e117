"""Readers: a few threads with a connection each, off the deciding path. They cannot write."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from vestibule.interfaces.store import Unavailable
from vestibule.stores.bodies import Job, refuse, too_many
from vestibule.stores.sqlite.connection import connect_reader, unavailable
from vestibule.stores.sqlite.transaction import run_alone

THREADS: Final = 3
MOST_READING: Final = 1000


class Readers:
    def __init__(self, path: Path, now: Callable[[], int]) -> None:
        self._path = path
        self._now = now
        self._own = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sqlite-reader")
        self._running = 0

    async def run(self, job: Job) -> None:
        """Run a body that only reads, in one snapshot, and note its ending in the job."""
        if self._running >= MOST_READING:
            raise too_many()
        self._running += 1
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._read, job)
        finally:
            self._running -= 1

    def stop(self) -> None:
        """Wait for the reads under way, then close the connections. Blocks."""
        self._threads.shutdown()
        for connection in self._opened:
            connection.close()

    def _read(self, job: Job) -> None:
        try:
            connection = self._connection()
            connection.execute("begin")
            try:
                run_alone(job, connection, self._now(), may_write=False)
            finally:
                connection.execute("rollback")
        except (sqlite3.Error, Unavailable) as error:
            refuse(job, error if isinstance(error, Unavailable) else unavailable(error, self._path))

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._own, "connection"):
            self._own.connection = connect_reader(self._path)
            self._opened.append(self._own.connection)
        connection: sqlite3.Connection = self._own.connection
        return connection
