"""Whether a person is sent e-mails that no security hangs on, and attachments of e-mails."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0021_mail"
down_revision = "0020_held_replies"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    op.add_column("users", sa.Column("send_mail", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_table(
        "mail_attachments",
        *text("tenant_id", "template", "file_name", "content_type"),
        number("size"),
        *text("digest"),
        number("created_at"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "template", name="mail_attachments_key"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="mail_attachments_tenants"),
    )
