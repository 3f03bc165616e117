"""Blocks, one-time bypasses, and from where somebody has failed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016_blocks"
down_revision = "0015_roles"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def number(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    for name in ("recent", "failed_at"):
        op.add_column(
            "throttles", sa.Column(name, sa.BigInteger(), nullable=False, server_default=sa.text("0"))
        )
    op.create_table(
        "source_throttles",
        *text("tenant_id", "user_id", "factor", "source"),
        number("failures"),
        number("locked_until"),
        number("failed_at"),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "factor", "source", name="source_throttles_key"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="source_throttles_users",
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("source_throttles_by_time", "source_throttles", ["failed_at"])
    op.create_table(
        "blocks",
        *text("tenant_id", "block_id", "user_id", "username", "phone", "language", "cause", "reason"),
        *text("verification_id", "actor", "actor_name"),
        number("begun_at"),
        number("until"),
        number("ended_at", nullable=True),
        *text("ended_by", "ended_by_name", "end_reason"),
        sa.PrimaryKeyConstraint("tenant_id", "block_id", name="blocks_key"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="blocks_tenants"),
    )
    op.create_index("blocks_by_time", "blocks", ["tenant_id", "begun_at"])
    op.create_index(
        "blocks_open", "blocks", ["tenant_id", "user_id"], unique=True, **where("ended_at is null")
    )
    op.create_index(
        "blocks_by_phone", "blocks", ["tenant_id", "phone"], **where("phone <> '' and ended_at is null")
    )
    op.create_table(
        "bypasses",
        *text("tenant_id", "bypass_id", "user_id", "username", "application_id", "application_name"),
        number("seconds"),
        *text("reason", "phone", "actor", "actor_name"),
        number("made_at"),
        number("expires_at"),
        *text("state"),
        number("ended_at", nullable=True),
        *text("verification_id"),
        sa.PrimaryKeyConstraint("tenant_id", "bypass_id", name="bypasses_key"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="bypasses_tenants"),
    )
    op.create_index("bypasses_by_time", "bypasses", ["tenant_id", "made_at"])
    op.create_index("bypasses_by_user", "bypasses", ["tenant_id", "user_id"])
    op.create_index(
        "bypasses_waiting", "bypasses", ["tenant_id", "user_id"], unique=True, **where("state = 'waiting'")
    )
    op.create_index("bypasses_by_end", "bypasses", ["expires_at"], **where("state = 'waiting'"))
