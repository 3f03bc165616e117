"""AccountingRecord: what a network access server has told of a session (RFC 2866)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class Forwarding(StrEnum):
    """Whether the server behind was told, too."""

    NONE = ""
    """There is none that takes accounting."""
    PENDING = "pending"
    """It has not confirmed yet: the client gets no answer, and tells it again."""
    DONE = "done"


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
    forwarding: Forwarding = Forwarding.NONE

    def told(self, name: str) -> str:
        """Return the first value of an attribute, empty if it was not told."""
        return next(iter(self.attributes.get(name, ())), "")
