"""Local passwords: never on the event loop, never too many at a time, never telling who exists."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from vestibule import catalog
from vestibule.crypto.passwords import DUMMY_HASH, hash_password
from vestibule.crypto.secret import Secret
from vestibule.directories import local
from vestibule.directories.local import LocalDirectory
from vestibule.interfaces.directory import PasswordVerdictKind
from vestibule.model.user import User

MATCH, MISMATCH = PasswordVerdictKind.MATCH, PasswordVerdictKind.MISMATCH
UNAVAILABLE = PasswordVerdictKind.UNAVAILABLE


def _user(password_hash: str = "") -> User:
    return User(
        tenant_id="t",
        user_id="u",
        username="alice",
        names=("alice",),
        password_hash=password_hash,
        created_at=0,
        updated_at=0,
    )


@pytest.fixture(scope="module")
def encoded() -> str:
    return hash_password("right pässword")


@pytest.fixture
async def directory() -> AsyncIterator[LocalDirectory]:
    made = LocalDirectory(workers=1, waiting=2)
    yield made
    await made.close()


async def _kind(directory: LocalDirectory, user: User | None, password: str) -> PasswordVerdictKind:
    return (await directory.check_password(user, "alice", Secret(password))).kind


async def test_the_right_password_and_wrong_ones(directory: LocalDirectory, encoded: str) -> None:
    assert await _kind(directory, _user(encoded), "right pässword") is MATCH
    for wrong in ("right password", "right pässword ", "RIGHT PÄSSWORD", "x"):
        assert await _kind(directory, _user(encoded), wrong) is MISMATCH


async def test_who_has_no_password_is_checked_against_nobodys(
    directory: LocalDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BF-14: the same work for people who do not exist, and even the right guess is no match."""
    asked: list[str] = []

    def verify(encoded: str, password: str) -> bool:
        asked.append(encoded)
        return True

    monkeypatch.setattr(local, "verify_password", verify)
    assert await _kind(directory, None, "x") is MISMATCH
    assert await _kind(directory, _user(), "x") is MISMATCH
    assert asked == [DUMMY_HASH, DUMMY_HASH]


@pytest.mark.parametrize("password", ["", "x" * 1025, "ä" * 600, "x" * 1_000_000, "\udcff"], ids=len)
async def test_what_cannot_be_a_password_is_never_hashed(
    directory: LocalDirectory, encoded: str, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    """DOS-03, OTP-20: no work for nothing, and none for a megabyte."""

    def verify(encoded: str, password: str) -> bool:
        raise AssertionError("hashed")

    monkeypatch.setattr(local, "verify_password", verify)
    assert await _kind(directory, _user(encoded), password) is MISMATCH


async def test_a_damaged_hash_lets_nobody_in(directory: LocalDirectory) -> None:
    for damaged in ("x", "$argon2id$", DUMMY_HASH[:-4], "plain"):
        assert await _kind(directory, _user(damaged), "plain") is MISMATCH


class _Gate:
    """A stand-in for the hash function that holds every caller until it is opened."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.open = threading.Event()
        self.entered = asyncio.Event()
        self.threads: set[int] = set()
        self._loop = loop

    def __call__(self, encoded: str, password: str) -> bool:
        self.threads.add(threading.get_ident())
        self._loop.call_soon_threadsafe(self.entered.set)
        assert self.open.wait(30)
        return True


@pytest.fixture
async def gate(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[_Gate]:
    made = _Gate(asyncio.get_running_loop())
    monkeypatch.setattr(local, "verify_password", made)
    yield made
    made.open.set()


async def test_only_so_many_may_wait(directory: LocalDirectory, gate: _Gate) -> None:
    """DOS-03: one hashes, two wait, the rest is told at once; the loop goes on all the time."""
    checks = [asyncio.create_task(_kind(directory, _user("h"), "x")) for _ in range(3)]
    await gate.entered.wait()
    for _ in range(1000):
        assert await _kind(directory, _user("h"), "x") is UNAVAILABLE
    assert threading.get_ident() not in gate.threads
    gate.open.set()
    assert await asyncio.gather(*checks) == [MATCH] * 3
    assert len(gate.threads) == 1
    assert await _kind(directory, _user("h"), "x") is MATCH


async def test_a_check_that_was_given_up_gives_its_place_back(directory: LocalDirectory, gate: _Gate) -> None:
    checks = [asyncio.create_task(_kind(directory, _user("h"), "x")) for _ in range(3)]
    await gate.entered.wait()
    for check in checks[1:]:
        check.cancel()
    await asyncio.gather(*checks[1:], return_exceptions=True)
    others = [asyncio.create_task(_kind(directory, _user("h"), "x")) for _ in range(2)]
    await asyncio.sleep(0)
    # The one that hashes still has its place, so there were two to give away.
    assert await _kind(directory, _user("h"), "x") is UNAVAILABLE
    gate.open.set()
    assert await asyncio.gather(*others) == [MATCH, MATCH]


async def test_after_closing_nobody_gets_in(encoded: str) -> None:
    directory = LocalDirectory(workers=1)
    await directory.close()
    for _ in range(100):
        assert await _kind(directory, _user(encoded), "right pässword") is UNAVAILABLE


async def test_checks_that_wait_are_answered_though_it_closes(directory: LocalDirectory, gate: _Gate) -> None:
    checks = [asyncio.create_task(_kind(directory, _user("h"), "x")) for _ in range(3)]
    await gate.entered.wait()
    await directory.close()
    gate.open.set()
    assert await asyncio.gather(*checks) == [MATCH] * 3


async def test_nobody_is_found_here_and_nothing_can_be_set(directory: LocalDirectory) -> None:
    assert await directory.find("alice") is None
    with pytest.raises(ValueError, match=r"^x: "):
        local.DIRECTORY.open({"x": 1}, Secret(""))


async def test_every_detail_is_a_text_in_the_catalog(directory: LocalDirectory, encoded: str) -> None:
    details: list[Callable[[], str]] = [lambda: local._MISMATCH.detail, lambda: local._OVERLOADED.detail]
    assert {detail() for detail in details} == set(catalog.keys("local."))
