"""Accounting records: written once, read newest first by name and tenant, swept at their end."""

from __future__ import annotations

from typing import Any

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import START, HandClock, tenant
from vestibule.interfaces.store import Store
from vestibule.model.accounting_record import AccountingRecord


def record(tenant_id: str, record_id: str, **fields: Any) -> AccountingRecord:
    usual = {
        "client_id": "c",
        "client_name": "vpn",
        "received_at": START,
        "expires_at": START + 1000,
        "kind": "Start",
        "username": "alice",
        "session": "s1",
        "attributes": {"User-Name": ["alice"], "Class": ["0x01", "0x02"]},
    }
    return AccountingRecord(tenant_id=tenant_id, record_id=record_id, **(usual | fields))


async def add(store: Store, *records: AccountingRecord) -> list[bool]:
    return [await store.transact(lambda tx, one=one: tx.add_accounting_record(one)) for one in records]


async def test_the_same_is_written_once_and_the_newest_is_read_first(store: Store, tenant_id: str) -> None:
    first, second = record(tenant_id, "r1"), record(tenant_id, "r2", received_at=START + 1, kind="Stop")
    other = record(tenant_id, "r3", username="bob", received_at=START + 2)
    assert await add(store, first, second, other) == [True, True, True]
    assert await add(store, record(tenant_id, "r1", kind="Stop")) == [False]
    assert await store.read(lambda tx: tx.accounting_records(tenant_id, "alice", 9)) == (second, first)
    assert await store.read(lambda tx: tx.accounting_records(tenant_id, "", 2)) == (other, second)


async def test_what_is_over_is_swept_and_another_tenants_is_not_there(
    own_url: str, opened: Opened, clock: HandClock
) -> None:
    own = await opened(own_url)
    for tenant_id in ("a", "b"):
        await own.transact(lambda tx, tenant_id=tenant_id: tx.put(tenant(tenant_id)))
    await add(own, record("a", "r1"), record("a", "r2", expires_at=START + 9000))
    assert await own.read(lambda tx: tx.accounting_records("b", "", 9)) == ()
    clock.time = START + 1000
    await own.transact(lambda tx: tx.sweep(9))
    left = await own.read(lambda tx: tx.accounting_records("a", "", 9))
    assert [one.record_id for one in left] == ["r2"]
