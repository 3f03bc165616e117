"""Prices and bills. Numbers have no gaps: one is taken in the transaction that uses it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from vestibule.interfaces.store import AlreadyExists, Conflict
from vestibule.model.budget import Budget
from vestibule.model.price_list import PriceList
from vestibule.model.statement import Statement as Bill
from vestibule.model.statement import StatementLine
from vestibule.stores.rows import Row, json_text
from vestibule.stores.statement import Request, Statement, insert, select
from vestibule.stores.transaction import Requests, UniqueTaken

_PRICE_LIST: Final = PriceList.__struct_fields__
_BILL: Final = Bill.__struct_fields__
_BUDGET: Final = Budget.__struct_fields__
_BILLS: Final = f"select {select(_BILL)} from statements"  # noqa: S608 - constants
_OF_PROVIDER: Final = "tenant_id = :tenant_id and provider_id = :provider_id"

_decode_lines: Final = msgspec.json.Decoder(tuple[StatementLine, ...]).decode
_decode_percents: Final = msgspec.json.Decoder(tuple[int, ...]).decode

PRICE_LISTS: Final = Statement(
    f"select {select(_PRICE_LIST)} from price_lists where tenant_id = :tenant_id"  # noqa: S608 - constants
    " order by currency, from_day desc"
)
ADD_PRICE_LIST: Final = Statement(insert("price_lists", _PRICE_LIST))
REMOVE_PRICE_LIST: Final = Statement(
    "delete from price_lists where tenant_id = :tenant_id and price_list_id = :price_list_id"
)
LAST_NUMBER: Final = Statement(
    "select max(number) from statements where number >= :first and number <= :last"
)
ADD_BILL: Final = Statement(insert("statements", _BILL))
BILL: Final = Statement(f"{_BILLS} where tenant_id = :tenant_id and statement_id = :statement_id")
NUMBERED: Final = Statement(f"{_BILLS} where number = :number")
BILLS: Final = Statement(f"{_BILLS} where tenant_id = :tenant_id order by number desc")
BILLS_OF_MONTH: Final = Statement(f"{_BILLS} where month = :month order by number desc")
IS_BILLED: Final = Statement(
    "select 1 from statements where currency = :currency and month >= :month limit 1"
)
BUDGETS: Final = Statement(f"select {select(_BUDGET)} from budgets")  # noqa: S608 - constants
BUDGET: Final = Statement(f"select {select(_BUDGET)} from budgets where {_OF_PROVIDER}")  # noqa: S608 - constants
ADD_BUDGET: Final = Statement(insert("budgets", _BUDGET))
REPLACE_BUDGET: Final = Statement(
    f"""
    update budgets set amount = :amount, percents = :percents, version = version + 1
     where {_OF_PROVIDER} and version = :version::bigint
    """  # noqa: S608 - constants
)
REMOVE_BUDGET: Final = Statement(f"delete from budgets where {_OF_PROVIDER}")  # noqa: S608 - constants
NOTE_REACHED: Final = Statement(
    insert("budget_alarms", ("tenant_id", "provider_id", "month", "percent", "told_at"))
    + " on conflict (tenant_id, provider_id, month, percent) do nothing"
)


class Billing(Requests):
    __slots__ = ()

    async def price_lists(self, tenant_id: str) -> tuple[PriceList, ...]:
        return tuple([_price_list_of(row) for row in await self.fetch(PRICE_LISTS(tenant_id=tenant_id))])

    async def add_price_list(self, prices: PriceList) -> None:
        try:
            await self.execute(ADD_PRICE_LIST(**_values(prices)))
        except UniqueTaken:
            raise self.broken(AlreadyExists("price list", prices.from_day)) from None

    async def remove_price_list(self, tenant_id: str, price_list_id: str) -> bool:
        removed = REMOVE_PRICE_LIST(tenant_id=tenant_id, price_list_id=price_list_id)
        return await self.execute(removed) > 0

    async def add_statement(self, statement: Bill) -> Bill:
        year = f"{datetime.fromtimestamp(self.now / 1000, UTC):%Y}"
        rows = await self.fetch(LAST_NUMBER(first=f"{year}-000000", last=f"{year}-999999"))
        last = int(rows[0][0].partition("-")[2]) if rows[0][0] else 0
        numbered = msgspec.structs.replace(statement, number=f"{year}-{last + 1:06d}", issued_at=self.now)
        try:
            await self.execute(ADD_BILL(**_values(numbered)))
        except UniqueTaken:
            raise self.broken(Conflict()) from None
        return numbered

    async def statement(self, tenant_id: str, statement_id: str) -> Bill | None:
        found = await self._bills(BILL(tenant_id=tenant_id, statement_id=statement_id))
        return found[0] if found else None

    async def statement_numbered(self, number: str) -> Bill | None:
        found = await self._bills(NUMBERED(number=number))
        return found[0] if found else None

    async def statements(self, tenant_id: str) -> tuple[Bill, ...]:
        return await self._bills(BILLS(tenant_id=tenant_id))

    async def statements_of_month(self, month: str) -> tuple[Bill, ...]:
        return await self._bills(BILLS_OF_MONTH(month=month))

    async def is_billed(self, currency: str, day: str) -> bool:
        return bool(await self.fetch(IS_BILLED(currency=currency, month=day[:7])))

    async def budgets(self) -> tuple[Budget, ...]:
        return tuple([_budget_of(row) for row in await self.fetch(BUDGETS())])

    async def budget(self, tenant_id: str, provider_id: str) -> Budget | None:
        rows = await self.fetch(BUDGET(tenant_id=tenant_id, provider_id=provider_id))
        return _budget_of(rows[0]) if rows else None

    async def put_budget(self, budget: Budget) -> None:
        values = _values(budget)
        if await self.execute(REPLACE_BUDGET(**values)):
            return
        if budget.version != 1:
            raise self.broken(Conflict())
        try:
            await self.execute(ADD_BUDGET(**values))
        except UniqueTaken:
            raise self.broken(Conflict()) from None

    async def remove_budget(self, tenant_id: str, provider_id: str) -> bool:
        return await self.execute(REMOVE_BUDGET(tenant_id=tenant_id, provider_id=provider_id)) > 0

    async def note_budget_reached(self, tenant_id: str, provider_id: str, month: str, percent: int) -> bool:
        told = NOTE_REACHED(
            tenant_id=tenant_id, provider_id=provider_id, month=month, percent=percent, told_at=self.now
        )
        return await self.execute(told) > 0

    async def _bills(self, asked: Request) -> tuple[Bill, ...]:
        return tuple([_bill_of(row) for row in await self.fetch(asked)])


def _values(record: msgspec.Struct) -> dict[str, Any]:
    """Return a record as parameters by name; amounts are texts, because no engine has their type."""
    values = msgspec.structs.asdict(record)
    for name, value in values.items():
        if isinstance(value, Decimal):
            values[name] = str(value)
        elif isinstance(value, tuple):
            values[name] = json_text(value)
    return values


def _price_list_of(row: Row) -> PriceList:
    values = dict(zip(_PRICE_LIST, row, strict=True))
    for name in ("per_user", "per_pack", "per_licence"):
        values[name] = Decimal(values[name])
    return PriceList(**values)


def _bill_of(row: Row) -> Bill:
    values = dict(zip(_BILL, row, strict=True))
    values["lines"] = _decode_lines(values["lines"])
    values["total"] = Decimal(values["total"])
    return Bill(**values)


def _budget_of(row: Row) -> Budget:
    values = dict(zip(_BUDGET, row, strict=True))
    values["amount"] = Decimal(values["amount"])
    values["percents"] = _decode_percents(values["percents"])
    return Budget(**values)
