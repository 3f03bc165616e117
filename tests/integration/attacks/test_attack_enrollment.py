"""From a password to a second factor that is not one's own, and tokens that change hands."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.houses import PASSWORD, TENANT, Person, TestHouse
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import SYSTEM, Actor, Right
from vestibule.model.authenticator import AuthenticatorStatus
from vestibule.model.verification import Reason
from vestibule.services.refusal import Refusal, Refused
from vestibule.wire.oath import hotp

STANDING = [
    {"status": AuthenticatorStatus.SUSPENDED},
    {"not_after": 1},
    {"not_before": 2**60},
]


def oneself(person: Person) -> Actor:
    return Actor(actor_id=person.user.user_id, name="", tenant_id=TENANT, rights=frozenset({Right.SELF}))


async def at_portal(house: TestHouse, **standing: Any) -> Person:
    """Return somebody who holds one authenticator that is not usable, at a tenant with a portal."""
    await house.services.setup.ensure_portal(TENANT)
    house.doors["portal"] = f"portal@{TENANT}"
    alice = await house.add_person("Alice")
    await house.services.enrollments.remove(SYSTEM, TENANT, alice.user.user_id, alice.authenticator_id)
    await house.add_authenticator(alice.user, **standing)
    return alice


@pytest.mark.parametrize("standing", STANDING)
async def test_a_password_alone_enrolls_nothing_for_who_holds_something(
    house: TestHouse, standing: dict[str, Any]
) -> None:
    """ENR-02: a token that is suspended or over is no reason to begin anew with the password."""
    await at_portal(house, **standing)
    progress = await house.start("alice", door="portal")
    assert progress.reason is Reason.NO_AUTHENTICATOR


@pytest.mark.parametrize("standing", STANDING)
async def test_a_session_of_a_password_alone_ends_at_what_was_given_meanwhile(
    house: TestHouse, standing: dict[str, Any]
) -> None:
    """ENR-02, ENR-07."""
    alice = await at_portal(house, status=AuthenticatorStatus.PENDING)
    progress = await house.start("alice", door="portal")
    assert progress.reason is Reason.FIRST_FACTOR_SUFFICIENT
    sessions = house.services.sessions
    token = await sessions.begin(progress.verification)
    signed_in = await sessions.find(token.reveal(), "portal")
    assert signed_in is not None
    assert await sessions.may_enroll(signed_in)
    await house.add_authenticator(alice.user, **standing)
    assert not await sessions.may_enroll(signed_in)


async def test_nobody_removes_his_last_usable_authenticator(house: TestHouse) -> None:
    """ENR-06: one that is over does not stand in for it."""
    alice = await house.add_person("Alice")
    await house.add_authenticator(alice.user, not_after=house.clock.now() + 1)
    house.clock.advance(1)
    with pytest.raises(Refused) as refused:
        await house.services.enrollments.remove(
            oneself(alice), TENANT, alice.user.user_id, alice.authenticator_id
        )
    assert refused.value.why is Refusal.LAST_AUTHENTICATOR


async def test_the_token_of_a_removed_person_serves_the_next(house: TestHouse) -> None:
    """OTP-19: with its counter, and only him."""
    alice, bob = await house.add_person("Alice"), await house.add_person("Bob")
    token = await house.add_authenticator(alice.user, "hotp", serial="T1")
    used = token.passcode(0)
    assert (await house.start("alice", PASSWORD, used)).is_approved
    await house.services.users.remove(SYSTEM, TENANT, alice.user.user_id)
    await house.services.enrollments.assign(SYSTEM, TENANT, bob.user.user_id, "T1")
    assert not (await house.start("bob", PASSWORD, used)).is_approved
    assert (await house.start("bob", PASSWORD, token.passcode(0))).is_approved


async def test_a_person_is_removed_whatever_became_of_his_token(house: TestHouse) -> None:
    """KEY-02: an unreadable secret is in nobody's way, and comes to nobody."""
    alice = await house.add_person("Alice")
    await house.add_person("Bob")
    token = await house.add_authenticator(alice.user, "hotp", serial="T1")

    async def spoil(tx: Transaction) -> None:
        stored = await tx.authenticator(TENANT, token.authenticator_id)
        assert stored is not None
        assert await tx.replace_authenticator(msgspec.structs.replace(stored, secret=b"\x01" * 40))

    await house.store.transact(spoil)
    await house.services.users.remove(SYSTEM, TENANT, alice.user.user_id)
    assert (await house.start("alice")).reason is Reason.UNKNOWN_USER
    assert not (await house.start("bob", PASSWORD, token.passcode(0))).is_approved


