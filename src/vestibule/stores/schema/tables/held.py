"""What people hold."""

from __future__ import annotations

from sqlalchemy import Index, Table, text

from vestibule.stores.schema.tables.columns import (
    ROOMY,
    TEXT,
    belongs,
    flags,
    key,
    maybe,
    metadata,
    numbers,
    sealed,
    unique,
    words,
)

pins = Table(
    "pins",
    metadata,
    *words("tenant_id", "user_id"),
    sealed("sealed"),
    *flags("must_change"),
    *numbers("changed_at", "version"),
    key("pins", "tenant_id", "user_id"),
    belongs("pins", "users", "tenant_id", "user_id"),
)

security_answers = Table(
    "security_answers",
    metadata,
    *words("tenant_id", "user_id"),
    sealed("sealed"),
    *numbers("created_at"),
    key("security_answers", "tenant_id", "user_id"),
    belongs("security_answers", "users", "tenant_id", "user_id"),
)

# Copies of local passwords for MS-CHAPv2, in tenants that keep them.
nt_hashes = Table(
    "nt_hashes",
    metadata,
    *words("tenant_id", "user_id"),
    sealed("sealed"),
    key("nt_hashes", "tenant_id", "user_id"),
    belongs("nt_hashes", "users", "tenant_id", "user_id"),
)

app_passwords = Table(
    "app_passwords",
    metadata,
    *words("tenant_id", "app_password_id", "user_id", "name", "applications", "token_hash"),
    *numbers("created_at"),
    maybe("used_at"),
    key("app_passwords", "tenant_id", "app_password_id"),
    unique("app_passwords_hash", "tenant_id", "user_id", "token_hash"),
    belongs("app_passwords", "users", "tenant_id", "user_id"),
    **ROOMY,
)

vouchers = Table(
    "vouchers",
    metadata,
    *words("tenant_id", "user_id", "kind", "vouch", "code_hash"),
    *numbers("made_at"),
    *words("made_by"),
    *numbers("expires_at"),
    maybe("used_at"),
    *words("used_by"),
    key("vouchers", "tenant_id", "user_id", "kind"),
    belongs("vouchers", "users", "tenant_id", "user_id"),
)

authenticators = Table(
    "authenticators",
    metadata,
    *words("tenant_id", "authenticator_id"),
    maybe("user_id", TEXT),
    *words("method", "label"),
    maybe("serial", TEXT),
    *words("parameters"),
    sealed("secret"),
    *words("state", "status"),
    maybe("not_before"),
    maybe("not_after"),
    *numbers("created_at"),
    maybe("used_at"),
    *numbers("version"),
    key("authenticators", "tenant_id", "authenticator_id"),
    belongs("authenticators", "users", "tenant_id", "user_id", cascade=False),
    Index(
        "authenticators_serial",
        "tenant_id",
        "serial",
        unique=True,
        sqlite_where=text("serial is not null"),
        postgresql_where=text("serial is not null"),
    ),
    Index(
        "authenticators_by_user",
        "tenant_id",
        "user_id",
        sqlite_where=text("user_id is not null"),
        postgresql_where=text("user_id is not null"),
    ),
    **ROOMY,
)
