"""Breakers of ranges of numbers; to which numbers a gateway carries."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0030_range_breakers"
down_revision = "0029_server_attempts"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SLIM: dict[str, Any] = {"sqlite_with_rowid": False}


def text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "range_breakers",
        *text("tenant_id", "prefix"),
        *numbers("opened_at", "rests_until", "unanswered", "cost", "trials_failed"),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        *text("closed_by", "closed_by_name"),
        sa.PrimaryKeyConstraint("tenant_id", "prefix", name="range_breakers_key"),
        **SLIM,
    )
    op.add_column("gateways", sa.Column("serves", TEXT, nullable=False, server_default=sa.text("''")))
