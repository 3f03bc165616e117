"""Races: many at once, in one group, in many groups, on two nodes; exactly as many win as may."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import (
    START,
    HandClock,
    add_people,
    application,
    challenge,
    decided,
    hardware,
    link,
    tenant,
    user,
    verification,
)
from vestibule.interfaces.store import AlreadyExists, Conflict, Store, Transaction
from vestibule.interfaces.transaction.attempts import VerificationChange
from vestibule.model.throttle import Factor, ThrottleLimits
from vestibule.model.verification import ChallengeState, Reason, VerificationState

LIMITS = ThrottleLimits(threshold=10, lock_ms=900_000, hard_stop=100)
RACERS = 16
APPROVE = VerificationChange(
    state=VerificationState.APPROVED, reason=Reason.PASSCODE_VERIFIED, decided_at=START, is_authenticated=True
)

Body = Callable[[Transaction], Awaitable[Any]]


@pytest.fixture
async def nodes(own_url: str, opened: Opened) -> list[Store]:
    """Two nodes on one database that has a tenant `acme` with `alice`."""
    stores = [await opened(own_url), await opened(own_url)]
    await stores[0].transact(lambda tx: tx.put(tenant("acme")))
    await add_people(stores[0], "acme", "alice")
    return stores


async def race(nodes: list[Store], body: Body, racers: int = RACERS) -> list[Any]:
    """Run the body `racers` times at once, spread over the nodes; what each came to, exceptions included."""
    return await asyncio.gather(
        *(nodes[n % len(nodes)].transact(body) for n in range(racers)), return_exceptions=True
    )


async def test_one_version_is_used_once(nodes: list[Store], proof: Callable[[int, int], int]) -> None:
    """OTP-07: sixteen who saw the same version of an authenticator, round after round."""
    for _ in range(proof(30, 500)):
        held = await nodes[0].read(lambda tx: tx.authenticator("acme", "phone-alice"))
        assert held is not None
        won = await race(nodes, lambda tx, held=held: tx.advance_authenticator(held, {"v": held.version}))
        assert sorted(won) == [False] * (RACERS - 1) + [True]


async def test_one_passcode_opens_one_door(nodes: list[Store], proof: Callable[[int, int], int]) -> None:
    """The whole sign-in by the same passcode: who lost reads again, and finds it used."""

    async def sign_in(tx: Transaction, step: int) -> bool:
        found = await tx.subject_by_names("acme", ["alice"])
        assert found is not None
        held = found.authenticators[0]
        is_match = held.state.get("step", 0) < step
        if is_match and await tx.spend_on_clean_record(held, {"step": step}):
            return await tx.add_verification(decided("acme", f"v{step}"))
        throttle = await tx.settle_attempt("acme", "alice", Factor.PASSCODE, is_match, LIMITS)
        if throttle is None or not is_match:
            return False
        if not await tx.advance_authenticator(held, {"step": step}):
            raise Conflict
        return await tx.add_verification(decided("acme", f"v{step}"))

    for step in range(1, proof(20, 500)):
        won = await race(nodes, lambda tx, step=step: sign_in(tx, step))
        assert sorted(won) == [False] * (RACERS - 1) + [True]
        await nodes[0].transact(lambda tx: tx.clear_throttle("acme", "alice", Factor.PASSCODE))


@pytest.mark.parametrize("rounds_before", [0, 1])
async def test_no_more_guesses_than_the_threshold_are_evaluated(
    nodes: list[Store], clock: HandClock, rounds_before: int, proof: Callable[[int, int], int]
) -> None:
    """BF-01: 200 parallel guesses, and the right one among them; with and without an earlier failure."""
    for _ in range(proof(3, 50)):
        for _ in range(rounds_before):
            await race(
                nodes, lambda tx: tx.settle_attempt("acme", "alice", Factor.PASSCODE, False, LIMITS), 1
            )
        guess: Body = lambda tx: tx.settle_attempt("acme", "alice", Factor.PASSCODE, False, LIMITS)  # noqa: E731
        throttles = await race(nodes, guess, 200)
        counted = sorted(each.failures for each in throttles if each is not None)
        assert counted == list(range(1 + rounds_before, 11))
        right: Body = lambda tx: tx.settle_attempt("acme", "alice", Factor.PASSCODE, True, LIMITS)  # noqa: E731
        assert await race(nodes, right) == [None] * RACERS
        clock.time += LIMITS.lock_ms
        await nodes[0].transact(lambda tx: tx.clear_throttle("acme", "alice", Factor.PASSCODE))


async def test_a_right_passcode_among_parallel_guesses_does_not_lift_the_limit(nodes: list[Store]) -> None:
    """BF-01: between two matches, and from the last match to the lock, at most ten wrong ones count."""

    async def settle(tx: Transaction, is_match: bool) -> Any:
        throttle = await tx.settle_attempt("acme", "alice", Factor.PASSCODE, is_match, LIMITS)
        return None if throttle is None else (is_match, throttle.failures)

    tries = [number % 50 == 25 for number in range(200)]
    results = await asyncio.gather(
        *(nodes[n % 2].transact(lambda tx, m=m: settle(tx, m)) for n, m in enumerate(tries))
    )
    evaluated = [each for each in results if each is not None]
    matches = sum(1 for is_match, _ in evaluated if is_match)
    wrong = [failures for is_match, failures in evaluated if not is_match]
    assert len(wrong) <= 10 * (matches + 1)
    assert all(failures <= 10 for failures in wrong)
    for failures in set(wrong):
        assert wrong.count(failures) <= matches + 1


@pytest.mark.parametrize("is_new", [True, False])
async def test_a_right_passcode_behind_the_limit_is_not_taken(nodes: list[Store], is_new: bool) -> None:
    """BF-01: of sixty guesses that arrive together the right one is the last, and comes too late."""
    if not is_new:
        await nodes[0].transact(lambda tx: tx.settle_attempt("acme", "alice", Factor.PASSCODE, True, LIMITS))

    async def guess(tx: Transaction, is_match: bool) -> bool:
        found = await tx.subject("acme", "alice")
        assert found is not None
        held = found.authenticators[0]
        if is_match and await tx.spend_on_clean_record(held, {"step": 1}):
            return True
        throttle = await tx.settle_attempt("acme", "alice", Factor.PASSCODE, is_match, LIMITS)
        return throttle is not None and is_match and await tx.advance_authenticator(held, {"step": 1})

    guesses = [nodes[0].transact(lambda tx, n=n: guess(tx, n == 59)) for n in range(60)]
    assert await asyncio.gather(*guesses) == [False] * 60
    throttles = await nodes[1].read(lambda tx: tx.throttles("acme", "alice"))
    assert throttles[Factor.PASSCODE].failures == 10


async def test_a_verification_is_decided_by_one(nodes: list[Store]) -> None:
    for number in range(10):
        name = f"v{number}"
        await nodes[0].transact(lambda tx, name=name: tx.add_verification(verification("acme", name)))
        won = await race(nodes, lambda tx, name=name: tx.change_verification("acme", name, APPROVE))
        assert sorted(won) == [False] * (RACERS - 1) + [True]


async def test_an_idempotency_key_is_taken_by_one(nodes: list[Store]) -> None:
    """The same request on two nodes at once is one attempt."""
    for number in range(10):
        names = iter(f"{number}-{racer}" for racer in range(1000))
        won = await race(
            nodes,
            lambda tx, number=number, names=names: tx.add_verification(
                verification("acme", next(names), idempotency_key=f"key{number}")
            ),
        )
        assert sorted(won) == [False] * (RACERS - 1) + [True]


async def test_tries_are_taken_by_as_many_as_there_are(nodes: list[Store]) -> None:
    await nodes[0].transact(lambda tx: tx.add_challenge(challenge("acme", tries_left=5), 3))
    left = await race(nodes, lambda tx: tx.take_try("acme", "c1"), 100)
    assert sorted(each for each in left if each is not None) == [0, 1, 2, 3, 4]


async def test_a_challenge_is_closed_by_one(nodes: list[Store]) -> None:
    await nodes[0].transact(lambda tx: tx.add_challenge(challenge("acme"), 3))
    won = await race(nodes, lambda tx: tx.close_challenge("acme", "c1", ChallengeState.ANSWERED))
    assert sorted(won) == [False] * (RACERS - 1) + [True]


async def test_open_challenges_stay_within_their_number(nodes: list[Store]) -> None:
    """BF-04: challenges that are opened at once count one another."""
    names = iter(f"c{number}" for number in range(1000))
    await race(nodes, lambda tx: tx.add_challenge(challenge("acme", next(names)), 3), 40)
    still_open = await nodes[0].read(lambda tx: tx.open_challenges("acme", "v1"))
    assert len(still_open) == 3


async def test_a_link_is_spent_by_one(nodes: list[Store]) -> None:
    await nodes[0].transact(lambda tx: tx.add_link(link("acme", "token")))
    won = await race(nodes, lambda tx: tx.spend_link("token", "setup"))
    assert sum(1 for each in won if each is not None) == 1


async def test_a_name_is_taken_by_one(nodes: list[Store]) -> None:
    numbers = iter(range(1000))
    for round_ in range(5):
        results = await race(
            nodes,
            lambda tx, round_=round_: tx.add_user(
                user("acme", f"u{round_}-{next(numbers)}", names=(f"name{round_}", f"other{next(numbers)}"))
            ),
        )
        assert sum(1 for each in results if each is None) == 1
        assert all(each is None or type(each) is AlreadyExists for each in results)


async def test_a_serial_is_imported_by_one(nodes: list[Store]) -> None:
    """Two imports of one file at once."""
    tokens = [hardware("acme", f"T{number:04}") for number in range(200)]
    results = await race(nodes, lambda tx: tx.add_authenticators(tokens), 4)
    assert sum(1 for each in results if each is None) == 1
    assert all(each is None or isinstance(each, AlreadyExists) for each in results)


async def test_a_configuration_record_is_changed_by_one(nodes: list[Store]) -> None:
    await nodes[0].transact(lambda tx: tx.put(application("acme")))
    before = await nodes[0].read(lambda tx: tx.generation())
    results = await race(nodes, lambda tx: tx.put(application("acme", name="New")), 8)
    assert sum(1 for each in results if each is None) == 1
    assert all(each is None or isinstance(each, Conflict) for each in results)
    assert await nodes[1].read(lambda tx: tx.generation()) == before + 1


async def test_attempts_run_out_once(nodes: list[Store], clock: HandClock) -> None:
    """Two workers share the work and count nothing twice."""
    for number in range(60):
        await nodes[0].transact(
            lambda tx, n=number: tx.add_verification(verification("acme", f"v{n}", expires_at=START))
        )
    clock.advance(1)
    counts = await race(nodes, lambda tx: tx.expire_verifications(20), 8)
    assert all(isinstance(each, int) and 0 <= each <= 20 for each in counts)
    left = await nodes[0].transact(lambda tx: tx.expire_verifications(1000))
    assert sum(counts) + left == 60


async def test_opposite_orders_end_in_a_decision(nodes: list[Store]) -> None:
    """DB-07: bodies that lock the same rows in opposite orders are run again, not refused."""
    await add_people(nodes[0], "acme", "bob")

    async def both(tx: Transaction, first: str, second: str) -> bool:
        for name in (first, second):
            await tx.settle_attempt("acme", name, Factor.PASSWORD, False, LIMITS)
            await tx.clear_throttle("acme", name, Factor.PASSWORD)
        return await tx.note(first) is None

    orders = [("alice", "bob"), ("bob", "alice")]
    results = await asyncio.gather(
        *(nodes[n % 2].transact(lambda tx, o=orders[n % 2]: both(tx, *o)) for n in range(40))
    )
    assert results == [True] * 40


async def test_imports_and_removals_beside_sign_ins(nodes: list[Store]) -> None:
    """Whatever kinds of work meet, each ends in its own result."""
    people = [f"user{number}" for number in range(20)]
    await add_people(nodes[0], "acme", *people)

    async def sign_in(tx: Transaction, name: str) -> bool:
        found = await tx.subject_by_names("acme", [name])
        if found is None:
            return False
        await tx.settle_attempt("acme", name, Factor.PASSCODE, True, LIMITS)
        return await tx.advance_authenticator(found.authenticators[0], {"n": 1})

    async def work(number: int) -> Any:
        store, name = nodes[number % 2], people[number % len(people)]
        if number % 10 == 3:
            return await store.transact(lambda tx: tx.remove_user("acme", name))
        if number % 10 == 7:
            tokens = [hardware("acme", f"{number}-{n}") for n in range(50)]
            return await store.transact(lambda tx: tx.add_authenticators(tokens))
        return await store.transact(lambda tx: sign_in(tx, name))

    results = await asyncio.gather(*(work(number) for number in range(200)), return_exceptions=True)
    assert [each for each in results if isinstance(each, Exception)] == []
    removed = [results[number] for number in range(200) if number % 10 == 3]
    assert removed.count(True) == len({people[number % 20] for number in range(3, 200, 10)})
