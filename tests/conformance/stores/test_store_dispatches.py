"""Mails and webhooks: taken by one node at a time, listed, emptied and swept; events that wait to be told."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import START, HandClock, tenant
from vestibule.crypto.tokens import new_ordered_id
from vestibule.interfaces.store import Store
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.sending import DispatchFilter
from vestibule.model.delivery import Carries
from vestibule.model.dispatch import KEPT_MS, LIFE_MS, Dispatch, DispatchState
from vestibule.model.event import Event

LEASE = 30_000


def dispatch(tenant_id: str, dispatch_id: str = "d1", **fields: Any) -> Dispatch:
    usual = {
        "tenant_id": tenant_id,
        "dispatch_id": dispatch_id,
        "carries": Carries.MAIL,
        "kind": "changed",
        "address": "alice@example.org",
        "sealed_body": b"sealed",
        "due_at": START,
        "expires_at": START + LIFE_MS,
        "created_at": START,
    }
    return Dispatch(**(usual | fields))


@pytest.fixture
async def own(own_url: str, opened: Opened) -> Store:
    store = await opened(own_url)
    for name in ("acme", "other"):
        await store.transact(lambda tx, name=name: tx.put(tenant(name)))
    return store


async def test_a_dispatch_is_kept_whole_and_replaced_by_version(store: Store, tenant_id: str) -> None:
    record = dispatch(tenant_id, user_id="alice", gateway_id="g", node="n", cause="c", tries=2, sent_at=START)
    await store.transact(lambda tx: tx.add_dispatch(record))
    assert await store.read(lambda tx: tx.dispatch(tenant_id, "d1")) == record
    changed = msgspec.structs.replace(record, state=DispatchState.SENT, sealed_body=b"", expires_at=START)
    assert await store.transact(lambda tx: tx.replace_dispatch(changed))
    assert not await store.transact(lambda tx: tx.replace_dispatch(changed))
    found = await store.read(lambda tx: tx.dispatch(tenant_id, "d1"))
    assert found == msgspec.structs.replace(changed, version=2)


async def test_dispatches_are_listed_newest_first_and_by_filter(store: Store, tenant_id: str) -> None:
    ids = [new_ordered_id(START + number) for number in range(5)]
    for number, dispatch_id in enumerate(ids):
        made = dispatch(
            tenant_id,
            dispatch_id,
            state=DispatchState.FAILED if number == 2 else DispatchState.SENT,
            carries=Carries.WEBHOOK if number == 3 else Carries.MAIL,
            address=f"{number}@example.org",
            user_id=f"u{number}",
        )
        await store.transact(lambda tx, made=made: tx.add_dispatch(made))

    async def listed(cursor: str = "", limit: int = 50, **where: str) -> Listed:
        page = Page(limit, cursor)
        return await store.read(lambda tx: tx.dispatches(tenant_id, DispatchFilter(**where), page))

    first = await listed(limit=3)
    assert [row.dispatch_id for row in first.rows] == ids[:1:-1]
    assert [row.dispatch_id for row in (await listed(first.next_cursor)).rows] == ids[1::-1]
    for where, number in (
        ({"state": "failed"}, 2),
        ({"carries": "webhook"}, 3),
        ({"address": "1@example.org"}, 1),
        ({"user_id": "u4"}, 4),
    ):
        assert [row.dispatch_id for row in (await listed(**where)).rows] == [ids[number]]


async def test_each_is_taken_by_one_node_until_its_lease_is_over(own: Store, clock: HandClock) -> None:
    """Several nodes take at once; one that is silent loses what it has to the others."""
    for number in range(20):
        made = dispatch("acme" if number % 2 else "other", f"d{number:02}")
        await own.transact(lambda tx, made=made: tx.add_dispatch(made))
    await own.transact(lambda tx: tx.add_dispatch(dispatch("acme", "later", due_at=START + 1)))
    assert await own.read(lambda tx: tx.is_dispatch_due())
    takes = [own.transact(lambda tx, n=n: tx.take_dispatches(f"n{n}", 8, LEASE)) for n in range(4)]
    taken = [one for some in await asyncio.gather(*takes) for one in some]
    assert sorted(one.dispatch_id for one in taken) == [f"d{number:02}" for number in range(20)]
    assert {(one.state, one.tries, one.due_at) for one in taken} == {(DispatchState.TAKEN, 1, START + LEASE)}
    assert not await own.read(lambda tx: tx.is_dispatch_due())
    clock.time = START + LEASE
    again = await own.transact(lambda tx: tx.take_dispatches("n9", 50, LEASE))
    assert len(again) == 21
    assert again[0].tries == 2


async def test_what_is_over_is_emptied_and_swept(own: Store, clock: HandClock) -> None:
    """What was of use for a while only is gone with it; what failed and is of use later stays for a week."""
    short = dispatch("acme", "short", expires_at=START + 600_000, state=DispatchState.FAILED)
    lasting = dispatch("acme", "lasting", state=DispatchState.FAILED)
    for made in (short, lasting):
        await own.transact(lambda tx, made=made: tx.add_dispatch(made))

    async def bodies() -> list[bytes | None]:
        found = [await own.read(lambda tx, i=i: tx.dispatch("acme", i)) for i in ("short", "lasting")]
        return [one.sealed_body if one else None for one in found]

    await own.transact(lambda tx: tx.sweep(10))
    assert await bodies() == [b"sealed", b"sealed"]
    clock.time = START + LIFE_MS
    await own.transact(lambda tx: tx.sweep(10))
    assert await bodies() == [b"", b"sealed"]
    clock.time = START + LIFE_MS + KEPT_MS
    await own.transact(lambda tx: tx.sweep(10))
    assert await bodies() == [None, None]


async def test_an_event_waits_to_be_told_with_its_own_commit(own: Store) -> None:
    """Only kinds that are told wait; each is taken once; a body that fails leaves it."""
    events = [
        Event(
            tenant_id="acme",
            event_id=new_ordered_id(START + number),
            at=START + number,
            kind=kind,
            actor="system",
            subject="alice",
            facts={"label": "a\0b", "fields": ["email"]},
        )
        for number, kind in enumerate(("user.locked", "application.added", "pin.set"))
    ]

    async def add(tx) -> None:
        for event in events:
            await tx.add_event(event)

    await own.transact(add)

    async def fails(tx) -> None:
        assert await tx.take_untold(10)
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        await own.transact(fails)
    assert await own.read(lambda tx: tx.is_untold())
    assert await own.transact(lambda tx: tx.take_untold(1)) == (events[0],)
    assert await own.transact(lambda tx: tx.take_untold(10)) == (events[2],)
    assert not await own.read(lambda tx: tx.is_untold())
