"""Blocks and bypasses."""

from __future__ import annotations

from sqlalchemy import Index, Table, text

from vestibule.stores.schema.tables.columns import belongs, key, maybe, metadata, numbers, words

# They stay when they are over, and when their person is gone: what was blocked, bypassed and why is history.
blocks = Table(
    "blocks",
    metadata,
    *words("tenant_id", "block_id", "user_id", "username", "phone", "language", "cause", "reason"),
    *words("verification_id", "actor", "actor_name"),
    *numbers("begun_at", "until"),
    maybe("ended_at"),
    *words("ended_by", "ended_by_name", "end_reason"),
    key("blocks", "tenant_id", "block_id"),
    belongs("blocks", "tenants", "tenant_id", cascade=False),
    Index("blocks_by_time", "tenant_id", "begun_at"),
    Index("blocks_by_user", "tenant_id", "user_id", "begun_at"),
    Index(
        "blocks_open",
        "tenant_id",
        "user_id",
        unique=True,
        sqlite_where=text("ended_at is null"),
        postgresql_where=text("ended_at is null"),
    ),
    Index(
        "blocks_by_phone",
        "tenant_id",
        "phone",
        sqlite_where=text("phone <> '' and ended_at is null"),
        postgresql_where=text("phone <> '' and ended_at is null"),
    ),
)

bypasses = Table(
    "bypasses",
    metadata,
    *words("tenant_id", "bypass_id", "user_id", "username", "application_id", "application_name"),
    *numbers("seconds"),
    *words("reason", "phone", "actor", "actor_name"),
    *numbers("made_at", "expires_at"),
    *words("state"),
    maybe("ended_at"),
    *words("verification_id"),
    key("bypasses", "tenant_id", "bypass_id"),
    belongs("bypasses", "tenants", "tenant_id", cascade=False),
    Index("bypasses_by_time", "tenant_id", "made_at"),
    Index("bypasses_by_user", "tenant_id", "user_id"),
    Index(
        "bypasses_waiting",
        "tenant_id",
        "user_id",
        unique=True,
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "bypasses_by_end",
        "expires_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)
