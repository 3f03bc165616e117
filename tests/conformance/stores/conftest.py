"""The store under test: every test of this folder runs on both engines, none is exempt.

A module's tests share a database and keep apart by tenant; what counts over all tenants asks for `own_url`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.conformance.stores.records import HandClock, tenant
from tests.databases import migrate
from tests.peers.postgres import PostgresServer
from vestibule.interfaces.store import Store
from vestibule.stores import open_store

_numbers = count(1)

Opened = Callable[..., Awaitable[Store]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database to copy."""
    path = tmp_path_factory.mktemp("stores") / "migrated.db"
    migrate(f"sqlite:///{path}")
    return path


class Databases:
    """Makes databases for a module: migrated and empty."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._made = 0

    def new(self) -> str:
        self._made += 1
        return self._make(f"{self._name}_{self._made}")

    def _make(self, name: str) -> str:
        raise NotImplementedError

    def emptied(self, url: str) -> str:
        raise NotImplementedError

    def remove(self) -> None:
        """Take away what was made."""


class SqliteDatabases(Databases):
    def __init__(self, name: str, folder: Path, migrated: Path) -> None:
        super().__init__(name)
        self._folder = folder
        self._migrated = migrated

    def _make(self, name: str) -> str:
        shutil.copy(self._migrated, self._folder / name)
        return f"sqlite:///{self._folder / name}"

    def emptied(self, url: str) -> str:
        return self.new()


class PostgresDatabases(Databases):
    def __init__(self, name: str, server: PostgresServer) -> None:
        super().__init__(name)
        self._server = server
        self._names: list[str] = []
        self._template = server.template("migrated", migrate)

    def _make(self, name: str) -> str:
        self._names.append(name)
        return self._server.create(name, template=self._template)

    def emptied(self, url: str) -> str:
        name = url.partition("?")[0].rpartition("/")[2]
        self._server.empty(name)
        return url

    def remove(self) -> None:
        for name in self._names:
            self._server.drop(name)


@pytest.fixture(scope="module")
def databases(
    engine: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    name = f"stores_{os.getpid()}_{next(_numbers)}"
    made: Databases
    if engine == "sqlite":
        folder = tmp_path_factory.mktemp("stores")
        made = SqliteDatabases(name, folder, request.getfixturevalue("migrated_file"))
    else:
        made = PostgresDatabases(name, request.getfixturevalue("postgres_server"))
    yield made
    made.remove()


@pytest.fixture(scope="module")
def url(databases: Databases) -> str:
    """A database that the tests of a module share."""
    return databases.new()


@pytest.fixture(scope="module")
def second_url(databases: Databases) -> str:
    return databases.new()


@pytest.fixture
def own_url(databases: Databases, second_url: str) -> str:
    """A database that holds nothing but what this test stores."""
    return databases.emptied(second_url)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def opened(clock: HandClock) -> AsyncIterator[Opened]:
    """`store = await opened(url)`: open until the end of the test; each call is another node."""
    stores: list[Store] = []

    async def open_one(url: str, *, has_clock: bool = True) -> Store:
        store = open_store(url, clock if has_clock else None)
        await store.open()
        stores.append(store)
        return store

    yield open_one
    for store in stores:
        await store.close()


@pytest.fixture
async def store(url: str, opened: Opened) -> Store:
    return await opened(url)


@pytest.fixture
async def tenant_id(store: Store) -> str:
    """A tenant that this test alone has."""
    name = f"tenant{next(_numbers)}"
    await store.transact(lambda tx: tx.put(tenant(name)))
    return name
