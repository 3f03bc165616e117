"""Prices and bills: numbered without a gap, never twice for a month, never changed."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import START
from vestibule.interfaces.store import AlreadyExists, Conflict, Store
from vestibule.interfaces.transaction.billing import BillingRecords
from vestibule.model.budget import Budget
from vestibule.model.price_list import PriceList
from vestibule.model.statement import LineKind, Statement, StatementLine, statement_id

MONTH = "2027-01"
LINE = StatementLine(
    kind=LineKind.USERS,
    provider_id="p",
    provider_name="Main",
    from_day="2027-01-01",
    last_day="2027-01-31",
    count=155_000,
    units="5000",
    price=Decimal("1.40"),
    amount=Decimal("7000.00"),
)


def bill(tenant_id: str, month: str = MONTH, **fields: Any) -> Statement:
    usual = {
        "statement_id": statement_id(month, "EUR"),
        "currency": "EUR",
        "customer": "Acme",
        "lines": (LINE,),
        "total": Decimal("7000.00"),
        "issued_by": "admin",
    }
    return Statement(tenant_id=tenant_id, month=month, **(usual | fields))


def prices(tenant_id: str, price_list_id: str, **fields: Any) -> PriceList:
    usual = {
        "currency": "EUR",
        "from_day": "2027-01-01",
        "per_user": Decimal("1.405"),
        "per_pack": Decimal("1.4"),
        "per_licence": Decimal(16),
        "created_at": START,
    }
    return PriceList(tenant_id=tenant_id, price_list_id=price_list_id, **(usual | fields))


async def test_many_issue_the_same_month_and_it_is_there_once(own_url: str, opened: Opened) -> None:
    """Whoever comes second is told to read again, and then finds it."""
    store = await opened(own_url)

    async def issue(tenant_id: str) -> Statement:
        async def body(tx: BillingRecords) -> Statement:
            found = await tx.statement(tenant_id, statement_id(MONTH, "EUR"))
            return found or await tx.add_statement(bill(tenant_id))

        return await store.transact(body)

    issued = await asyncio.gather(*(issue(f"t{number % 4}") for number in range(12)))
    assert {one.number for one in issued} == {f"2027-00000{number}" for number in range(1, 5)}
    assert len({(one.tenant_id, one.number) for one in issued}) == 4
    assert await store.read(lambda tx: tx.statements("t1")) == (issued[1],)
    assert len(await store.read(lambda tx: tx.statements_of_month(MONTH))) == 4
    with pytest.raises(Conflict):
        await store.transact(lambda tx: tx.add_statement(bill("t1")))


async def test_a_bill_is_read_back_as_it_was_issued(store: Store, tenant_id: str) -> None:
    issued = await store.transact(lambda tx: tx.add_statement(bill(tenant_id)))
    assert await store.read(lambda tx: tx.statement(tenant_id, issued.statement_id)) == issued
    assert (issued.issued_at, issued.lines) == (START, (LINE,))
    assert await store.read(lambda tx: tx.statement(f"{tenant_id}-other", issued.statement_id)) is None
    assert await store.read(lambda tx: tx.is_billed("EUR", "2027-01-31"))
    assert not await store.read(lambda tx: tx.is_billed("EUR", "2027-02-01"))
    assert not await store.read(lambda tx: tx.is_billed("USD", "2027-01-01"))


def test_nothing_changes_or_removes_a_bill() -> None:
    """What is issued is immutable: the store has no method that could change it."""
    writing = [name for name in dir(BillingRecords) if name.endswith(("statement", "statements"))]
    assert writing == ["add_statement", "statement", "statements"]


async def test_a_day_has_one_price_list_in_a_currency(store: Store, tenant_id: str) -> None:
    first, newer = prices(tenant_id, "a"), prices(tenant_id, "b", from_day="2027-02-01")
    other = prices(tenant_id, "c", currency="CHF")
    for one in (first, newer, other):
        await store.transact(lambda tx, one=one: tx.add_price_list(one))
    assert await store.read(lambda tx: tx.price_lists(tenant_id)) == (other, newer, first)
    with pytest.raises(AlreadyExists):
        await store.transact(lambda tx: tx.add_price_list(prices(tenant_id, "d")))
    assert not await store.transact(lambda tx: tx.remove_price_list(f"{tenant_id}-other", "a"))
    assert await store.transact(lambda tx: tx.remove_price_list(tenant_id, "a"))
    assert await store.read(lambda tx: tx.price_lists(tenant_id)) == (other, newer)


async def test_a_budget_is_changed_by_who_has_seen_it_and_told_of_once(store: Store, tenant_id: str) -> None:
    budget = Budget(tenant_id=tenant_id, provider_id="p", amount=Decimal("12.50"))
    await store.transact(lambda tx: tx.put_budget(budget))
    changed = Budget(tenant_id=tenant_id, provider_id="p", amount=Decimal(20), percents=(50,))
    await store.transact(lambda tx: tx.put_budget(changed))
    found = await store.read(lambda tx: tx.budget(tenant_id, "p"))
    assert found is not None
    assert (found.amount, found.percents, found.version) == (Decimal(20), (50,), 2)
    assert found in await store.read(lambda tx: tx.budgets())
    with pytest.raises(Conflict):
        await store.transact(lambda tx: tx.put_budget(budget))
    noting = [store.transact(lambda tx: tx.note_budget_reached(tenant_id, "p", MONTH, 80)) for _ in range(3)]
    assert sorted(await asyncio.gather(*noting)) == [False, False, True]
    assert await store.transact(lambda tx: tx.remove_budget(tenant_id, "p"))
    assert not await store.transact(lambda tx: tx.remove_budget(tenant_id, "p"))
    assert await store.read(lambda tx: tx.budget(tenant_id, "p")) is None
