"""When the file or its disk fails: nothing is decided, the cause is said, and it recovers alone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import decided, tenant
from vestibule.interfaces.store import Store, Unavailable
from vestibule.stores import open_store
from vestibule.stores.sqlite import checkpoints


@pytest.fixture
def path(tmp_path: Path, migrated_file: Path) -> Path:
    path = tmp_path / "vestibule.db"
    shutil.copy(migrated_file, path)
    return path


@pytest.fixture
async def own(path: Path, opened: Opened) -> Store:
    store = await opened(f"sqlite:///{path}")
    await store.transact(lambda tx: tx.put(tenant("acme")))
    return store


async def add(store: Store, *names: str, size: int = 0) -> list[object]:
    """Add attempts at once, each larger by `size` characters; True or the exception of each."""
    records = [decided("acme", name, device="x" * size) for name in names]
    return await asyncio.gather(
        *(store.transact(lambda tx, record=record: tx.add_verification(record)) for record in records),
        return_exceptions=True,
    )


async def names(store: Store) -> set[str]:
    return {
        name
        for name in ("a", "b", "c", "d")
        if await store.read(lambda tx, n=name: tx.verification("acme", n))
    }


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_the_file_is_its_owners_alone(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "new.db"
    fresh = open_store(f"sqlite:///{path}")
    before = os.umask(0)
    try:
        await fresh.migrate()
    finally:
        os.umask(before)
    assert mode(path) == 0o600
    path.chmod(0o644)
    store = await opened(f"sqlite:///{path}")
    await store.transact(lambda tx: tx.put(tenant("acme")))
    assert [mode(tmp_path / f"new.db{end}") for end in ("", "-wal", "-shm")] == [0o600] * 3


async def test_what_stands_in_the_way_is_said(tmp_path: Path) -> None:
    """DB-12: a clear error, and no new file where none was asked for."""
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"this is no database" * 100)
    cases = {
        tmp_path / "missing" / "x.db": "vestibule migrate",
        garbage: "not a database",
        tmp_path: "Is a directory|cannot be opened",
        tmp_path / "none.db": "vestibule migrate",
    }
    for path, text in cases.items():
        store = open_store(f"sqlite:///{path}")
        with pytest.raises(Unavailable, match=text):
            await store.open()
        await store.close()
    with pytest.raises(Unavailable, match="check the folder"):
        await open_store(f"sqlite:///{tmp_path / 'missing' / 'x.db'}").migrate()
    assert not (tmp_path / "none.db").exists()


async def test_a_full_file_decides_nothing_and_recovers(own: Store) -> None:
    """DB-10, without a disk: the file may not grow."""
    writer = own._writer._connection  # type: ignore[attr-defined]
    (pages,) = writer.execute("pragma page_count").fetchone()
    writer.execute(f"pragma max_page_count = {pages}")
    results = await add(own, "a", "b", "c", size=100_000)
    assert all(isinstance(each, Unavailable) and "full" in str(each) for each in results)
    assert await names(own) == set()
    writer.execute("pragma max_page_count = 1000000")
    assert await add(own, "a", "b", size=100_000) == [True, True]
    await own.check()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("takes the right to mount")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


async def test_a_full_disk_decides_nothing_and_recovers(small_disk: Path, migrated_file: Path) -> None:
    """DB-10: full while it works; when there is space again it goes on without a restart."""
    path = small_disk / "vestibule.db"
    shutil.copy(migrated_file, path)
    store = open_store(f"sqlite:///{path}")
    await store.open()
    try:
        await store.transact(lambda tx: tx.put(tenant("acme")))
        assert await add(store, "a") == [True]
        filler = small_disk / "filler"
        _fill(filler)
        results = await add(store, "b", "c", size=200_000)
        assert all(isinstance(each, Unavailable) and "full" in str(each) for each in results)
        assert await names(store) == {"a"}
        with pytest.raises(Unavailable):
            await _check_often(store)
        filler.unlink()
        await store.check()
        assert await add(store, "b", "c", size=200_000) == [True, True]
        assert await names(store) == {"a", "b", "c"}
    finally:
        await store.close()
    with contextlib.closing(sqlite3.connect(path)) as after:
        assert after.execute("pragma integrity_check").fetchone() == ("ok",)


async def test_a_file_that_another_process_holds(
    path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DB-12: a copy in progress makes sign-ins wait, then refuses them; reading goes on."""
    monkeypatch.setattr("vestibule.stores.sqlite.connection.BUSY_SECONDS", 0.05)
    store = await opened(f"sqlite:///{path}")
    await store.transact(lambda tx: tx.put(tenant("acme")))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    results = await add(store, "a", "b")
    assert all(isinstance(each, Unavailable) and "another process" in str(each) for each in results)
    assert await names(store) == set()
    other.execute("rollback")
    assert await add(store, "a", "b") == [True, True]
    other.close()


