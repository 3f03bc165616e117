"""What servers behind a proxy have answered, while the second factor is asked for."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0020_held_replies"
down_revision = "0019_synchronisation"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
WITH_PROOF = sa.text("proof <> ''")


def text(name: str) -> sa.Column[Any]:
    return sa.Column(name, TEXT, nullable=False)


def upgrade() -> None:
    op.create_table(
        "held_replies",
        text("tenant_id"),
        text("verification_id"),
        text("proof"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "verification_id", name="held_replies_key"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "verification_id"],
            ["verifications.tenant_id", "verifications.verification_id"],
            name="held_replies_verifications",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "held_replies_by_proof",
        "held_replies",
        ["tenant_id", "proof"],
        sqlite_where=WITH_PROOF,
        postgresql_where=WITH_PROOF,
    )
