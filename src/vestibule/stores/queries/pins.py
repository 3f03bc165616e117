"""PINs: one row for each person who has one, changed by compare-and-set, gone with the person."""

from __future__ import annotations

from typing import Final

from vestibule.model.pin import Pin
from vestibule.stores.rows import PIN, pin_of, record_values
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

PIN_OF: Final = Statement(
    f"select {select(PIN)} from pins where tenant_id = :tenant_id and user_id = :user_id",  # noqa: S608 - constants
    joins=True,
)
ADD_PIN: Final = Statement(insert("pins", PIN) + " on conflict do nothing")
REPLACE_PIN: Final = Statement(
    """
    update pins set sealed = :sealed, must_change = :must_change, changed_at = :changed_at,
           version = version + 1
     where tenant_id = :tenant_id and user_id = :user_id and version = :version
    """
)
REMOVE_PIN: Final = Statement("delete from pins where tenant_id = :tenant_id and user_id = :user_id")
HAS_PINS: Final = Statement("select 1 from pins where tenant_id = :tenant_id limit 1")


class Pins(Requests):
    __slots__ = ()

    async def pin(self, tenant_id: str, user_id: str) -> Pin | None:
        rows = await self.fetch(PIN_OF(tenant_id=tenant_id, user_id=user_id))
        return pin_of(rows[0]) if rows else None

    async def add_pin(self, pin: Pin) -> bool:
        return await self.execute(ADD_PIN(**record_values(pin))) > 0

    async def replace_pin(self, pin: Pin) -> bool:
        return await self.execute(REPLACE_PIN(**record_values(pin))) > 0

    async def remove_pin(self, tenant_id: str, user_id: str) -> bool:
        return await self.execute(REMOVE_PIN(tenant_id=tenant_id, user_id=user_id)) > 0

    async def has_pins(self, tenant_id: str) -> bool:
        return bool(await self.fetch(HAS_PINS(tenant_id=tenant_id)))
