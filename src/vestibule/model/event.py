"""Events: recorded facts, append-only, written in the transaction of the change they record."""

from __future__ import annotations

from typing import Any

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One fact. `kind` is `noun.verb`, `actor` is who did it (user id, client id or `system`)."""

    tenant_id: str
    event_id: str
    at: int
    kind: str
    actor: str
    actor_name: str = ""
    subject: str = ""
    subject_name: str = ""
    facts: dict[str, Any] = {}
    format: int = 1