@pytest.mark.parametrize("status", [AuthenticatorStatus.SUSPENDED, AuthenticatorStatus.REVOKED])
async def test_a_token_that_was_withdrawn_is_not_given_out_again(
    house: TestHouse, status: AuthenticatorStatus
) -> None:
    """OTP-19: who finds a lost token cannot register it."""
    alice, bob = await house.add_person("Alice"), await house.add_person("Bob")
    token = await house.add_authenticator(alice.user, "hotp", serial="T1")
    enrollments = house.services.enrollments
    await enrollments.remove(SYSTEM, TENANT, alice.user.user_id, token.authenticator_id)

    async def withdraw(tx: Transaction) -> None:
        stored = await tx.authenticator(TENANT, token.authenticator_id)
        assert stored is not None
        assert await tx.replace_authenticator(msgspec.structs.replace(stored, status=status))

    await house.store.transact(withdraw)
    with pytest.raises(Refused):
        await enrollments.assign(SYSTEM, TENANT, bob.user.user_id, "T1")
    with pytest.raises(Refused):
        await enrollments.register_hardware(oneself(bob), TENANT, bob.user.user_id, "T1", token.passcode(0))
    assert not (await house.start("bob", PASSWORD, token.passcode(0))).is_approved


@pytest.mark.parametrize(
    "options",
    [{"secret": "JBSWY3DPEHPK3PXP"}, {"secret": ""}, {"secret": 7}, {"unknown": 1}, {"digits": "6"}],
)
async def test_nobody_chooses_the_secret_of_an_app(house: TestHouse, options: dict[str, Any]) -> None:
    """What only an import may say is an unsuitable option, not a fault."""
    alice = await house.add_person("Alice")
    with pytest.raises(ValueError, match=r"option|octets"):
        await house.services.enrollments.begin(SYSTEM, TENANT, alice.user.user_id, "totp", options=options)


async def test_one_token_registered_by_many_on_two_nodes_has_one_holder(
    nodes: tuple[TestHouse, TestHouse],
) -> None:
    """ENR-01, BYP-01's principle: and its passcode is spent once."""
    first, second = nodes
    people = [await first.add_person(f"user{n}") for n in range(6)]
    token = await first.add_authenticator(people[0].user, "hotp", serial="T1")
    enrollments = first.services.enrollments
    await enrollments.remove(SYSTEM, TENANT, people[0].user.user_id, token.authenticator_id)
    passcode = token.passcode(0)
    results = await asyncio.gather(
        *(
            (first, second)[n % 2].services.enrollments.register_hardware(
                oneself(person), TENANT, person.user.user_id, "T1", passcode
            )
            for n, person in enumerate(people)
        ),
        return_exceptions=True,
    )
    assert sum(not isinstance(result, BaseException) for result in results) == 1
    assert all(isinstance(result, Refused) for result in results if isinstance(result, BaseException))
    for person in people:
        assert not (await first.start(person.user.username, PASSWORD, passcode)).is_approved


async def test_sets_of_recovery_codes_made_at_once_leave_one(nodes: tuple[TestHouse, TestHouse]) -> None:
    """Of codes that were shown at the same time on two nodes, the last set alone is good."""
    first = nodes[0]
    for number in range(8):
        person = await first.add_person(f"person{number}")
        user_id = person.user.user_id
        made = await asyncio.gather(
            *(nodes[n % 2].services.enrollments.new_recovery_codes(SYSTEM, TENANT, user_id) for n in range(8))
        )
        assert len({each.shown[0].reveal() for each in made}) == 8
        subject = await first.store.read(lambda tx, it=user_id: tx.subject(TENANT, it))
        assert subject is not None
        assert sum(held.method == "recovery_code" for held in subject.authenticators) == 1


async def test_the_last_two_authenticators_are_not_removed_at_once(
    nodes: tuple[TestHouse, TestHouse],
) -> None:
    """ENR-06: two removals that each see the other's authenticator leave nobody without one."""
    first = nodes[0]
    for number in range(5):
        person = await first.add_person(f"person{number}")
        await first.add_authenticator(person.user)
        subject = await first.store.read(lambda tx, it=person: tx.subject(TENANT, it.user.user_id))
        assert subject is not None
        removals = [
            node.services.enrollments.remove(
                oneself(person), TENANT, person.user.user_id, held.authenticator_id
            )
            for node, held in zip(nodes, subject.authenticators, strict=True)
        ]
        results = await asyncio.gather(*removals, return_exceptions=True)
        assert sum(isinstance(result, Refused) for result in results) == 1


async def test_counters_at_the_end_of_their_range_end_there(house: TestHouse) -> None:
    """OTP-12: no wrap, no error, no old passcode."""
    alice = await house.add_person("Alice", "hotp")
    last = 2**63 - 1

    async def wind_on(tx: Transaction) -> None:
        stored = await tx.authenticator(TENANT, alice.authenticator_id)
        assert stored is not None
        assert await tx.advance_authenticator(stored, {"counter": last})

    await house.store.transact(wind_on)
    assert (await house.start("alice", PASSWORD, hotp(alice.secret, last))).is_approved
    for counter in (last, last - 1, 0, 1):
        denied = await house.start("alice", PASSWORD, hotp(alice.secret, counter))
        assert denied.reason in (Reason.PASSCODE_REPLAYED, Reason.PASSCODE_WRONG)
