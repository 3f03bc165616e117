"""Lockout: three settings, a wait for each source, and the roads that an attacker's guesses do not close."""

from __future__ import annotations

import asyncio

from tests.houses import PASSWORD, TENANT, Person, TestHouse
from tests.integration.phone.conftest import NUMBER, PhoneHouse
from tests.integration.phone.test_calls import Handset
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.application import FirstFactor
from vestibule.model.throttle import NEVER, Factor
from vestibule.model.verification import Reason

ATTACKER, OWNER = "198.51.100.9", "192.0.2.7"


async def guess(house: TestHouse, times: int, address: str = "", password: str = PASSWORD) -> list[Reason]:
    return [
        (await house.start("alice", password, "000000", user_address=address)).reason for _ in range(times)
    ]


async def right(house: TestHouse, alice: Person, address: str = "") -> Reason:
    house.clock.advance(30)
    passcode = alice.passcode(house.clock.now())
    return (await house.start("alice", PASSWORD, passcode, user_address=address)).reason


async def test_the_three_settings_of_a_lockout(house: TestHouse) -> None:
    """Inventory 1.18: failures that lock, time until they are forgotten, time until the lock ends."""
    await house.add_person("Alice")
    await house.change_settings(lockout_threshold=3, lockout_reset_seconds=60, lockout_seconds=120)
    assert await guess(house, 2) == [Reason.PASSCODE_WRONG] * 2
    house.clock.advance(60)
    assert await guess(house, 4) == [Reason.PASSCODE_WRONG] * 3 + [Reason.LOCKED_OUT]
    house.clock.advance(120)
    assert await guess(house, 1) == [Reason.PASSCODE_WRONG]


async def test_what_is_forgotten_still_counts_towards_the_hard_stop(house: TestHouse) -> None:
    """BF-12: failures in a row, however slowly they come, end with a lock that does not end."""
    alice = await house.add_person("Alice")
    await house.change_settings(lockout_threshold=3, lockout_reset_seconds=60, hard_stop=5)
    for _ in range(5):
        await guess(house, 1)
        house.clock.advance(61)
    throttles = await house.store.read(lambda tx: tx.throttles(TENANT, alice.user.user_id))
    assert throttles[Factor.PASSCODE].locked_until == NEVER
    assert await right(house, alice) is Reason.LOCKED_OUT
    await house.services.users.unlock(SYSTEM, TENANT, alice.user.user_id)
    assert await right(house, alice) is Reason.PASSCODE_VERIFIED


async def test_failures_are_kept_for_ever_where_that_is_set(house: TestHouse) -> None:
    await house.add_person("Alice")
    await house.change_settings(lockout_threshold=2, lockout_reset_seconds=0)
    await guess(house, 1)
    house.clock.advance(30 * 86_400)
    assert await guess(house, 2) == [Reason.PASSCODE_WRONG, Reason.LOCKED_OUT]


async def test_who_guesses_from_one_place_waits_and_locks_nobody_out(house: TestHouse) -> None:
    """BF-09: the owner signs in from his own place; the administrator sees where it came from."""
    alice = await house.add_person("Alice")
    judged = await guess(house, 40, ATTACKER)
    assert judged == [Reason.PASSCODE_WRONG] * 5 + [Reason.LOCKED_OUT] * 35
    assert await right(house, alice, ATTACKER) is Reason.LOCKED_OUT, "BF-10: nor does the right one help"
    assert await right(house, alice, OWNER) is Reason.PASSCODE_VERIFIED
    person = await house.services.users.find(SYSTEM, TENANT, alice.user.user_id)
    assert person is not None
    (seen,) = person.sources
    assert (seen.source, seen.failures, seen.is_locked(house.clock.now())) == (ATTACKER, 5, True)
    told = (await house.services.attempts.events(SYSTEM, TENANT, "user.source_locked", Page())).rows
    assert [event.facts["address"] for event in told] == [ATTACKER]


async def test_the_wait_of_a_source_holds_after_the_owner_has_signed_in(house: TestHouse) -> None:
    """BF-09, BF-10: his success cleans his own record, not that of who guesses."""
    alice = await house.add_person("Alice")
    await guess(house, 5, ATTACKER)
    assert await right(house, alice, OWNER) is Reason.PASSCODE_VERIFIED
    assert await right(house, alice, ATTACKER) is Reason.LOCKED_OUT


