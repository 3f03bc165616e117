"""Synchronisation with directories, and provisioning."""

from __future__ import annotations

from sqlalchemy import Index, Table

from vestibule.stores.schema.tables.columns import (
    added_words,
    belongs,
    flags,
    key,
    metadata,
    numbers,
    unique,
    words,
)

synchronisations = Table(
    "synchronisations",
    metadata,
    *words("tenant_id", "directory_id", "settings", "node"),
    *numbers("fence", "lease_until", "due_at"),
    *words("token"),
    *numbers("full_at", "created_at", "version"),
    key("synchronisations", "tenant_id", "directory_id"),
    belongs("synchronisations", "directories", "tenant_id", "directory_id"),
)

sync_runs = Table(
    "sync_runs",
    metadata,
    *words("tenant_id", "run_id", "directory_id"),
    *flags("is_full"),
    *words("started_by", "node", "state"),
    *numbers("started_at", "moved_at", "ended_at"),
    *words("cause", "counts"),
    *numbers("total", "done"),
    *words("problems", "leavers", "approved_by"),
    key("sync_runs", "tenant_id", "run_id"),
    Index("sync_runs_of", "tenant_id", "directory_id", "run_id"),
    belongs("sync_runs", "synchronisations", "tenant_id", "directory_id"),
)

bonds = Table(
    "bonds",
    metadata,
    *words("tenant_id", "directory_id", "reference", "user_id", "names", "fields", "groups"),
    *flags("is_disabled"),
    *added_words("phone_method"),
    *added_words("phones", default="[]"),
    key("bonds", "tenant_id", "directory_id", "reference"),
    unique("bonds_of_user", "tenant_id", "user_id"),
    belongs("bonds", "users", "tenant_id", "user_id"),
    belongs("bonds", "directories", "tenant_id", "directory_id"),
)

provisioned = Table(
    "provisioned",
    metadata,
    *words("tenant_id", "user_id", "client_id", "external_id", "names", "fields", "told"),
    *flags("is_gone"),
    *numbers("pushed_at"),
    key("provisioned", "tenant_id", "user_id"),
    belongs("provisioned", "users", "tenant_id", "user_id"),
    Index("provisioned_by_external_id", "tenant_id", "external_id"),
    Index("provisioned_by_time", "tenant_id", "pushed_at"),
)

provisioned_groups = Table(
    "provisioned_groups",
    metadata,
    *words("tenant_id", "group_id", "client_id", "external_id"),
    *numbers("pushed_at"),
    key("provisioned_groups", "tenant_id", "group_id"),
    belongs("provisioned_groups", "groups", "tenant_id", "group_id"),
)
