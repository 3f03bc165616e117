"""Synchronisations of directories, their runs, and who is bound to whom in a directory."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0019_synchronisation"
down_revision = "0018_rare_rows"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
REFERENCED = "directory_reference <> ''"


def text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def belongs(table: str, parent: str, *columns: str) -> sa.ForeignKeyConstraint:
    referred = [f"{parent}.{column}" for column in columns]
    return sa.ForeignKeyConstraint(columns, referred, name=f"{table}_{parent}", ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "synchronisations",
        *text("tenant_id", "directory_id", "settings", "node"),
        *numbers("fence", "lease_until", "due_at"),
        *text("token"),
        *numbers("full_at", "created_at", "version"),
        sa.PrimaryKeyConstraint("tenant_id", "directory_id", name="synchronisations_key"),
        belongs("synchronisations", "directories", "tenant_id", "directory_id"),
    )
    op.create_table(
        "sync_runs",
        *text("tenant_id", "run_id", "directory_id"),
        flag("is_full"),
        *text("started_by", "node", "state"),
        *numbers("started_at", "moved_at", "ended_at"),
        *text("cause", "counts"),
        *numbers("total", "done"),
        *text("problems", "leavers", "approved_by"),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", name="sync_runs_key"),
        belongs("sync_runs", "synchronisations", "tenant_id", "directory_id"),
    )
    op.create_index("sync_runs_of", "sync_runs", ["tenant_id", "directory_id", "run_id"])
    op.create_table(
        "bonds",
        *text("tenant_id", "directory_id", "reference", "user_id", "names", "fields", "groups"),
        flag("is_disabled"),
        sa.PrimaryKeyConstraint("tenant_id", "directory_id", "reference", name="bonds_key"),
        sa.UniqueConstraint("tenant_id", "user_id", name="bonds_of_user"),
        belongs("bonds", "users", "tenant_id", "user_id"),
        belongs("bonds", "directories", "tenant_id", "directory_id"),
    )
    op.create_index(
        "users_by_reference",
        "users",
        ["tenant_id", "directory_reference"],
        sqlite_where=sa.text(REFERENCED),
        postgresql_where=sa.text(REFERENCED),
    )
