"""Loads of many rows into an empty database, at the pace of the disk.

On PostgreSQL everything is one transaction that begins with empty tables: it then writes no log of them where
its settings allow that. Indexes are made when the rows are there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from typing import Protocol

import asyncpg

Functions = Mapping[str, Callable[..., str]]


class Load(Protocol):
    blobs: dict[str, str]
    """What the statements need of binary data: `secret` and `nothing`."""

    async def run(self, sql: str) -> None: ...

    async def empty(self, tables: Sequence[str]) -> None:
        """Empty the tables, and what belongs to their rows, so that PostgreSQL takes them for new."""
        ...

    async def drop_indexes(self) -> list[str]:
        """Drop all indexes that belong to no constraint; return the statements that make them again."""
        ...


@asynccontextmanager
async def loading(url: str, functions: Functions) -> AsyncIterator[Load]:
    """Lend a load. `functions` are `hashed` and `ordered`, which SQLite has not."""
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as database:
            for name, function in functions.items():
                arguments = function.__code__.co_argcount
                database.create_function(name, arguments, function, deterministic=True)
            for pragma in ("synchronous = off", "cache_size = -1000000", "temp_store = memory"):
                database.execute(f"pragma {pragma}")
            yield _SqliteLoad(database)
        return
    server = await asyncpg.connect(url, server_settings=_HASTE)
    try:
        async with server.transaction():
            await server.execute(_POSTGRES_FUNCTIONS)
            yield _PostgresLoad(server)
            await server.execute("drop function hashed(bigint), ordered(bigint, bigint)")
    finally:
        await server.close()


async def refreshed(url: str) -> None:
    """Let PostgreSQL look at its rows, as it does by itself in time; SQLite never does."""
    if url.startswith("sqlite:"):
        return
    server = await asyncpg.connect(url)
    try:
        await server.execute("vacuum (analyze)")
    finally:
        await server.close()


class _SqliteLoad:
    def __init__(self, database: sqlite3.Connection) -> None:
        self.blobs = {"secret": f"x'{'5a' * 60}'", "nothing": "x''"}
        self._database = database

    async def run(self, sql: str) -> None:
        self._database.execute(sql)

    async def empty(self, tables: Sequence[str]) -> None:
        for table in tables:
            self._database.execute(f"delete from {table}")

    async def drop_indexes(self) -> list[str]:
        rows = self._database.execute(
            "select name, sql from sqlite_master where type = 'index' and sql is not null"
        ).fetchall()
        for name, _ in rows:
            self._database.execute(f"drop index {name}")
        return [row[1] for row in rows]


class _PostgresLoad:
    def __init__(self, server: asyncpg.Connection) -> None:
        self.blobs = {"secret": f"'\\x{'5a' * 60}'::bytea", "nothing": "''::bytea"}
        self._server = server

    async def run(self, sql: str) -> None:
        await self._server.execute(sql)

    async def empty(self, tables: Sequence[str]) -> None:
        await self._server.execute(f"truncate {', '.join(tables)} cascade")

    async def drop_indexes(self) -> list[str]:
        rows = await self._server.fetch(_POSTGRES_INDEXES)
        for row in rows:
            await self._server.execute(f"drop index {row['indexname']}")
        return [row["indexdef"] for row in rows]


# Whether each row's person and group are there is not asked again.
_HASTE = {
    "session_replication_role": "replica",
    "work_mem": "512MB",
    "maintenance_work_mem": "1GB",
    "max_parallel_maintenance_workers": "1",
    "jit": "off",
}
_POSTGRES_FUNCTIONS = """
    create function hashed(bigint) returns text language sql immutable as $$ select md5($1::text) $$;
    create function ordered(bigint, bigint) returns text language sql immutable as
        $$ select lpad(to_hex($1), 12, '0') || left(md5($2::text), 20) $$;
"""
_POSTGRES_INDEXES = """
    select indexname, indexdef from pg_indexes
     where schemaname = 'public' and indexname not in (select conname from pg_constraint)
"""
