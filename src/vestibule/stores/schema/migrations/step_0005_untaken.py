"""Answered challenges that have let nobody in are found by their person; what was answered before has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_untaken"
down_revision = "0004_voice_messages"

UNTAKEN = sa.text("state = 'answered' and taken_at is null")


def upgrade() -> None:
    op.execute("update challenges set taken_at = created_at where state = 'answered' and taken_at is null")
    op.create_index(
        "challenges_untaken",
        "challenges",
        ["tenant_id", "user_id"],
        sqlite_where=UNTAKEN,
        postgresql_where=UNTAKEN,
    )
