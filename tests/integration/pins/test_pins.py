"""PINs of people: set, checked, changed, expired, locked, and lost races; on both engines."""

from __future__ import annotations

import asyncio
from collections import Counter
from threading import Barrier

import msgspec
import pytest

from tests.houses import TENANT, Person, TestHouse
from vestibule.crypto.passwords import hash_password
from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM, Actor, NotAllowed, self_of
from vestibule.model.pin import DAY_MS, PinProblem, PinState
from vestibule.model.throttle import NEVER, Factor
from vestibule.services.pins import PinCheck
from vestibule.services.refusal import Refusal, Refused

FIRST, SECOND, THIRD = Secret("8305"), Secret("27419"), Secret("906172")


@pytest.fixture
async def alice(house: TestHouse) -> Person:
    """A person with a PIN of her own."""
    person = await house.add_person("alice", phone="+49 30 2748650")
    given = await house.services.pins.set(SYSTEM, TENANT, person.user.user_id, FIRST, must_change=False)
    assert given.is_changed
    return person


def actor_of(person: Person) -> Actor:
    return self_of(TENANT, person.user.user_id, person.user.username)


async def check(house: TestHouse, person: Person, pin: Secret[str] | str) -> PinState:
    typed = Secret(pin) if isinstance(pin, str) else pin
    return (await house.services.pins.check(TENANT, person.user.user_id, typed)).state


async def kinds(house: TestHouse) -> list[str]:
    """The events about PINs, by kind: the clock stands still, so time does not order them."""
    listed = await house.store.read(lambda tx: tx.events(TENANT, "pin.", Page(100)))
    return sorted(event.kind for event in listed.rows)


async def failures(house: TestHouse, person: Person) -> int:
    found = await house.store.read(lambda tx: tx.throttles(TENANT, person.user.user_id))
    throttle = found.get(Factor.PIN)
    return throttle.failures if throttle else 0


# --- setting --------------------------------------------------------------------------------------------


async def test_a_given_pin_is_shown_once_and_must_be_changed(house: TestHouse) -> None:
    """1.8: an initial PIN is changed at its first use."""
    bob = await house.add_person("bob")
    pins, user_id = house.services.pins, bob.user.user_id
    assert not (await pins.status(SYSTEM, TENANT, user_id)).is_set
    assert await check(house, bob, "8305") is PinState.NONE_SET
    made = await pins.set(SYSTEM, TENANT, user_id)
    assert made.is_changed
    assert len(made.shown) == 6
    assert made.shown.reveal() not in repr(made)
    status = await pins.status(SYSTEM, TENANT, user_id)
    assert (status.is_set, status.must_change, status.changed_at) == (True, True, house.clock.now())
    assert await check(house, bob, made.shown) is PinState.MUST_CHANGE
    assert await check(house, bob, made.shown) is PinState.MUST_CHANGE, "not used up by being right"
    changed = await pins.change(actor_of(bob), TENANT, user_id, made.shown, FIRST, FIRST)
    assert (changed.state, changed.is_changed, bool(changed.shown)) == (PinState.MUST_CHANGE, True, False)
    assert await check(house, bob, FIRST) is PinState.RIGHT
    assert await check(house, bob, made.shown) is PinState.WRONG
    assert await kinds(house) == ["pin.changed", "pin.set"]


async def test_the_rules_hold_for_administrators_too(house: TestHouse, alice: Person) -> None:
    pins, user_id = house.services.pins, alice.user.user_id
    refused = await pins.set(SYSTEM, TENANT, user_id, Secret("302748650"))
    assert (refused.problems, refused.is_changed) == ((PinProblem.PHONE,), False)
    assert not refused.shown
    refused = await pins.set(SYSTEM, TENANT, user_id, Secret("111"))
    assert refused.problems == (PinProblem.TOO_SHORT, PinProblem.REPEATS)
    assert await check(house, alice, FIRST) is PinState.RIGHT


async def test_nothing_of_a_pin_is_in_the_database_or_in_events(house: TestHouse, alice: Person) -> None:
    """Only a sealed value, bound to the person: a bare hash of four digits is guessed in minutes."""
    pin = await house.store.read(lambda tx: tx.pin(TENANT, alice.user.user_id))
    assert pin is not None
    assert FIRST.reveal().encode() not in pin.sealed
    assert b"argon2" not in pin.sealed
    listed = await house.store.read(lambda tx: tx.events(TENANT, "", Page(100)))
    assert FIRST.reveal() not in repr([event.facts for event in listed.rows])


