"""Breakers of ranges of numbers, and what becomes of texts and calls: each said once (SMS-04)."""

from __future__ import annotations

import asyncio

import msgspec

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import START, HandClock, decided, delivery, tenant, verification
from tests.conformance.stores.test_store_replication import group
from tests.conformance.stores.test_store_server_records import attempt as told
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.delivery import Carries, DeliveryState
from vestibule.model.range_breaker import RangeBreaker, opened
from vestibule.model.sending_limit import DAY_MS
from vestibule.model.verification import VerificationState


def breaker(tenant_id: str, prefix: str = "+4917612", at: int = START) -> RangeBreaker:
    return opened(tenant_id, prefix, at, unanswered=20, cost=700)


async def seen(store: Store, tenant_id: str) -> list[RangeBreaker]:
    return list(await store.read(lambda tx: tx.range_breakers(tenant_id, 9)))


async def test_a_breaker_opens_rests_and_closes_once(store: Store, tenant_id: str) -> None:
    one = breaker(tenant_id)
    tries = [store.transact(lambda tx: tx.open_range_breaker(one)) for _ in range(5)]
    assert sorted(await asyncio.gather(*tries)) == [False] * 4 + [True]
    tries = [store.transact(lambda tx: tx.rest_range_breaker(one, START + DAY_MS)) for _ in range(5)]
    assert sorted(await asyncio.gather(*tries)) == [False] * 4 + [True]
    (found,) = await seen(store, tenant_id)
    assert found == msgspec.structs.replace(one, rests_until=START + DAY_MS, trials_failed=1)
    tries = [store.transact(lambda tx: tx.close_range_breaker(tenant_id, one.prefix, "u", "U")) for _ in "ab"]
    assert sorted(await asyncio.gather(*tries)) == [False, True]
    (found,) = await seen(store, tenant_id)
    assert (found.closed_at, found.closed_by, found.closed_by_name) == (START, "u", "U")
    assert not await store.transact(lambda tx: tx.rest_range_breaker(found, START))
    assert await store.transact(lambda tx: tx.open_range_breaker(one)), "once more, and as new"
    assert await seen(store, tenant_id) == [one]


async def test_breakers_of_two_tenants_are_two(own_url: str, opened: Opened, clock: HandClock) -> None:
    own = await opened(own_url)
    for tenant_id in ("a", "b"):
        await own.transact(lambda tx, t=tenant_id: tx.open_range_breaker(breaker(t)))
    assert await own.transact(lambda tx: tx.close_range_breaker("a", "+4917612", "", ""))
    assert [one.closed_at for one in await seen(own, "b")] == [None]
    found = await own.read(lambda tx: tx.all_range_breakers(START))
    assert [one.tenant_id for one in found] == ["b"], "what was closed before is not asked for"
    clock.time += DAY_MS
    await own.transact(lambda tx: tx.sweep(9))
    assert await seen(own, "a") == []
    assert len(await seen(own, "b")) == 1


async def test_what_becomes_of_a_text_is_read_when_its_time_is_over(own_url: str, opened: Opened) -> None:
    own = await opened(own_url)
    await own.transact(lambda tx: tx.put(tenant("a")))

    async def fill(tx: Transaction) -> None:
        await tx.add_verification(decided("a", "yes"))
        await tx.add_verification(verification("a", "no"))
        for name, attempt, fields in (
            ("d1", "yes", {"state": DeliveryState.SENT, "expires_at": START + 1}),
            ("d2", "no", {"state": DeliveryState.FAILED, "expires_at": START + 1, "tried": ("x", "trunk")}),
            ("d3", "no", {"state": DeliveryState.FAILED, "expires_at": START + 2, "sent_at": START}),
            ("d4", "no", {"state": DeliveryState.WAITING, "expires_at": START + 2, "gateway_id": ""}),
            ("d5", "", {"state": DeliveryState.SENT, "expires_at": START + 2}),
            ("d6", "no", {"state": DeliveryState.SENT, "expires_at": START + 9}),
        ):
            usual = {"gateway_id": "trunk", "tried": ("trunk",), "verification_id": attempt}
            await tx.add_delivery(delivery("a", name, **(usual | fields)))

    await own.transact(fill)
    first = await own.read(lambda tx: tx.sending_outcomes((START, ""), START + 2, 2))
    assert [(one.delivery_id, one.is_sent, one.is_answered) for one in first] == [
        ("d1", True, True),
        ("d2", False, False),
    ]
    assert first[1].tried == ("x", "trunk")
    rest = await own.read(lambda tx: tx.sending_outcomes((START + 1, "d2"), START + 2, 2))
    assert [(one.delivery_id, one.is_sent) for one in rest] == [("d3", True)]


async def test_what_becomes_of_a_servers_text_is_what_it_tells_of_the_attempt(
    own_url: str, opened: Opened
) -> None:
    """Of a call it is a key that was pressed. Another group or tenant answers for nobody."""
    own = await opened(own_url)
    for tenant_id in ("a", "b"):
        await own.transact(lambda tx, t=tenant_id: tx.put(tenant(t)))

    async def fill(tx: Transaction) -> None:
        for tenant_id, group_id in (("a", "g"), ("a", "h"), ("b", "g")):
            await tx.add_replication_group(group(tenant_id, group_id, provider_id="p"))
        await tx.add_server_attempts(
            [
                told("a", "yes", state=VerificationState.APPROVED),
                told("a", "no", state=VerificationState.EXPIRED),
                told("a", "other", state=VerificationState.APPROVED, group_id="h"),
                told("b", "foreign", state=VerificationState.APPROVED),
            ]
        )
        for name, fields in (
            ("d1", {"attempt_id": "yes"}),
            ("d2", {"attempt_id": "no", "state": DeliveryState.DELIVERED}),
            ("d3", {"attempt_id": "other"}),
            ("d4", {"attempt_id": "foreign"}),
            ("d5", {"state": DeliveryState.DELIVERED}),
            ("d6", {}),
            ("d7", {"carries": Carries.CALL, "state": DeliveryState.DELIVERED}),
            ("d8", {"carries": Carries.CALL}),
        ):
            usual = {"verification_id": "", "challenge_id": "", "group_id": "g", "state": DeliveryState.SENT}
            placed = {"gateway_id": "trunk", "tried": ("trunk",), "expires_at": START + 1}
            await tx.add_delivery(delivery("a", name, **(usual | placed | fields)))

    await own.transact(fill)

    async def answered(is_told: bool) -> dict[str, bool]:
        found = await own.read(lambda tx: tx.relayed_outcomes((START, ""), START + 1, 9, is_told=is_told))
        assert all(one.is_sent for one in found)
        return {one.delivery_id: one.is_answered for one in found}

    assert await answered(True) == {"d1": True, "d2": False, "d5": True, "d6": False}
    assert await answered(False) == {"d3": False, "d4": False}
    calls = await own.read(lambda tx: tx.sending_outcomes((START, ""), START + 1, 9))
    assert {one.delivery_id: one.is_answered for one in calls} == {"d7": True, "d8": False}
