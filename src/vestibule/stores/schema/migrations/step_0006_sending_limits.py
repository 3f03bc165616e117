"""What was sent within a window, counted by limit; and what a gateway's texts and calls cost."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006_sending_limits"
down_revision = "0005_untaken"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(name: str) -> sa.Column[Any]:
    return sa.Column(name, TEXT, nullable=False)


def added_text(name: str) -> sa.Column[Any]:
    return sa.Column(name, TEXT, nullable=False, server_default=sa.text("''"))


def number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    op.add_column("gateways", added_text("text_price"))
    op.add_column("gateways", added_text("call_price"))
    op.create_table(
        "sending_counts",
        text("tenant_id"),
        text("kind"),
        text("key"),
        number("began_at"),
        number("ends_at"),
        number("count"),
        number("cost"),
        number("reached_at"),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "key", "began_at", name="sending_counts_key"),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 70},
    )
    op.create_index("sending_counts_by_end", "sending_counts", ["ends_at"])
