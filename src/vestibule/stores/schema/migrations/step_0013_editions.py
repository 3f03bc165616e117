"""The edition of a tenant; those there are have the full one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013_editions"
down_revision = "0012_registration"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("tenants", sa.Column("edition", TEXT, nullable=False, server_default=sa.text("'full'")))
