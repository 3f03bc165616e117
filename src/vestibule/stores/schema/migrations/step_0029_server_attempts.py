"""What servers tell of their attempts and of how many people they have; what is sent for them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0029_server_attempts"
down_revision = "0028_reply_attributes"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "server_attempts",
        *text("tenant_id", "provider_id", "group_id", "server_id", "attempt_id"),
        *numbers("received_at", "started_at", "decided_at"),
        *text("user_id", "username", "given_name", "family_name", "email", "method"),
        *text("state", "reason", "legacy_result"),
        sa.Column("is_authenticated", sa.Boolean(), nullable=False),
        *text("server_name", "server_address", "phone", "device", "user_address"),
        sa.PrimaryKeyConstraint("tenant_id", "provider_id", "attempt_id", name="server_attempts_key"),
        postgresql_with={"autovacuum_vacuum_insert_scale_factor": 0.005},
    )
    op.create_index("server_attempts_by_time", "server_attempts", ["tenant_id", "received_at"])
    op.create_index("server_attempts_by_user", "server_attempts", ["tenant_id", "user_id", "received_at"])
    op.create_table(
        "server_users",
        *text("tenant_id", "provider_id", "group_id", "day"),
        *numbers("users"),
        sa.PrimaryKeyConstraint("tenant_id", "provider_id", "group_id", "day", name="server_users_key"),
        sqlite_with_rowid=False,
    )
    for name in ("group_id", "relayed_name", "owed"):
        op.add_column("deliveries", sa.Column(name, TEXT, nullable=False, server_default=sa.text("''")))
    owed, relayed = sa.text("owed <> ''"), sa.text("group_id <> ''")
    op.create_index("deliveries_owed", "deliveries", ["due_at"], sqlite_where=owed, postgresql_where=owed)
    op.create_index(
        "deliveries_relayed",
        "deliveries",
        ["tenant_id", "address"],
        sqlite_where=relayed,
        postgresql_where=relayed,
    )
