"""Budgets: a customer says what he means to spend in a month, and is told when a part of it is spent.

Nothing is stopped. Of each part somebody is told once in a month, whichever node notices it first: by an
event, and so by mail and webhook (services/notices.py).
"""

from __future__ import annotations

from decimal import Decimal

from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.model.actor import SYSTEM, Actor, Right
from vestibule.model.budget import Budget, reached
from vestibule.model.day import day_after, day_at
from vestibule.model.money import read_price, shown_price
from vestibule.model.provider import Provider
from vestibule.model.statement import days_of
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.policy.rating import NoPrice, rated, total_of
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused


class Budgets:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, actor: Actor, tenant_id: str, provider_id: str) -> Budget | None:
        actor.demand(Right.READ_BILLING, tenant_id)
        return await self._store.read(lambda tx: tx.budget(tenant_id, provider_id))

    async def put(self, actor: Actor, tenant_id: str, provider_id: str, amount: str) -> Budget | None:
        """Set what a month may cost, in the provider's currency; empty: there is no budget any more. For who
        may change the tenant's settings, and for the operator."""
        if not actor.may(Right.BILLING, ""):
            actor.demand(Right.SETTINGS, tenant_id)
        wanted = _amount(amount) if amount else None

        async def body(tx: Transaction) -> Budget | None:
            provider = await _provider(tx, tenant_id, provider_id)
            current = await tx.budget(tenant_id, provider_id)
            if wanted is None:
                await tx.remove_budget(tenant_id, provider_id)
            else:
                version = current.version if current is not None else 1
                await tx.put_budget(
                    Budget(tenant_id=tenant_id, provider_id=provider_id, amount=wanted, version=version)
                )
            told = (
                f"{shown_price(wanted, provider.currency)} {provider.currency}" if wanted is not None else ""
            )
            await record(tx, actor, tenant_id, "budget.changed", provider_id, provider.name, amount=told)
            return await tx.budget(tenant_id, provider_id)

        try:
            return await self._store.transact(body)
        except Conflict:
            raise Refused(Refusal.CHANGED_MEANWHILE) from None

    async def round(self) -> None:
        """Tell of what is newly spent, by the days that are counted."""
        for budget in await self._store.read(lambda tx: tx.budgets()):
            await self._tell(budget)

    async def _tell(self, budget: Budget) -> None:
        await self._store.transact(lambda tx: _tell(tx, budget))


async def spent_in(tx: Transaction, provider: Provider, month: str) -> Decimal:
    """Return what the counted days of a month come to for one provider. Raises `NoPrice`."""
    usages = await tx.usage(provider.tenant_id, *days_of(month))
    lists = await tx.price_lists(SYSTEM_TENANT)
    own = [each for each in usages if each.provider_id == provider.provider_id]
    return total_of(rated(own, lists, provider.currency))


async def _tell(tx: Transaction, budget: Budget) -> None:
    tenant_id, provider_id = budget.tenant_id, budget.provider_id
    month = day_after(day_at(tx.now), -1)[:7]  # of the last day that may be counted
    try:
        provider = await _provider(tx, tenant_id, provider_id)
        spent = await spent_in(tx, provider, month)
    except (NoPrice, Refused):
        return
    for percent in reached(budget, spent):
        if await tx.note_budget_reached(tenant_id, provider_id, month, percent):
            currency = provider.currency
            name = f"{percent} %: {spent} / {shown_price(budget.amount, currency)} {currency}"
            await record(
                tx, SYSTEM, tenant_id, "budget.reached", provider_id, provider.name, month=month, name=name
            )


async def _provider(tx: Transaction, tenant_id: str, provider_id: str) -> Provider:
    for provider in await tx.providers(tenant_id):
        if provider.provider_id == provider_id:
            return provider
    raise Refused(Refusal.NOT_FOUND, provider_id)


def _amount(typed: str) -> Decimal:
    try:
        amount = read_price(typed)
    except ValueError:
        raise Refused(Refusal.AMOUNT_INVALID, typed) from None
    if not amount:
        raise Refused(Refusal.AMOUNT_INVALID, typed)
    return amount
