"""Servers that are activated here, and what they tell."""

from __future__ import annotations

from sqlalchemy import Index, Table

from vestibule.stores.schema.tables.columns import (
    GROWING,
    SLIM,
    belongs,
    flags,
    key,
    maybe,
    metadata,
    numbers,
    sealed,
    unique,
    words,
)

# What servers tell their service. As one's own attempts they outlive whom they name, and a provider's tenant.
server_attempts = Table(
    "server_attempts",
    metadata,
    *words("tenant_id", "provider_id", "group_id", "server_id", "attempt_id"),
    *numbers("received_at", "started_at", "decided_at"),
    *words("user_id", "username", "given_name", "family_name", "email", "method"),
    *words("state", "reason", "legacy_result"),
    *flags("is_authenticated"),
    *words("server_name", "server_address", "phone", "device", "user_address"),
    key("server_attempts", "tenant_id", "provider_id", "attempt_id"),
    Index("server_attempts_by_time", "tenant_id", "received_at"),
    Index("server_attempts_by_user", "tenant_id", "user_id", "received_at"),
    **GROWING,
)

server_users = Table(
    "server_users",
    metadata,
    *words("tenant_id", "provider_id", "group_id", "day"),
    *numbers("users"),
    key("server_users", "tenant_id", "provider_id", "group_id", "day"),
    **SLIM,
)

replication_groups = Table(
    "replication_groups",
    metadata,
    *words("tenant_id", "group_id", "provider_id", "name", "installation"),
    *numbers("created_at"),
    key("replication_groups", "tenant_id", "group_id"),
    unique("replication_groups_name", "tenant_id", "name"),
    belongs("replication_groups", "tenants", "tenant_id"),
)

activated_servers = Table(
    "activated_servers",
    metadata,
    *words("tenant_id", "server_id", "group_id", "name", "version", "address"),
    sealed("public_key"),
    sealed("next_key"),
    *numbers("activated_at", "last_contact_at"),
    maybe("left_at"),
    *words("turned_away"),
    key("activated_servers", "tenant_id", "server_id"),
    belongs("activated_servers", "replication_groups", "tenant_id", "group_id"),
)

activation_credentials = Table(
    "activation_credentials",
    metadata,
    *words("tenant_id", "credentials_id", "group_id", "secret_hash", "made_by"),
    *numbers("created_at", "expires_at"),
    maybe("used_at"),
    *words("server_id"),
    key("activation_credentials", "tenant_id", "credentials_id"),
    unique("activation_credentials_secret", "secret_hash"),
    belongs("activation_credentials", "replication_groups", "tenant_id", "group_id"),
)
