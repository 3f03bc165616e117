"""Logos: kept beside the branding of their tenant, and fetched one by one."""

from __future__ import annotations

from typing import Final

from vestibule.model.branding import Branding
from vestibule.stores.rows import Row
from vestibule.stores.statement import Statement
from vestibule.stores.transaction import Requests

BRANDING: Final = Branding.__struct_fields__

PUT_LOGO: Final = Statement("update brandings set picture = :picture where tenant_id = :tenant_id")
LOGO: Final = Statement("select picture from brandings where tenant_id = :tenant_id and logo = :logo")


def branding_of(row: Row) -> Branding:
    return Branding(**dict(zip(BRANDING, row, strict=True)))


class Brandings(Requests):
    __slots__ = ()

    async def put_logo(self, tenant_id: str, picture: bytes) -> None:
        await self.execute(PUT_LOGO(tenant_id=tenant_id, picture=picture))

    async def logo(self, tenant_id: str, name: str) -> bytes | None:
        rows = await self.fetch(LOGO(tenant_id=tenant_id, logo=name))
        return bytes(rows[0][0]) if rows else None
