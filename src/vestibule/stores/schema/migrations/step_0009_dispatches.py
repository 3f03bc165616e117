"""Mails and webhooks on their way, and events that somebody is to be told of."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009_dispatches"
down_revision = "0008_people_and_rules"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(name: str) -> sa.Column[Any]:
    return sa.Column(name, TEXT, nullable=False)


def number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "dispatches",
        *(text(name) for name in ("tenant_id", "dispatch_id", "carries", "kind", "address", "user_id")),
        sa.Column("sealed_body", sa.LargeBinary(), nullable=False),
        *(text(name) for name in ("state", "gateway_id", "node", "cause")),
        *(number(name) for name in ("tries", "due_at", "expires_at", "created_at")),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        number("version"),
        sa.PrimaryKeyConstraint("tenant_id", "dispatch_id", name="dispatches_key"),
    )
    is_due = sa.text("state in ('waiting', 'taken')")
    op.create_index("dispatches_due", "dispatches", ["due_at"], sqlite_where=is_due, postgresql_where=is_due)
    op.create_index("dispatches_by_end", "dispatches", ["expires_at"])
    op.create_table(
        "untold_events",
        text("tenant_id"),
        text("event_id"),
        text("event"),
        sa.PrimaryKeyConstraint("tenant_id", "event_id", name="untold_events_key"),
        sqlite_with_rowid=False,
    )
