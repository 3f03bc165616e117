"""Device records: the first of its kind stays, and they are read in order, of one attempt and tenant."""

from __future__ import annotations

from typing import Any

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import START, tenant, verification
from vestibule.interfaces.store import Store
from vestibule.model.device_record import DeviceFact, DeviceRecord


def record(tenant_id: str, **fields: Any) -> DeviceRecord:
    usual = {
        "verification_id": "v1",
        "authenticator_id": "phone",
        "fact": DeviceFact.SHOWN,
        "label": "Phone",
        "at": START,
    }
    return DeviceRecord(tenant_id=tenant_id, **(usual | fields))


async def attempt(store: Store, tenant_id: str, verification_id: str = "v1") -> None:
    await store.transact(lambda tx: tx.add_verification(verification(tenant_id, verification_id)))


async def test_a_fact_is_written_once(store: Store, tenant_id: str) -> None:
    await attempt(store, tenant_id)
    first = record(tenant_id)
    assert await store.transact(lambda tx: tx.add_device_record(first))
    later = record(tenant_id, at=START + 5, label="Renamed")
    assert not await store.transact(lambda tx: tx.add_device_record(later))
    assert await store.read(lambda tx: tx.device_records(tenant_id, "v1")) == (first,)


async def test_facts_of_one_attempt_are_read_in_order(store: Store, tenant_id: str) -> None:
    await attempt(store, tenant_id)
    await attempt(store, tenant_id, "v2")
    shown = record(tenant_id, at=START + 2)
    notified = record(tenant_id, fact=DeviceFact.NOTIFIED)
    other = record(tenant_id, authenticator_id="tablet", at=START + 1)
    elsewhere = record(tenant_id, verification_id="v2")
    for each in (shown, notified, other, elsewhere):
        await store.transact(lambda tx, each=each: tx.add_device_record(each))
    assert await store.read(lambda tx: tx.device_records(tenant_id, "v1")) == (notified, other, shown)


async def test_facts_of_another_tenant_are_not_there(own_url: str, opened: Opened) -> None:
    own = await opened(own_url)
    for tenant_id in ("a", "b"):
        await own.transact(lambda tx, tenant_id=tenant_id: tx.put(tenant(tenant_id)))
        await attempt(own, tenant_id)
    await own.transact(lambda tx: tx.add_device_record(record("a")))
    assert await own.read(lambda tx: tx.device_records("b", "v1")) == ()
    assert await own.transact(lambda tx: tx.add_device_record(record("b")))
