"""A first factor that somebody else judges: counted, locked and led on like a password."""

from __future__ import annotations

import pytest

from tests.houses import TestHouse
from vestibule.interfaces.directory import PasswordVerdict, PasswordVerdictKind
from vestibule.model.user import User
from vestibule.model.verification import Reason
from vestibule.services.outcome import Progress


class Behind:
    """The server behind a proxy, as a judge: says the same each time and remembers whom it was asked for."""

    def __init__(self, kind: PasswordVerdictKind) -> None:
        self._verdict = PasswordVerdict(kind)
        self.asked: list[str | None] = []

    async def judge(self, user: User | None) -> PasswordVerdict:
        self.asked.append(user.username if user else None)
        return self._verdict if user else PasswordVerdict(PasswordVerdictKind.MISMATCH)


async def start(house: TestHouse, behind: Behind, username: str = "alice") -> Progress:
    return await house.services.verifications.start_judged(house.origin(username), behind.judge)


async def test_who_is_accepted_behind_is_asked_for_the_second_factor(house: TestHouse) -> None:
    alice = await house.add_person("alice")
    behind = Behind(PasswordVerdictKind.MATCH)
    asked = await start(house, behind)
    assert asked.is_pending
    assert asked.challenge is not None
    passcode = alice.passcode(house.clock.now())
    answered = await house.answer("alice", asked.challenge.challenge_id, passcode)
    assert answered.is_approved
    assert behind.asked == ["alice"]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (PasswordVerdictKind.MISMATCH, Reason.PASSWORD_WRONG),
        (PasswordVerdictKind.UNAVAILABLE, Reason.DIRECTORY_UNAVAILABLE),
    ],
)
async def test_who_is_not_is_asked_nothing(
    house: TestHouse, kind: PasswordVerdictKind, reason: Reason
) -> None:
    await house.add_person("alice")
    refused = await start(house, Behind(kind))
    assert refused.verification.reason is reason
    assert refused.challenge is None


async def test_guesses_lock_and_then_nobody_s_are_judged(house: TestHouse) -> None:
    """BF-14: whoever is locked, and whoever is unknown, costs the same as everybody else."""
    await house.add_person("alice")
    behind = Behind(PasswordVerdictKind.MISMATCH)
    reasons = [(await start(house, behind)).verification.reason for _ in range(20)]
    assert reasons[0] is Reason.PASSWORD_WRONG
    assert reasons[-1] is Reason.LOCKED_OUT
    assert behind.asked[0] == "alice"
    assert behind.asked[-1] is None
    assert len(behind.asked) == 20
    unknown = await start(house, behind, "nobody")
    assert unknown.verification.reason is Reason.UNKNOWN_USER
    assert len(behind.asked) == 21
