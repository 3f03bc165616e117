"""How many mails of one kind of alert went to one address: a few, and then one that sums up the rest."""

from __future__ import annotations

from typing import Final

import msgspec

SUMMED_UP_MS: Final = 3_600_000
"""How long after the first mail the rest are summed up."""


class AlertCount(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    kind: str
    """Of the events."""
    address: str
    began_at: int
    ends_at: int
    sent: int
    held_back: int
