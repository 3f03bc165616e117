"""Open challenges: what may change around them, and who may answer them."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.houses import PASSWORD, TENANT, Person, TestHouse
from vestibule.crypto.secret import Secret
from vestibule.interfaces.directory import PasswordVerdict
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, SecondFactor
from vestibule.model.verification import ChallengeState, Reason, VerificationState
from vestibule.services.users import UserFields


async def asked(house: TestHouse, person: Person) -> str:
    progress = await house.start(person.user.username)
    assert progress.challenge is not None
    return progress.challenge.challenge_id


async def test_a_password_changed_meanwhile_takes_back_what_it_proved(house: TestHouse) -> None:
    """CH-06."""
    alice = await house.add_person("Alice")
    challenge_id = await asked(house, alice)
    house.clock.advance(1)
    users = house.services.users
    await users.edit(SYSTEM, TENANT, alice.user.user_id, UserFields(), Secret("another password"))
    answered = await house.answer("alice", challenge_id, alice.passcode(house.clock.now()))
    assert (answered.state, answered.reason) == (VerificationState.DENIED, Reason.CHALLENGE_FAILED)
    again = await house.start("alice", "another password", alice.passcode(house.clock.now()))
    assert again.is_approved


async def test_a_change_that_a_wrong_clock_dated_into_the_future_locks_nobody_out(house: TestHouse) -> None:
    """TIM-01."""
    alice = await house.add_person("Alice")
    house.clock.advance(86_400)
    fields = UserFields(phone="+49 30 1")
    await house.services.users.edit(SYSTEM, TENANT, alice.user.user_id, fields)
    house.clock.advance(-86_400)
    challenge_id = await asked(house, alice)
    assert (await house.answer("alice", challenge_id, alice.passcode(house.clock.now()))).is_approved


async def test_a_password_changed_while_it_is_checked_proves_nothing(
    house: TestHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CH-06: between the directory's answer and the decision."""
    alice = await house.add_person("Alice")
    check = house.house.first_factors.check

    async def slow(*asked: object) -> PasswordVerdict:
        verdict = await check(*asked)  # type: ignore[arg-type]
        await house.change_user(alice, password_hash="")
        return verdict

    monkeypatch.setattr(house.house.first_factors, "check", slow)
    progress = await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))
    assert progress.reason is Reason.PASSWORD_WRONG


