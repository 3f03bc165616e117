"""Ways to guess without being counted, or to have others counted."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.houses import PASSWORD, TENANT, Person, TestHouse
from vestibule.crypto.secret import Secret
from vestibule.interfaces.directory import PasswordVerdict, PasswordVerdictKind
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import SYSTEM
from vestibule.model.application import FirstFactor
from vestibule.model.throttle import NEVER, Factor, Throttle
from vestibule.model.verification import Reason
from vestibule.services.outcome import Progress


async def throttle(house: TestHouse, person: Person, factor: Factor) -> Throttle:
    throttles = await house.store.read(lambda tx: tx.throttles(TENANT, person.user.user_id))
    return throttles.get(factor, Throttle(factor, 0, 0))


async def spoil(house: TestHouse, token: Person) -> None:
    """Make a stored secret unreadable, as a lost master key or a meddler would."""

    async def body(tx: Transaction) -> None:
        stored = await tx.authenticator(TENANT, token.authenticator_id)
        assert stored is not None
        assert await tx.replace_authenticator(msgspec.structs.replace(stored, secret=b"\x01" * 40))

    await house.store.transact(body)


async def test_an_unreadable_authenticator_makes_no_guess_at_another_free(house: TestHouse) -> None:
    """BF-01, KEY-02: what ends in an error is counted, too."""
    await house.add_application("checked", FirstFactor.CLIENT)
    alice = await house.add_person("Alice")
    house.clock.advance(1)
    await spoil(house, await house.add_authenticator(alice.user))
    await house.change_settings(lockout_threshold=3)
    reasons = [(await house.start("alice", None, f"{n:06d}", door="checked")).reason for n in range(4)]
    assert reasons == [Reason.FAULT] * 3 + [Reason.LOCKED_OUT]
    right = alice.passcode(house.clock.now())
    assert (await house.start("alice", None, right, door="checked")).reason is Reason.LOCKED_OUT


async def test_an_unreadable_authenticator_keeps_nobody_from_another(house: TestHouse) -> None:
    """KEY-02: and it is a fault in the record of who it belongs to."""
    alice = await house.add_person("Alice")
    await spoil(house, alice)
    house.clock.advance(1)
    second = await house.add_authenticator(alice.user)
    denied = await house.start("alice", PASSWORD, "000000")
    assert denied.reason is Reason.FAULT
    assert denied.verification.user_id == alice.user.user_id
    assert (await house.start("alice", PASSWORD, second.passcode(house.clock.now()))).is_approved


async def test_proving_oneself_again_is_no_free_guessing_either(house: TestHouse) -> None:
    """BF-02: one count, at the portal's confirmation as everywhere."""
    await house.services.setup.ensure_portal(TENANT)
    house.doors["portal"] = f"portal@{TENANT}"
    alice = await house.add_person("Alice")
    progress = await house.start("alice", PASSWORD, alice.passcode(house.clock.now()), door="portal")
    sessions = house.services.sessions
    token = await sessions.begin(progress.verification)
    signed_in = await sessions.find(token.reveal(), "portal")
    assert signed_in is not None
    house.clock.advance(1)
    await spoil(house, await house.add_authenticator(alice.user))
    await house.change_settings(lockout_threshold=3)
    for number in range(5):
        with pytest.raises(Exception, match=r"passcode_wrong|locked_out"):
            await sessions.step_up(signed_in, Secret(f"{number:06d}"))
    assert (await throttle(house, alice, Factor.PASSCODE)).failures == 3


async def test_recovery_codes_are_under_the_same_lock(house: TestHouse) -> None:
    """BF-02, BF-10."""
    alice = await house.add_person("Alice")
    made = await house.services.enrollments.new_recovery_codes(SYSTEM, TENANT, alice.user.user_id)
    await house.change_settings(lockout_threshold=2, lockout_seconds=60)
    for _ in range(2):
        await house.start("alice", PASSWORD, "aaaa-aaaa-aaaa-aaaa")
    locked = await house.start("alice", PASSWORD, made.shown[0])
    assert locked.reason is Reason.LOCKED_OUT
    house.clock.advance(61)
    assert (await house.start("alice", PASSWORD, made.shown[0])).is_approved


async def test_ten_right_passwords_at_once_lock_nobody_out(house: TestHouse) -> None:
    """BF-09: reserving is not failing."""
    alice = await house.add_person("Alice")
    await house.change_settings(lockout_threshold=4, hard_stop=8)
    for _ in range(3):
        await asyncio.gather(*(house.start("alice") for _ in range(10)))
    assert await throttle(house, alice, Factor.PASSWORD) == Throttle(Factor.PASSWORD, 0, 0)
    assert (await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))).is_approved


