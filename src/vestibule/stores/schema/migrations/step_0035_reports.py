"""Reports that are written behind the request; indexes by which reports find what is rare."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0035_reports"
down_revision = "0034_billing"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    fraud, waiting = sa.text("reason = 'fraud_reported'"), sa.text("state = 'waiting'")
    op.create_index(
        "verifications_of_fraud",
        "verifications",
        ["tenant_id", "started_at"],
        sqlite_where=fraud,
        postgresql_where=fraud,
    )
    op.create_index("events_by_kind", "events", ["tenant_id", "kind", "at"])
    op.create_table(
        "report_runs",
        *text("tenant_id", "run_id", "report", "filters", "actor", "actor_name", "actor_tenant_id"),
        *text("language", "state", "node"),
        *numbers("fence", "rows", "parts", "due_at", "asked_at"),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        *numbers("expires_at"),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", name="report_runs_key"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="report_runs_tenants"),
    )
    op.create_index("report_runs_by_end", "report_runs", ["expires_at"])
    op.create_index(
        "report_runs_due", "report_runs", ["due_at"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_table(
        "report_parts",
        *text("tenant_id", "run_id"),
        *numbers("number"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", "number", name="report_parts_key"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"],
            ["report_runs.tenant_id", "report_runs.run_id"],
            name="report_parts_report_runs",
            ondelete="CASCADE",
        ),
    )
