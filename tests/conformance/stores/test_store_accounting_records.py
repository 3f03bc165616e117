"""Accounting records: written once, read newest first by name and tenant, swept at their end."""

from __future__ import annotations

from typing import Any

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import START, HandClock, tenant
from vestibule.interfaces.store import Store
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.radius import AccountingFilter
from vestibule.model.accounting_record import AccountingRecord, Forwarding


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


async def found(store: Store, tenant_id: str, limit: int = 9, **where: Any) -> tuple[AccountingRecord, ...]:
    """All pages of a list, one after the other."""
    rows, page = [], Page(limit)
    while True:
        listed = await store.read(
            lambda tx, page=page: tx.accounting_records(tenant_id, AccountingFilter(**where), page)
        )
        rows += listed.rows
        if not listed.next_cursor:
            return tuple(rows)
        page = Page(limit, listed.next_cursor)


async def test_the_same_is_written_once_and_the_newest_is_read_first(store: Store, tenant_id: str) -> None:
    first, second = record(tenant_id, "r1"), record(tenant_id, "r2", received_at=START + 1, kind="Stop")
    other = record(tenant_id, "r3", username="bob", received_at=START + 2)
    assert await add(store, first, second, other) == [True, True, True]
    assert await add(store, record(tenant_id, "r1", kind="Stop")) == [False]
    assert await found(store, tenant_id, username="alice") == (second, first)
    assert await found(store, tenant_id, limit=1) == (other, second, first)


async def test_records_are_found_by_client_session_and_time(store: Store, tenant_id: str) -> None:
    first = record(tenant_id, "r1", client_id="d", session="s2")
    second = record(tenant_id, "r2", received_at=START + 1)
    await add(store, first, second)
    assert await found(store, tenant_id, client_id="d") == (first,)
    assert await found(store, tenant_id, session="s2") == (first,)
    assert await found(store, tenant_id, since=START + 1) == (second,)
    assert await found(store, tenant_id, until=START + 1) == (first,)


async def test_a_session_is_open_until_its_end_or_its_clients_new_beginning(
    store: Store, tenant_id: str
) -> None:
    """RFC 2866 §5.1: Stop ends a session, Accounting-On and -Off end all of their client."""
    began = record(tenant_id, "r1")
    goes_on = record(tenant_id, "r2", kind="Interim-Update", received_at=START + 1)
    short = record(tenant_id, "r3", session="s2")
    other = record(tenant_id, "r4", client_id="d")
    await add(store, began, goes_on, short, other)
    await add(store, record(tenant_id, "r5", session="s2", kind="Stop", received_at=START + 2))
    assert await found(store, tenant_id, is_open=True) == (goes_on, other)
    await add(store, record(tenant_id, "r6", kind="Accounting-On", session="", received_at=START + 3))
    assert await found(store, tenant_id, is_open=True) == (other,)


async def test_that_it_was_passed_on_is_noted(store: Store, tenant_id: str) -> None:
    await add(store, record(tenant_id, "r1", forwarding=Forwarding.PENDING), record(tenant_id, "r2"))
    await store.transact(lambda tx: tx.note_accounting_forwarded(tenant_id, "r1"))
    noted = {one.record_id: one.forwarding for one in await found(store, tenant_id)}
    assert noted == {"r1": Forwarding.DONE, "r2": Forwarding.NONE}


async def test_what_is_over_is_swept_and_another_tenants_is_not_there(
    own_url: str, opened: Opened, clock: HandClock
) -> None:
    own = await opened(own_url)
    for tenant_id in ("a", "b"):
        await own.transact(lambda tx, tenant_id=tenant_id: tx.put(tenant(tenant_id)))
    await add(own, record("a", "r1"), record("a", "r2", expires_at=START + 9000))
    assert await found(own, "b") == ()
    await own.transact(lambda tx: tx.note_accounting_forwarded("b", "r1"))
    assert {one.forwarding for one in await found(own, "a")} == {Forwarding.NONE}
    clock.time = START + 1000
    await own.transact(lambda tx: tx.sweep(9))
    assert [one.record_id for one in await found(own, "a")] == ["r2"]
