"""Certificates of servers, of the authority that signs them, and of clients."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0024_certificates"
down_revision = "0023_nt_hashes"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "certificates",
        *text("tenant_id", "certificate_id", "kind", "client_id", "name", "hosts", "pem"),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "certificate_id", name="certificates_key"),
        sa.UniqueConstraint("certificate_id", name="certificates_fingerprint"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="certificates_tenants"),
    )
