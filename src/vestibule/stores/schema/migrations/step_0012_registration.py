"""What a registration must be newer than, since when it is under way, and what vouches for it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012_registration"
down_revision = "0011_large_lists"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(name: str) -> sa.Column[Any]:
    return sa.Column(name, TEXT, nullable=False)


def number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    for name in ("methods_since", "registering_since"):
        op.add_column("users", sa.Column(name, sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.create_table(
        "vouchers",
        text("tenant_id"),
        text("user_id"),
        text("kind"),
        text("vouch"),
        text("code_hash"),
        number("made_at"),
        text("made_by"),
        number("expires_at"),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        text("used_by"),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "kind", name="vouchers_key"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="vouchers_users",
            ondelete="CASCADE",
        ),
    )
