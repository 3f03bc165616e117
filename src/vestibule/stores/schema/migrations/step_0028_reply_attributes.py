"""What RADIUS clients are told of whom they may let in, and the dictionaries that name it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0028_reply_attributes"
down_revision = "0027_directory_phones"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "reply_attributes",
        *text("tenant_id", "reply_id", "user_id", "group_id", "client_id", "application_id"),
        *text("attribute", "value"),
        sa.Column("adds", sa.Boolean(), nullable=False),
        *text("shape"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        *numbers("created_at", "version"),
        sa.PrimaryKeyConstraint("tenant_id", "reply_id", name="reply_attributes_key"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="reply_attributes_tenants"),
    )
    op.create_index("reply_attributes_by_user", "reply_attributes", ["tenant_id", "user_id"])
    op.create_table(
        "radius_dictionaries",
        *text("tenant_id", "name"),
        *numbers("attributes", "left_out", "size", "created_at"),
        *text("content"),
        sa.PrimaryKeyConstraint("tenant_id", "name", name="radius_dictionaries_key"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="radius_dictionaries_tenants"),
    )