async def test_an_outage_forgives_no_guess(house: TestHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """BF-17, DEP-01: attempts that nobody judged take back themselves and nothing else."""
    alice = await house.add_person("Alice")
    await house.change_settings(lockout_threshold=6)
    for number in range(5):
        await house.start("alice", f"guess {number}")

    async def away(*_: object) -> PasswordVerdict:
        await asyncio.sleep(0)
        return PasswordVerdict(PasswordVerdictKind.UNAVAILABLE)

    with monkeypatch.context() as patch:
        patch.setattr(house.house.first_factors, "check", away)
        await asyncio.gather(*(house.start("alice", f"guess {n}") for n in range(20)))
    assert (await throttle(house, alice, Factor.PASSWORD)).failures == 5
    assert (await house.start("alice", "guess 6")).reason is Reason.PASSWORD_WRONG
    assert (await house.start("alice")).reason is Reason.LOCKED_OUT


async def test_a_locked_name_takes_the_time_of_an_unknown_one(
    house: TestHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BF-14: a quick answer would tell who exists. Nobody's password is judged meanwhile."""
    await house.add_person("Alice")
    await house.change_settings(lockout_threshold=1)
    await house.start("alice", "wrong")
    asked: list[Any] = []
    check = house.house.first_factors.check

    async def watched(*what: Any) -> PasswordVerdict:
        asked.append(what[1])
        return await check(*what)

    monkeypatch.setattr(house.house.first_factors, "check", watched)
    assert (await house.start("alice", PASSWORD)).reason is Reason.LOCKED_OUT
    assert (await house.start("nobody", PASSWORD)).reason is Reason.UNKNOWN_USER
    assert asked == [None, None]


async def test_never_is_never(house: TestHouse) -> None:
    """BF-11, BF-12, TIM-03: at the end of time too, and whatever else is tried."""
    alice = await house.add_person("Alice")
    await house.change_settings(lockout_threshold=1, lockout_seconds=1, hard_stop=2)
    for _ in range(2):
        await house.start("alice", PASSWORD, "000000")
        house.clock.advance(2)
    assert (await throttle(house, alice, Factor.PASSCODE)).locked_until == NEVER
    house.clock.time = 253_402_300_799_999
    right = alice.passcode(house.clock.now())
    assert (await house.start("alice", PASSWORD, right)).reason is Reason.LOCKED_OUT
    await house.change_settings(lockout_threshold=100, lockout_seconds=1, hard_stop=100)
    assert (await house.start("alice", PASSWORD, right)).reason is Reason.LOCKED_OUT


async def test_two_nodes_never_judge_more_guesses_than_the_limit(nodes: tuple[TestHouse, TestHouse]) -> None:
    """BF-01, BF-02: 200 at once on two nodes, among them the right one where it is too late."""
    first, second = nodes
    for name in ("alice", "bob", "carol"):
        person = await first.add_person(name)
        right = person.passcode(first.clock.now()).reveal()
        guesses = [guess for n in range(199) if (guess := f"{n:06d}") != right]
        origin = first.origin(name, "checked")

        async def ask(number: int, guess: str, origin=origin) -> Progress:
            node = (first, second)[number % 2]
            return await node.services.verifications.start(origin, None, Secret(guess))

        progresses = await asyncio.gather(*(ask(n, guess) for n, guess in enumerate([*guesses, right])))
        judged = [p for p in progresses[:-1] if p.reason is not Reason.LOCKED_OUT]
        if progresses[-1].is_approved:  # It came in time, and those after it had a clean record.
            assert len(judged) <= 19
        else:
            assert len(judged) == 10
        assert {p.reason for p in judged} == {Reason.PASSCODE_WRONG}


async def test_a_right_passcode_never_hides_the_failures_beside_it(
    nodes: tuple[TestHouse, TestHouse],
) -> None:
    """BF-01: the short way for a clean record keeps the order of attempts. What failed after the last
    success is counted, so the count is never below what can only have come after it."""
    first, second = nodes
    person = await first.add_person("alice")
    await first.change_settings(lockout_threshold=100, hard_stop=100)
    await second.services.configuration.refresh()
    for _ in range(6):
        right = person.passcode(first.clock.now())
        origin = first.origin("alice", "checked")
        work = [
            (first, second)[n % 2].services.verifications.start(
                origin, None, right if n == 7 else Secret("000000")
            )
            for n in range(16)
        ]
        progresses = await asyncio.gather(*work)
        assert sum(p.is_approved for p in progresses) == 1
        after = (await throttle(first, person, Factor.PASSCODE)).failures
        assert after <= 15
        last = await asyncio.gather(
            *(node.services.verifications.start(origin, None, Secret("000000")) for node in nodes)
        )
        assert not any(p.is_approved for p in last)
        assert (await throttle(first, person, Factor.PASSCODE)).failures == after + 2
        await first.services.users.unlock(SYSTEM, TENANT, person.user.user_id)
        first.clock.advance(30)
        second.clock.time = first.clock.time
