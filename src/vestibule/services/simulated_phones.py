"""Simulated phones: who may look at them. Whoever does sees every passcode that is sent to them.

An administrator of the tenant may, and whoever holds the link of the demonstration, whose secret is sealed
beside the gateway's configuration. A tenant with real people has no such gateway (services/gateways).
"""

from __future__ import annotations

from vestibule.crypto.sealing import CannotUnseal, Sealer
from vestibule.crypto.secret import Secret
from vestibule.interfaces.gateway import Simulates
from vestibule.model.actor import Actor, Right
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.tenant import DEMONSTRATION_TENANT
from vestibule.services.gateways import Gateways, gateway_context


class SimulatedPhones:
    def __init__(self, gateways: Gateways, sealer: Sealer) -> None:
        self._gateways = gateways
        self._sealer = sealer

    def of_tenant(self, actor: Actor, tenant_id: str) -> Simulates | None:
        """Return the simulated phones of a tenant, None if it has none; raises `NotAllowed`."""
        actor.demand(Right.SECRETS, tenant_id)
        found = self._found(tenant_id)
        return found[1] if found is not None else None

    def by_link(self, token: str) -> Simulates | None:
        """Return the phones of the demonstration if `token` is the one of their link."""
        found = self._found(DEMONSTRATION_TENANT)
        if found is None:
            return None
        link = self._link(found[0])
        return found[1] if link and link == Secret(token) else None

    def link(self) -> Secret[str] | None:
        """Return the token of the link, None if nothing is simulated."""
        found = self._found(DEMONSTRATION_TENANT)
        return self._link(found[0]) or None if found is not None else None

    def _found(self, tenant_id: str) -> tuple[GatewayConfiguration, Simulates] | None:
        for opened in self._gateways.all(tenant_id):
            if isinstance(opened.gateway, Simulates):
                return opened.configured, opened.gateway
        return None

    def _link(self, configured: GatewayConfiguration) -> Secret[str]:
        bound_to = gateway_context(configured.tenant_id, configured.gateway_id)
        try:
            return Secret(self._sealer.unseal(configured.secret, bound_to).decode())
        except CannotUnseal:
            return Secret("")
