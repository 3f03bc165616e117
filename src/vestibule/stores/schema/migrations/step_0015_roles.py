"""Roles of administrators, who has which, what one proposes and a second confirms, and roles of API keys."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015_roles"
down_revision = "0014_security_answers"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(name: str) -> sa.Column[Any]:
    return sa.Column(name, TEXT, nullable=False)


def number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    op.add_column(
        "clients", sa.Column("role_id", TEXT, nullable=False, server_default=sa.text("'administrator'"))
    )
    op.create_table(
        "roles",
        text("tenant_id"),
        text("role_id"),
        text("name"),
        text("rights"),
        number("created_at"),
        number("version"),
        sa.PrimaryKeyConstraint("tenant_id", "role_id", name="roles_key"),
        sa.UniqueConstraint("tenant_id", "name", name="roles_name"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="roles_tenants"),
    )
    op.create_table(
        "grants",
        text("tenant_id"),
        text("user_id"),
        text("role_id"),
        text("reach"),
        text("groups"),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "role_id", "reach", name="grants_key"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="grants_users",
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "proposals",
        *(text(name) for name in ("tenant_id", "proposal_id", "act", "user_id", "username", "facts")),
        *(text(name) for name in ("actor", "actor_name", "state", "decided_by", "decided_by_name")),
        *(number(name) for name in ("created_at", "expires_at", "version")),
        sa.PrimaryKeyConstraint("tenant_id", "proposal_id", name="proposals_key"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="proposals_tenants"),
    )
    op.create_index("proposals_by_end", "proposals", ["expires_at"])
