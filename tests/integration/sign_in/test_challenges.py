"""Challenges: bound to their user and client, answered once, over when they are over."""

from __future__ import annotations

import asyncio

import pytest

from tests.houses import PASSWORD, TENANT, Person, TestHouse
from vestibule.model.actor import SYSTEM
from vestibule.model.user import UserStatus
from vestibule.model.verification import Reason, VerificationState
from vestibule.services.outcome import Progress


async def asked(house: TestHouse, person: Person) -> str:
    progress = await house.start(person.user.username)
    assert progress.challenge is not None
    return progress.challenge.challenge_id


async def test_an_answer_by_another_user_is_refused_and_spends_nothing(house: TestHouse) -> None:
    """CH-01, RA-15: the second factor is tied to who passed the first."""
    alice, bob = await house.add_person("Alice"), await house.add_person("Bob")
    challenge_id = await asked(house, alice)
    now = house.clock.now()
    crossed = await house.answer("bob", challenge_id, bob.passcode(now))
    assert crossed.reason is Reason.CHALLENGE_UNKNOWN
    with_bobs = await house.answer("alice", challenge_id, bob.passcode(now))
    assert not with_bobs.is_approved
    assert (await house.answer("alice", challenge_id, alice.passcode(now))).is_approved


@pytest.mark.parametrize(
    ("languages", "spoken"),
    [
        ({}, "en"),
        ({"language": "de"}, "de"),
        ({"language": "en", "language_token": "de"}, "de"),
        ({"language_call": "de", "language_text": "de", "language_app": "de"}, "en"),
    ],
)
async def test_a_passcode_is_asked_for_in_the_language_of_tokens(
    house: TestHouse, languages: dict[str, str], spoken: str
) -> None:
    """1.33: at the start, and again after a wrong one."""
    alice = await house.add_person("Alice", **languages)
    progress = await house.start("alice")
    assert progress.challenge is not None
    again = await house.answer("alice", progress.challenge.challenge_id, "000000")
    assert (progress.language, again.language) == (spoken, spoken)
    refused = await house.start("alice", "wrong")
    assert refused.language == "", "who is turned away is told nothing of whom he claimed to be"
    del alice


async def test_an_answer_through_another_client_is_refused(house: TestHouse) -> None:
    """CH-02."""
    await house.add_application("other")
    alice = await house.add_person("Alice")
    challenge_id = await asked(house, alice)
    code = alice.passcode(house.clock.now())
    crossed = await house.answer("alice", challenge_id, code, door="other")
    assert crossed.reason is Reason.CHALLENGE_UNKNOWN
    assert (await house.answer("alice", challenge_id, code)).is_approved


@pytest.mark.parametrize("made_up", ["", "0" * 32, "x" * 500, "' or 1=1 --", "\x00"])
async def test_a_made_up_challenge_is_unknown(house: TestHouse, made_up: str) -> None:
    """CH-03, RA-15."""
    alice = await house.add_person("Alice")
    progress = await house.answer("alice", made_up, alice.passcode(house.clock.now()))
    assert progress.reason is Reason.CHALLENGE_UNKNOWN


async def test_an_answered_challenge_is_over(house: TestHouse) -> None:
    """CH-04, CH-08."""
    alice = await house.add_person("Alice")
    challenge_id = await asked(house, alice)
    assert (await house.answer("alice", challenge_id, alice.passcode(house.clock.now()))).is_approved
    later = alice.passcode(house.clock.now(), 1)
    assert (await house.answer("alice", challenge_id, later)).reason is Reason.CHALLENGE_UNKNOWN
    assert (await house.start("alice", PASSWORD, later)).is_approved


async def test_a_challenge_ends_with_its_time(house: TestHouse) -> None:
    """CH-04, S52's principle: an answer after the time is denied; the attempt says so."""
    alice = await house.add_person("Alice")
    challenge_id = await asked(house, alice)
    house.clock.advance(181)
    late = await house.answer("alice", challenge_id, alice.passcode(house.clock.now()))
    assert late.reason is Reason.CHALLENGE_UNKNOWN
    assert await house.services.housekeeping.expire() == 1
    first = (await house.attempts())[0]
    assert (first.state, first.reason) == (VerificationState.EXPIRED, Reason.TIMED_OUT)
    assert first.legacy_result == "FAILED_OATH_TOKEN_TIMEOUT"


