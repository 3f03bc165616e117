"""App passwords, and whether a person has ever made one: from then on trusted addresses spare him none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_app_passwords"
down_revision = "0009_dispatches"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "app_passwords",
        sa.Column("tenant_id", TEXT, nullable=False),
        sa.Column("app_password_id", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("applications", TEXT, nullable=False),
        sa.Column("token_hash", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "app_password_id", name="app_passwords_key"),
        sa.UniqueConstraint("tenant_id", "user_id", "token_hash", name="app_passwords_hash"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="app_passwords_users",
            ondelete="CASCADE",
        ),
        postgresql_with={"fillfactor": 70},
    )
    op.add_column(
        "users",
        sa.Column("has_made_app_password", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