async def test_a_sealed_pin_moved_to_another_person_opens_nothing(house: TestHouse, alice: Person) -> None:
    """KEY-02: what was copied behind our back is wrong, counted, and no reason to fail."""
    bob = await house.add_person("bob")

    async def move(tx: Transaction) -> None:
        pin = await tx.pin(TENANT, alice.user.user_id)
        assert pin is not None
        assert await tx.add_pin(msgspec.structs.replace(pin, user_id=bob.user.user_id))

    await house.store.transact(move)
    assert await check(house, bob, FIRST) is PinState.WRONG
    assert await failures(house, bob) == 1


# --- changing -------------------------------------------------------------------------------------------


async def test_changing_takes_the_old_pin_and_counts_it(house: TestHouse, alice: Person) -> None:
    pins, user_id, actor = house.services.pins, alice.user.user_id, actor_of(alice)
    wrong = await pins.change(actor, TENANT, user_id, SECOND, THIRD, THIRD)
    assert (wrong.state, wrong.is_changed) == (PinState.WRONG, False)
    assert await failures(house, alice) == 1
    wrong = await pins.change(actor, TENANT, user_id, FIRST, SECOND, THIRD)
    assert (wrong.state, wrong.problems) == (PinState.RIGHT, (PinProblem.DIFFERENT,))
    assert await failures(house, alice) == 0, "the old one was right"
    assert await check(house, alice, FIRST) is PinState.RIGHT
    assert (await pins.change(actor, TENANT, user_id, FIRST, SECOND, SECOND)).is_changed
    assert await check(house, alice, SECOND) is PinState.RIGHT


async def test_nobody_changes_the_pin_of_another(house: TestHouse, alice: Person) -> None:
    """TEN-01, and an administrator has no use for the old PIN."""
    bob = await house.add_person("bob")
    pins, user_id = house.services.pins, alice.user.user_id
    with pytest.raises(Refused):
        await pins.change(actor_of(bob), TENANT, user_id, FIRST, SECOND, SECOND)
    for act in (
        pins.status(actor_of(bob), TENANT, user_id),
        pins.set(actor_of(alice), TENANT, user_id),
        pins.require_change(actor_of(alice), TENANT, user_id),
        pins.clear(actor_of(alice), TENANT, user_id),
        pins.set(msgspec.structs.replace(SYSTEM, tenant_id="other"), TENANT, user_id),
    ):
        with pytest.raises(NotAllowed):
            await act
    assert await failures(house, alice) == 0


async def test_a_pin_does_not_come_back_before_others_were_used(house: TestHouse, alice: Person) -> None:
    """1.8: history; three are remembered with the present one."""
    await house.change_settings(pin_history=3)
    pins, user_id, actor = house.services.pins, alice.user.user_id, actor_of(alice)

    async def change(old: Secret[str], new: Secret[str]) -> tuple[PinProblem, ...]:
        return (await pins.change(actor, TENANT, user_id, old, new, new)).problems

    assert await change(FIRST, FIRST) == (PinProblem.USED_BEFORE,)
    assert await change(FIRST, SECOND) == ()
    assert await change(SECOND, FIRST) == (PinProblem.USED_BEFORE,)
    assert await change(SECOND, THIRD) == ()
    assert await change(THIRD, FIRST) == (PinProblem.USED_BEFORE,)
    assert await change(THIRD, Secret("5081")) == ()
    assert await change(Secret("5081"), FIRST) == ()
    await house.change_settings(pin_history=0)
    assert await change(FIRST, FIRST) == (PinProblem.USED_BEFORE,), "the present one is never a new one"
    assert await change(FIRST, THIRD) == ()


async def test_inside_a_call_the_proven_pin_is_changed(house: TestHouse, alice: Person) -> None:
    """1.3: the call walks the person through a change; he keys the old PIN once."""
    pins, user_id = house.services.pins, alice.user.user_id
    await pins.require_change(SYSTEM, TENANT, user_id)
    checked = await pins.check(TENANT, user_id, FIRST)
    assert checked.state is PinState.MUST_CHANGE
    refused = await pins.change_proven(TENANT, user_id, checked.version, Secret("12345"), Secret("12345"))
    assert refused.problems == (PinProblem.RUN,)
    assert (await pins.change_proven(TENANT, user_id, checked.version, SECOND, SECOND)).is_changed
    with pytest.raises(Refused) as caught:
        await pins.change_proven(TENANT, user_id, checked.version, THIRD, THIRD)
    assert caught.value.why is Refusal.CHANGED_MEANWHILE
    assert await check(house, alice, SECOND) is PinState.RIGHT
    assert await kinds(house) == ["pin.change_required", "pin.changed", "pin.set"]