def _take_over(path: Path) -> str:
    """Let another process try to do away with the journal; what it says."""
    code = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('pragma journal_mode = delete')"
    return subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=False
    ).stderr


def _fill(path: Path) -> None:
    """Write a file until the disk is full."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


async def _check_often(store: Store) -> None:
    """What little fits beside the filler is used up by trying."""
    for _ in range(2000):
        await store.check()


async def test_opening_again_keeps_the_locks_of_those_who_are_there(own: Store, path: Path) -> None:
    """A second connection of the process must not give up the locks of the first (POSIX): another process
    would take the journal away under it."""
    second = open_store(f"sqlite:///{path}")
    await second.open()
    await second.close()
    assert "database is locked" in await asyncio.to_thread(_take_over, path)
    assert await add(own, "a") == [True]


async def test_a_broken_statement_is_its_bodys_own(own: Store) -> None:
    """One body that asks for nonsense is not allowed to make the file look broken to the others."""

    async def nonsense(tx: object) -> None:
        await tx.put_note("key", object())  # type: ignore[attr-defined]

    results = await asyncio.gather(
        *(own.transact(lambda tx, n=n: tx.add_verification(decided("acme", n))) for n in ("a", "b")),
        own.transact(nonsense),
        return_exceptions=True,
    )
    assert results[:2] == [True, True]
    assert isinstance(results[2], sqlite3.Error)


def _hide(path: Path) -> None:
    """Put a folder where the file was, so that opening it fails for root, too."""
    path.rename(path.with_suffix(".hidden"))
    path.mkdir()


def _show(path: Path) -> None:
    path.rmdir()
    path.with_suffix(".hidden").rename(path)


async def test_a_file_that_went_away_is_opened_again_when_it_is_back(own: Store, path: Path) -> None:
    """DB-10: the writer outlives a connection that is of no use any more."""
    own._writer._connection.close()  # type: ignore[attr-defined]
    _hide(path)
    results = await add(own, "a", "b")
    assert all(isinstance(each, Unavailable) for each in results)
    results = await add(own, "a", "b")
    assert all(isinstance(each, Unavailable) for each in results)
    _show(path)
    assert all(isinstance(each, Unavailable) or each is True for each in await add(own, "a"))
    assert await add(own, "b") == [True]


@pytest.mark.parametrize("limit", ["ROWS_APART", "COMMITS_APART"])
async def test_the_journal_begins_anew_again_and_again(
    own: Store, path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """Left alone, 300 commits would leave some 4 MiB behind. How fast a copy is made is up to the machine."""
    monkeypatch.setattr(checkpoints, limit, 20)
    copies = own._writer._checkpoints  # type: ignore[attr-defined]  # what runs beside the commits
    for number in range(300):
        assert await add(own, f"user{number}") == [True]
        if copies._running is not None:
            await copies._running
    assert path.with_name(path.name + "-wal").stat().st_size < 1024 * 1024
