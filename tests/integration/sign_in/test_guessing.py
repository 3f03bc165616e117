"""Guessing and lockout: one count per user, whatever the spelling, the door or the number of tries."""

from __future__ import annotations

import asyncio

import pytest

from tests.houses import PASSWORD, TENANT, TestHouse
from vestibule.crypto.secret import Secret
from vestibule.interfaces.directory import PasswordVerdict, PasswordVerdictKind
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.application import FirstFactor
from vestibule.model.verification import Reason


def wrong(number: int, right: Secret[str]) -> str:
    """Return the number-th passcode that is not `right`."""
    guess = f"{number:06d}"
    return guess if guess != right.reveal() else "999999"


async def test_of_many_parallel_guesses_no_more_than_the_limit_count(house: TestHouse) -> None:
    """BF-01: 200 at once, limit 10."""
    await house.add_application("checked", FirstFactor.CLIENT)
    alice = await house.add_person("Alice")
    right = alice.passcode(house.clock.now())
    guesses = [wrong(n, right) for n in range(200)]
    progresses = await asyncio.gather(
        *(house.start("alice", None, guess, door="checked") for guess in guesses)
    )
    evaluated = [p for p in progresses if p.reason is not Reason.LOCKED_OUT]
    assert len(evaluated) == 10
    assert not any(p.is_approved for p in progresses)


async def test_the_right_one_among_parallel_guesses_is_refused_once_the_limit_is_reached(
    house: TestHouse,
) -> None:
    """BF-01: what is judged after the lock does not count, right or wrong."""
    await house.add_application("checked", FirstFactor.CLIENT)
    alice = await house.add_person("Alice")
    right = alice.passcode(house.clock.now())
    guesses: list[str | Secret[str]] = [wrong(n, right) for n in range(60)]
    guesses.append(right)
    progresses = await asyncio.gather(
        *(house.start("alice", None, guess, door="checked") for guess in guesses)
    )
    assert sum(p.reason is not Reason.LOCKED_OUT for p in progresses) <= 11
    wrong_before = [p for p in progresses[:-1] if p.reason is not Reason.LOCKED_OUT]
    if progresses[-1].is_approved:
        assert len(wrong_before) < 60
    again = await house.start("alice", None, alice.passcode(house.clock.now(), 1), door="checked")
    assert again.is_approved or again.reason is Reason.LOCKED_OUT


async def test_one_count_over_spellings_doors_and_new_challenges(house: TestHouse) -> None:
    """BF-02, BF-03, BF-04, BF-05."""
    await house.add_application("checked", FirstFactor.CLIENT)
    await house.add_person("Alice")
    await house.change_settings(lockout_threshold=6)
    spellings = ["alice", "ALICE", " Alice ", "CORP\\alice", "ａｌｉｃｅ"]
    for spelling in spellings:
        progress = await house.start(spelling, None, "000000", door="checked")
        assert progress.reason is Reason.PASSCODE_WRONG, spelling
    asked = await house.start("alice")
    assert asked.challenge is not None
    progress = await house.answer("alice", asked.challenge.challenge_id, "000000")
    assert progress.reason is Reason.PASSCODE_WRONG
    locked = await house.start("alice", None, "000000", door="checked")
    assert locked.reason is Reason.LOCKED_OUT


async def test_a_right_passcode_while_locked_gets_the_same_answer_as_a_wrong_one(house: TestHouse) -> None:
    """BF-10: and it is not spent by it."""
    alice = await house.add_person("Alice")
    await house.change_settings(lockout_threshold=2, lockout_seconds=60)
    for _ in range(2):
        await house.start("alice", PASSWORD, "000000")
    right = await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))
    guess = await house.start("alice", PASSWORD, "000000")
    assert right.reason is guess.reason is Reason.LOCKED_OUT
    assert right.verification.trace == guess.verification.trace
    house.clock.advance(61)
    assert (await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))).is_approved


async def test_a_lock_is_not_moved_by_the_clock_going_back(house: TestHouse) -> None:
    """BF-11, TIM-01."""
    alice = await house.add_person("Alice")
    await house.change_settings(lockout_threshold=1, lockout_seconds=60)
    await house.start("alice", PASSWORD, "000000")
    house.clock.advance(-3600)
    progress = await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))
    assert progress.reason is Reason.LOCKED_OUT


async def test_a_hundred_failures_in_a_row_lock_until_an_administrator_helps(house: TestHouse) -> None:
    """BF-12, and unlocking."""
    alice = await house.add_person("Alice")
    await house.change_settings(lockout_threshold=10, lockout_seconds=1, hard_stop=100)
    for _ in range(100):
        progress = await house.start("alice", PASSWORD, "000000")
        assert progress.reason is Reason.PASSCODE_WRONG
        house.clock.advance(2)
    house.clock.advance(10 * 365 * 24 * 3600)
    right = alice.passcode(house.clock.now())
    assert (await house.start("alice", PASSWORD, right)).reason is Reason.LOCKED_OUT
    await house.services.users.unlock(SYSTEM, TENANT, alice.user.user_id)
    assert (await house.start("alice", PASSWORD, right)).is_approved


