"""Providers and licences, usage and bills."""

from __future__ import annotations

from sqlalchemy import Index, Table, text

from vestibule.stores.schema.tables.columns import (
    SLIM,
    belongs,
    flags,
    key,
    maybe,
    metadata,
    numbers,
    unique,
    words,
)

# They outlive their tenants: what was used until their end is billed.
providers = Table(
    "providers",
    metadata,
    *words("tenant_id", "provider_id", "name", "usage_model"),
    *flags("is_linked"),
    *words("currency"),
    *numbers("created_at"),
    maybe("deleted_at"),
    *numbers("version"),
    key("providers", "tenant_id", "provider_id"),
    Index(
        "providers_of_tenant",
        "tenant_id",
        unique=True,
        sqlite_where=text("deleted_at is null"),
        postgresql_where=text("deleted_at is null"),
    ),
)

licences = Table(
    "licences",
    metadata,
    *words("tenant_id", "licence_id", "kind", "product"),
    *numbers("quantity"),
    *words("first_day", "last_day"),
    *numbers("created_at", "version"),
    key("licences", "tenant_id", "licence_id"),
    belongs("licences", "tenants", "tenant_id", cascade=False),
)

# Those that have ended stay for the days that are billed later.
licence_assignments = Table(
    "licence_assignments",
    metadata,
    *words("tenant_id", "licence_id", "user_id"),
    *numbers("assigned_at"),
    maybe("ended_at"),
    key("licence_assignments", "tenant_id", "licence_id", "user_id", "assigned_at"),
    belongs("licence_assignments", "licences", "tenant_id", "licence_id"),
    belongs("licence_assignments", "users", "tenant_id", "user_id"),
    Index("licence_assignments_by_user", "tenant_id", "user_id"),
)

meters = Table(
    "meters",
    metadata,
    *words("tenant_id", "provider_id", "next_day", "looked_day"),
    key("meters", "tenant_id", "provider_id"),
    **SLIM,
)

usage_days = Table(
    "usage_days",
    metadata,
    *words("tenant_id", "provider_id", "day", "usage_model"),
    *numbers("service_users", "server_users", "licensed"),
    *flags("is_synchronised"),
    *numbers("service_attempts", "server_attempts", "metered_at"),
    key("usage_days", "tenant_id", "provider_id", "day"),
    **SLIM,
)

# From which day until before which one a person counts; the last day there is: his end is not known yet.
metered_users = Table(
    "metered_users",
    metadata,
    *words("tenant_id", "provider_id", "user_id", "from_day", "until_day", "username"),
    *flags("is_licensed"),
    key("metered_users", "tenant_id", "provider_id", "user_id", "from_day"),
    Index(
        "metered_users_open",
        "tenant_id",
        "provider_id",
        "user_id",
        unique=True,
        sqlite_where=text("until_day = '9999-12-31'"),
        postgresql_where=text("until_day = '9999-12-31'"),
    ),
    Index("metered_users_by_end", "tenant_id", "provider_id", "until_day"),
)

phone_costs = Table(
    "phone_costs",
    metadata,
    *words("tenant_id", "day", "gateway_id", "calling_code", "carries"),
    *numbers("count", "cost"),
    key("phone_costs", "tenant_id", "day", "gateway_id", "calling_code", "carries"),
    **SLIM,
)

price_lists = Table(
    "price_lists",
    metadata,
    *words("tenant_id", "price_list_id", "currency", "from_day", "per_user", "per_pack", "per_licence"),
    *numbers("created_at"),
    key("price_lists", "tenant_id", "price_list_id"),
    unique("price_lists_day", "tenant_id", "currency", "from_day"),
)

# Credit notes, too. Nothing of what is issued is ever changed.
statements = Table(
    "statements",
    metadata,
    *words("tenant_id", "statement_id", "number", "month", "currency", "customer", "lines", "total"),
    *numbers("issued_at"),
    *words("issued_by", "credits_number", "reason"),
    key("statements", "tenant_id", "statement_id"),
    unique("statements_number", "number"),
    Index("statements_by_month", "month"),
)

budgets = Table(
    "budgets",
    metadata,
    *words("tenant_id", "provider_id", "amount", "percents"),
    *numbers("version"),
    key("budgets", "tenant_id", "provider_id"),
)

# Of which parts of a budget somebody was told in a month.
budget_alarms = Table(
    "budget_alarms",
    metadata,
    *words("tenant_id", "provider_id", "month"),
    *numbers("percent", "told_at"),
    key("budget_alarms", "tenant_id", "provider_id", "month", "percent"),
    **SLIM,
)
