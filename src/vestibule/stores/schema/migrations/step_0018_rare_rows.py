"""Indexes of what is rare in long lists: the blocks of one person, and what could not be sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018_rare_rows"
down_revision = "0017_alarms"


def upgrade() -> None:
    op.create_index("blocks_by_user", "blocks", ["tenant_id", "user_id", "begun_at"])
    failed = sa.text("state = 'failed'")
    op.create_index(
        "dispatches_failed",
        "dispatches",
        ["tenant_id", "dispatch_id"],
        sqlite_where=failed,
        postgresql_where=failed,
    )
