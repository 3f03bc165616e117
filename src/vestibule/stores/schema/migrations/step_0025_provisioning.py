"""Who was pushed here by an identity provider: people and groups."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0025_provisioning"
down_revision = "0024_certificates"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def belongs(table: str, parent: str, *columns: str) -> sa.ForeignKeyConstraint:
    referred = [f"{parent}.{column}" for column in columns]
    return sa.ForeignKeyConstraint(columns, referred, name=f"{table}_{parent}", ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "provisioned",
        *text("tenant_id", "user_id", "client_id", "external_id", "names", "fields", "told"),
        sa.Column("is_gone", sa.Boolean(), nullable=False),
        sa.Column("pushed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name="provisioned_key"),
        belongs("provisioned", "users", "tenant_id", "user_id"),
    )
    op.create_index("provisioned_by_external_id", "provisioned", ["tenant_id", "external_id"])
    op.create_index("provisioned_by_time", "provisioned", ["tenant_id", "pushed_at"])
    op.create_table(
        "provisioned_groups",
        *text("tenant_id", "group_id", "client_id", "external_id"),
        sa.Column("pushed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", name="provisioned_groups_key"),
        belongs("provisioned_groups", "groups", "tenant_id", "group_id"),
    )
