"""What is seen of clients: added up by the hour from whichever node, read as one sum for each kind."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import START, HandClock
from vestibule.interfaces.store import Store
from vestibule.model.client_sighting import HOUR_MS, KEPT_MS, Seen, Sighting


def sighting(tenant_id: str, kind: Seen = Seen.SIGNED, **fields: Any) -> Sighting:
    times = dict.fromkeys(("began_at", "first_at", "last_at"), START)
    usual = {"client_id": "c", "count": 1, "source": "192.0.2.1", **times}
    return Sighting(tenant_id=tenant_id, kind=kind, **(usual | fields))


async def add(store: Store, *sightings: Sighting) -> None:
    await store.transact(lambda tx: tx.add_sightings(sightings))


async def seen(store: Store, tenant_id: str, client_id: str = "", since: int = 0) -> tuple[Sighting, ...]:
    return await store.read(lambda tx: tx.sightings(tenant_id, client_id, since))


async def test_what_several_nodes_and_hours_have_seen_is_one_sum(store: Store, tenant_id: str) -> None:
    first = sighting(tenant_id, Seen.REPEATED, count=2, last_at=START + 5, least=900, most=1100)
    at_once = msgspec.structs.replace(first, first_at=START - 5, least=1000, most=5000, source="192.0.2.2")
    later = sighting(
        tenant_id, Seen.REPEATED, began_at=START + HOUR_MS, last_at=START + HOUR_MS, source="::1"
    )
    await add(store, first)
    await add(store, at_once, later)
    (found,) = await seen(store, tenant_id)
    assert found == msgspec.structs.replace(
        later, count=5, first_at=START - 5, least=0, most=5000, began_at=START + HOUR_MS
    )
    assert found.count == first.plus(at_once).plus(later).count


async def test_only_hours_with_something_new_count(store: Store, tenant_id: str) -> None:
    await add(store, sighting(tenant_id), sighting(tenant_id, Seen.UNSIGNED, last_at=START + 9))
    assert [each.kind for each in await seen(store, tenant_id, since=START + 1)] == [Seen.UNSIGNED]
    assert [each.kind for each in await seen(store, tenant_id)] == [Seen.SIGNED, Seen.UNSIGNED]


async def test_each_client_and_tenant_has_its_own(own_url: str, opened: Opened, clock: HandClock) -> None:
    own = await opened(own_url)
    await add(own, sighting("a"), sighting("b"), sighting("a", client_id="d"))
    assert [each.client_id for each in await seen(own, "a")] == ["c", "d"]
    assert [each.tenant_id for each in await seen(own, "a", "d")] == ["a"]
    assert len(await seen(own, "b")) == 1
    clock.time = START + KEPT_MS
    await add(own, sighting("a", began_at=clock.time, last_at=clock.time))
    await own.transact(lambda tx: tx.sweep(9))
    assert [each.last_at for each in await seen(own, "a")] == [clock.time]
    assert await seen(own, "b") == ()


async def test_of_strangers_the_latest_stay(own_url: str, opened: Opened) -> None:
    """RA-12: who floods from many addresses fills nothing."""
    own = await opened(own_url)
    strangers = [
        sighting("a", Seen.UNKNOWN_CLIENT, client_id=f"192.0.2.{number}", last_at=START + number)
        for number in range(9)
    ]
    await add(own, sighting("a"), *strangers)
    await own.transact(lambda tx: tx.forget_strangers("a", 3))
    left = [each.client_id for each in await seen(own, "a")]
    assert left == ["192.0.2.6", "192.0.2.7", "192.0.2.8", "c"]
