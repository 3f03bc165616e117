"""Recordings that are said in calls instead of the built-in texts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004_voice_messages"
down_revision = "0003_pins"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(name: str) -> sa.Column[Any]:
    return sa.Column(name, TEXT, nullable=False)


def number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "voice_messages",
        text("tenant_id"),
        text("message_id"),
        text("language"),
        text("application_id"),
        text("type"),
        text("description"),
        number("milliseconds"),
        number("created_at"),
        number("version"),
        sa.Column("sound", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "message_id", name="voice_messages_key"),
        sa.UniqueConstraint("tenant_id", "language", "application_id", "type", name="voice_messages_place"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="voice_messages_tenants"),
    )