async def test_a_proof_of_a_pin_that_was_cleared_is_worth_nothing(house: TestHouse, alice: Person) -> None:
    pins, user_id = house.services.pins, alice.user.user_id
    checked = await pins.check(TENANT, user_id, FIRST)
    await pins.clear(SYSTEM, TENANT, user_id)
    assert (await pins.change_proven(TENANT, user_id, checked.version, SECOND)).state is PinState.NONE_SET
    house.clock.advance(1)
    await pins.set(SYSTEM, TENANT, user_id, THIRD, must_change=False)
    with pytest.raises(Refused):
        await pins.change_proven(TENANT, user_id, checked.version, SECOND)
    assert await check(house, alice, THIRD) is PinState.RIGHT


async def test_a_pin_that_was_changed_while_it_was_judged_is_wrong(
    house: TestHouse, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guessed right, but it is the person's no more; the attempt stays counted."""
    pins, user_id = house.services.pins, alice.user.user_id
    settle = pins._settle

    async def late(proven: object) -> PinCheck:
        monkeypatch.undo()
        await pins.clear(SYSTEM, TENANT, user_id)
        await pins.set(SYSTEM, TENANT, user_id, SECOND, must_change=False)
        return await settle(proven)  # type: ignore[arg-type]

    monkeypatch.setattr(pins, "_settle", late)
    assert await check(house, alice, FIRST) is PinState.WRONG
    assert await check(house, alice, SECOND) is PinState.RIGHT


# --- expiry ---------------------------------------------------------------------------------------------


async def test_a_pin_expires_and_is_changed(house: TestHouse, alice: Person) -> None:
    """1.3, 1.8: by the clock of the database; only who knows it hears that it is too old."""
    await house.change_settings(pin_expiry_days=30)
    pins, user_id = house.services.pins, alice.user.user_id
    house.clock.advance(30 * DAY_MS / 1000 - 1)
    assert await check(house, alice, FIRST) is PinState.RIGHT
    house.clock.advance(1)
    assert (await pins.status(SYSTEM, TENANT, user_id)).wants_change
    assert await check(house, alice, FIRST) is PinState.EXPIRED
    assert await check(house, alice, SECOND) is PinState.WRONG
    changed = await pins.change(actor_of(alice), TENANT, user_id, FIRST, SECOND, SECOND)
    assert (changed.state, changed.is_changed) == (PinState.EXPIRED, True)
    assert await check(house, alice, SECOND) is PinState.RIGHT
    assert not (await pins.status(SYSTEM, TENANT, user_id)).wants_change


async def test_a_change_by_an_administrator_begins_the_days_anew(house: TestHouse, alice: Person) -> None:
    await house.change_settings(pin_expiry_days=1)
    house.clock.advance(DAY_MS / 1000)
    await house.services.pins.set(SYSTEM, TENANT, alice.user.user_id, SECOND, must_change=False)
    assert await check(house, alice, SECOND) is PinState.RIGHT


# --- guessing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [5, 16, 1])
async def test_of_many_parallel_guesses_no_more_than_the_limit_are_judged(
    house: TestHouse, alice: Person, limit: int
) -> None:
    """BF-01, VOI-10: sixteen wrong PINs at once; what is over the limit is locked, not judged."""
    await house.change_settings(lockout_threshold=limit)
    states = await asyncio.gather(*(check(house, alice, f"{number:04d}") for number in range(16)))
    assert Counter(states) == Counter(
        {PinState.WRONG: limit, **({PinState.LOCKED: 16 - limit} if limit < 16 else {})}
    )
    assert await check(house, alice, FIRST) is PinState.LOCKED, "the right one does not help either"
    assert await kinds(house) == ["pin.locked", "pin.set"], "told once"
    assert await failures(house, alice) == limit


async def test_the_right_pin_among_parallel_guesses_never_opens_more_than_the_limit(
    house: TestHouse, alice: Person
) -> None:
    """BF-01: a right one takes the failures back, and that is all it does."""
    await house.change_settings(lockout_threshold=4)
    guesses = [f"{number:04d}" for number in range(15)]
    states = await asyncio.gather(*(check(house, alice, pin) for pin in [*guesses, FIRST.reveal()]))
    assert states[-1] in (PinState.RIGHT, PinState.LOCKED)
    assert states.count(PinState.WRONG) <= (4 if states[-1] is PinState.LOCKED else 8)


async def test_one_count_over_changing_and_checking(house: TestHouse, alice: Person) -> None:
    """BF-03: guesses count per person, whatever asked for the PIN."""
    await house.change_settings(lockout_threshold=4)
    pins, user_id, actor = house.services.pins, alice.user.user_id, actor_of(alice)
    for _ in range(2):
        assert await check(house, alice, "1470") is PinState.WRONG
        assert (await pins.change(actor, TENANT, user_id, SECOND, THIRD)).state is PinState.WRONG
    assert (await pins.change(actor, TENANT, user_id, FIRST, THIRD)).state is PinState.LOCKED
    house.clock.advance(900)
    assert await check(house, alice, FIRST) is PinState.RIGHT
    assert await failures(house, alice) == 0


async def test_after_the_hard_stop_only_an_administrator_helps(house: TestHouse, alice: Person) -> None:
    await house.change_settings(lockout_threshold=2, hard_stop=2)
    for _ in range(2):
        await check(house, alice, "1470")
    house.clock.advance(10**7)
    assert await check(house, alice, FIRST) is PinState.LOCKED
    found = await house.services.users.find(SYSTEM, TENANT, alice.user.user_id)
    assert found is not None
    assert found.throttles[Factor.PIN].locked_until == NEVER
    await house.services.users.unlock(SYSTEM, TENANT, alice.user.user_id)
    assert await check(house, alice, FIRST) is PinState.RIGHT


@pytest.mark.parametrize("act", ["set", "clear"])
async def test_a_new_pin_or_none_leaves_nothing_locked(house: TestHouse, alice: Person, act: str) -> None:
    await house.change_settings(lockout_threshold=1)
    pins, user_id = house.services.pins, alice.user.user_id
    assert await check(house, alice, "1470") is PinState.WRONG
    if act == "set":
        await pins.set(SYSTEM, TENANT, user_id, SECOND, must_change=False)
        assert await check(house, alice, SECOND) is PinState.RIGHT
        return
    await pins.clear(SYSTEM, TENANT, user_id)
    assert await check(house, alice, FIRST) is PinState.NONE_SET
    assert await failures(house, alice) == 0
    with pytest.raises(Refused) as caught:
        await pins.clear(SYSTEM, TENANT, user_id)
    assert caught.value.why is Refusal.NO_PIN


async def test_who_has_no_pin_is_not_counted(house: TestHouse) -> None:
    bob = await house.add_person("bob")
    assert await check(house, bob, "8305") is PinState.NONE_SET
    assert (await house.services.pins.check(TENANT, "nobody", FIRST)).state is PinState.NONE_SET
    assert await failures(house, bob) == 0


# --- races ----------------------------------------------------------------------------------------------


async def test_of_many_changes_at_once_one_is_made(house: TestHouse, alice: Person) -> None:
    """All have proven the same PIN; the one whose new PIN counts is told so, and no other."""
    pins, user_id = house.services.pins, alice.user.user_id
    version = (await pins.check(TENANT, user_id, FIRST)).version
    new = [Secret(f"9{number}27{number}") for number in range(8)]
    done = await asyncio.gather(
        *(pins.change_proven(TENANT, user_id, version, pin) for pin in new), return_exceptions=True
    )
    made = [pin for pin, result in zip(new, done, strict=True) if not isinstance(result, BaseException)]
    assert len(made) == 1
    lost = [result for result in done if isinstance(result, BaseException)]
    assert {result.why for result in lost if isinstance(result, Refused)} == {Refusal.CHANGED_MEANWHILE}
    assert await check(house, alice, made[0]) is PinState.RIGHT


async def test_of_many_first_pins_at_once_one_is_set(
    house: TestHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = await house.add_person("bob")
    pins, user_id = house.services.pins, bob.user.user_id
    all_have_read = Barrier(4)

    def hash_together(pin: str) -> str:
        all_have_read.wait(10)
        return hash_password(pin)

    monkeypatch.setattr("vestibule.services.pins.hash_password", hash_together)
    done = await asyncio.gather(
        *(pins.set(SYSTEM, TENANT, user_id) for _ in range(all_have_read.parties)), return_exceptions=True
    )
    made = [result for result in done if not isinstance(result, BaseException)]
    assert len(made) == 1
    assert await check(house, bob, made[0].shown) is PinState.MUST_CHANGE


async def test_a_person_who_is_removed_takes_the_pin_along(house: TestHouse, alice: Person) -> None:
    await house.services.users.remove(SYSTEM, TENANT, alice.user.user_id)
    assert await house.store.read(lambda tx: tx.pin(TENANT, alice.user.user_id)) is None
    with pytest.raises(Refused):
        await house.services.pins.set(SYSTEM, TENANT, alice.user.user_id)
