"""Stores: the row is the truth, on two engines with one behavior (`interfaces/store.py`).

Only this package holds durable state. `queries/` says everything once, as SQL and its meaning; `sqlite/`
and `postgres/` differ in how requests reach the database and how bodies are committed, in nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from vestibule.interfaces.clock import Clock
from vestibule.interfaces.store import Store

_SQLITE: Final = "sqlite:///"
_POSTGRES: Final = ("postgresql://", "postgres://")


def open_store(url: str, clock: Clock | None = None) -> Store:
    """Return the store at `url`, not yet connected.

    `sqlite:///relative/path`, `sqlite:////absolute/path`, `postgresql://user:password@host:port/database`
    (`?host=/folder` for a Unix socket). Without a clock the time is the database's own on PostgreSQL, so
    that all nodes share it, and the system's on SQLite. Raises ValueError for any other URL, without
    repeating it, for it may hold a password.
    """
    # Each engine's driver is loaded only where it is used.
    if url.startswith(_SQLITE) and len(url) > len(_SQLITE):
        from vestibule.stores.sqlite.store import SqliteStore  # noqa: PLC0415

        return SqliteStore(Path(url.removeprefix(_SQLITE)), clock)
    if url.startswith(_POSTGRES):
        from vestibule.stores.postgres.store import PostgresStore  # noqa: PLC0415

        return PostgresStore(url, clock)
    raise ValueError("a database URL begins with sqlite:/// (and a path) or postgresql://")
