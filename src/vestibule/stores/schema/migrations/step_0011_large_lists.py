"""A million people and ten million attempts: few are found among many, and counts read an index alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_large_lists"
down_revision = "0010_app_passwords"


def upgrade() -> None:
    for name, which in (("users_not_active", "status <> 'active'"), ("users_with_role", "role <> ''")):
        op.create_index(
            name,
            "users",
            ["tenant_id", "sort_name"],
            sqlite_where=sa.text(which),
            postgresql_where=sa.text(which),
        )
    op.create_index("users_by_tenant", "users", ["tenant_id"])
    op.drop_index("verifications_by_start", "verifications")
    if op.get_context().dialect.name == "sqlite":
        op.create_index("verifications_by_start", "verifications", ["tenant_id", "started_at", "state"])
    else:
        op.create_index(
            "verifications_by_start",
            "verifications",
            ["tenant_id", "started_at"],
            postgresql_include=["state"],
        )
        op.execute("alter table verifications set (autovacuum_vacuum_insert_scale_factor = 0.005)")
