"""What the operator lets a tenant send within a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037_ceilings"
down_revision = "0036_relayed_outcomes"


def upgrade() -> None:
    for name in ("sendings_ceiling", "cost_ceiling"):
        op.add_column(
            "tenants", sa.Column(name, sa.BigInteger(), nullable=False, server_default=sa.text("0"))
        )
