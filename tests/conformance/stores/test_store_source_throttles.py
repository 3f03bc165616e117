"""Failures by source: counted and stopped in one write, forgotten after a while, swept in the end."""

from __future__ import annotations

import asyncio

import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import START, HandClock, add_people, tenant
from vestibule.interfaces.store import Store
from vestibule.model.throttle import Factor, SourceThrottle, ThrottleLimits

LIMITS = ThrottleLimits(threshold=6, lock_ms=60_000, hard_stop=100, reset_ms=10_000)
PLACE = "198.51.100.9"


@pytest.fixture
async def alice(store: Store, tenant_id: str) -> str:
    await add_people(store, tenant_id, "alice")
    return tenant_id


async def settle(
    store: Store, tenant_id: str, source: str = PLACE, *, is_match: bool = False
) -> SourceThrottle | None:
    return await store.transact(
        lambda tx: tx.settle_source(tenant_id, "alice", Factor.PASSCODE, source, is_match, LIMITS)
    )


async def test_a_source_waits_at_half_the_limit_and_then_counts_nowhere(
    store: Store, alice: str, clock: HandClock
) -> None:
    """BF-09."""
    seen = [await settle(store, alice) for _ in range(4)]
    assert [each and (each.failures, each.locked_until) for each in seen] == [
        (1, 0),
        (2, 0),
        (3, START + 60_000),
        None,
    ]
    assert await settle(store, alice, is_match=True) is None
    assert await settle(store, alice, "192.0.2.7") == SourceThrottle(
        Factor.PASSCODE, "192.0.2.7", 1, 0, START
    )
    clock.time += 60_000
    assert await settle(store, alice) == SourceThrottle(Factor.PASSCODE, PLACE, 1, 0, clock.time)


async def test_failures_are_forgotten_after_a_while_and_by_a_success(
    store: Store, alice: str, clock: HandClock
) -> None:
    await settle(store, alice)
    clock.time += 10_000
    again = await settle(store, alice)
    assert again is not None
    assert again.failures == 1
    await settle(store, alice, is_match=True)
    assert await store.read(lambda tx: tx.source_throttles(alice, "alice")) == ()


async def test_of_many_at_once_no_more_than_the_limit_count(url: str, opened: Opened, alice: str) -> None:
    """BF-01: on two nodes."""
    nodes = [await opened(url), await opened(url)]
    settled = await asyncio.gather(*(settle(nodes[n % 2], alice) for n in range(32)))
    assert sum(each is not None for each in settled) == 3


async def test_a_source_that_waits_spends_nothing_on_a_clean_record(store: Store, alice: str) -> None:
    """BF-10: the short way for a right passcode asks for the source as well."""
    held = await store.read(lambda tx: tx.authenticator(alice, "phone-alice"))
    assert held is not None
    await store.transact(lambda tx: tx.settle_attempt(alice, "alice", Factor.PASSCODE, True, LIMITS))
    for _ in range(3):
        await settle(store, alice)
    assert not await store.transact(lambda tx: tx.spend_on_clean_record(held, {}, PLACE))
    assert await store.transact(lambda tx: tx.spend_on_clean_record(held, {}, "192.0.2.7"))


async def test_what_was_reserved_is_released_or_cleared(store: Store, alice: str) -> None:
    for _ in range(3):
        await settle(store, alice)
    await store.transact(lambda tx: tx.release_source(alice, "alice", Factor.PASSCODE, PLACE, LIMITS))
    (left,) = await store.read(lambda tx: tx.source_throttles(alice, "alice"))
    assert (left.failures, left.locked_until) == (2, 0)
    await store.transact(lambda tx: tx.clear_source(alice, "alice", Factor.PASSCODE, PLACE))
    assert await store.read(lambda tx: tx.source_throttles(alice, "alice")) == ()
    await settle(store, alice)
    await store.transact(lambda tx: tx.clear_sources(alice, "alice"))
    assert await store.read(lambda tx: tx.source_throttles(alice, "alice")) == ()


async def test_the_latest_twenty_are_told(store: Store, alice: str, clock: HandClock) -> None:
    """BF-16: however many places somebody guesses from."""
    for number in range(30):
        clock.time += 1
        await settle(store, alice, f"198.51.100.{number}")
    told = await store.read(lambda tx: tx.source_throttles(alice, "alice"))
    assert [each.source for each in told] == [f"198.51.100.{number}" for number in range(29, 9, -1)]


async def test_sources_are_swept_a_day_after_their_last_failure(
    own_url: str, opened: Opened, clock: HandClock
) -> None:
    store = await opened(own_url)
    await store.transact(lambda tx: tx.put(tenant("acme")))
    await add_people(store, "acme", "alice")
    await settle(store, "acme")
    clock.time += 24 * 3_600_000 - 1
    assert await store.transact(lambda tx: tx.sweep(10)) == 0
    clock.time += 1
    assert await store.transact(lambda tx: tx.sweep(10)) == 1
