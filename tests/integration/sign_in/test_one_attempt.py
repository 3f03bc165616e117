"""One sign-in from command to row: what is accepted, what is not, and what is written about it."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.houses import PASSWORD, TENANT, TestHouse
from vestibule.model.actor import SYSTEM
from vestibule.model.application import FirstFactor, SecondFactor
from vestibule.model.authenticator import AuthenticatorStatus
from vestibule.model.user import UserStatus
from vestibule.model.verification import Reason, VerificationState


async def test_password_and_passcode_together_are_accepted(house: TestHouse) -> None:
    """S57, S10."""
    alice = await house.add_person("Alice")
    progress = await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))
    assert progress.is_approved
    (attempt,) = await house.attempts()
    assert attempt == progress.verification
    assert attempt.is_authenticated
    assert attempt.is_first_factor_proven
    assert attempt.legacy_result == "SUCCESS_OATH_CODE_VERIFIED"


async def test_password_first_then_the_challenge(house: TestHouse) -> None:
    """S59."""
    alice = await house.add_person("Alice")
    asked = await house.start("alice")
    assert asked.is_pending
    assert asked.challenge is not None
    progress = await house.answer("alice", asked.challenge.challenge_id, alice.passcode(house.clock.now()))
    assert progress.is_approved
    assert [a.state for a in await house.attempts()] == [VerificationState.APPROVED]


async def test_an_attempt_carries_what_reports_read(house: TestHouse) -> None:
    """S4, S6, S7, S8: id, mode, result, server name and address, the user's address; no phone, no device."""
    alice = await house.add_person("Alice", email="alice@example.org", given_name="Alice")
    progress = await house.start(
        "ALICE", PASSWORD, alice.passcode(house.clock.now()), user_address="192.0.2.7"
    )
    row = progress.verification
    assert (row.user_id, row.username, row.claimed_username) == (alice.user.user_id, "Alice", "ALICE")
    assert row.method == "totp"
    assert row.authenticator_id == alice.authenticator_id
    assert row.node_name
    assert row.node_address
    assert row.user_address == "192.0.2.7"
    assert row.phone == row.device == ""
    assert (row.given_name, row.email) == ("", "")


async def test_optional_fields_are_there_when_switched_on(house: TestHouse) -> None:
    """S5."""
    alice = await house.add_person("Alice", email="alice@example.org", given_name="Al", family_name="Ex")
    await house.change_settings(record_names=True, record_email=True)
    row = (await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))).verification
    assert (row.given_name, row.family_name, row.email) == ("Al", "Ex", "alice@example.org")


async def test_a_missing_address_leaves_the_record_valid(house: TestHouse) -> None:
    """S8."""
    await house.add_person("Alice")
    row = (await house.start("alice", "wrong", "000000")).verification
    assert row.user_address == ""
    assert (await house.attempts()) == [row]


async def test_denials_say_why_in_the_record(house: TestHouse) -> None:
    """S9."""
    alice = await house.add_person("Alice")
    code = alice.passcode(house.clock.now())
    expected = [
        (("nobody", PASSWORD, code), Reason.UNKNOWN_USER),
        (("alice", "wrong", code), Reason.PASSWORD_WRONG),
        (("alice", None, code), Reason.PASSWORD_MISSING),
        (("alice", "", code), Reason.PASSWORD_MISSING),
        (("alice", PASSWORD, "000000"), Reason.PASSCODE_WRONG),
        (("alice", PASSWORD, "12345"), Reason.PASSCODE_MALFORMED),
    ]
    for (name, password, passcode), reason in expected:
        progress = await house.start(name, password, passcode)
        assert progress.state is VerificationState.DENIED, name
        assert progress.reason is reason
        assert progress.verification.trace
    assert [a.reason for a in await house.attempts()] == [reason for _, reason in expected]


async def test_a_passcode_without_a_password_opens_nothing(house: TestHouse) -> None:
    """OTP-20: a passcode never stands in for the password, and is not spent by trying."""
    alice = await house.add_person("Alice")
    code = alice.passcode(house.clock.now())
    assert not (await house.start("alice", "", code)).is_approved
    assert (await house.start("alice", PASSWORD, code)).is_approved


async def test_a_passcode_works_once_and_older_ones_die_with_it(house: TestHouse) -> None:
    """OTP-01, OTP-07, S54's principle for passcodes that are typed."""
    alice = await house.add_person("Alice")
    now = house.clock.now()
    assert (await house.start("alice", PASSWORD, alice.passcode(now))).is_approved
    again = await house.start("alice", PASSWORD, alice.passcode(now))
    assert again.reason is Reason.PASSCODE_REPLAYED
    assert again.verification.legacy_result == "FAILED_OATH_CODE_DUPLICATE"
    older = await house.start("alice", PASSWORD, alice.passcode(now, steps=-1))
    assert older.state is VerificationState.DENIED
    newer = await house.start("alice", PASSWORD, alice.passcode(now, steps=1))
    assert newer.is_approved


async def test_a_clock_that_steps_back_revives_nothing(house: TestHouse) -> None:
    """OTP-08, TIM-01."""
    alice = await house.add_person("Alice")
    used = alice.passcode(house.clock.now())
    assert (await house.start("alice", PASSWORD, used)).is_approved
    house.clock.advance(-120)
    assert not (await house.start("alice", PASSWORD, used)).is_approved
    assert not (await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))).is_approved


async def test_a_passcode_is_never_another_users(house: TestHouse) -> None:
    """OTP-14."""
    alice = await house.add_person("Alice")
    await house.add_person("Bob")
    assert not (await house.start("bob", PASSWORD, alice.passcode(house.clock.now()))).is_approved


