"""A gateway as it is configured: the kind names a plug-in, the settings are that plug-in's."""

from __future__ import annotations

from typing import Any

import msgspec


class GatewayConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    gateway_id: str
    kind: str
    name: str
    settings: dict[str, Any] = {}
    secret: bytes = b""
    """Sealed password or token."""
    priority: int = 10
    """The lowest that can be used is used."""
    is_enabled: bool = True
    created_at: int
    version: int = 1
