"""Group: people whom rules, roles and settings name together."""

from __future__ import annotations

import msgspec


class Group(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    group_id: str
    name: str
    created_at: int
    version: int = 1
