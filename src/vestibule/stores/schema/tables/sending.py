"""What is sent, and what limits it."""

from __future__ import annotations

from sqlalchemy import Index, Table, text

from vestibule.stores.schema.tables.columns import (
    ROOMY,
    SLIM,
    added_words,
    key,
    maybe,
    metadata,
    numbers,
    sealed,
    words,
)

deliveries = Table(
    "deliveries",
    metadata,
    *words("tenant_id", "delivery_id", "verification_id", "challenge_id", "user_id", "carries", "address"),
    sealed("sealed_body"),
    *words("state", "gateway_id", "tried", "reference", "node", "cause"),
    *numbers("tries", "due_at", "expires_at", "created_at"),
    maybe("sent_at"),
    *numbers("version"),
    *added_words("group_id", "relayed_name", "owed", "attempt_id"),
    key("deliveries", "tenant_id", "delivery_id"),
    Index(
        "deliveries_due",
        "due_at",
        sqlite_where=text("state in ('waiting', 'taken')"),
        postgresql_where=text("state in ('waiting', 'taken')"),
    ),
    Index(
        "deliveries_by_reference",
        "tenant_id",
        "gateway_id",
        "reference",
        sqlite_where=text("reference <> ''"),
        postgresql_where=text("reference <> ''"),
    ),
    Index("deliveries_by_user", "tenant_id", "user_id", "created_at"),
    Index("deliveries_by_challenge", "tenant_id", "challenge_id"),
    Index("deliveries_by_end", "expires_at"),
    Index(
        "deliveries_owed",
        "due_at",
        sqlite_where=text("owed <> ''"),
        postgresql_where=text("owed <> ''"),
    ),
    Index(
        "deliveries_relayed",
        "tenant_id",
        "address",
        sqlite_where=text("group_id <> ''"),
        postgresql_where=text("group_id <> ''"),
    ),
)

dispatches = Table(
    "dispatches",
    metadata,
    *words("tenant_id", "dispatch_id", "carries", "kind", "address", "user_id"),
    sealed("sealed_body"),
    *words("state", "gateway_id", "node", "cause"),
    *numbers("tries", "due_at", "expires_at", "created_at"),
    maybe("sent_at"),
    *numbers("version"),
    key("dispatches", "tenant_id", "dispatch_id"),
    Index(
        "dispatches_due",
        "due_at",
        sqlite_where=text("state in ('waiting', 'taken')"),
        postgresql_where=text("state in ('waiting', 'taken')"),
    ),
    Index("dispatches_by_end", "expires_at"),
    Index(
        "dispatches_failed",
        "tenant_id",
        "dispatch_id",
        sqlite_where=text("state = 'failed'"),
        postgresql_where=text("state = 'failed'"),
    ),
)

# Events that somebody is to be told of, until the worker has written down whom: a row is committed with its
# event.
untold_events = Table(
    "untold_events",
    metadata,
    *words("tenant_id", "event_id", "event"),
    key("untold_events", "tenant_id", "event_id"),
    **SLIM,
)

# One row for each limit, key and window in which anything counts; the windows of a few hours and two days.
sending_counts = Table(
    "sending_counts",
    metadata,
    *words("tenant_id", "kind", "key"),
    *numbers("began_at", "ends_at", "count", "cost", "reached_at"),
    key("sending_counts", "tenant_id", "kind", "key", "began_at"),
    Index("sending_counts_by_end", "ends_at"),
    **SLIM,
    **ROOMY,
)

# Ranges of numbers in which nobody answered; one that is closed stays for a day.
range_breakers = Table(
    "range_breakers",
    metadata,
    *words("tenant_id", "prefix"),
    *numbers("opened_at", "rests_until", "unanswered", "cost", "trials_failed"),
    maybe("closed_at"),
    *words("closed_by", "closed_by_name"),
    key("range_breakers", "tenant_id", "prefix"),
    **SLIM,
)

# Mails of one kind of alert to one address since the first, until they are summed up.
alert_counts = Table(
    "alert_counts",
    metadata,
    *words("tenant_id", "kind", "address"),
    *numbers("began_at", "ends_at", "sent", "held_back"),
    key("alert_counts", "tenant_id", "kind", "address"),
    Index("alert_counts_by_end", "ends_at"),
    **SLIM,
    **ROOMY,
)
