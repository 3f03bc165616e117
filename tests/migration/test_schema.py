"""Migrations: what the steps make is what is declared, on both engines; half a schema is never seen."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from tests.peers.postgres import PostgresServer, _tool
from tests.peers.program import run_well
from vestibule.interfaces.store import Unavailable
from vestibule.stores import open_store
from vestibule.stores.queries.tenants import EMPTIED, KEPT
from vestibule.stores.schema import REVISION, REVISION_TABLE
from vestibule.stores.schema.plan import plan
from vestibule.stores.schema.tables import metadata

_ROOT = Path(__file__).parents[2]
STEPS = plan("sqlite", None).steps
_DIALECTS = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect()}
_declared_pictures: dict[str, list[str]] = {}


def test_the_end_of_a_tenant_reaches_every_table() -> None:
    """S25: each table with a tenant is emptied, or kept for a reason, or goes with another."""
    reached = {*EMPTIED, *KEPT}
    for table in metadata.sorted_tables:
        cascading = [key for key in table.foreign_key_constraints if key.ondelete == "CASCADE"]
        if any(key.referred_table.name in reached for key in cascading):
            reached.add(table.name)
    assert {table.name for table in metadata.sorted_tables if "tenant_id" in table.columns} <= reached


def test_a_tenant_is_emptied_from_the_leaves() -> None:
    """S25: whatever belongs to another row and does not go with it goes before it."""
    for table in metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            parent = key.referred_table.name
            if key.ondelete != "CASCADE" and parent in EMPTIED:
                assert table.name in EMPTIED[: EMPTIED.index(parent)], (table.name, parent)


class Database:
    """A database of this test's own, and what is in it as text."""

    engine = ""

    def __init__(self, url: str) -> None:
        self.url = url

    def picture(self) -> str:
        raise NotImplementedError

    async def run(self, *statements: str) -> None:
        raise NotImplementedError


def _constraints(sql: str) -> list[str]:
    """The named constraints of a table, without the columns that stand behind them."""
    parts = " ".join(sql.split()).split("CONSTRAINT ")[1:]
    return [
        re.sub(r",? ?(\w+ (TEXT|BIGINT|BLOB|INTEGER) .*)?\)?( WITHOUT ROWID)?$", "", part) for part in parts
    ]


class SqliteDatabase(Database):
    engine = "sqlite"

    def __init__(self, path: Path) -> None:
        super().__init__(f"sqlite:///{path}")
        self._path = path

    def picture(self) -> str:
        """Column by column: a column that was added later stands elsewhere in SQLite's own text."""
        with contextlib.closing(sqlite3.connect(self._path)) as connection:
            found = connection.execute(
                "select type, name, tbl_name, sql from sqlite_master order by name"
            ).fetchall()
            lines = [" ".join(sql.split()) for kind, _, _, sql in found if kind == "index" and sql]
            for kind, name, _, sql in found:
                if kind == "table":
                    lines.append(f"{name} without rowid {sql.rstrip().upper().endswith('WITHOUT ROWID')}")
                    lines += [f"{name} constraint {part}" for part in _constraints(sql)]
                    columns = connection.execute(f"pragma table_xinfo({name})")
                    lines += [f"{name} column {row[1:]}" for row in columns]
        return "\n".join(lines)

    async def run(self, *statements: str) -> None:
        with contextlib.closing(sqlite3.connect(self._path)) as connection, connection:
            for statement in statements:
                connection.execute(statement)


class PostgresDatabase(Database):
    engine = "postgresql"

    def __init__(self, server: PostgresServer, name: str) -> None:
        super().__init__(server.create(name))
        self._server = server
        self._name = name

    def picture(self) -> str:
        dump = [*self._server._as_owner(), _tool("pg_dump"), "-h", self._server.home, "--schema-only"]
        lines = run_well([*dump, "--no-owner", self._name]).splitlines()
        return "\n".join(line for line in lines if not line.startswith(("--", "\\")))

    async def run(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.url)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def new(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_server: PostgresServer
) -> Callable[[str], Database]:
    """`database = new("one")`: empty."""

    def make(name: str) -> Database:
        if request.param == "sqlite":
            return SqliteDatabase(tmp_path / name)
        unique = f"migration_{name}_{os.getpid()}"
        request.addfinalizer(lambda: postgres_server.drop(unique))
        return PostgresDatabase(postgres_server, unique)

    return make


async def migrate(database: Database) -> list[str]:
    store = open_store(database.url)
    try:
        return await store.migrate()
    finally:
        await store.close()


async def opens(database: Database) -> None:
    store = open_store(database.url)
    try:
        await store.open()
        await store.check()
    finally:
        await store.close()


def declared(engine: str) -> list[str]:
    """The statements that make the tables as they are declared."""
    statements = [f"CREATE TABLE {REVISION_TABLE} (version_num VARCHAR(32) NOT NULL)"]
    dialect = _DIALECTS[engine]
    for table in metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)))
        of_engine = [index for index in table.indexes if index.info.get("only_on", engine) == engine]
        indexes = sorted(of_engine, key=lambda index: str(index.name))
        statements += [str(CreateIndex(index).compile(dialect=dialect)) for index in indexes]
    return statements


def _comparable(picture: str) -> list[str]:
    """The lines of a picture without what says nothing: case, blanks, and the order of constraints."""
    lines = []
    for line in picture.splitlines():
        parts = line.lower().replace("(", " ( ").replace(")", " ) ").replace(",", " ").split()
        if parts and REVISION_TABLE not in line:
            columns, *constraints = " ".join(parts).removesuffix(" )").split(" constraint ")
            lines.append(" constraint ".join([columns, *sorted(constraints)]))
    return sorted(lines)


