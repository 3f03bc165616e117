"""For which attempt a server's text is sent: ranges of numbers and gateways are judged by it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036_relayed_outcomes"
down_revision = "0035_reports"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("attempt_id", TEXT, nullable=False, server_default=sa.text("''")))
