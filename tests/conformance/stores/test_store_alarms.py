"""Failures of whole tenants, the alarms they raise (BF-08), and mails of alerts that are counted: with two
tenants, from two nodes."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import START, HandClock, tenant
from vestibule.interfaces.store import Store
from vestibule.model.alert_count import SUMMED_UP_MS, AlertCount
from vestibule.model.spraying import MINUTE_MS, WINDOW_MS, Scope, SprayingAlarm

ACME, GLOBEX = "acme", "globex"
KIND, SOC = "user.locked", "soc@example.org"


@pytest.fixture
async def nodes(own_url: str, opened: Opened) -> list[Store]:
    stores = [await opened(own_url), await opened(own_url)]
    for tenant_id in (ACME, GLOBEX):
        await stores[0].transact(lambda tx, tenant_id=tenant_id: tx.put(tenant(tenant_id)))
    return stores


async def fail(store: Store, tenant_id: str, times: int) -> None:
    await store.transact(lambda tx: tx.count_failures(tenant_id, times))


async def failures(store: Store) -> dict[str, int]:
    return await store.read(lambda tx: tx.failures_of_window())


async def test_failures_of_two_nodes_are_one_sum_by_tenant(nodes: list[Store], clock: HandClock) -> None:
    await asyncio.gather(*(fail(nodes[n % 2], ACME, 3) for n in range(10)), fail(nodes[0], GLOBEX, 1))
    assert await failures(nodes[1]) == {ACME: 30, GLOBEX: 1}
    clock.time = START + WINDOW_MS - MINUTE_MS
    await fail(nodes[0], ACME, 5)
    assert await failures(nodes[1]) == {ACME: 35, GLOBEX: 1}
    clock.time = START + WINDOW_MS + MINUTE_MS
    assert await failures(nodes[1]) == {ACME: 5}


async def test_failures_are_swept_after_a_day(nodes: list[Store], clock: HandClock) -> None:
    await fail(nodes[0], ACME, 5)
    assert await nodes[0].transact(lambda tx: tx.sweep(100)) == 0
    clock.time = START + 25 * 3_600_000
    assert await nodes[0].transact(lambda tx: tx.sweep(100)) == 1


async def test_of_many_who_raise_an_alarm_one_is_the_first(nodes: list[Store], clock: HandClock) -> None:
    async def raise_it(number: int) -> bool:
        return await nodes[number % 2].transact(
            lambda tx: tx.raise_spraying_alarm(ACME, Scope.TENANT, 20 + number)
        )

    assert Counter(await asyncio.gather(*map(raise_it, range(10)))) == {True: 1, False: 9}
    assert await nodes[0].transact(lambda tx: tx.raise_spraying_alarm(ACME, Scope.SERVICE, 7))
    clock.time = START + WINDOW_MS - 1
    assert not await raise_it(2)
    alarms = await nodes[1].read(lambda tx: tx.spraying_alarms(tx.now))
    tenant_alarm = SprayingAlarm(
        tenant_id=ACME,
        scope=Scope.TENANT,
        failures=29,
        began_at=START,
        ends_at=clock.time + WINDOW_MS,
    )
    assert [each.scope for each in alarms] == [Scope.SERVICE, Scope.TENANT]
    assert alarms[1] == tenant_alarm
    clock.time = tenant_alarm.ends_at
    assert await nodes[1].read(lambda tx: tx.spraying_alarms(tx.now)) == ()
    assert len(await nodes[1].read(lambda tx: tx.spraying_alarms(START))) == 2
    assert await raise_it(3), "it is over, so this is another one"


async def test_of_many_alerts_at_once_no_more_are_sent_than_the_limit(nodes: list[Store]) -> None:
    async def count(number: int) -> bool:
        return await nodes[number % 2].transact(lambda tx: tx.count_alert(ACME, KIND, SOC, 5))

    assert Counter(await asyncio.gather(*map(count, range(40)))) == {True: 5, False: 35}
    for tenant_id, kind, address in ((GLOBEX, KIND, SOC), (ACME, "x.y", SOC), (ACME, KIND, "a@example.org")):
        assert await nodes[0].transact(lambda tx, of=(tenant_id, kind, address): tx.count_alert(*of, 5)), (
            "each kind, address and tenant has its own count"
        )


async def test_what_was_held_back_is_taken_once_and_late(nodes: list[Store], clock: HandClock) -> None:
    for _ in range(7):
        await nodes[0].transact(lambda tx: tx.count_alert(ACME, KIND, SOC, 5))
    clock.time = START + SUMMED_UP_MS - 1
    assert not await nodes[0].read(lambda tx: tx.are_alerts_over())
    assert await nodes[0].transact(lambda tx: tx.take_alert_counts(10)) == ()
    clock.time += 1
    assert await nodes[1].read(lambda tx: tx.are_alerts_over())
    taken = await asyncio.gather(*(each.transact(lambda tx: tx.take_alert_counts(10)) for each in nodes))
    ends_at = START + SUMMED_UP_MS
    assert sum(taken, ()) == (
        AlertCount(
            tenant_id=ACME, kind=KIND, address=SOC, began_at=START, ends_at=ends_at, sent=5, held_back=2
        ),
    )
    assert await nodes[0].transact(lambda tx: tx.count_alert(ACME, KIND, SOC, 5)), "it begins anew"