async def test_one_place_never_locks_the_owner_out_however_long_it_goes_on(house: TestHouse) -> None:
    """BF-09: its failures are forgotten by the time it may go on."""
    alice = await house.add_person("Alice")
    for _ in range(6):
        await guess(house, 7, ATTACKER)
        house.clock.advance(900)
    assert await right(house, alice, OWNER) is Reason.PASSCODE_VERIFIED


async def test_wrong_passwords_from_one_place_lock_nobody_out_either(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    reasons = await guess(house, 8, ATTACKER, "wrong")
    assert reasons == [Reason.PASSWORD_WRONG] * 5 + [Reason.LOCKED_OUT] * 3
    assert await right(house, alice, OWNER) is Reason.PASSCODE_VERIFIED


async def test_a_right_password_is_no_failure_of_its_place(house: TestHouse) -> None:
    """A reservation is taken back: ten at once from one office lock nobody out."""
    await house.add_person("Alice")
    for _ in range(2):
        await asyncio.gather(*(house.start("alice", user_address=OWNER) for _ in range(10)))
    assert (await house.start("alice", user_address=OWNER)).reason is Reason.PASSCODE_PENDING


async def test_all_addresses_of_one_network_are_one_place(house: TestHouse) -> None:
    """BF-06: whoever has one address of an IPv6 network has 2^64; and IPv4 in IPv6 clothes is IPv4."""
    await house.add_person("Alice")
    reasons = [(await guess(house, 1, f"2001:db8:1:2::{n:x}"))[0] for n in range(1, 8)]
    assert reasons == [Reason.PASSCODE_WRONG] * 5 + [Reason.LOCKED_OUT] * 2
    reasons = [(await guess(house, 1, a))[0] for a in ("198.51.100.1", "::ffff:198.51.100.1") * 2]
    assert reasons.count(Reason.PASSCODE_WRONG) == 4
    assert await guess(house, 2, "198.51.100.1") == [Reason.PASSCODE_WRONG, Reason.LOCKED_OUT]


async def test_over_all_places_together_the_limit_of_the_person_holds(
    nodes: tuple[TestHouse, TestHouse],
) -> None:
    """BF-01, BF-02: 200 guesses at once from 200 places on two nodes."""
    first, second = nodes
    await first.add_person("alice")
    started = [
        nodes[n % 2].start("alice", None, "000000", door="checked", user_address=f"198.51.100.{n}")
        for n in range(200)
    ]
    reasons = [progress.reason for progress in await asyncio.gather(*started)]
    assert reasons.count(Reason.PASSCODE_WRONG) == 10
    assert reasons.count(Reason.LOCKED_OUT) == 190
    del second


async def test_many_guesses_at_once_from_one_place_are_not_more_than_its_limit(
    nodes: tuple[TestHouse, TestHouse],
) -> None:
    """BF-01."""
    await nodes[0].add_person("alice")
    started = [
        nodes[n % 2].start("alice", None, "000000", door="checked", user_address=ATTACKER) for n in range(60)
    ]
    reasons = [progress.reason for progress in await asyncio.gather(*started)]
    assert reasons.count(Reason.PASSCODE_WRONG) == 5


async def test_a_call_that_he_answers_lets_him_in_although_guesses_have_locked_him(
    phones: PhoneHouse,
) -> None:
    """BF-09: what nobody can guess needs no lock."""
    house = phones.house
    await house.add_application("checked", FirstFactor.CLIENT)
    alice = await house.add_person("Alice")
    await house.add_phone(alice, "voice", number=NUMBER)
    await house.services.users.set_default_method(SYSTEM, TENANT, alice.user.user_id, "voice")
    for n in range(12):
        await house.start("alice", PASSWORD, "000000", user_address=f"198.51.100.{n}")
    assert await right(house, alice) is Reason.LOCKED_OUT
    progress = await house.start("alice")
    gateway, call = await phones.far.next_call()
    handset = Handset(gateway, call.delivery_id)
    await handset.answer()
    await handset.press("#")
    ended = await house.wait("alice", progress)
    assert ended is not None
    assert ended.reason is Reason.CALL_CONFIRMED
    assert await right(house, alice) is Reason.LOCKED_OUT, "the lock against guesses stays"


async def test_a_lock_outlives_the_house_and_a_step_back_of_the_clock(house: TestHouse) -> None:
    """BF-11: it is a row with an end, nothing of a process."""
    alice = await house.add_person("Alice")
    await house.change_settings(lockout_threshold=2, lockout_seconds=600)
    await guess(house, 2)
    house.clock.advance(-3600)
    assert await right(house, alice) is Reason.LOCKED_OUT
    house.clock.advance(3600 + 600)
    assert await right(house, alice) is Reason.PASSCODE_VERIFIED
