"""Answers to security questions, in a table of their own: they go with the person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_security_answers"
down_revision = "0013_editions"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "security_answers",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name="security_answers_key"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="security_answers_users",
            ondelete="CASCADE",
        ),
    )
