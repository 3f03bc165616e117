"""Webhooks: events for other programs, signed so that they can tell who calls (Standard Webhooks 1.0).

`settings` are checked here, `signature` signs, `gateway` hands over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vestibule.crypto.secret import Secret
from vestibule.gateways.webhook.gateway import WebhookGateway
from vestibule.gateways.webhook.settings import WebhookSettings, from_mapping
from vestibule.interfaces.gateway import Surroundings
from vestibule.model.delivery import Carries

__all__ = ["GATEWAY", "WebhookGateway", "WebhookSettings"]


class WebhookKind:
    """Implements `GatewayKind`."""

    name = "webhook"
    carries = frozenset({Carries.WEBHOOK})
    settings = WebhookSettings

    def open(
        self, settings: Mapping[str, Any], secret: Secret[str], surroundings: Surroundings
    ) -> WebhookGateway:
        """`secret` is what events are signed with. Raises ValueError naming the setting that is wrong."""
        return WebhookGateway(
            from_mapping(settings, surroundings.private_hosts), secret, surroundings.private_hosts
        )


GATEWAY = WebhookKind()
