"""What the store keeps of prices and bills. What is issued is inserted; no method changes it."""

from __future__ import annotations

from typing import Protocol

from vestibule.model.budget import Budget
from vestibule.model.price_list import PriceList
from vestibule.model.statement import Statement


class BillingRecords(Protocol):
    """A part of `Transaction`."""

    async def price_lists(self, tenant_id: str) -> tuple[PriceList, ...]:
        """Return all, by currency, the newest first."""
        ...

    async def add_price_list(self, prices: PriceList) -> None:
        """Insert. `AlreadyExists` if there is one in its currency that begins on the same day."""
        ...

    async def remove_price_list(self, tenant_id: str, price_list_id: str) -> bool: ...

    async def add_statement(self, statement: Statement) -> Statement:
        """Give it the next number of its year and insert it. Raises `Conflict` if it is there already, or
        somebody else has taken the number meanwhile."""
        ...

    async def statement(self, tenant_id: str, statement_id: str) -> Statement | None: ...

    async def statement_numbered(self, number: str) -> Statement | None:
        """Return a statement or credit note of whomever by its number, which there is once."""
        ...

    async def statements(self, tenant_id: str) -> tuple[Statement, ...]:
        """Return all of a tenant, credit notes too, the newest first."""
        ...

    async def statements_of_month(self, month: str) -> tuple[Statement, ...]:
        """The same of all tenants for one month: the operator's own."""
        ...

    async def is_billed(self, currency: str, day: str) -> bool:
        """Tell whether any statement was issued in a currency for the month of a day or a later one."""
        ...

    async def budgets(self) -> tuple[Budget, ...]:
        """Return those of all providers: the worker's own."""
        ...

    async def budget(self, tenant_id: str, provider_id: str) -> Budget | None: ...

    async def put_budget(self, budget: Budget) -> None:
        """Insert, or replace by compare-and-set on `version` (raises `Conflict`)."""
        ...

    async def remove_budget(self, tenant_id: str, provider_id: str) -> bool: ...

    async def note_budget_reached(self, tenant_id: str, provider_id: str, month: str, percent: int) -> bool:
        """Write that somebody is told that a part of the budget is spent; False: he was already."""
        ...