async def test_a_name_that_changes_hands_takes_no_password_along(
    house: TestHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CH-01: whose password was right is who is decided about, also where a password is enough."""
    await house.add_application("portal", second_factor=SecondFactor.IF_ENROLLED)
    mallory, victim = await house.add_person("Mallory"), await house.add_person("Victim")
    for person in (mallory, victim):
        await house.services.enrollments.remove(SYSTEM, TENANT, person.user.user_id, person.authenticator_id)
    await house.change_user(mallory, names=("mallory", "shared"))
    await house.change_user(victim, password_hash="")
    check = house.house.first_factors.check

    async def slow(*asked: object) -> PasswordVerdict:
        verdict = await check(*asked)  # type: ignore[arg-type]
        await house.change_user(mallory, names=("mallory",))
        await house.change_user(victim, names=("victim", "shared"))
        return verdict

    monkeypatch.setattr(house.house.first_factors, "check", slow)
    progress = await house.start("shared", door="portal")
    assert not progress.is_approved


async def test_an_answer_in_a_name_that_another_person_has_is_refused(house: TestHouse) -> None:
    """CH-01, BF-05: `CORP\\alice` is Bob, although it would be Alice if nobody had that name."""
    alice, bob = await house.add_person("Alice"), await house.add_person("Bob")
    challenge_id = await asked(house, alice)
    await house.change_user(bob, names=("bob", "corp\\alice"))
    crossed = await house.answer("CORP\\alice", challenge_id, alice.passcode(house.clock.now()))
    assert crossed.reason is Reason.CHALLENGE_UNKNOWN
    assert crossed.verification.user_id == bob.user.user_id
    assert (await house.answer("OTHER\\Alice", challenge_id, alice.passcode(house.clock.now()))).is_approved


async def test_a_renamed_person_answers_in_his_new_name(house: TestHouse) -> None:
    """CH-01."""
    alice, eve = await house.add_person("Alice"), await house.add_person("Eve")
    challenge_id = await asked(house, alice)
    await house.change_user(alice, names=("alicia",), username="Alicia")
    await house.change_user(eve, names=("eve", "alice"))
    now = house.clock.now()
    for passcode in (alice.passcode(now), eve.passcode(now)):
        assert (await house.answer("alice", challenge_id, passcode)).reason is Reason.CHALLENGE_UNKNOWN
    assert (await house.answer("alicia", challenge_id, alice.passcode(now))).is_approved


async def test_a_new_person_of_the_same_name_inherits_no_challenge(house: TestHouse) -> None:
    """CH-01, CH-06."""
    old = await house.add_person("Alice")
    challenge_id = await asked(house, old)
    await house.services.users.remove(SYSTEM, TENANT, old.user.user_id)
    gone = await house.answer("alice", challenge_id, old.passcode(house.clock.now()))
    assert gone.state is VerificationState.DENIED
    new = await house.add_person("Alice")
    for passcode in (old.passcode(house.clock.now()), new.passcode(house.clock.now())):
        assert not (await house.answer("alice", challenge_id, passcode)).is_approved


async def test_a_token_that_moves_on_meanwhile_opens_for_neither(house: TestHouse) -> None:
    """OTP-19, CH-01: nor does the passcode of the new holder answer the old one's challenge."""
    alice, bob = await house.add_person("Alice"), await house.add_person("Bob")
    token = await house.add_authenticator(alice.user, "hotp", serial="T1")
    challenge_id = await asked(house, alice)
    enrollments = house.services.enrollments
    await enrollments.remove(SYSTEM, TENANT, alice.user.user_id, token.authenticator_id)
    await enrollments.assign(SYSTEM, TENANT, bob.user.user_id, "T1")
    passcode = token.passcode(0)
    assert not (await house.answer("alice", challenge_id, passcode)).is_approved
    assert not (await house.answer("bob", challenge_id, passcode)).is_approved
    assert (await house.start("bob", PASSWORD, passcode)).is_approved


async def test_a_client_that_moves_to_another_application_takes_no_challenge_along(house: TestHouse) -> None:
    """CH-02: what was proven at one door is not carried to another."""
    await house.add_application("strict")
    alice = await house.add_person("Alice")
    challenge_id = await asked(house, alice)
    client = house.services.configuration.current.peers[house.doors["vpn"]].client
    moved = msgspec.structs.replace(client, application_id="strict")
    await house.services.applications.change_client(SYSTEM, moved)
    answered = await house.answer("alice", challenge_id, alice.passcode(house.clock.now()))
    assert answered.reason is Reason.CHALLENGE_UNKNOWN


async def test_wrong_answers_at_once_are_no_more_than_the_tries_and_end_the_challenge(
    nodes: tuple[TestHouse, TestHouse],
) -> None:
    """BF-01, BF-04: three tries, whoever asks where; the last one says that it was the last."""
    first, second = nodes
    alice = await first.add_person("Alice")
    challenge_id = await asked(first, alice)
    progresses = await asyncio.gather(
        *((first, second)[n % 2].answer("alice", challenge_id, f"{n:06d}") for n in range(16))
    )
    judged = [p for p in progresses if p.reason is Reason.PASSCODE_WRONG]
    assert len(judged) == 3
    assert [p.state for p in judged].count(VerificationState.DENIED) == 1
    challenge = await first.store.read(lambda tx: tx.challenge(TENANT, challenge_id))
    assert challenge is not None
    assert challenge.state is ChallengeState.FAILED


async def test_expiry_cancel_and_answers_at_once_have_one_end(nodes: tuple[TestHouse, TestHouse]) -> None:
    """CH-05: whatever was told first stands."""
    first, second = nodes
    alice = await first.add_person("Alice", "hotp")
    for _ in range(6):
        progress = await first.start("alice")
        assert progress.challenge is not None
        row = progress.verification
        second.clock.time = row.expires_at
        code = alice.passcode(0)
        answers = await asyncio.gather(
            first.answer("alice", progress.challenge.challenge_id, code),
            second.services.housekeeping.expire(),
            second.services.verifications.cancel(TENANT, row.client_id, row.verification_id),
            second.answer("alice", progress.challenge.challenge_id, code),
            return_exceptions=True,
        )
        told = [a for a in (answers[0], answers[3]) if not isinstance(a, BaseException)]
        assert len(told) == 2, answers
        stands = await first.store.read(lambda tx, row=row: tx.verification(TENANT, row.verification_id))
        assert stands is not None
        assert stands.state is not VerificationState.PENDING
        assert sum(a.is_approved for a in told) == (stands.state is VerificationState.APPROVED)
        second.clock.time = first.clock.time


async def test_a_client_of_one_tenant_reaches_nobody_of_another(house: TestHouse) -> None:
    """TEN-01, TEN-03, CH-02, OTP-14: the same name and passcode on the other side are strangers."""
    services = house.services
    await services.applications.add_tenant(SYSTEM, "beta", "Beta")
    await services.applications.add_application(SYSTEM, "beta", "vpn", application_id="vpn")
    client = await services.applications.add_client(SYSTEM, "beta", "vpn", ClientKind.API, "theirs")
    house.doors["theirs"] = client.client_id
    alice = await house.add_person("Alice")
    other = await house.add_person("Only-Here")
    twin = await house.add_person("Alice", tenant_id="beta")
    now = house.clock.now()
    unknown = await house.start("only-here", PASSWORD, other.passcode(now), door="theirs")
    assert unknown.reason is Reason.UNKNOWN_USER
    assert not (await house.start("alice", PASSWORD, alice.passcode(now), door="theirs")).is_approved
    challenge_id = await asked(house, alice)
    for passcode in (alice.passcode(now), twin.passcode(now)):
        crossed = await house.answer("alice", challenge_id, passcode, door="theirs")
        assert crossed.reason is Reason.CHALLENGE_UNKNOWN
        assert crossed.verification.tenant_id == "beta"
    assert (await house.answer("alice", challenge_id, alice.passcode(now))).is_approved
