"""What became of a request in the app at each device that was asked."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007_device_records"
down_revision = "0006_sending_limits"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(name: str) -> sa.Column[Any]:
    return sa.Column(name, TEXT, nullable=False)


def upgrade() -> None:
    op.create_table(
        "device_records",
        text("tenant_id"),
        text("verification_id"),
        text("authenticator_id"),
        text("fact"),
        text("label"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "verification_id", "authenticator_id", "fact", name="device_records_key"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "verification_id"],
            ["verifications.tenant_id", "verifications.verification_id"],
            name="device_records_verifications",
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )
