"""Temporary access passes: as good as a passcode, for a while, and with them a person registers anew."""

from __future__ import annotations

import pytest

from tests.houses import PASSWORD, TENANT, Person, TestHouse
from vestibule.crypto.secret import Secret
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM, NotAllowed, self_of
from vestibule.model.authenticator import AuthenticatorStatus
from vestibule.model.verification import Reason
from vestibule.services.enrollment import Enrolled
from vestibule.services.refusal import Refused


async def a_pass(house: TestHouse, person: Person, minutes: int = 60, *, several: bool = False) -> Enrolled:
    return await house.services.passes.make(SYSTEM, TENANT, person.user.user_id, minutes, is_reusable=several)


async def test_a_pass_opens_the_door_once(house: TestHouse) -> None:
    alice = await house.add_bare_person("Alice")
    made = await a_pass(house, alice)
    (shown,) = made.shown
    opened = await house.start("alice", PASSWORD, shown)
    assert (opened.is_approved, opened.reason) == (True, Reason.TEMPORARY_PASS_VERIFIED)
    assert opened.verification.method == "temporary_pass"
    again = await house.start("alice", PASSWORD, shown.reveal().replace(" ", ""))
    assert again.reason is Reason.REGISTRATION_REQUIRED
    kinds = [e.kind for e in (await house.services.attempts.events(SYSTEM, TENANT, "pass", Page())).rows]
    assert kinds == ["pass.made"]


async def test_a_pass_for_several_sign_ins_is_good_until_its_time_is_over(house: TestHouse) -> None:
    alice = await house.add_bare_person("Alice")
    made = await a_pass(house, alice, 30, several=True)
    for _ in range(3):
        assert (await house.start("alice", PASSWORD, made.shown[0])).is_approved
    house.clock.advance(30 * 60 - 1)
    assert (await house.start("alice", PASSWORD, made.shown[0])).is_approved
    house.clock.advance(1)
    assert (await house.start("alice", PASSWORD, made.shown[0])).reason is Reason.REGISTRATION_REQUIRED


async def test_a_pass_is_asked_for_like_any_passcode_and_only_after_the_password(house: TestHouse) -> None:
    alice = await house.add_bare_person("Alice")
    made = await a_pass(house, alice)
    assert (await house.start("alice", "wrong", made.shown[0])).reason is Reason.PASSWORD_WRONG
    asked = await house.start("alice")
    assert asked.challenge is not None
    wrong = await house.answer("alice", asked.challenge.challenge_id, "00000000")
    assert wrong.reason is Reason.PASSCODE_WRONG
    assert (await house.answer("alice", asked.challenge.challenge_id, made.shown[0])).is_approved


async def test_guesses_at_a_pass_are_under_the_same_lock(house: TestHouse) -> None:
    """BF-02: and the right one does not help while it holds."""
    alice = await house.add_bare_person("Alice")
    made = await a_pass(house, alice)
    await house.change_settings(lockout_threshold=3)
    right = int(made.shown[0].reveal().replace(" ", ""))
    for n in range(1, 4):
        await house.start("alice", PASSWORD, f"{(right + n) % 10**8:08d}")
    assert (await house.start("alice", PASSWORD, made.shown[0])).reason is Reason.LOCKED_OUT


async def test_who_lost_everything_registers_something_new_with_it(house: TestHouse) -> None:
    """The pass vouches for him: behind it he enrolls, and it is no authenticator of his own."""
    await house.services.setup.ensure_portal(TENANT)
    house.doors["portal"] = f"portal@{TENANT}"
    alice = await house.add_bare_person("Alice")
    made = await a_pass(house, alice)
    sessions, enrollments = house.services.sessions, house.services.enrollments
    with_password = await house.start("alice", door="portal")
    assert not with_password.is_approved, "the password alone is not enough any more"
    opened = await house.start("alice", PASSWORD, made.shown[0], door="portal")
    token = await sessions.begin(opened.verification)
    session = await sessions.find(token.reveal(), "portal")
    assert session is not None
    assert await sessions.may_enroll(session)
    begun = await enrollments.begin(session.actor, TENANT, alice.user.user_id, "totp")
    secret = enrollments._prover.unseal(begun.authenticator)
    passcode = enrollments.methods["totp"].passcode(  # type: ignore[attr-defined]  # totp generates
        begun.authenticator.parameters, secret, begun.authenticator.state, house.clock.now()
    )
    await enrollments.confirm(
        session.actor, TENANT, alice.user.user_id, begun.authenticator.authenticator_id, Secret(passcode)
    )
    with pytest.raises(Refused, match="last_authenticator"):
        await enrollments.remove(
            session.actor, TENANT, alice.user.user_id, begun.authenticator.authenticator_id
        )


async def test_a_new_pass_takes_the_place_of_the_one_before(house: TestHouse) -> None:
    alice = await house.add_bare_person("Alice")
    first, second = await a_pass(house, alice), await a_pass(house, alice)
    assert not (await house.start("alice", PASSWORD, first.shown[0])).is_approved
    assert (await house.start("alice", PASSWORD, second.shown[0])).is_approved
    stored = await house.store.read(lambda tx: tx.authenticator(TENANT, first.authenticator.authenticator_id))
    assert stored is not None
    assert (stored.status, stored.secret) == (AuthenticatorStatus.REVOKED, b"")


async def test_a_pass_that_is_withdrawn_opens_nothing(house: TestHouse) -> None:
    alice = await house.add_bare_person("Alice")
    passes, user_id = house.services.passes, alice.user.user_id
    with pytest.raises(Refused, match="no_pass"):
        await passes.withdraw(SYSTEM, TENANT, user_id)
    made = await a_pass(house, alice)
    await passes.withdraw(SYSTEM, TENANT, user_id)
    assert (await house.start("alice", PASSWORD, made.shown[0])).reason is Reason.REGISTRATION_REQUIRED


@pytest.mark.parametrize("minutes", [0, 9, 481])
async def test_a_pass_is_good_for_ten_minutes_to_eight_hours(house: TestHouse, minutes: int) -> None:
    alice = await house.add_bare_person("Alice")
    with pytest.raises(Refused, match="out_of_bounds"):
        await a_pass(house, alice, minutes)


async def test_nobody_makes_a_pass_for_himself(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    himself = self_of(TENANT, alice.user.user_id, "Alice")
    with pytest.raises(NotAllowed):
        await house.services.passes.make(himself, TENANT, alice.user.user_id)


async def test_nothing_of_a_pass_is_kept_in_the_clear(house: TestHouse) -> None:
    """KEY-01: neither in the row nor in what is recorded."""
    alice = await house.add_bare_person("Alice")
    made = await a_pass(house, alice)
    shown = made.shown[0].reveal()
    stored = await house.store.read(lambda tx: tx.authenticator(TENANT, made.authenticator.authenticator_id))
    told = (await house.services.attempts.events(SYSTEM, TENANT, "", Page())).rows
    kept = f"{stored!r} {stored.parameters if stored else ''} {stored.state if stored else ''} {told}"
    assert shown not in kept
    assert shown.replace(" ", "") not in kept
