"""Remembered browser: a person proved a second factor in it and asked not to be asked again for a while."""

from __future__ import annotations

import msgspec


class RememberedBrowser(msgspec.Struct, frozen=True, kw_only=True):
    """Known to the browser by a token of 256 bits, to us by its hash only; good for one person at one
    application."""

    tenant_id: str
    browser_id: str
    token_hash: str
    user_id: str
    application_id: str
    label: str = ""
    """What the browser calls itself, for people to tell theirs apart."""
    proven_at: int
    used_at: int
    expires_at: int
