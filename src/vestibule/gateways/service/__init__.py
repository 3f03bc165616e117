"""The service: whatever goes to a phone is handed to the service behind this server, which has gateways.

A server has this one by itself. It has no settings: where the service is and who we are there is known to the
link.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.gateways.service.gateway import ServiceGateway
from vestibule.interfaces.gateway import Surroundings
from vestibule.model.delivery import Carries

__all__ = ["GATEWAY", "ServiceGateway", "ServiceSettings"]


class ServiceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """There is nothing to choose."""


class ServiceKind:
    """Implements `GatewayKind`."""

    name = "service"
    carries = frozenset({Carries.TEXT, Carries.CALL})
    settings = ServiceSettings

    def open(
        self, settings: Mapping[str, Any], secret: Secret[str], surroundings: Surroundings
    ) -> ServiceGateway:
        """Raises ValueError where there is no service behind this installation."""
        del secret
        for name in settings:
            raise ValueError(f"{name}: this gateway has no settings")
        if surroundings.link is None:
            raise ValueError("kind: this installation is no server of a service (role)")
        return ServiceGateway(surroundings.link, surroundings.tenant_id, surroundings.gateway_id)


GATEWAY = ServiceKind()
