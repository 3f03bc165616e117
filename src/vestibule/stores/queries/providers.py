"""Providers, as records of the configuration and with those that have ended."""

from __future__ import annotations

from typing import Final

from vestibule.model.provider import Provider, UsageModel
from vestibule.stores.rows import Row
from vestibule.stores.statement import Statement, select
from vestibule.stores.transaction import Requests

PROVIDER: Final = Provider.__struct_fields__

THERE: Final = Statement(
    f"select {select(PROVIDER)} from providers where deleted_at is null order by tenant_id, provider_id"  # noqa: S608 - constants
)
OF_TENANT: Final = Statement(
    f"select {select(PROVIDER)} from providers where tenant_id = :tenant_id"  # noqa: S608 - constants
    " order by created_at desc, provider_id"
)
EVERY: Final = Statement(
    f"select {select(PROVIDER)} from providers order by created_at desc, tenant_id, provider_id"  # noqa: S608 - constants
)


def provider_of(row: Row) -> Provider:
    values = dict(zip(PROVIDER, row, strict=True))
    values["usage_model"] = UsageModel(values["usage_model"])
    values["is_linked"] = bool(values["is_linked"])
    return Provider(**values)


class Providers(Requests):
    __slots__ = ()

    async def providers(self, tenant_id: str) -> tuple[Provider, ...]:
        return tuple([provider_of(row) for row in await self.fetch(OF_TENANT(tenant_id=tenant_id))])

    async def all_providers(self) -> tuple[Provider, ...]:
        return tuple([provider_of(row) for row in await self.fetch(EVERY())])
