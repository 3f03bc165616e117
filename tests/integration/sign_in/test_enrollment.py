"""Enrollment: proven before it opens anything, bound to its person, and never a way to a weaker lock."""

from __future__ import annotations

import asyncio

import pytest

from tests.houses import PASSWORD, TENANT, Person, TestHouse
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM, Actor, NotAllowed, Right
from vestibule.model.authenticator import AuthenticatorStatus
from vestibule.model.verification import Reason
from vestibule.services.enrollment import Enrolled
from vestibule.services.refusal import Refusal, Refused
from vestibule.wire.oath import hotp, parse_key_uri, totp


def oneself(person: Person) -> Actor:
    return Actor(
        actor_id=person.user.user_id,
        name=person.user.username,
        tenant_id=person.user.tenant_id,
        rights=frozenset({Right.SELF}),
    )


def secret_of(enrolled: Enrolled) -> bytes:
    """Read the secret as a phone does: from the URI behind the QR code."""
    key = parse_key_uri(enrolled.shown[0].reveal())
    assert hasattr(key, "secret")
    return key.secret


async def begun(house: TestHouse, person: Person) -> tuple[Enrolled, bytes]:
    enrolled = await house.services.enrollments.begin(
        oneself(person), TENANT, person.user.user_id, "totp", "phone"
    )
    return enrolled, secret_of(enrolled)


async def confirm(house: TestHouse, person: Person, enrolled: Enrolled, passcode: str) -> None:
    await house.services.enrollments.confirm(
        oneself(person),
        TENANT,
        person.user.user_id,
        enrolled.authenticator.authenticator_id,
        Secret(passcode),
    )


async def test_an_app_opens_doors_only_after_it_is_proven(house: TestHouse) -> None:
    """OTP-11: and the passcode of the proof is spent."""
    alice = await house.add_person("Alice")
    enrolled, secret = await begun(house, alice)
    now = house.clock.now()
    assert (await house.start("alice", PASSWORD, totp(secret, now))).reason is Reason.PASSCODE_WRONG
    await confirm(house, alice, enrolled, totp(secret, now))
    assert (await house.start("alice", PASSWORD, totp(secret, now))).reason is Reason.PASSCODE_REPLAYED
    assert (await house.start("alice", PASSWORD, totp(secret, now + 30_000))).is_approved


async def test_a_wrong_proof_counts_and_leaves_it_pending(house: TestHouse) -> None:
    """OTP-10's principle: no place to guess beside the count."""
    alice = await house.add_person("Alice")
    await house.change_settings(lockout_threshold=3)
    enrolled, secret = await begun(house, alice)
    for _ in range(3):
        with pytest.raises(Refused) as refused:
            await confirm(house, alice, enrolled, "000000")
        assert refused.value.why is Refusal.PASSCODE_WRONG
    with pytest.raises(Refused) as refused:
        await confirm(house, alice, enrolled, totp(secret, house.clock.now()))
    assert refused.value.why is Refusal.LOCKED_OUT


