"""Session: a person signed in to the portal or the console. Link: a one-time invitation."""

from __future__ import annotations

import msgspec


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Known to the browser by a token of 256 bits, to us by its hash only."""

    tenant_id: str
    token_hash: str
    user_id: str
    application_id: str
    language: str = ""
    verification_id: str
    is_second_factor_proven: bool
    proven_at: int
    """When the person last proved all factors asked for; sensitive acts want this to be recent."""
    created_at: int
    seen_at: int
    expires_at: int


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time link, e.g. to set up the first administrator; spent by one conditional write."""

    tenant_id: str
    token_hash: str
    purpose: str
    subject: str = ""
    expires_at: int
    used_at: int | None = None
    created_at: int
