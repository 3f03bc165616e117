"""How a tenant shows itself to its people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032_brandings"
down_revision = "0031_providers"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "brandings",
        *[sa.Column(name, TEXT, nullable=False) for name in ("tenant_id", "name", "color", "logo")],
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False, server_default=sa.text("''")),
        sa.PrimaryKeyConstraint("tenant_id", name="brandings_key"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="brandings_tenants"),
    )
