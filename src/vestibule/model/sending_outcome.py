"""What has become of a text or call whose time is over: gateways and ranges of numbers are judged by it."""

from __future__ import annotations

import msgspec

from vestibule.model.delivery import Carries


class SendingOutcome(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    delivery_id: str
    carries: Carries
    number: str
    """E.164."""
    gateway_id: str
    """Who had it last."""
    tried: tuple[str, ...]
    """All who had it, in their order."""
    created_at: int
    over_at: int
    is_sent: bool
    """Whether it left, or may have left: somebody charges for it."""
    is_answered: bool
    """Whether the attempt that it was sent for was approved; in a call of a server's: a key was pressed."""
