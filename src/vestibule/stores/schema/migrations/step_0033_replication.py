"""Servers that are activated at this service, in their replication groups."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0033_replication"
down_revision = "0032_brandings"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def maybe(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=True)


def octets(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.LargeBinary(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "replication_groups",
        *text("tenant_id", "group_id", "provider_id", "name", "installation"),
        *numbers("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", name="replication_groups_key"),
        sa.UniqueConstraint("tenant_id", "name", name="replication_groups_name"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="replication_groups_tenants", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "activated_servers",
        *text("tenant_id", "server_id", "group_id", "name", "version", "address"),
        *octets("public_key", "next_key"),
        *numbers("activated_at", "last_contact_at"),
        maybe("left_at"),
        *text("turned_away"),
        sa.PrimaryKeyConstraint("tenant_id", "server_id", name="activated_servers_key"),
        _of_group("activated_servers"),
    )
    op.create_table(
        "activation_credentials",
        *text("tenant_id", "credentials_id", "group_id", "secret_hash", "made_by"),
        *numbers("created_at", "expires_at"),
        maybe("used_at"),
        *text("server_id"),
        sa.PrimaryKeyConstraint("tenant_id", "credentials_id", name="activation_credentials_key"),
        sa.UniqueConstraint("secret_hash", name="activation_credentials_secret"),
        _of_group("activation_credentials"),
    )


def _of_group(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "group_id"],
        ["replication_groups.tenant_id", "replication_groups.group_id"],
        name=f"{table}_replication_groups",
        ondelete="CASCADE",
    )
