"""What is used, day by day; what it costs; what was billed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0034_billing"
down_revision = "0033_replication"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SLIM: dict[str, Any] = {"sqlite_with_rowid": False}


def text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, TEXT, nullable=False) for name in names]


def numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def flags(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Boolean(), nullable=False) for name in names]


def table(name: str, *columns: Any, key: tuple[str, ...], slim: bool = False) -> None:
    primary = sa.PrimaryKeyConstraint(*key, name=f"{name}_key")
    op.create_table(name, *columns, primary, **(SLIM if slim else {}))


def upgrade() -> None:
    provider = ("tenant_id", "provider_id")
    table(
        "meters",
        *text(*provider, "next_day", "looked_day"),
        key=provider,
        slim=True,
    )
    table(
        "usage_days",
        *text(*provider, "day", "usage_model"),
        *numbers("service_users", "server_users", "licensed"),
        *flags("is_synchronised"),
        *numbers("service_attempts", "server_attempts", "metered_at"),
        key=(*provider, "day"),
        slim=True,
    )
    table(
        "metered_users",
        *text(*provider, "user_id", "from_day", "until_day", "username"),
        *flags("is_licensed"),
        key=(*provider, "user_id", "from_day"),
    )
    op.create_index(
        "metered_users_open",
        "metered_users",
        [*provider, "user_id"],
        unique=True,
        sqlite_where=sa.text("until_day = '9999-12-31'"),
        postgresql_where=sa.text("until_day = '9999-12-31'"),
    )
    op.create_index("metered_users_by_end", "metered_users", [*provider, "until_day"])
    table(
        "phone_costs",
        *text("tenant_id", "day", "gateway_id", "calling_code", "carries"),
        *numbers("count", "cost"),
        key=("tenant_id", "day", "gateway_id", "calling_code", "carries"),
        slim=True,
    )
    op.create_table(
        "price_lists",
        *text("tenant_id", "price_list_id", "currency", "from_day", "per_user", "per_pack", "per_licence"),
        *numbers("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "price_list_id", name="price_lists_key"),
        sa.UniqueConstraint("tenant_id", "currency", "from_day", name="price_lists_day"),
    )
    op.create_table(
        "statements",
        *text("tenant_id", "statement_id", "number", "month", "currency", "customer", "lines", "total"),
        *numbers("issued_at"),
        *text("issued_by", "credits_number", "reason"),
        sa.PrimaryKeyConstraint("tenant_id", "statement_id", name="statements_key"),
        sa.UniqueConstraint("number", name="statements_number"),
    )
    op.create_index("statements_by_month", "statements", ["month"])
    table(
        "budgets",
        *text(*provider, "amount", "percents"),
        *numbers("version"),
        key=provider,
    )
    table(
        "budget_alarms",
        *text(*provider, "month"),
        *numbers("percent", "told_at"),
        key=(*provider, "month", "percent"),
        slim=True,
    )
