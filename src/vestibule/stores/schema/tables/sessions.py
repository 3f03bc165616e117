"""Sessions, remembered browsers, links that work once."""

from __future__ import annotations

from sqlalchemy import Index, Table

from vestibule.stores.schema.tables.columns import (
    belongs,
    flags,
    key,
    maybe,
    metadata,
    numbers,
    unique,
    words,
)

sessions = Table(
    "sessions",
    metadata,
    *words("tenant_id", "token_hash", "user_id", "application_id", "language", "verification_id"),
    *flags("is_second_factor_proven"),
    *numbers("proven_at", "created_at", "seen_at", "expires_at"),
    key("sessions", "tenant_id", "token_hash"),
    unique("sessions_token", "token_hash"),
    belongs("sessions", "users", "tenant_id", "user_id"),
    Index("sessions_by_user", "tenant_id", "user_id"),
    Index("sessions_by_end", "expires_at"),
)

remembered_browsers = Table(
    "remembered_browsers",
    metadata,
    *words("tenant_id", "browser_id", "token_hash", "user_id", "application_id", "label"),
    *numbers("proven_at", "used_at", "expires_at"),
    key("remembered_browsers", "tenant_id", "browser_id"),
    unique("remembered_browsers_token", "token_hash"),
    belongs("remembered_browsers", "users", "tenant_id", "user_id"),
    Index("remembered_browsers_by_user", "tenant_id", "user_id"),
    Index("remembered_browsers_by_end", "expires_at"),
)

links = Table(
    "links",
    metadata,
    *words("tenant_id", "token_hash", "purpose", "subject"),
    *numbers("expires_at"),
    maybe("used_at"),
    *numbers("created_at"),
    key("links", "tenant_id", "token_hash"),
    unique("links_token", "token_hash"),
    Index("links_by_end", "expires_at"),
)
