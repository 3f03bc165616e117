"""Repeats of a request under its key: they change nothing, and nobody's key is another's."""

from __future__ import annotations

import asyncio

import pytest

from tests.houses import PASSWORD, TENANT, Person, TestHouse
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.model.throttle import Factor
from vestibule.model.user import UserStatus
from vestibule.model.verification import Reason
from vestibule.services.users import UserFields

MINUTE = 60


async def failures(house: TestHouse, person: Person) -> int:
    throttles = await house.store.read(lambda tx: tx.throttles(TENANT, person.user.user_id))
    throttle = throttles.get(Factor.PASSCODE)
    return throttle.failures if throttle else 0


async def test_another_clients_key_shows_and_opens_nothing(house: TestHouse) -> None:
    """CH-02, CH-07: the same word of another client, or about another person, is another request."""
    await house.add_application("other")
    alice, bob = await house.add_person("Alice"), await house.add_person("Bob")
    right = alice.passcode(house.clock.now())
    first = await house.start("alice", PASSWORD, right, idempotency_key="k")
    assert first.is_approved
    for name, door in (("alice", "other"), ("bob", "vpn"), ("nobody", "vpn")):
        stolen = await house.start(name, "wrong", "000000", door=door, idempotency_key="k")
        assert not stolen.is_approved, (name, door)
        assert stolen.verification.verification_id != first.verification.verification_id
    own = await house.start("bob", PASSWORD, bob.passcode(house.clock.now()), idempotency_key="k")
    assert own.verification.user_id == bob.user.user_id


async def test_another_clients_key_joins_no_open_challenge(house: TestHouse) -> None:
    """CH-02, CH-07."""
    await house.add_application("other")
    await house.add_person("Alice")
    first = await house.start("alice", idempotency_key="k")
    second = await house.start("alice", door="other", idempotency_key="k")
    assert first.challenge is not None
    assert second.challenge is not None
    assert first.challenge.challenge_id != second.challenge.challenge_id


async def test_a_repeat_is_no_failed_attempt(house: TestHouse) -> None:
    """RA-01, RA-02: a client that repeats itself does not lock its user out."""
    alice = await house.add_person("Alice")
    await house.change_settings(lockout_threshold=2)
    right = alice.passcode(house.clock.now())
    for _ in range(5):
        assert (await house.start("alice", PASSWORD, right, idempotency_key="k")).is_approved
    assert await failures(house, alice) == 0
    wrong = [await house.start("alice", PASSWORD, "000000", idempotency_key="w") for _ in range(5)]
    assert {progress.reason for progress in wrong} == {Reason.PASSCODE_WRONG}
    assert await failures(house, alice) == 1
    assert len(await house.attempts()) == 2


async def test_what_was_denied_stays_denied_and_spends_nothing(house: TestHouse) -> None:
    """A repeat that would be right now is no fault, no approval and no use of the passcode."""
    alice = await house.add_person("Alice")
    await house.start("alice", PASSWORD, "000000", idempotency_key="k")
    right = alice.passcode(house.clock.now())
    repeated = await house.start("alice", PASSWORD, right, idempotency_key="k")
    assert repeated.reason is Reason.PASSCODE_WRONG
    faults = house.services.metrics.faults.labels("verification")
    assert faults._value.get() == 0
    assert (await house.start("alice", PASSWORD, right)).is_approved


async def test_the_same_word_with_other_passcodes_is_no_free_guessing(house: TestHouse) -> None:
    """BF-01: such an attempt hears the first one's answer, whatever it says."""
    alice = await house.add_person("Alice")
    await house.start("alice", PASSWORD, "000000", idempotency_key="k")
    right = alice.passcode(house.clock.now())
    heard = [await house.start("alice", PASSWORD, guess, idempotency_key="k") for guess in ("000001", right)]
    assert heard[0].verification == heard[1].verification
    assert not heard[1].is_approved


@pytest.mark.parametrize("minutes", [6, 24 * 60])
async def test_nobody_gets_an_old_approval_by_an_old_word(house: TestHouse, minutes: int) -> None:
    """OTP-01: a client that always sends the same key does not revive a used passcode."""
    alice = await house.add_person("Alice")
    used = alice.passcode(house.clock.now())
    assert (await house.start("alice", PASSWORD, used, idempotency_key="k")).is_approved
    house.clock.advance(minutes * MINUTE)
    again = await house.start("alice", PASSWORD, used, idempotency_key="k")
    assert not again.is_approved
    fresh = alice.passcode(house.clock.now())
    assert (await house.start("alice", PASSWORD, fresh, idempotency_key="k")).is_approved
    assert len(await house.attempts()) == 3


async def test_an_approval_that_took_a_passcode_is_not_had_again_without_one(house: TestHouse) -> None:
    """CH-08, RA-25: the recorded first packet of a sign-in, sent again, is asked for a passcode."""
    alice = await house.add_person("Alice")
    asked = await house.start("alice", idempotency_key="k")
    assert asked.challenge is not None
    now = house.clock.now()
    assert (await house.answer("alice", asked.challenge.challenge_id, alice.passcode(now))).is_approved
    again = await house.start("alice", idempotency_key="k")
    assert again.is_pending
    assert again.verification.verification_id != asked.verification.verification_id
    await house.change_user(alice, status=UserStatus.DISABLED)
    assert (await house.start("alice", idempotency_key="k")).reason is Reason.USER_DISABLED


async def test_a_repeat_after_the_password_was_changed_does_not_approve(house: TestHouse) -> None:
    """CH-06."""
    alice = await house.add_person("Alice")
    asked = await house.start("alice", idempotency_key="k")
    assert asked.challenge is not None
    house.clock.advance(1)
    await house.services.users.edit(
        SYSTEM, TENANT, alice.user.user_id, UserFields(), Secret("another password")
    )
    again = await house.start("alice", idempotency_key="k")
    challenge_id = (again.challenge or asked.challenge).challenge_id
    answered = await house.answer("alice", challenge_id, alice.passcode(house.clock.now()))
    assert not answered.is_approved


async def test_repeats_at_once_are_one_attempt(nodes: tuple[TestHouse, TestHouse]) -> None:
    """RA-03: sixteen repeats on two nodes, one passcode spent, one row, one answer."""
    first, second = nodes
    alice = await first.add_person("Alice")
    for number in range(5):
        right = alice.passcode(first.clock.now())
        origins = [
            node.origin("alice", "checked", idempotency_key=f"k{number}") for node in (first, second) * 8
        ]
        progresses = await asyncio.gather(
            *(
                (first, second)[n % 2].services.verifications.start(origin, None, right)
                for n, origin in enumerate(origins)
            )
        )
        assert all(progress.is_approved for progress in progresses)
        assert len({progress.verification.verification_id for progress in progresses}) == 1
        first.clock.advance(30)
        second.clock.time = first.clock.time
    assert len(await first.attempts()) == 5
    assert await failures(first, alice) == 0