async def test_three_wrong_passcodes_fail_a_challenge(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    challenge_id = await asked(house, alice)
    states = [(await house.answer("alice", challenge_id, "000000")).state for _ in range(3)]
    assert states == [VerificationState.PENDING, VerificationState.PENDING, VerificationState.DENIED]
    right = alice.passcode(house.clock.now())
    assert (await house.answer("alice", challenge_id, right)).reason is Reason.CHALLENGE_UNKNOWN
    (attempt,) = await house.attempts(state="denied", reason="passcode_wrong")
    assert [line.result for line in attempt.trace].count("mismatch") == 3


async def test_a_user_who_is_disabled_meanwhile_is_denied(house: TestHouse) -> None:
    """CH-06."""
    alice = await house.add_person("Alice")
    challenge_id = await asked(house, alice)
    await house.change_user(alice, status=UserStatus.DISABLED)
    progress = await house.answer("alice", challenge_id, alice.passcode(house.clock.now()))
    assert progress.reason is Reason.USER_DISABLED
    assert progress.state is VerificationState.DENIED


async def test_a_token_that_is_taken_away_meanwhile_opens_nothing(house: TestHouse) -> None:
    """CH-06."""
    alice = await house.add_person("Alice")
    challenge_id = await asked(house, alice)
    await house.services.enrollments.remove(SYSTEM, TENANT, alice.user.user_id, alice.authenticator_id)
    progress = await house.answer("alice", challenge_id, alice.passcode(house.clock.now()))
    assert progress.state is VerificationState.DENIED


async def test_an_application_that_is_closed_meanwhile_opens_nothing(house: TestHouse) -> None:
    """CH-06."""
    import msgspec  # noqa: PLC0415

    alice = await house.add_person("Alice")
    challenge_id = await asked(house, alice)
    application = house.services.configuration.current.applications[TENANT, "vpn"]
    closed = msgspec.structs.replace(application, is_enabled=False)
    await house.services.applications.change_application(SYSTEM, closed)
    progress = await house.answer("alice", challenge_id, alice.passcode(house.clock.now()))
    assert progress.reason is Reason.APPLICATION_DISABLED


async def test_the_same_answer_many_times_at_once_is_accepted_once(house: TestHouse) -> None:
    """CH-05, CH-08."""
    alice = await house.add_person("Alice")
    challenge_id = await asked(house, alice)
    code = alice.passcode(house.clock.now())
    progresses: list[Progress] = await asyncio.gather(
        *(house.answer("alice", challenge_id, code) for _ in range(16))
    )
    assert sum(p.is_approved for p in progresses) == 1


async def test_answer_and_cancel_at_once_agree_on_one_end(house: TestHouse) -> None:
    """CH-05, PU-09."""
    alice = await house.add_person("Alice", "hotp")
    for _ in range(8):
        progress = await house.start("alice")
        assert progress.challenge is not None
        row = progress.verification
        answer, canceled = await asyncio.gather(
            house.answer("alice", progress.challenge.challenge_id, alice.passcode(0)),
            house.services.verifications.cancel(TENANT, row.client_id, row.verification_id),
        )
        assert canceled is not None
        stands = await house.services.verifications.find(TENANT, row.client_id, row.verification_id)
        assert stands is not None
        assert stands.is_approved == answer.is_approved
        assert canceled.state in (stands.state, VerificationState.CANCELED)


async def test_a_flood_of_challenges_supersedes_only_its_own_user(house: TestHouse) -> None:
    """CH-09, CH-10: per-user quota; others survive."""
    alice, bob = await house.add_person("Alice"), await house.add_person("Bob")
    victim = await asked(house, bob)
    own = [await asked(house, alice) for _ in range(8)]
    now = house.clock.now()
    first = await house.answer("alice", own[0], alice.passcode(now))
    assert first.reason is Reason.CHALLENGE_UNKNOWN
    assert (await house.answer("alice", own[-1], alice.passcode(now))).is_approved
    assert (await house.answer("bob", victim, bob.passcode(now))).is_approved


async def test_an_unexpected_error_denies_and_is_recorded(
    house: TestHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CH-14."""
    alice = await house.add_person("Alice")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a defect")

    totp = house.services.enrollments.methods["totp"]
    monkeypatch.setattr(type(totp), "verify", broken)
    progress = await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))
    assert (progress.state, progress.reason) == (VerificationState.DENIED, Reason.FAULT)
    assert (await house.attempts())[-1].reason is Reason.FAULT


async def test_a_verification_is_visible_only_to_the_client_that_began_it(house: TestHouse) -> None:
    """CH-07."""
    await house.add_application("other")
    alice = await house.add_person("Alice")
    progress = await house.start("alice")
    row = progress.verification
    found = house.services.verifications.find
    assert await found(TENANT, house.doors["other"], row.verification_id) is None
    assert await found("system", row.client_id, row.verification_id) is None
    seen = await found(TENANT, row.client_id, row.verification_id)
    assert seen is not None
    assert (seen.verification, seen.challenge) == (progress.verification, progress.challenge)
    del alice
