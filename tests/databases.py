"""Databases with tables and nothing in them. One of SQLite is copied: to make it takes many times as long."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from vestibule.stores import open_store

_SQLITE = "sqlite:///"


def lay_tables(url: str) -> None:
    """Put an empty database where a house of a test will look for it, if it is a file and not there yet."""
    path = Path(url.removeprefix(_SQLITE))
    if url.startswith(_SQLITE) and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(0o600)
        path.write_bytes(_empty_file())


@cache
def _empty_file() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "empty.db")
        migrate(f"{_SQLITE}{path}")
        return path.read_bytes()


def migrate(url: str) -> None:
    """Make the tables as the program does."""

    async def run() -> None:
        store = open_store(url)
        await store.migrate()
        await store.close()

    run_apart(run())


def run_apart(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run it in a thread: a loop runs in this one if an asynchronous fixture has asked for what it makes."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, coroutine).result()
