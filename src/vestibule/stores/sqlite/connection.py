"""Connections to the file, and what its errors mean.

Invariants: WAL with full sync, so a commit that has returned survives a power cut; foreign keys on; the
file belongs to its owner alone (the journal beside it inherits that).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from vestibule.interfaces.store import Conflict, Unavailable
from vestibule.stores.transaction import UniqueTaken

BUSY_SECONDS: Final = 5.0
"""How long to wait for another process (a backup, a command of the administrator) to let go of the file."""

_PAGES_KIB: Final = 32 * 1024
_JOURNAL_PAGES: Final = 40_000
"""A commit copies the journal into the file only if checkpoints.py has not kept up."""

_WRITER: Final = (
    "pragma journal_mode = wal",
    "pragma synchronous = full",
    "pragma foreign_keys = on",
    "pragma temp_store = memory",
    f"pragma cache_size = -{_PAGES_KIB}",
    f"pragma wal_autocheckpoint = {_JOURNAL_PAGES}",
)
_READER: Final = ("pragma query_only = on", "pragma temp_store = memory")

# Else the driver asks around, for each truth value of each row, whether it is anything better.
sqlite3.register_adapter(bool, int)

_TAKEN: Final = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})
_FILE_ERRORS: Final = {
    sqlite3.SQLITE_FULL: "the disk (or the quota) is full: free some space, nothing else is to be done",
    sqlite3.SQLITE_IOERR: "the disk reports an error: look into the system's log",
    sqlite3.SQLITE_READONLY: "the file or its folder may not be written: check owner and permissions",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened: check that its folder exists and may be written",
    sqlite3.SQLITE_BUSY: "another process holds the file (a backup copies it, a command runs): try again",
    sqlite3.SQLITE_LOCKED: "another process holds the file (a backup copies it, a command runs): try again",
    sqlite3.SQLITE_CORRUPT: "the file is damaged: stop, keep a copy of it, restore the last backup",
    sqlite3.SQLITE_NOTADB: "the file is not a database of SQLite",
    sqlite3.SQLITE_PERM: "the file may not be opened: check owner and permissions",
    sqlite3.SQLITE_AUTH: "the file may not be opened: check owner and permissions",
    sqlite3.SQLITE_NOMEM: "there is not enough memory",
}


def connect_writer(path: Path, patience: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open the file to write, making it if there is none; raise Unavailable with what to do. `patience`:
    seconds that a statement waits for another process to let go of the file."""
    try:
        _make(path)
        path.chmod(0o600)
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}: check the folder, its owner and permissions") from error
    connection = _connect(f"file:{quote(str(path))}?mode=rw", path, _WRITER)
    connection.execute(f"pragma busy_timeout = {int(patience * 1000)}")
    return connection


def _make(path: Path) -> None:
    """Make an empty file for its owner alone, before SQLite could make one that others can read.

    A file that is there is not touched, not even opened: closing it would give up the locks that this
    process has on it through other connections (POSIX), and with them what those have committed.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open the file to read only."""
    return _connect(f"file:{quote(str(path))}?mode=ro", path, _READER)


def _connect(uri: str, path: Path, pragmas: Sequence[str]) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            uri,
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
    except sqlite3.Error as error:
        raise unavailable(error, path) from error
    try:
        for pragma in pragmas:
            connection.execute(pragma)
    except sqlite3.Error as error:
        connection.close()
        raise unavailable(error, path) from error
    return connection


def unavailable(error: sqlite3.Error, path: Path | str) -> Unavailable:
    """Say what an error of the file means and what to do; nothing of a statement or its values."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return Unavailable(f"{path}: {_FILE_ERRORS.get(code, 'SQLite: ' + str(error))}")


def is_busy(error: sqlite3.Error) -> bool:
    """Tell whether another process holds the file just now."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def is_about_the_file(error: sqlite3.Error) -> bool:
    """Tell whether the file or its disk failed, not the statement."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _FILE_ERRORS


def meaning(error: sqlite3.Error) -> Exception:
    """Return what an error of a statement means for its body."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code in _TAKEN:
        return UniqueTaken()
    if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        # What the body referred to has gone meanwhile: read again.
        return Conflict()
    return error