@pytest.mark.no_turns
async def test_what_the_steps_make_is_what_is_declared(new: Callable[[str], Database]) -> None:
    migrated = new("migrated")
    assert await migrate(migrated) == STEPS
    expected = await _expected(new, migrated.engine)
    assert len(expected) > 30
    assert _comparable(migrated.picture()) == expected


async def _expected(new: Callable[[str], Database], engine: str) -> list[str]:
    """What is in a picture of the tables as they are declared; made once for each engine."""
    if engine not in _declared_pictures:
        made = new("made")
        await made.run(*declared(engine))
        _declared_pictures[engine] = _comparable(made.picture())
    return _declared_pictures[engine]


@pytest.mark.no_turns
async def test_migrating_again_does_nothing(new: Callable[[str], Database]) -> None:
    database = new("one")
    assert await migrate(database) == STEPS
    before = database.picture()
    assert await migrate(database) == []
    assert database.picture() == before
    await opens(database)


@pytest.mark.no_turns
async def test_migrating_twice_at_once_is_safe(new: Callable[[str], Database]) -> None:
    database = new("one")
    done = await asyncio.gather(*(migrate(database) for _ in range(3)))
    assert sorted(done) == [[], [], STEPS]
    await opens(database)


@pytest.mark.no_turns
async def test_a_database_without_tables_is_refused(new: Callable[[str], Database]) -> None:
    database = new("one")
    with pytest.raises(Unavailable, match="no tables yet; run: vestibule migrate"):
        await opens(database)


@pytest.mark.no_turns
async def test_an_older_schema_is_refused(new: Callable[[str], Database]) -> None:
    database = new("one")
    await migrate(database)
    await database.run(f"update {REVISION_TABLE} set version_num = '0000_before'")
    with pytest.raises(Unavailable, match="run: vestibule migrate"):
        await opens(database)


@pytest.mark.no_turns
async def test_a_newer_schema_is_refused_or_tolerated_as_it_says(new: Callable[[str], Database]) -> None:
    """UPG-01, UPG-03."""
    database = new("one")
    await migrate(database)
    await database.run(f"update {REVISION_TABLE} set version_num = '9999_later'")
    await opens(database)
    assert await migrate(database) == []
    await database.run("update installation set oldest_program = '99.0.0'")
    for act in (opens, migrate):
        with pytest.raises(Unavailable, match="newer than this program"):
            await act(database)


_KILLED = """
import asyncio, os, signal, sys
from vestibule.stores import open_store
from vestibule.stores.schema import plan as module

class Deadly(list):
    def __iter__(self):
        for number, statement in enumerate(super().__iter__()):
            if number == int(sys.argv[2]):
                os.kill(os.getpid(), signal.SIGKILL)
            yield statement

real = module.plan
def plan(*arguments):
    made = real(*arguments)
    made.statements = Deadly(made.statements)
    return made
module.plan = plan
asyncio.run(open_store(sys.argv[1]).migrate())
"""


def _kill_at(database: Database, statement: int) -> int:
    command = [sys.executable, "-c", _KILLED, database.url, str(statement)]
    return subprocess.run(command, cwd=_ROOT, check=False).returncode


@pytest.mark.no_turns
async def test_a_migration_that_is_killed_leaves_nothing_half_done(
    new: Callable[[str], Database], proof: Callable[[int, int], int]
) -> None:
    """UPG-02: killed at a statement, it is as if it had not begun; the next one does it all."""
    database = new("one")
    count = len(plan(database.engine, None).statements)
    for statement in range(1, count, proof(count // 3, 1)):
        code = await asyncio.to_thread(_kill_at, database, statement)
        assert code == -signal.SIGKILL
        assert "tenants" not in database.picture()
    assert await migrate(database) == STEPS
    await opens(database)


def test_every_step_has_a_number_and_follows_the_one_before() -> None:
    folder = _ROOT / "src/vestibule/stores/schema/migrations"
    names = sorted(path.stem.removeprefix("step_") for path in folder.glob("step_*.py"))
    assert names == plan("sqlite", None).steps == plan("postgresql", None).steps
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert names[-1] == REVISION


@pytest.mark.parametrize("start", STEPS[:-1])
async def test_a_database_of_an_earlier_release_is_brought_up_to_date(
    new: Callable[[str], Database], start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UPG-01: from each step on, with the rows it has, to the tables that are declared."""
    old = new("old")
    with monkeypatch.context() as patched:
        patched.setattr("vestibule.stores.schema.plan.REVISION", start)
        early = plan(old.engine, None)
    assert early.steps[-1] == start
    await old.run(*early.statements, "insert into notes (key, value) values ('a', 'b')")
    assert await migrate(old) == STEPS[STEPS.index(start) + 1 :]
    await opens(old)
    assert _comparable(old.picture()) == await _expected(new, old.engine)


async def test_a_copy_of_an_older_database_keeps_its_rows(tmp_path: Path) -> None:
    """A file that is copied while it is closed is a whole database."""
    first = SqliteDatabase(tmp_path / "one")
    await migrate(first)
    await first.run("insert into notes (key, value) values ('a', 'b')")
    shutil.copy(tmp_path / "one", tmp_path / "two")
    store = open_store(f"sqlite:///{tmp_path / 'two'}")
    await store.open()
    assert await store.read(lambda tx: tx.note("a")) == "b"
    await store.close()