async def test_two_tokens_and_only_the_one_that_matched_is_spent(house: TestHouse) -> None:
    """OTP-15."""
    alice = await house.add_person("Alice")
    second = await house.add_authenticator(alice.user)
    now = house.clock.now()
    assert (await house.start("alice", PASSWORD, second.passcode(now))).is_approved
    assert (await house.start("alice", PASSWORD, alice.passcode(now))).is_approved


@pytest.mark.parametrize(
    "change",
    [
        {"status": AuthenticatorStatus.SUSPENDED},
        {"status": AuthenticatorStatus.PENDING},
        {"status": AuthenticatorStatus.REVOKED},
        {"not_after": 1},
        {"not_before": 2**60},
    ],
)
async def test_a_token_that_is_not_ready_opens_nothing(house: TestHouse, change: dict) -> None:
    """OTP-19, OTP-11."""
    alice = await house.add_person("Alice")
    other = await house.add_person("Other")
    token = await house.add_authenticator(other.user, **change)
    progress = await house.start("other", PASSWORD, token.passcode(house.clock.now()))
    assert not progress.is_approved
    del alice


async def test_a_ciphertext_copied_to_another_row_opens_nothing(house: TestHouse) -> None:
    """KEY-02: the attempt is denied as a fault, and recorded."""
    mallory, victim = await house.add_person("Mallory"), await house.add_person("Victim")

    async def swap(tx) -> None:
        theirs = await tx.authenticator(TENANT, victim.authenticator_id)
        mine = await tx.authenticator(TENANT, mallory.authenticator_id)
        assert await tx.replace_authenticator(msgspec.structs.replace(theirs, secret=mine.secret))

    await house.store.transact(swap)
    progress = await house.start("victim", PASSWORD, mallory.passcode(house.clock.now()))
    assert progress.reason is Reason.FAULT
    assert not progress.is_approved


async def test_a_client_that_has_checked_the_password(house: TestHouse) -> None:
    await house.add_application("checked", FirstFactor.CLIENT)
    alice = await house.add_person("Alice")
    progress = await house.start("alice", None, alice.passcode(house.clock.now()), door="checked")
    assert progress.is_approved


async def test_only_the_methods_of_the_application_open_it(house: TestHouse) -> None:
    await house.add_application("strict", methods=("hotp",))
    alice = await house.add_person("Alice")
    denied = await house.start("alice", PASSWORD, alice.passcode(house.clock.now()), door="strict")
    assert denied.reason is Reason.METHOD_NOT_ALLOWED
    token = await house.add_authenticator(alice.user, "hotp")
    assert (await house.start("alice", PASSWORD, token.passcode(0), door="strict")).is_approved


async def test_nothing_enrolled_denies_except_where_one_enrolls(house: TestHouse) -> None:
    await house.add_application("portal", second_factor=SecondFactor.IF_ENROLLED)
    alice = await house.add_person("Alice")
    await house.services.enrollments.remove(SYSTEM, TENANT, alice.user.user_id, alice.authenticator_id)
    assert (await house.start("alice")).reason is Reason.REGISTRATION_REQUIRED
    assert (await house.start("alice", door="portal")).is_approved
    assert not (await house.start("alice", "wrong", door="portal")).is_approved


async def test_a_disabled_user_or_application_is_denied_with_everything_right(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    await house.change_user(alice, status=UserStatus.DISABLED)
    progress = await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))
    assert progress.reason is Reason.USER_DISABLED


async def test_the_same_request_twice_is_one_attempt(house: TestHouse) -> None:
    """RA-02, RA-03: a repeat with the same key is answered with what the first one got."""
    alice = await house.add_person("Alice")
    code = alice.passcode(house.clock.now())
    first = await house.start("alice", PASSWORD, code, idempotency_key="k1")
    again = await house.start("alice", PASSWORD, code, idempotency_key="k1")
    assert first.is_approved
    assert again.verification == first.verification
    asked = await house.start("alice", idempotency_key="k2")
    repeated = await house.start("alice", idempotency_key="k2")
    assert asked.challenge is not None
    assert repeated.challenge == asked.challenge
    assert len(await house.attempts()) == 2


async def test_sixty_four_users_at_once_each_get_their_own_answer(house: TestHouse) -> None:
    """CH-12: identities never mix."""
    people = [await house.add_person(f"user{n}") for n in range(64)]
    progresses = await asyncio.gather(
        *(house.start(p.user.username, PASSWORD, p.passcode(house.clock.now())) for p in people[:16]),
        *(house.start(p.user.username, PASSWORD) for p in people[16:32]),
        *(house.start(p.user.username, PASSWORD, "000000") for p in people[32:48]),
    )
    for person, progress in zip(people, progresses, strict=False):
        assert progress.verification.user_id == person.user.user_id
    assert [p.state for p in progresses[:16]] == [VerificationState.APPROVED] * 16
    assert [p.state for p in progresses[16:32]] == [VerificationState.PENDING] * 16
    assert [p.state for p in progresses[32:]] == [VerificationState.DENIED] * 16


@pytest.mark.parametrize(
    "name", ["a\x00b", "\ud800", "a" * 5000, "", "\u202egnp.exe", "'; drop table users; --"]
)
async def test_whatever_is_typed_as_a_name_is_denied_and_recorded(house: TestHouse, name: str) -> None:
    """LOG-01, BF-15."""
    progress = await house.start(name, PASSWORD, "000000")
    assert progress.reason is Reason.UNKNOWN_USER
    (attempt,) = await house.attempts()
    assert len(attempt.claimed_username) <= 255
    assert "\x00" not in attempt.claimed_username
