"""Copies of passwords for MS-CHAPv2, in a table of their own: they go with the person, or with the switch."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023_nt_hashes"
down_revision = "0022_accounting_records"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "nt_hashes",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name="nt_hashes_key"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="nt_hashes_users",
            ondelete="CASCADE",
        ),
    )
