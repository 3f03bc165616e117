"""People, their groups and rights, and how often they have failed."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Table, text, true

from vestibule.stores.schema.tables.columns import (
    ROOMY,
    SLIM,
    added_flags,
    added_numbers,
    added_words,
    belongs,
    key,
    metadata,
    numbers,
    unique,
    words,
)

users = Table(
    "users",
    metadata,
    *words("tenant_id", "user_id", "username", "names", "given_name", "family_name", "email", "phone"),
    *words("language", "directory_id", "directory_reference", "password_hash", "status", "role"),
    *numbers("created_at", "updated_at", "version"),
    *words("sort_name"),
    *added_words("default_method"),
    *added_words("requirement", default="disabled"),
    *added_flags("must_register", "is_break_glass"),
    *added_numbers("void_before", "blocked_until", "bypass_until"),
    *added_words("language_call", "language_text", "language_app", "language_token"),
    *added_flags("has_made_app_password"),
    *added_numbers("methods_since", "registering_since"),
    Column("send_mail", Boolean, nullable=False, server_default=true()),
    key("users", "tenant_id", "user_id"),
    belongs("users", "tenants", "tenant_id", cascade=False),
    Index("users_by_name", "tenant_id", "sort_name"),
    Index(
        "users_not_active",
        "tenant_id",
        "sort_name",
        sqlite_where=text("status <> 'active'"),
        postgresql_where=text("status <> 'active'"),
    ),
    Index(
        "users_with_role",
        "tenant_id",
        "sort_name",
        sqlite_where=text("role <> ''"),
        postgresql_where=text("role <> ''"),
    ),
    # Small, for the count of them all.
    Index("users_by_tenant", "tenant_id"),
    Index(
        "users_by_reference",
        "tenant_id",
        "directory_reference",
        sqlite_where=text("directory_reference <> ''"),
        postgresql_where=text("directory_reference <> ''"),
    ),
)

user_names = Table(
    "user_names",
    metadata,
    *words("tenant_id", "name", "user_id"),
    key("user_names", "tenant_id", "name"),
    belongs("user_names", "users", "tenant_id", "user_id"),
    Index("user_names_by_user", "tenant_id", "user_id"),
    **SLIM,
)

# What else a person is found by: given name, family name, e-mail address, folded to lower case.
user_terms = Table(
    "user_terms",
    metadata,
    *words("tenant_id", "term", "user_id"),
    key("user_terms", "tenant_id", "term", "user_id"),
    belongs("user_terms", "users", "tenant_id", "user_id"),
    Index("user_terms_by_user", "tenant_id", "user_id"),
    **SLIM,
)

groups = Table(
    "groups",
    metadata,
    *words("tenant_id", "group_id", "name"),
    *numbers("created_at", "version"),
    key("groups", "tenant_id", "group_id"),
    unique("groups_name", "tenant_id", "name"),
    belongs("groups", "tenants", "tenant_id", cascade=False),
)

group_members = Table(
    "group_members",
    metadata,
    *words("tenant_id", "group_id", "user_id"),
    key("group_members", "tenant_id", "group_id", "user_id"),
    belongs("group_members", "groups", "tenant_id", "group_id"),
    belongs("group_members", "users", "tenant_id", "user_id"),
    Index("group_members_by_user", "tenant_id", "user_id"),
    **SLIM,
)

grants = Table(
    "grants",
    metadata,
    *words("tenant_id", "user_id", "role_id", "reach", "groups"),
    key("grants", "tenant_id", "user_id", "role_id", "reach"),
    belongs("grants", "users", "tenant_id", "user_id"),
    **SLIM,
)

proposals = Table(
    "proposals",
    metadata,
    *words("tenant_id", "proposal_id", "act", "user_id", "username", "facts"),
    *words("actor", "actor_name", "state", "decided_by", "decided_by_name"),
    *numbers("created_at", "expires_at", "version"),
    key("proposals", "tenant_id", "proposal_id"),
    belongs("proposals", "tenants", "tenant_id", cascade=False),
    Index("proposals_by_end", "expires_at"),
)

throttles = Table(
    "throttles",
    metadata,
    *words("tenant_id", "user_id", "factor"),
    *numbers("failures", "locked_until"),
    *added_numbers("recent", "failed_at"),
    key("throttles", "tenant_id", "user_id", "factor"),
    belongs("throttles", "users", "tenant_id", "user_id"),
    **SLIM,
    **ROOMY,
)

source_throttles = Table(
    "source_throttles",
    metadata,
    *words("tenant_id", "user_id", "factor", "source"),
    *numbers("failures", "locked_until", "failed_at"),
    key("source_throttles", "tenant_id", "user_id", "factor", "source"),
    belongs("source_throttles", "users", "tenant_id", "user_id"),
    Index("source_throttles_by_time", "failed_at"),
    **SLIM,
)
