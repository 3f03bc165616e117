"""Checkpoints: what the journal holds is copied into the file beside the deciding path.

Left to SQLite, a commit now and then copies thousands of pages and syncs them while everybody waits. Here a
connection of its own copies most of them while decisions go on; the few that came meanwhile are copied
between two groups, which lets the journal begin anew and so keeps it small.
"""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import structlog

from vestibule.stores.sqlite.connection import connect_writer, unavailable

log = structlog.get_logger(__name__)

ROWS_APART: Final = 10_000
COMMITS_APART: Final = 2_000
"""What is written between two checkpoints: so many rows, or so many commits. A commit of two rows takes nine
pages of the journal and one of a hundred rows takes a hundred, so either comes to some 18,000."""
_MOST_PASSES: Final = 3
_FEW_FRAMES: Final = 200
"""So few pages are copied while a group waits."""


class Checkpoints:
    """`note` after each commit; `finish` before a group, while `is_due`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = connect_writer(path)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-checkpoint")
        self._running: asyncio.Future[None] | None = None
        self._rows = self._commits = 0
        self.is_due = False

    def note(self, connection: sqlite3.Connection) -> None:
        """Count a commit, and begin to copy if enough has been written through `connection`."""
        self._commits += 1
        try:
            rows = connection.total_changes
        except sqlite3.Error:
            return  # It was lost; the next one counts from the beginning.
        is_little = 0 <= rows - self._rows < ROWS_APART and self._commits < COMMITS_APART
        if is_little or self._running is not None or self.is_due:
            return
        self._rows, self._commits = rows, 0
        self._running = asyncio.get_running_loop().run_in_executor(self._thread, self._copy)
        self._running.add_done_callback(self._copied)

    def finish(self, connection: sqlite3.Connection) -> None:
        """Copy the rest through the connection that writes, which writes nothing meanwhile. Blocks."""
        self.is_due = False
        self._pass(connection)

    async def stop(self) -> None:
        if self._running is not None:
            await self._running
        self._thread.shutdown()
        self._connection.close()

    def _copy(self) -> None:
        for _ in range(_MOST_PASSES):
            if self._pass(self._connection) <= _FEW_FRAMES:
                return

    def _copied(self, _: asyncio.Future[None]) -> None:
        self._running = None
        self.is_due = True

    def _pass(self, connection: sqlite3.Connection) -> int:
        """Copy what no reader needs in the journal; return how many of its pages are left."""
        try:
            _, in_journal, copied = connection.execute("pragma wal_checkpoint(passive)").fetchone()
        except sqlite3.Error as error:
            # Nothing is lost: it stays in the journal. A commit that cannot be written says so itself.
            log.warning("no checkpoint", problem=str(unavailable(error, self._path)))
            return 0
        return int(in_journal) - int(copied)
