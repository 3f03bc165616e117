"""Service gateways: each tenant of a server has the service among its gateways, without anybody adding it.

It comes after what the tenant has itself, and is changed, priced and switched off like any other. It comes
back when it is removed.
"""

from __future__ import annotations

from typing import Final

import structlog

from vestibule.catalog import LANGUAGES, text
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import AlreadyExists, Store, Transaction
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.tenant import DEMONSTRATION_TENANT, Tenant
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.gateways import SERVICE_KIND

log = structlog.get_logger(__name__)

PRIORITY: Final = 100


class ServiceGateways:
    def __init__(self, store: Store, configuration: ConfigurationCache) -> None:
        self._store = store
        self._configuration = configuration
        self._hindered: set[str] = set()
        """Tenants in which another gateway has the name."""

    async def ensure(self) -> None:
        """Add what is missing."""
        current = self._configuration.current
        having = {each.tenant_id for each in current.gateways.values() if each.kind == SERVICE_KIND}
        for tenant in current.tenants.values():
            if tenant.tenant_id not in having | self._hindered | {DEMONSTRATION_TENANT}:
                await self._add(tenant)

    async def _add(self, tenant: Tenant) -> None:
        language = tenant.settings.language if tenant.settings.language in LANGUAGES else LANGUAGES[0]
        name = text(language, "service.kind")

        async def body(tx: Transaction) -> None:
            await tx.put(
                GatewayConfiguration(
                    tenant_id=tenant.tenant_id,
                    gateway_id=new_id(),
                    kind=SERVICE_KIND,
                    name=name,
                    priority=PRIORITY,
                    created_at=tx.now,
                )
            )

        try:
            await self._store.transact(body)
        except AlreadyExists:  # It may be another node that was first.
            self._hindered.add(tenant.tenant_id)
            log.info("a gateway of this name is there", tenant=tenant.tenant_id, gateway=name)
        await self._configuration.refresh()
