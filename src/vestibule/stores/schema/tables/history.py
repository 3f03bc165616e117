"""Events, and reports that are written."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, text

from vestibule.stores.schema.tables.columns import belongs, key, maybe, metadata, numbers, sealed, words

events = Table(
    "events",
    metadata,
    *words("tenant_id", "event_id"),
    *numbers("at"),
    *words("kind", "actor", "actor_name", "subject", "subject_name", "facts"),
    Column("format", Integer, nullable=False),
    key("events", "tenant_id", "event_id"),
    Index("events_by_time", "tenant_id", "at"),
    Index("events_by_kind", "tenant_id", "kind", "at"),
)

# Reports that are written behind the request, each in parts, until their time is over.
report_runs = Table(
    "report_runs",
    metadata,
    *words("tenant_id", "run_id", "report", "filters", "actor", "actor_name", "actor_tenant_id", "language"),
    *words("state", "node"),
    *numbers("fence", "rows", "parts", "due_at", "asked_at"),
    maybe("ended_at"),
    *numbers("expires_at"),
    key("report_runs", "tenant_id", "run_id"),
    belongs("report_runs", "tenants", "tenant_id", cascade=False),
    Index("report_runs_by_end", "expires_at"),
    Index(
        "report_runs_due",
        "due_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)

report_parts = Table(
    "report_parts",
    metadata,
    *words("tenant_id", "run_id"),
    *numbers("number"),
    sealed("content"),
    key("report_parts", "tenant_id", "run_id", "number"),
    belongs("report_parts", "report_runs", "tenant_id", "run_id"),
)
