"""Failures of whole tenants, the alarms they raise, and how many mails of one alert were sent."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017_alarms"
down_revision = "0016_blocks"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SLIM: dict[str, Any] = {"sqlite_with_rowid": False}
ROOMY: dict[str, Any] = {"postgresql_with": {"fillfactor": 70}}


def text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "failure_counts",
        *text("tenant_id"),
        *numbers("began_at", "failures"),
        sa.PrimaryKeyConstraint("tenant_id", "began_at", name="failure_counts_key"),
        **SLIM,
        **ROOMY,
    )
    op.create_index("failure_counts_by_time", "failure_counts", ["began_at"])
    op.create_table(
        "spraying_alarms",
        *text("tenant_id", "scope"),
        *numbers("failures", "began_at", "ends_at"),
        sa.PrimaryKeyConstraint("tenant_id", "scope", name="spraying_alarms_key"),
        **SLIM,
    )
    op.create_table(
        "alert_counts",
        *text("tenant_id", "kind", "address"),
        *numbers("began_at", "ends_at", "sent", "held_back"),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "address", name="alert_counts_key"),
        **SLIM,
        **ROOMY,
    )
    op.create_index("alert_counts_by_end", "alert_counts", ["ends_at"])
