"""Providers, licences and who has them; which edition is given for a while; tenants without people."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0031_providers"
down_revision = "0030_range_breakers"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    op.add_column("tenants", sa.Column("own_edition", TEXT, nullable=True))
    op.add_column(
        "tenants", sa.Column("lapses_at", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column(
        "tenants", sa.Column("is_standalone", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "providers",
        *text("tenant_id", "provider_id", "name", "usage_model"),
        sa.Column("is_linked", sa.Boolean(), nullable=False),
        *text("currency"),
        *numbers("created_at"),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        *numbers("version"),
        sa.PrimaryKeyConstraint("tenant_id", "provider_id", name="providers_key"),
    )
    there = sa.text("deleted_at is null")
    op.create_index(
        "providers_of_tenant",
        "providers",
        ["tenant_id"],
        unique=True,
        sqlite_where=there,
        postgresql_where=there,
    )
    op.create_table(
        "licences",
        *text("tenant_id", "licence_id", "kind", "product"),
        *numbers("quantity"),
        *text("first_day", "last_day"),
        *numbers("created_at", "version"),
        sa.PrimaryKeyConstraint("tenant_id", "licence_id", name="licences_key"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="licences_tenants"),
    )
    op.create_table(
        "licence_assignments",
        *text("tenant_id", "licence_id", "user_id"),
        *numbers("assigned_at"),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant_id", "licence_id", "user_id", "assigned_at", name="licence_assignments_key"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "licence_id"],
            ["licences.tenant_id", "licences.licence_id"],
            name="licence_assignments_licences",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="licence_assignments_users",
            ondelete="CASCADE",
        ),
    )
    op.create_index("licence_assignments_by_user", "licence_assignments", ["tenant_id", "user_id"])
