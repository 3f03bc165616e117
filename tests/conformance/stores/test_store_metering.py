"""Usage: spans of people, days that are counted once, what phones have cost."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import START, add_people, delivery, tenant, verification
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.day import beginning_of, day_after, day_at, end_of
from vestibule.model.delivery import Carries, DeliveryState
from vestibule.model.phone_cost import PhoneCost, Sendings
from vestibule.model.provider import Provider, UsageModel
from vestibule.model.usage import OPEN, Meter, MeteredUser, Usage

TODAY = day_at(START)
TOMORROW = day_after(TODAY)


def provider(tenant_id: str, **fields: Any) -> Provider:
    usual = {
        "provider_id": f"{tenant_id}-p",
        "name": "Main",
        "usage_model": UsageModel.PER_USER,
        "is_linked": True,
        "currency": "EUR",
        "created_at": START,
    }
    return Provider(tenant_id=tenant_id, **(usual | fields))


def span(
    tenant_id: str, user_id: str, from_day: str = TODAY, until_day: str = OPEN, **more: Any
) -> MeteredUser:
    return MeteredUser(
        tenant_id=tenant_id,
        provider_id=f"{tenant_id}-p",
        user_id=user_id,
        from_day=from_day,
        until_day=until_day,
        **({"username": user_id} | more),
    )


async def begin(store: Store, *spans: MeteredUser) -> None:
    await store.transact(lambda tx: tx.count_users_from(spans))


async def counted(store: Store, tenant_id: str, day: str = TODAY, **fields: Any) -> Usage:
    since, until = beginning_of(day), end_of(day)
    return await store.read(lambda tx: tx.count_usage(provider(tenant_id, **fields), day, since, until))


async def names(store: Store, tenant_id: str, day: str) -> list[tuple[str, bool]]:
    found = await store.read(lambda tx: tx.metered_users(tenant_id, f"{tenant_id}-p", day, "", 9))
    return [(each.user_id, each.is_licensed) for each in found]


async def test_who_is_configured_begins_to_count_and_ends_once(store: Store, tenant_id: str) -> None:
    await store.transact(lambda tx: tx.put(tenant(tenant_id)))
    await add_people(store, tenant_id, "alice")
    this = provider(tenant_id)
    found = await store.read(lambda tx: tx.unmetered_users(this, TODAY, 9))
    alice = span(tenant_id, "alice", username="Alice")
    assert found == (alice,)
    await begin(store, *found)
    await begin(store, *found)
    assert await store.read(lambda tx: tx.unmetered_users(this, TODAY, 9)) == ()
    assert await store.read(lambda tx: tx.overmetered_users(this, 9)) == ()
    await store.transact(lambda tx: tx.remove_user(tenant_id, "alice"))
    (gone,) = await store.read(lambda tx: tx.overmetered_users(this, 9))
    ended = span(tenant_id, "alice", until_day=TOMORROW)
    assert gone == alice
    assert [await store.transact(lambda tx: tx.count_users_until((ended,))) for _ in range(2)] == [1, 0]
    assert await names(store, tenant_id, TODAY) == [("alice", False)]
    assert await names(store, tenant_id, TOMORROW) == []


async def test_who_is_licensed_in_between_counts_so_from_then_on(store: Store, tenant_id: str) -> None:
    await begin(store, span(tenant_id, "alice"), span(tenant_id, "bob"))
    await begin(store, span(tenant_id, "alice", TOMORROW, is_licensed=True))
    assert await names(store, tenant_id, TODAY) == [("alice", False), ("bob", False)]
    assert await names(store, tenant_id, TOMORROW) == [("alice", True), ("bob", False)]
    usage = await counted(store, tenant_id, TOMORROW)
    assert (usage.service_users, usage.licensed, usage.paid_users) == (2, 1, 1)
    assert (await counted(store, tenant_id, TOMORROW, is_linked=False)).licensed == 0


async def test_who_comes_back_on_the_day_counts_once(store: Store, tenant_id: str) -> None:
    await begin(store, span(tenant_id, "alice", day_after(TODAY, -3)))
    gone = span(tenant_id, "alice", day_after(TODAY, -3), TOMORROW)
    await store.transact(lambda tx: tx.count_users_until((gone,)))
    await begin(store, span(tenant_id, "alice"))
    assert (await counted(store, tenant_id)).service_users == 1
    await store.transact(lambda tx: tx.count_users_until((span(tenant_id, "alice", until_day=TOMORROW),)))
    await begin(store, span(tenant_id, "alice"))
    assert (await counted(store, tenant_id, TOMORROW)).service_users == 1


async def test_attempts_are_counted_from_a_time_until_before_another(store: Store, tenant_id: str) -> None:
    async def body(tx: Transaction) -> None:
        for number, at in enumerate((-1, 0, 5, 86_399_999, 86_400_000)):
            started = beginning_of(TODAY) + at
            await tx.add_verification(verification(tenant_id, f"v{number}", started_at=started))

    await store.transact(body)
    usage = await counted(store, tenant_id)
    assert (usage.service_attempts, usage.server_attempts, usage.attempts) == (3, 0, 3)
    assert (await counted(store, f"{tenant_id}-other")).attempts == 0


async def test_a_day_is_written_by_one_alone(store: Store, tenant_id: str) -> None:
    meter = Meter(
        tenant_id=tenant_id, provider_id=f"{tenant_id}-p", next_day=TODAY, looked_day=day_after(TODAY, -1)
    )
    assert [await store.transact(lambda tx: tx.open_meter(meter)) for _ in range(2)] == [True, False]
    usage = await counted(store, tenant_id)
    adding = [store.transact(lambda tx: tx.add_usage(usage, TOMORROW)) for _ in range(5)]
    assert sorted(await asyncio.gather(*adding)) == [False] * 4 + [True]
    (written,) = await store.read(lambda tx: tx.usage(tenant_id, TODAY, TODAY))
    assert written.day == TODAY
    assert await store.read(lambda tx: tx.usage(tenant_id, TOMORROW, OPEN)) == ()
    assert await store.read(lambda tx: tx.usage(f"{tenant_id}-other", TODAY, TODAY)) == ()
    await store.transact(lambda tx: tx.note_look(tenant_id, f"{tenant_id}-p", TOMORROW))
    await store.transact(lambda tx: tx.note_look(tenant_id, f"{tenant_id}-p", TODAY))
    moved = (await store.read(lambda tx: tx.meters()))[f"{tenant_id}-p"]
    assert (moved.next_day, moved.looked_day) == (TOMORROW, TOMORROW)
    assert await store.read(lambda tx: tx.meters_of(tenant_id)) == {f"{tenant_id}-p": moved}
    assert await store.read(lambda tx: tx.meters_of(f"{tenant_id}-other")) == {}


async def test_what_phones_have_cost_is_added_once(own_url: str, opened: Opened) -> None:
    store, tenant_id = await opened(own_url), "acme"

    async def body(tx: Transaction) -> None:
        for number, state in enumerate(DeliveryState):
            await tx.add_delivery(
                delivery(tenant_id, f"d{number}", state=state, gateway_id="trunk", expires_at=START + number)
            )

    await store.transact(body)
    ended = await store.read(lambda tx: tx.ended_sendings(START, START + 99))
    sent = Sendings(
        tenant_id=tenant_id,
        day=TODAY,
        gateway_id="trunk",
        carries=ended[0].carries,
        address=ended[0].address,
        count=2,
    )
    assert ended == (sent,)
    cost = PhoneCost(
        tenant_id=tenant_id,
        day=TODAY,
        gateway_id="trunk",
        calling_code="49",
        carries=Carries.TEXT,
        count=2,
        cost=1400,
    )
    assert await store.read(lambda tx: tx.phone_costs_until()) is None
    for since, until, is_added in ((0, START, True), (0, START, False), (START, START + 1, True)):
        added = await store.transact(lambda tx, a=since, b=until: tx.add_phone_costs((cost,), a, b))
        assert added is is_added
    assert await store.read(lambda tx: tx.phone_costs_until()) == START + 1
    (sums,) = await store.read(lambda tx: tx.phone_costs(tenant_id, TODAY, TOMORROW))
    assert (sums.count, sums.cost, sums.day) == (4, 2800, TODAY)
    assert await store.read(lambda tx: tx.phone_costs("other", TODAY, TODAY)) == ()
