"""AccountingRecord: what a network access server has told of a session (RFC 2866)."""

from __future__ import annotations

from typing import Any

import msgspec


class AccountingRecord(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    record_id: str
    """Digest of what was told, so that the same request is one record, whichever node heard it."""
    client_id: str
    client_name: str
    received_at: int
    expires_at: int
    """When it is deleted."""
    kind: str
    """What happened: `Start`, `Stop`, `Interim-Update`, `Accounting-On`, `Accounting-Off`, or its number."""
    username: str
    session: str
    attributes: dict[str, Any]
    """All that was told, by name, as people read it."""