async def test_a_proof_comes_in_time_or_not_at_all(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    enrolled, secret = await begun(house, alice)
    house.clock.advance(16 * 60)
    with pytest.raises(Refused) as refused:
        await confirm(house, alice, enrolled, totp(secret, house.clock.now()))
    assert refused.value.why is Refusal.NOT_FOUND


async def test_the_same_proof_twice_at_once_activates_once(house: TestHouse) -> None:
    """ENR-01."""
    alice = await house.add_person("Alice")
    enrolled, secret = await begun(house, alice)
    code = totp(secret, house.clock.now())
    results = await asyncio.gather(
        *(confirm(house, alice, enrolled, code) for _ in range(8)), return_exceptions=True
    )
    assert sum(result is None for result in results) == 1


async def test_nobody_touches_what_another_holds(house: TestHouse) -> None:
    """TEN-01, CH-02: not in this tenant, not from another."""
    alice, bob = await house.add_person("Alice"), await house.add_person("Bob")
    enrollments = house.services.enrollments
    stranger = Actor(
        actor_id=alice.user.user_id, name="alice", tenant_id="other", rights=frozenset({Right.SELF})
    )
    for actor in (oneself(bob), stranger):
        with pytest.raises(NotAllowed):
            await enrollments.begin(actor, TENANT, alice.user.user_id, "totp")
        with pytest.raises(NotAllowed):
            await enrollments.remove(actor, TENANT, alice.user.user_id, alice.authenticator_id)
        with pytest.raises(NotAllowed):
            await enrollments.new_recovery_codes(actor, TENANT, alice.user.user_id)
    with pytest.raises(Refused):
        await enrollments.remove(oneself(bob), TENANT, bob.user.user_id, alice.authenticator_id)


async def test_a_person_keeps_a_last_authenticator_and_an_administrator_may_take_it(house: TestHouse) -> None:
    """ENR-06."""
    alice = await house.add_person("Alice")
    enrollments = house.services.enrollments
    with pytest.raises(Refused) as refused:
        await enrollments.remove(oneself(alice), TENANT, alice.user.user_id, alice.authenticator_id)
    assert refused.value.why is Refusal.LAST_AUTHENTICATOR
    second = await house.add_authenticator(alice.user)
    await enrollments.remove(oneself(alice), TENANT, alice.user.user_id, alice.authenticator_id)
    await enrollments.remove(SYSTEM, TENANT, alice.user.user_id, second.authenticator_id)
    assert (await house.start("alice")).reason is Reason.REGISTRATION_REQUIRED


async def test_a_removed_authenticator_leaves_no_secret_behind(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    await house.services.enrollments.remove(SYSTEM, TENANT, alice.user.user_id, alice.authenticator_id)
    row = await house.store.read(lambda tx: tx.authenticator(TENANT, alice.authenticator_id))
    assert row is not None
    assert (row.status, row.secret) == (AuthenticatorStatus.REVOKED, b"")


async def test_each_recovery_code_works_once_and_a_new_set_ends_the_old(house: TestHouse) -> None:
    """BYP-02's principle: with the password, once, and never another's."""
    alice, bob = await house.add_person("Alice"), await house.add_person("Bob")
    enrollments = house.services.enrollments
    enrolled = await enrollments.new_recovery_codes(oneself(alice), TENANT, alice.user.user_id)
    codes = [secret.reveal() for secret in enrolled.shown]
    assert len(set(codes)) == 10
    progress = await house.start("alice", PASSWORD, codes[0])
    assert progress.reason is Reason.RECOVERY_CODE_VERIFIED
    assert (await house.start("alice", PASSWORD, codes[0])).reason is Reason.PASSCODE_REPLAYED
    assert not (await house.start("alice", "wrong", codes[1])).is_approved
    assert not (await house.start("bob", PASSWORD, codes[1])).is_approved
    assert (await house.start("alice", PASSWORD, codes[1].upper().replace("-", " "))).is_approved
    await enrollments.new_recovery_codes(oneself(alice), TENANT, alice.user.user_id)
    assert not (await house.start("alice", PASSWORD, codes[2])).is_approved
    del bob


async def test_the_same_recovery_code_many_times_at_once_is_accepted_once(house: TestHouse) -> None:
    """BYP-01."""
    alice = await house.add_person("Alice")
    enrollments = house.services.enrollments
    enrolled = await enrollments.new_recovery_codes(oneself(alice), TENANT, alice.user.user_id)
    code = enrolled.shown[0].reveal()
    progresses = await asyncio.gather(*(house.start("alice", PASSWORD, code) for _ in range(8)))
    assert sum(progress.is_approved for progress in progresses) == 1


async def free_token(house: TestHouse, serial: str, holder: Person) -> Person:
    """Return a hardware token that nobody holds; made by assigning and taking it away."""
    token = await house.add_authenticator(holder.user, "hotp", serial=serial)
    await house.services.enrollments.remove(SYSTEM, TENANT, holder.user.user_id, token.authenticator_id)
    return token


async def test_a_hardware_token_changes_hands_and_keeps_its_counter(house: TestHouse) -> None:
    """OTP-19, S57."""
    alice, bob = await house.add_person("Alice"), await house.add_person("Bob")
    token = await house.add_authenticator(alice.user, "hotp", serial="T100")
    first = token.passcode(0)
    assert (await house.start("alice", PASSWORD, first)).is_approved
    enrollments = house.services.enrollments
    await enrollments.remove(SYSTEM, TENANT, alice.user.user_id, token.authenticator_id)
    assert not (await house.start("alice", PASSWORD, token.passcode(0))).is_approved
    await enrollments.assign(SYSTEM, TENANT, bob.user.user_id, " t100 ")
    assert not (await house.start("bob", PASSWORD, first)).is_approved
    assert (await house.start("bob", PASSWORD, token.passcode(0))).is_approved
    with pytest.raises(Refused) as refused:
        await enrollments.assign(SYSTEM, TENANT, alice.user.user_id, "T100")
    assert refused.value.why is Refusal.SERIAL_UNKNOWN


async def test_a_person_registers_the_token_in_his_hand(house: TestHouse) -> None:
    alice, bob = await house.add_person("Alice"), await house.add_person("Bob")
    token = await free_token(house, "T200", bob)
    enrollments = house.services.enrollments
    with pytest.raises(Refused) as refused:
        await enrollments.register_hardware(
            oneself(alice), TENANT, alice.user.user_id, "T200", Secret("000000")
        )
    assert refused.value.why is Refusal.PASSCODE_WRONG
    unknown = Secret(hotp(token.secret, 0))
    with pytest.raises(Refused) as refused:
        await enrollments.register_hardware(oneself(alice), TENANT, alice.user.user_id, "T999", unknown)
    assert refused.value.why is Refusal.PASSCODE_WRONG
    passcode = token.passcode(0)
    await enrollments.register_hardware(oneself(alice), TENANT, alice.user.user_id, "T200", passcode)
    assert not (await house.start("alice", PASSWORD, passcode)).is_approved
    assert (await house.start("alice", PASSWORD, token.passcode(0))).is_approved


async def test_one_token_given_to_many_at_once_belongs_to_one(house: TestHouse) -> None:
    """One token belongs to at most one user."""
    people = [await house.add_person(f"user{n}") for n in range(6)]
    await free_token(house, "T300", people[0])
    results = await asyncio.gather(
        *(
            house.services.enrollments.assign(SYSTEM, TENANT, person.user.user_id, "T300")
            for person in people
        ),
        return_exceptions=True,
    )
    assert sum(not isinstance(result, BaseException) for result in results) == 1


async def test_resynchronization_finds_a_token_that_ran_away_and_spends_both_passcodes(
    house: TestHouse,
) -> None:
    """OTP-09."""
    alice = await house.add_person("Alice")
    now, day = house.clock.now(), 40 * 30_000
    fast = [totp(alice.secret, now + day + step * 30_000) for step in range(3)]
    assert not (await house.start("alice", PASSWORD, fast[0])).is_approved
    await resynchronize(house, alice, fast[0], fast[1])
    for spent in fast[:2]:
        assert not (await house.start("alice", PASSWORD, spent)).is_approved
    assert (await house.start("alice", PASSWORD, fast[2])).is_approved


async def test_resynchronization_with_used_passcodes_is_refused(house: TestHouse) -> None:
    """OTP-09."""
    alice = await house.add_person("Alice")
    now = house.clock.now()
    used = [totp(alice.secret, now), totp(alice.secret, now + 30_000)]
    for code in used:
        assert (await house.start("alice", PASSWORD, code)).is_approved
    with pytest.raises(Refused):
        await resynchronize(house, alice, *used)
    assert (await house.start("alice", PASSWORD, totp(alice.secret, now + 60_000))).reason in (
        Reason.PASSCODE_VERIFIED,
        Reason.PASSCODE_WRONG,
    )


async def test_resynchronization_is_no_better_place_to_guess(house: TestHouse) -> None:
    """OTP-10."""
    alice = await house.add_person("Alice")
    await house.change_settings(lockout_threshold=3)
    refusals = []
    for _ in range(5):
        with pytest.raises(Refused) as refused:
            await resynchronize(house, alice, "000000", "111111")
        refusals.append(refused.value.why)
    assert refusals == [Refusal.PASSCODE_WRONG] * 3 + [Refusal.LOCKED_OUT] * 2


async def resynchronize(house: TestHouse, person: Person, first: str, second: str) -> None:
    await house.services.enrollments.resynchronize(
        oneself(person),
        TENANT,
        person.user.user_id,
        person.authenticator_id,
        (Secret(first), Secret(second)),
    )
