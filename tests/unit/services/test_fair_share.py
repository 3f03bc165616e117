"""TEN-04: where several tenants sign in, each has its share of the node."""

from __future__ import annotations

import asyncio
import time

import pytest

from vestibule.interfaces.store import Unavailable
from vestibule.services import fair_share
from vestibule.services.fair_share import LEAST, TOGETHER, FairShare, Place
from vestibule.services.metrics import Metrics

SHARE = TOGETHER // 2


@pytest.fixture
def share() -> FairShare:
    return FairShare(Metrics())


async def inside(share: FairShare, tenant_id: str) -> list[Place]:
    """Let one tenant take all of its share."""
    return [await share.enter(tenant_id) for _ in range(SHARE)]


async def settled() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def test_who_is_alone_waits_for_nobody(share: FairShare) -> None:
    assert not any(share.is_contested("a", float(second)) for second in range(1000))


def test_it_counts_for_a_while_that_another_has_signed_in(share: FairShare) -> None:
    assert [share.is_contested(*each) for each in [("a", 0.0), ("b", 1.0), ("b", 60.0), ("b", 62.0)]] == [
        False,
        True,
        True,
        False,
    ]


def test_who_signed_in_long_ago_does_not_count(share: FairShare) -> None:
    assert not share.is_contested("a", 0.0)
    assert not share.is_contested("b", 100.0)


async def test_more_than_its_share_waits_in_its_order(share: FairShare) -> None:
    """TEN-04"""
    places = await inside(share, "noisy")
    first, second = (asyncio.create_task(share.enter("noisy")) for _ in range(2))
    await settled()
    assert not first.done()
    share.leave(places[0])
    await settled()
    assert first.done()
    assert not second.done()
    share.leave(places[1])
    assert (await second).tenant_id == "noisy"


async def test_another_tenant_does_not_wait_for_it(share: FairShare) -> None:
    """TEN-04"""
    await inside(share, "noisy")
    waiting = asyncio.create_task(share.enter("noisy"))
    await settled()
    assert (await share.enter("quiet")).tenant_id == "quiet"
    assert not waiting.done()
    await waiting


async def test_who_asks_for_more_than_his_share_yields_to_who_does_not(share: FairShare) -> None:
    """TEN-04"""
    quiet = await share.enter("quiet")
    places = await inside(share, "noisy")
    waiting = [asyncio.create_task(share.enter("noisy")) for _ in range(SHARE)]
    await settled()
    for place in places:
        share.leave(place)
    await settled()
    assert sum(task.done() for task in waiting) == LEAST
    share.leave(quiet)
    share.leave(await waiting[0])
    await settled()
    assert all(task.done() for task in waiting)


async def test_who_both_ask_for_more_yield_to_nobody(share: FairShare) -> None:
    for tenant_id in ("a", "b"):
        places = await inside(share, tenant_id)
        for _ in range(SHARE):
            asyncio.create_task(share.enter(tenant_id))  # noqa: RUF006 - kept by what it waits for
        await settled()
    for place in places:
        share.leave(place)
    assert share._tenants["b"].inside == SHARE


async def test_what_waits_for_something_outside_takes_no_share(share: FairShare) -> None:
    """TEN-04: a directory that hangs leaves its own tenant able to sign in by other means."""
    began = time.perf_counter()
    places = await inside(share, "noisy")
    await share.enter("noisy")
    assert time.perf_counter() - began >= fair_share.OUTSIDE_SECONDS
    for place in places:
        share.leave(place)


async def test_who_gives_up_takes_no_place(share: FairShare) -> None:
    places = await inside(share, "noisy")
    gone, next_one = (asyncio.create_task(share.enter("noisy")) for _ in range(2))
    await settled()
    gone.cancel()
    share.leave(places[0])
    await settled()
    assert gone.cancelled()
    assert next_one.done()


async def test_who_gives_up_in_the_moment_gives_his_place_back(share: FairShare) -> None:
    places = await inside(share, "noisy")
    gone, next_one = (asyncio.create_task(share.enter("noisy")) for _ in range(2))
    await settled()
    share.leave(places[0])
    gone.cancel()
    await settled()
    assert gone.cancelled()
    assert next_one.done()


async def test_too_many_are_refused_at_once(share: FairShare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_share, "MOST_WAITING", 3)
    places = await inside(share, "noisy")
    waiting = [asyncio.create_task(share.enter("noisy")) for _ in range(3)]
    await settled()
    with pytest.raises(Unavailable):
        await share.enter("noisy")
    for place in places:
        share.leave(place)
    await asyncio.gather(*waiting)


async def test_shares_become_smaller_with_each_tenant_that_is_there(share: FairShare) -> None:
    for number in range(TOGETHER):
        await share.enter(f"tenant {number}")
    await share.enter("one more")
    second = await share.enter("one more")
    third = asyncio.create_task(share.enter("one more"))
    await settled()
    assert not third.done()
    share.leave(second)
    await third


async def test_nothing_is_kept_of_who_has_left(share: FairShare) -> None:
    for number in range(100):
        share.leave(await share.enter(f"tenant {number}"))
    assert not share._tenants


async def test_long_work_lets_others_go_first(share: FairShare, monkeypatch: pytest.MonkeyPatch) -> None:
    """TEN-04: an import beside sign-ins."""
    monkeypatch.setattr(fair_share, "SLICE_SECONDS", 0.0)
    order: list[str] = []
    note = order.append

    async def work() -> None:
        async for each in share.in_slices("ab"):
            note(each)

    async def other() -> None:
        note("other")

    share.is_contested("tenant", time.perf_counter())
    await asyncio.gather(work(), other())
    assert order == ["a", "other", "b"]
