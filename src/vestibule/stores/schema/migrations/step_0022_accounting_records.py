"""What network access servers have told of sessions."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0022_accounting_records"
down_revision = "0021_mail"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "accounting_records",
        *text("tenant_id", "record_id", "client_id", "client_name"),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        *text("kind", "username", "session", "attributes"),
        sa.PrimaryKeyConstraint("tenant_id", "record_id", name="accounting_records_key"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="accounting_records_tenants"),
    )
    op.create_index("accounting_records_by_time", "accounting_records", ["tenant_id", "received_at"])
    op.create_index(
        "accounting_records_by_user", "accounting_records", ["tenant_id", "username", "received_at"]
    )
    op.create_index("accounting_records_by_end", "accounting_records", ["expires_at"])
