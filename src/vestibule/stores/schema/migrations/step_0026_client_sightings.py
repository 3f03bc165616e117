"""What is seen of RADIUS clients; sessions, found by their client, and whether they were passed on."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0026_client_sightings"
down_revision = "0025_provisioning"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SLIM: dict[str, Any] = {"sqlite_with_rowid": False}
ROOMY: dict[str, Any] = {"postgresql_with": {"fillfactor": 70}}


def text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "client_sightings",
        *text("tenant_id", "client_id", "kind"),
        *numbers("began_at", "count", "first_at", "last_at", "least", "most"),
        *text("source"),
        sa.PrimaryKeyConstraint("tenant_id", "client_id", "kind", "began_at", name="client_sightings_key"),
        **SLIM,
        **ROOMY,
    )
    op.create_index("client_sightings_by_hour", "client_sightings", ["began_at"])
    op.add_column(
        "accounting_records", sa.Column("forwarding", TEXT, nullable=False, server_default=sa.text("''"))
    )
    op.create_index(
        "accounting_records_by_session",
        "accounting_records",
        ["tenant_id", "client_id", "session", "received_at"],
    )
    resets = sa.text("kind in ('Accounting-On', 'Accounting-Off')")
    op.create_index(
        "accounting_records_resets",
        "accounting_records",
        ["tenant_id", "client_id", "received_at"],
        sqlite_where=resets,
        postgresql_where=resets,
    )
