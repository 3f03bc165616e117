"""HeldReply: what a server behind a proxy has answered, kept until the second factor is proven."""

from __future__ import annotations

import msgspec


class HeldReply(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    verification_id: str
    """The verification that is pending: the reply is of no use without it and goes with it."""
    proof: str = ""
    """Digest of the request that was answered, where the server answers it only once; else empty."""
    sealed: bytes
