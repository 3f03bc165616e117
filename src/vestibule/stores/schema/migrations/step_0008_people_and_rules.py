"""What is asked of a person by his state, groups, access rules, and what an application lets be skipped."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008_people_and_rules"
down_revision = "0007_device_records"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(name: str, default: str | None = None) -> sa.Column[Any]:
    given = None if default is None else sa.text(f"'{default}'")
    return sa.Column(name, TEXT, nullable=False, server_default=given)


def number(name: str, default: int | None = None) -> sa.Column[Any]:
    given = None if default is None else sa.text(str(default))
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default=given)


def flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def upgrade() -> None:
    for column in (
        text("requirement", "disabled"),
        flag("must_register"),
        flag("is_break_glass"),
        number("void_before", 0),
        number("blocked_until", 0),
        number("bypass_until", 0),
        text("language_call", ""),
        text("language_text", ""),
        text("language_app", ""),
        text("language_token", ""),
    ):
        op.add_column("users", column)
    for column in (
        text("purpose", "sign_in"),
        text("trusted_addresses", "[]"),
        flag("skips_trusted"),
        number("remember_days", 0),
        text("caching", "off"),
        number("caching_seconds", 0),
        flag("is_legacy"),
    ):
        op.add_column("applications", column)
    op.create_table(
        "groups",
        text("tenant_id"),
        text("group_id"),
        text("name"),
        number("created_at"),
        number("version"),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", name="groups_key"),
        sa.UniqueConstraint("tenant_id", "name", name="groups_name"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="groups_tenants"),
    )
    op.create_table(
        "group_members",
        text("tenant_id"),
        text("group_id"),
        text("user_id"),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "user_id", name="group_members_key"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "group_id"],
            ["groups.tenant_id", "groups.group_id"],
            name="group_members_groups",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="group_members_users",
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("group_members_by_user", "group_members", ["tenant_id", "user_id"])
    op.create_table(
        "rule_sets",
        text("tenant_id"),
        number("version"),
        text("rules"),
        text("note"),
        text("actor"),
        text("actor_name"),
        number("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "version", name="rule_sets_key"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="rule_sets_tenants"),
    )
    op.create_table(
        "remembered_browsers",
        text("tenant_id"),
        text("browser_id"),
        text("token_hash"),
        text("user_id"),
        text("application_id"),
        text("label"),
        number("proven_at"),
        number("used_at"),
        number("expires_at"),
        sa.PrimaryKeyConstraint("tenant_id", "browser_id", name="remembered_browsers_key"),
        sa.UniqueConstraint("token_hash", name="remembered_browsers_token"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="remembered_browsers_users",
            ondelete="CASCADE",
        ),
    )
    op.create_index("remembered_browsers_by_user", "remembered_browsers", ["tenant_id", "user_id"])
    op.create_index("remembered_browsers_by_end", "remembered_browsers", ["expires_at"])
