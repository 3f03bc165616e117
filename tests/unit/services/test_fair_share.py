"""TEN-04: where several tenants sign in, who asks for little does not wait for who asks for much."""

from __future__ import annotations

import asyncio
import inspect
import time

import pytest

from vestibule.interfaces.store import Unavailable
from vestibule.services import fair_share
from vestibule.services.fair_share import MOST_ROOM, OWN_ROOM, FairShare, Place
from vestibule.services.metrics import Metrics


@pytest.fixture
def share() -> FairShare:
    return FairShare(Metrics())


async def inside(share: FairShare, tenant_id: str) -> list[Place]:
    """Let one tenant take all the room of its own."""
    return [await share.enter(tenant_id) for _ in range(OWN_ROOM)]


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


async def test_more_than_its_own_room_waits_in_its_order(share: FairShare) -> None:
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
    assert (await second).tenant is places[0].tenant


async def test_another_tenant_does_not_wait_for_it(share: FairShare) -> None:
    """TEN-04"""
    await inside(share, "noisy")
    waiting = asyncio.create_task(share.enter("noisy"))
    await settled()
    assert (await share.enter("quiet")).tenant.tenant_id == "quiet"
    assert not waiting.done()
    await waiting


@pytest.mark.parametrize("many", [1, 2, 4])
async def test_those_who_wait_share_what_room_there_is(share: FairShare, many: int) -> None:
    """TEN-04: a busy node has little for them, and at least one place for each."""
    share.room = 6
    waiting = {}
    for number in range(many):
        places = await inside(share, f"t{number}")
        waiting[number] = [asyncio.create_task(share.enter(f"t{number}")) for _ in range(OWN_ROOM)]
        await settled()
        for place in places:
            place.counts, place.tenant.inside = False, 0
    for tenant in [*share._tenants.values()]:
        share._go_on(tenant, time.perf_counter())
    await settled()
    assert [sum(task.done() for task in tasks) for tasks in waiting.values()] == [max(1, 6 // many)] * many


def test_room_is_as_much_as_the_processor_bears(share: FairShare) -> None:
    """TEN-04"""
    least, most = fair_share.BUSY
    for _ in range(1000):
        share._fit(least - 0.1)
    assert share.room == MOST_ROOM
    share._fit((least + most) / 2)
    assert share.room == MOST_ROOM
    for _ in range(100):
        share._fit(most + 0.1)
    assert share.room == 1


async def test_what_waits_for_something_outside_takes_no_room(share: FairShare) -> None:
    """TEN-04: a directory that hangs leaves its own tenant able to sign in by other means."""
    share.room = 1
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


async def test_nothing_is_kept_of_who_has_left(share: FairShare) -> None:
    for number in range(100):
        share.leave(await share.enter(f"tenant {number}"))
    places = await inside(share, "noisy")
    waiting = [asyncio.create_task(share.enter("noisy")) for _ in range(OWN_ROOM)]
    await settled()
    for place in places:
        share.leave(place)
    for place in await asyncio.gather(*waiting):
        share.leave(place)
    assert not share._tenants
    assert not share._crowded


async def test_who_comes_back_late_forgets_nobody_who_came_meanwhile(share: FairShare) -> None:
    (late,) = [await share.enter("noisy")]
    late.since -= 1
    share._go_on(late.tenant, time.perf_counter())
    assert not share._tenants
    await share.enter("noisy")
    share.leave(late)
    assert share._tenants["noisy"].inside == 1


async def test_a_part_is_done_in_its_place(share: FairShare) -> None:
    async def part() -> int:
        return sum(tenant.inside for tenant in share._tenants.values())

    assert await share.run("a", part()) == 0, "nobody else is there"
    assert await share.run("b", part()) == 1
    assert not share._tenants


async def test_a_part_that_is_refused_is_not_left_over(
    share: FairShare, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def part() -> None: ...

    monkeypatch.setattr(fair_share, "MOST_WAITING", 1)
    places, refused = await inside(share, "noisy"), part()
    waiting = asyncio.create_task(share.enter("noisy"))
    await settled()
    share.is_contested("another", time.perf_counter())
    with pytest.raises(Unavailable):
        await share.run("noisy", refused)
    assert inspect.getcoroutinestate(refused) == inspect.CORO_CLOSED
    share.leave(places[0])
    await waiting


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
