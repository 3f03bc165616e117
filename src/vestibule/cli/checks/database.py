"""The database: reachable, of this program's schema, and keeping what it has confirmed."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vestibule.cli.checks.findings import Finding, OpenInstallation, ok, problem, warning

if TYPE_CHECKING:
    from vestibule.interfaces.store import Transaction

_SQLITE: Final = "sqlite:///"
_FULL: Final = 2  # pragma synchronous: FULL
_SLOW_WRITE_MS: Final = 50
_APART_SECONDS: Final = 2.0


async def durable_write(at: OpenInstallation) -> list[Finding]:
    """Write something and wait until the disk has it, as every decision does."""
    from vestibule.interfaces.store import Unavailable
    from vestibule.stores.schema import REVISION

    began = time.perf_counter()
    try:
        await at.house.services.check_store()
    except Unavailable as reason:
        return [problem("database", "database.silent", reason=str(reason))]
    milliseconds = max(1, round((time.perf_counter() - began) * 1000))
    told: dict[str, str | int] = {
        "engine": _engine(at),
        "schema": REVISION,
        "milliseconds": milliseconds,
    }
    if milliseconds > _SLOW_WRITE_MS:
        return [warning("database", "database.slow", **told)]
    return [ok("database", "database.fine", **told)]


async def durability(at: OpenInstallation) -> list[Finding]:
    """Whether the engine waits for the disk before it confirms."""
    url = at.settings.database_url.reveal()
    if url.startswith(_SQLITE):
        return await asyncio.to_thread(_sqlite, Path(url.removeprefix(_SQLITE)))
    return await _postgres(url)


async def one_time(at: OpenInstallation) -> list[Finding]:
    """A database server with a clock of its own decides by that clock: it must go like ours."""
    if at.settings.database_url.reveal().startswith(_SQLITE):
        return []

    async def now(tx: Transaction) -> int:
        return tx.now

    seconds = abs(await at.house.store.read(now) / 1000 - time.time())
    if seconds > _APART_SECONDS:
        return [warning("database", "database.clock_apart", seconds=f"{seconds:.1f}")]
    return [ok("database", "database.clock_fine")]


def _engine(at: OpenInstallation) -> str:
    return "SQLite" if at.settings.database_url.reveal().startswith(_SQLITE) else "PostgreSQL"


def _sqlite(path: Path) -> list[Finding]:
    from vestibule.stores.sqlite.connection import connect_writer

    connection = connect_writer(path)
    try:
        journal = str(connection.execute("pragma journal_mode").fetchone()[0]).lower()
        synchronous = int(connection.execute("pragma synchronous").fetchone()[0])
    finally:
        connection.close()
    # A file system without shared memory leaves WAL off without an error.
    if journal != "wal" or synchronous < _FULL:
        return [problem("database", "database.sqlite_not_durable", journal=journal, synchronous=synchronous)]
    return [ok("database", "database.sqlite_durable")]


async def _postgres(url: str) -> list[Finding]:
    from vestibule.stores.postgres.connection import Connections, Server

    connections = Connections(Server(url))
    try:
        async with connections.begun("read committed read only") as connection:
            row = await connection.raw.fetchrow(
                "select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commits,"
                " current_setting('full_page_writes') as pages, pg_is_in_recovery() as is_standby,"
                " current_setting('server_version') as version"
            )
            await connection.rollback()
    finally:
        await connections.close()
    return judge_postgres(**dict(row))


def judge_postgres(*, fsync: str, commits: str, pages: str, is_standby: bool, version: str) -> list[Finding]:
    """Return what the server's own settings mean for a confirmed commit."""
    if is_standby:
        return [problem("database", "database.standby")]
    if fsync != "on":
        return [problem("database", "database.no_fsync")]
    if commits in ("off", "local"):
        return [problem("database", "database.no_synchronous_commit", value=commits)]
    if pages != "on":
        return [warning("database", "database.no_full_pages")]
    return [ok("database", "database.postgres_durable", version=version, commits=commits)]
