"""What was sent within a window: never more than the limit, whoever asks at once (SMS-04, VOI-09)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import START, HandClock, limit, tenant
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.sending_limit import DAY_MS, HOUR_MS, LimitKind, SendingLimit

MOST = 100


@pytest.fixture
async def nodes(own_url: str, opened: Opened) -> list[Store]:
    """Two nodes on one database."""
    stores = [await opened(own_url), await opened(own_url)]
    await stores[0].transact(lambda tx: tx.put(tenant("acme")))
    return stores


async def spend(store: Store, one: SendingLimit, cost: int = 0) -> bool:
    return await store.transact(lambda tx: tx.spend_sending("acme", one, cost))


async def test_no_more_than_the_limit_at_once(nodes: list[Store], proof: Callable[[int, int], int]) -> None:
    """SMS-04: some hundred (10,000 in the long form) at once to one prefix, from two nodes."""
    one = limit(LimitKind.PREFIX, "+4917612", most_count=MOST)
    for wave in range(proof(1, 25)):
        counts = Counter(await asyncio.gather(*(spend(nodes[n % 2], one) for n in range(400))))
        assert counts[True] == (0 if wave else MOST)


async def test_no_more_than_the_cap_at_once(nodes: list[Store]) -> None:
    """VOI-09: each costs something else, and all together no more than the cap."""
    cap = limit(LimitKind.COST, "", most_cost=10_000, window_ms=DAY_MS, most_count=2**53)
    costs = [700 + n % 7 for n in range(100)]
    taken = await asyncio.gather(*(spend(nodes[n % 2], cap, cost) for n, cost in enumerate(costs)))
    spent = sum(cost for cost, is_taken in zip(costs, taken, strict=True) if is_taken)
    assert 10_000 - 706 < spent <= 10_000
    assert await nodes[0].read(lambda tx: tx.sending_cost("acme", cap)) == spent


async def test_many_limits_taken_by_many_bodies_hold_nobody_up(nodes: list[Store]) -> None:
    """Bodies of two nodes that take the same rows in the same order: each ends, and none is lost."""
    kinds = (LimitKind.USER, LimitKind.NUMBER, LimitKind.PREFIX, LimitKind.TENANT)

    async def body(tx: Transaction, number: int) -> int:
        keys = (f"u{number % 5}", f"+49{number % 3}", "+49", "")
        limits = [limit(kind, key, most_count=50) for kind, key in zip(kinds, keys, strict=True)]
        for position, one in enumerate(limits):
            if not await tx.spend_sending("acme", one, 0):
                for earlier in limits[:position]:
                    await tx.give_back_sending("acme", earlier, 0)
                return 0
        return 1

    done = await asyncio.gather(
        *(nodes[n % 2].transact(lambda tx, n=n: body(tx, n)) for n in range(200)),
    )
    assert sum(done) == 50


async def test_a_limit_of_none_lets_nothing_through(store: Store) -> None:
    assert not await spend(store, limit(most_count=0))
    assert not await spend(store, limit(LimitKind.COST, "", most_cost=5), 6)


async def test_what_is_given_back_can_be_taken_again(nodes: list[Store]) -> None:
    one = limit(most_count=1, most_cost=700)
    assert await spend(nodes[0], one, 700)
    assert not await spend(nodes[0], one, 0)
    await nodes[0].transact(lambda tx: tx.give_back_sending("acme", one, 700))
    assert await spend(nodes[0], one, 700)


async def test_a_new_window_begins_at_the_full_hour(nodes: list[Store], clock: HandClock) -> None:
    one = limit(most_count=1)
    clock.time = START + HOUR_MS - 1
    assert [await spend(nodes[0], one) for _ in range(2)] == [True, False]
    clock.time = START + HOUR_MS
    assert [await spend(nodes[0], one) for _ in range(2)] == [True, False]


async def test_a_limit_is_noted_once_in_a_window(nodes: list[Store], clock: HandClock) -> None:
    one = limit(LimitKind.COUNTRY, "882", most_count=0)
    told = await asyncio.gather(
        *(nodes[n % 2].transact(lambda tx: tx.note_limit_reached("acme", one)) for n in range(20))
    )
    assert Counter(told) == {True: 1, False: 19}
    clock.time = START + HOUR_MS
    assert await nodes[0].transact(lambda tx: tx.note_limit_reached("acme", one))
    found = await nodes[0].read(lambda tx: tx.limits_reached("acme", START - 1, 9))
    assert [(each.kind, each.key, each.reached_at) for each in found] == [
        (LimitKind.COUNTRY, "882", START + HOUR_MS),
        (LimitKind.COUNTRY, "882", START),
    ]
    assert await nodes[0].read(lambda tx: tx.limits_reached("acme", START + HOUR_MS, 9)) == ()


async def test_counts_stay_for_a_day_after_their_window(nodes: list[Store], clock: HandClock) -> None:
    one = limit()
    await spend(nodes[0], one)
    clock.time = START + HOUR_MS + DAY_MS - 1
    assert await nodes[0].transact(lambda tx: tx.sweep(9)) == 0
    clock.time += 1
    assert await nodes[0].transact(lambda tx: tx.sweep(9)) == 1
