"""Gateways, what is sent through them, and challenges whose answer comes on another road."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002_phone"
down_revision = "0001_initial"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def text(name: str) -> sa.Column[Any]:
    return sa.Column(name, TEXT, nullable=False)


def added_text(name: str, default: str = "") -> sa.Column[Any]:
    return sa.Column(name, TEXT, nullable=False, server_default=sa.text(f"'{default}'"))


def number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def only_where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.add_column("users", added_text("default_method"))
    _challenges()
    _gateways()
    _deliveries()


def _challenges() -> None:
    for column in (
        added_text("channel", "typed"),
        added_text("authenticator_id"),
        added_text("address"),
        sa.Column("expected", sa.LargeBinary(), nullable=False, server_default=sa.text("''")),
        added_text("origin"),
        added_text("waiter"),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        added_text("progress", "{}"),
        sa.Column("version", sa.BigInteger(), nullable=False, server_default=sa.text("1")),
    ):
        op.add_column("challenges", column)
    op.create_index(
        "challenges_open_by_address",
        "challenges",
        ["tenant_id", "address"],
        **only_where("state = 'open' and address <> ''"),
    )


def _gateways() -> None:
    op.create_table(
        "gateways",
        text("tenant_id"),
        text("gateway_id"),
        text("kind"),
        text("name"),
        text("settings"),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        number("created_at"),
        number("version"),
        sa.PrimaryKeyConstraint("tenant_id", "gateway_id", name="gateways_key"),
        sa.UniqueConstraint("tenant_id", "name", name="gateways_name"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="gateways_tenants"),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        text("tenant_id"),
        text("delivery_id"),
        text("verification_id"),
        text("challenge_id"),
        text("user_id"),
        text("carries"),
        text("address"),
        sa.Column("sealed_body", sa.LargeBinary(), nullable=False),
        text("state"),
        text("gateway_id"),
        text("tried"),
        text("reference"),
        text("node"),
        text("cause"),
        number("tries"),
        number("due_at"),
        number("expires_at"),
        number("created_at"),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        number("version"),
        sa.PrimaryKeyConstraint("tenant_id", "delivery_id", name="deliveries_key"),
    )
    op.create_index("deliveries_due", "deliveries", ["due_at"], **only_where("state in ('waiting', 'taken')"))
    op.create_index(
        "deliveries_by_reference",
        "deliveries",
        ["tenant_id", "gateway_id", "reference"],
        **only_where("reference <> ''"),
    )
    op.create_index("deliveries_by_user", "deliveries", ["tenant_id", "user_id", "created_at"])
    op.create_index("deliveries_by_challenge", "deliveries", ["tenant_id", "challenge_id"])
    op.create_index("deliveries_by_end", "deliveries", ["expires_at"])