async def test_a_right_password_does_not_forgive_wrong_passcodes(house: TestHouse) -> None:
    """BF-13: success with one factor does not reset the count of the other."""
    await house.add_person("Alice")
    await house.change_settings(lockout_threshold=3)
    for _ in range(3):
        assert (await house.start("alice")).is_pending
        assert (await house.start("alice", PASSWORD, "000000")).reason is Reason.PASSCODE_WRONG
    assert (await house.start("alice", PASSWORD, "000000")).reason is Reason.LOCKED_OUT


async def test_a_right_passcode_forgives(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    await house.change_settings(lockout_threshold=3)
    for step in (-1, 0, 1):
        for _ in range(2):
            assert (await house.start("alice", PASSWORD, "000000")).reason is Reason.PASSCODE_WRONG
        right = alice.passcode(house.clock.now(), step)
        assert (await house.start("alice", PASSWORD, right)).is_approved


async def test_wrong_passwords_lock_too_and_parallel_ones_are_counted_before_they_are_checked(
    house: TestHouse,
) -> None:
    """BF-01 for passwords: the attempt is reserved before the directory is asked."""
    await house.add_person("Alice")
    await house.change_settings(lockout_threshold=5)
    progresses = await asyncio.gather(*(house.start("alice", f"guess {n}") for n in range(20)))
    assert sum(p.reason is Reason.PASSWORD_WRONG for p in progresses) == 5
    assert sum(p.reason is Reason.LOCKED_OUT for p in progresses) == 15
    assert (await house.start("alice")).reason is Reason.LOCKED_OUT


async def test_a_directory_that_is_away_locks_nobody_out(
    house: TestHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DEP-01: no answer is no failure of the user's; and never an approval."""
    alice = await house.add_person("Alice")
    await house.change_settings(lockout_threshold=2)

    async def away(*_: object) -> PasswordVerdict:
        return PasswordVerdict(PasswordVerdictKind.UNAVAILABLE)

    with monkeypatch.context() as patch:
        patch.setattr(house.house.first_factors, "check", away)
        for _ in range(5):
            progress = await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))
            assert progress.reason is Reason.DIRECTORY_UNAVAILABLE
    assert (await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))).is_approved


async def test_a_malformed_passcode_counts_as_a_guess(house: TestHouse) -> None:
    """OTP-06, OTP-13."""
    alice = await house.add_person("Alice")
    right = alice.passcode(house.clock.now()).reveal()
    await house.change_settings(lockout_threshold=8)
    for decorated in (f" {right}", f"{right}\n", f"+{right}", f"{right[:3]}_{right[3:]}", f"0{right}"):
        progress = await house.start("alice", PASSWORD, decorated)
        assert progress.reason is Reason.PASSCODE_MALFORMED, decorated
    wide = "".join(chr(0xFF10 + int(digit)) for digit in right)
    arabic = "".join(chr(0x0660 + int(digit)) for digit in right)
    for foreign in (wide, arabic, right[:5]):
        assert (await house.start("alice", PASSWORD, foreign)).reason is Reason.PASSCODE_MALFORMED
    assert (await house.start("alice", PASSWORD, right)).reason is Reason.LOCKED_OUT


async def test_unknown_names_leave_nothing_but_their_attempts(house: TestHouse) -> None:
    """BF-16: no counters for people who do not exist."""
    for number in range(50):
        assert (await house.start(f"nobody{number}", "x", "000000")).reason is Reason.UNKNOWN_USER
    assert len(await house.attempts(reason="unknown_user")) == 50


async def test_a_locked_user_and_a_used_passcode_are_events(house: TestHouse) -> None:
    """OTP-01: somebody should hear of it."""
    alice = await house.add_person("Alice")
    await house.change_settings(lockout_threshold=2)
    used = alice.passcode(house.clock.now())
    await house.start("alice", PASSWORD, used)
    await house.start("alice", PASSWORD, used)
    await house.start("alice", PASSWORD, "000000")
    listed = await house.store.read(lambda tx: tx.events(TENANT, "", Page(limit=100)))
    kinds = [event.kind for event in listed.rows]
    assert "authenticator.replayed" in kinds
    assert "user.locked" in kinds


async def test_a_password_that_locks_is_an_event_and_one_that_is_right_is_none(house: TestHouse) -> None:
    """BF-01: somebody should hear of it, once; a right password that was reserved last locks nobody."""
    await house.add_person("Alice")
    await house.change_settings(lockout_threshold=3)
    for password in ("wrong", "wrong", PASSWORD, "wrong", "wrong"):
        await house.start("alice", password)
    assert await _lockouts(house) == []
    for _ in range(3):
        await house.start("alice", "wrong")
    assert await _lockouts(house) == ["Alice"]


async def _lockouts(house: TestHouse) -> list[str]:
    listed = await house.store.read(lambda tx: tx.events(TENANT, "user.locked", Page(limit=100)))
    return [event.subject_name for event in listed.rows]
