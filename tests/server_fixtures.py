"""Fixtures for tests of a running server. A folder's conftest.py imports those that it wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers import ServerProcess

MakeServer = Callable[..., ServerProcess]


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """The database of the test: each test runs on both engines. None is SQLite in the state directory."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    """`server = make_server("name", url, log_level="debug")`: not yet started; ended with the test."""
    made: list[ServerProcess] = []

    def make(name: str = "state", database_url: str | None = None, **options: Any) -> ServerProcess:
        made.append(ServerProcess(tmp_path / name, database_url, **options))
        return made[-1]

    yield make
    for server in made:
        server.kill()
