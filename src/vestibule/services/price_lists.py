"""Price lists: what usage costs, in each currency from a day on. The operator's own.

Invariant: what was billed stays what it was. A list begins after the last month that was billed in its
currency, and one that has been used by a bill is not removed.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from vestibule.crypto.tokens import new_ordered_id
from vestibule.interfaces.store import AlreadyExists, Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.money import read_currency, read_price
from vestibule.model.price_list import PriceList
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused


class PriceLists:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, actor: Actor) -> tuple[PriceList, ...]:
        """Return all, by currency, the newest first."""
        actor.demand(Right.BILLING, "")
        return await self._store.read(lambda tx: tx.price_lists(SYSTEM_TENANT))

    async def add(
        self,
        actor: Actor,
        currency: str,
        from_day: str,
        per_user: str,
        per_pack: str,
        per_licence: str,
        *,
        dry_run: bool = False,
    ) -> PriceList:
        """Add a list from what somebody has typed. `dry_run`: only say what it would be."""
        actor.demand(Right.BILLING, "")
        prices = {"per_user": per_user, "per_pack": per_pack, "per_licence": per_licence}
        named, day = _currency(currency), _day(from_day)
        read = {name: _price(typed) for name, typed in prices.items()}

        async def body(tx: Transaction) -> PriceList:
            if await tx.is_billed(named, day):
                raise Refused(Refusal.BILLED_ALREADY, day)
            added = PriceList(
                tenant_id=SYSTEM_TENANT,
                price_list_id=new_ordered_id(tx.now),
                currency=named,
                from_day=day,
                created_at=tx.now,
                **read,
            )
            if any(
                (one.currency, one.from_day) == (named, day) for one in await tx.price_lists(SYSTEM_TENANT)
            ):
                raise Refused(Refusal.NAME_TAKEN, f"{named} {day}")
            if not dry_run:
                await tx.add_price_list(added)
                facts = {name: str(price) for name, price in read.items()}
                await record(
                    tx,
                    actor,
                    SYSTEM_TENANT,
                    "price_list.added",
                    added.price_list_id,
                    f"{named} {day}",
                    **facts,
                )
            return added

        try:
            return await (self._store.read if dry_run else self._store.transact)(body)
        except AlreadyExists:
            raise Refused(Refusal.NAME_TAKEN, f"{named} {day}") from None

    async def remove(self, actor: Actor, price_list_id: str) -> PriceList:
        """Remove a list for which nothing was billed yet, and return it."""
        actor.demand(Right.BILLING, "")

        async def body(tx: Transaction) -> PriceList:
            for one in await tx.price_lists(SYSTEM_TENANT):
                if one.price_list_id != price_list_id:
                    continue
                if await tx.is_billed(one.currency, one.from_day):
                    raise Refused(Refusal.BILLED_ALREADY, one.from_day)
                await tx.remove_price_list(SYSTEM_TENANT, price_list_id)
                name = f"{one.currency} {one.from_day}"
                await record(tx, actor, SYSTEM_TENANT, "price_list.removed", price_list_id, name)
                return one
            raise Refused(Refusal.NOT_FOUND, price_list_id)

        return await self._store.transact(body)


def _currency(typed: str) -> str:
    try:
        return read_currency(typed)
    except ValueError:
        raise Refused(Refusal.CURRENCY_INVALID, typed) from None


def _day(typed: str) -> str:
    try:
        return date.fromisoformat(typed.strip()).isoformat()
    except ValueError:
        raise Refused(Refusal.DAY_INVALID, typed) from None


def _price(typed: str) -> Decimal:
    try:
        return read_price(typed)
    except ValueError:
        raise Refused(Refusal.AMOUNT_INVALID, typed) from None
