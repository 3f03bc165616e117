"""Attempts, and what is kept of them while they are open."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, text

from vestibule.stores.schema.tables.columns import (
    GROWING,
    ROOMY,
    SLIM,
    TEXT,
    added_words,
    belongs,
    flags,
    key,
    maybe,
    metadata,
    numbers,
    sealed,
    words,
)

verifications = Table(
    "verifications",
    metadata,
    *words("tenant_id", "verification_id"),
    *numbers("started_at"),
    maybe("decided_at"),
    *numbers("expires_at"),
    *words("application_id", "application_name", "client_id", "client_name", "client_address"),
    *words("user_address", "channel", "claimed_username", "user_id", "username", "given_name"),
    *words("family_name", "email", "method", "authenticator_id", "authenticator_label", "phone", "device"),
    *words("state", "reason", "legacy_result"),
    *flags("is_first_factor_proven", "is_authenticated"),
    *words("node_name", "node_address"),
    maybe("idempotency_key", TEXT),
    *words("trace"),
    *numbers("version"),
    key("verifications", "tenant_id", "verification_id"),
    # Counted by state without a look at the rows. On PostgreSQL the state is no key: before there are
    # statistics, a search by identifier and state would take this index and read the whole tenant.
    Index("verifications_by_start", "tenant_id", "started_at", "state", info={"only_on": "sqlite"}),
    Index(
        "verifications_by_start",
        "tenant_id",
        "started_at",
        postgresql_include=["state"],
        info={"only_on": "postgresql"},
    ),
    Index("verifications_by_user", "tenant_id", "user_id", "started_at"),
    Index("verifications_by_application", "tenant_id", "application_id", "started_at"),
    # Reports of fraud are few, and are looked for among millions of attempts.
    Index(
        "verifications_of_fraud",
        "tenant_id",
        "started_at",
        sqlite_where=text("reason = 'fraud_reported'"),
        postgresql_where=text("reason = 'fraud_reported'"),
    ),
    Index(
        "verifications_idempotency",
        "tenant_id",
        "idempotency_key",
        unique=True,
        sqlite_where=text("idempotency_key is not null"),
        postgresql_where=text("idempotency_key is not null"),
    ),
    Index(
        "verifications_pending",
        "expires_at",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    **GROWING,
)

challenges = Table(
    "challenges",
    metadata,
    *words("tenant_id", "challenge_id", "verification_id", "user_id", "application_id", "client_id"),
    *words("method", "state"),
    *numbers("tries_left", "expires_at", "created_at"),
    *added_words("channel", default="typed"),
    *added_words("authenticator_id", "address"),
    Column("expected", LargeBinary, nullable=False, server_default=text("''")),
    *added_words("origin", "waiter"),
    maybe("taken_at"),
    *added_words("progress", default="{}"),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    key("challenges", "tenant_id", "challenge_id"),
    Index(
        "challenges_open_by_user",
        "tenant_id",
        "user_id",
        "created_at",
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
    Index(
        "challenges_open_by_verification",
        "tenant_id",
        "verification_id",
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
    Index("challenges_by_end", "expires_at"),
    Index(
        "challenges_untaken",
        "tenant_id",
        "user_id",
        sqlite_where=text("state = 'answered' and taken_at is null"),
        postgresql_where=text("state = 'answered' and taken_at is null"),
    ),
    Index(
        "challenges_open_by_address",
        "tenant_id",
        "address",
        sqlite_where=text("state = 'open' and address <> ''"),
        postgresql_where=text("state = 'open' and address <> ''"),
    ),
)

# A row for each fact about one device; the first of its kind stays.
device_records = Table(
    "device_records",
    metadata,
    *words("tenant_id", "verification_id", "authenticator_id", "fact", "label"),
    *numbers("at"),
    key("device_records", "tenant_id", "verification_id", "authenticator_id", "fact"),
    belongs("device_records", "verifications", "tenant_id", "verification_id"),
    **SLIM,
)

# What network access servers have told of sessions.
accounting_records = Table(
    "accounting_records",
    metadata,
    *words("tenant_id", "record_id", "client_id", "client_name"),
    *numbers("received_at", "expires_at"),
    *words("kind", "username", "session", "attributes"),
    *added_words("forwarding"),
    key("accounting_records", "tenant_id", "record_id"),
    belongs("accounting_records", "tenants", "tenant_id", cascade=False),
    Index("accounting_records_by_time", "tenant_id", "received_at"),
    Index("accounting_records_by_user", "tenant_id", "username", "received_at"),
    Index("accounting_records_by_session", "tenant_id", "client_id", "session", "received_at"),
    Index(
        "accounting_records_resets",
        "tenant_id",
        "client_id",
        "received_at",
        sqlite_where=text("kind in ('Accounting-On', 'Accounting-Off')"),
        postgresql_where=text("kind in ('Accounting-On', 'Accounting-Off')"),
    ),
    Index("accounting_records_by_end", "expires_at"),
)

# How often each kind of thing was seen of a RADIUS client within one hour; of strangers by their address.
client_sightings = Table(
    "client_sightings",
    metadata,
    *words("tenant_id", "client_id", "kind"),
    *numbers("began_at", "count", "first_at", "last_at", "least", "most"),
    *words("source"),
    key("client_sightings", "tenant_id", "client_id", "kind", "began_at"),
    Index("client_sightings_by_hour", "began_at"),
    **SLIM,
    **ROOMY,
)

# What the server behind a proxy has answered, while the second factor is asked for.
held_replies = Table(
    "held_replies",
    metadata,
    *words("tenant_id", "verification_id", "proof"),
    sealed("sealed"),
    key("held_replies", "tenant_id", "verification_id"),
    belongs("held_replies", "verifications", "tenant_id", "verification_id"),
    Index(
        "held_replies_by_proof",
        "tenant_id",
        "proof",
        sqlite_where=text("proof <> ''"),
        postgresql_where=text("proof <> ''"),
    ),
)

# Failures of a whole tenant within one minute, written together once a second by each node.
failure_counts = Table(
    "failure_counts",
    metadata,
    *words("tenant_id"),
    *numbers("began_at", "failures"),
    key("failure_counts", "tenant_id", "began_at"),
    Index("failure_counts_by_time", "began_at"),
    **SLIM,
    **ROOMY,
)

# The last alarm of each tenant, and of all together.
spraying_alarms = Table(
    "spraying_alarms",
    metadata,
    *words("tenant_id", "scope"),
    *numbers("failures", "began_at", "ends_at"),
    key("spraying_alarms", "tenant_id", "scope"),
    **SLIM,
)
