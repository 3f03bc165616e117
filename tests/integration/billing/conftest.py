"""Usage and bills are tried on both engines, over days that a test lets go by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from tests.houses import TENANT, TestHouse
from tests.integration.attacks.conftest import house
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import SYSTEM
from vestibule.model.day import beginning_of, end_of
from vestibule.model.licence import Licence, LicenceKind
from vestibule.model.price_list import PriceList
from vestibule.model.provider import Provider, UsageModel
from vestibule.model.usage import GRACE_MS, Usage

__all__ = ["billing", "house"]

FIRST = "2027-02-01"
LAST = "2027-02-28"
MONTH = "2027-02"


@dataclass(slots=True)
class BillingHouse:
    """A house whose month of FIRST has just begun, and what its operator does."""

    house: TestHouse

    async def add_provider(self, usage_model: UsageModel, tenant_id: str = TENANT, **fields: Any) -> Provider:
        usual = {"name": "Main", "is_linked": True, "currency": "EUR", "created_at": self.house.clock.now()}
        provider = Provider(
            tenant_id=tenant_id, provider_id=new_id(), usage_model=usage_model, **(usual | fields)
        )
        await self.house.store.transact(lambda tx: tx.put(provider))
        return provider

    async def add_prices(
        self, from_day: str = "2027-01-01", currency: str = "EUR", **prices: str
    ) -> PriceList:
        usual = {"per_user": "1.40", "per_pack": "1.40", "per_licence": "16.80"}
        return await self.house.services.price_lists.add(SYSTEM, currency, from_day, **(usual | prices))

    async def delete(self, provider: Provider) -> None:
        ended = msgspec.structs.replace(provider, deleted_at=self.house.clock.now())
        await self.house.store.transact(lambda tx: tx.put(ended))

    async def license(self, *user_ids: str, kind: LicenceKind = LicenceKind.OWN, quantity: int = 10) -> None:
        """Buy licences for the year that begins with the month, and give them out."""
        licence = Licence(
            tenant_id=TENANT,
            licence_id=new_id(),
            kind=kind,
            quantity=quantity,
            first_day=FIRST,
            last_day="2028-01-31",
            created_at=0,
        )

        async def body(tx: Transaction) -> None:
            await tx.put_licence(licence)
            for user_id in user_ids:
                assert await tx.assign_licence(TENANT, licence.licence_id, user_id)

        await self.house.store.transact(body)

    async def look(self) -> None:
        await self.house.services.metering.round()

    async def go_to(self, at: int) -> None:
        self.house.clock.time = at

    async def end_of_day(self, day: str) -> None:
        """Look at who is configured, and let the day end and be counted."""
        await self.look()
        await self.go_to(end_of(day) + GRACE_MS)
        await self.look()

    async def usage(self, first: str = FIRST, last: str = LAST, tenant_id: str = TENANT) -> tuple[Usage, ...]:
        return await self.house.services.metering.usage(SYSTEM, tenant_id, first, last)


@pytest.fixture
async def billing(house: TestHouse) -> BillingHouse:
    house.clock.time = beginning_of(FIRST)
    return BillingHouse(house)
