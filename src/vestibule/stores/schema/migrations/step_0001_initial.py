"""The first schema. Frozen: what changes later is a step of its own."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001_initial"
down_revision = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROOMY: dict[str, Any] = {"postgresql_with": {"fillfactor": 70}}
SLIM: dict[str, Any] = {"sqlite_with_rowid": False}


def text(name: str) -> sa.Column[Any]:
    return sa.Column(name, TEXT, nullable=False)


def number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def only_where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_table(
        "challenges",
        text("tenant_id"),
        text("challenge_id"),
        text("verification_id"),
        text("user_id"),
        text("application_id"),
        text("client_id"),
        text("method"),
        text("state"),
        number("tries_left"),
        number("expires_at"),
        number("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "challenge_id", name="challenges_key"),
    )
    op.create_index("challenges_by_end", "challenges", ["expires_at"])
    op.create_index(
        "challenges_open_by_user",
        "challenges",
        ["tenant_id", "user_id", "created_at"],
        **only_where("state = 'open'"),
    )
    op.create_index(
        "challenges_open_by_verification",
        "challenges",
        ["tenant_id", "verification_id"],
        **only_where("state = 'open'"),
    )
    op.create_table(
        "events",
        text("tenant_id"),
        text("event_id"),
        number("at"),
        text("kind"),
        text("actor"),
        text("actor_name"),
        text("subject"),
        text("subject_name"),
        text("facts"),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "event_id", name="events_key"),
    )
    op.create_index("events_by_time", "events", ["tenant_id", "at"])
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        text("oldest_program"),
        number("generation"),
        number("checked_at"),
        sa.CheckConstraint("id = 1", name="installation_is_one"),
        sa.PrimaryKeyConstraint("id", name="installation_key"),
    )
    op.create_table(
        "links",
        text("tenant_id"),
        text("token_hash"),
        text("purpose"),
        text("subject"),
        number("expires_at"),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        number("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "token_hash", name="links_key"),
        sa.UniqueConstraint("token_hash", name="links_token"),
    )
    op.create_index("links_by_end", "links", ["expires_at"])
    op.create_table(
        "notes", text("key"), text("value"), sa.PrimaryKeyConstraint("key", name="notes_key"), **SLIM
    )
    op.create_table(
        "tenants",
        text("tenant_id"),
        text("name"),
        text("settings"),
        number("created_at"),
        number("version"),
        sa.PrimaryKeyConstraint("tenant_id", name="tenants_key"),
        sa.UniqueConstraint("name", name="tenants_name"),
    )
    op.create_table(
        "verifications",
        text("tenant_id"),
        text("verification_id"),
        number("started_at"),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        number("expires_at"),
        text("application_id"),
        text("application_name"),
        text("client_id"),
        text("client_name"),
        text("client_address"),
        text("user_address"),
        text("channel"),
        text("claimed_username"),
        text("user_id"),
        text("username"),
        text("given_name"),
        text("family_name"),
        text("email"),
        text("method"),
        text("authenticator_id"),
        text("authenticator_label"),
        text("phone"),
        text("device"),
        text("state"),
        text("reason"),
        text("legacy_result"),
        sa.Column("is_first_factor_proven", sa.Boolean(), nullable=False),
        sa.Column("is_authenticated", sa.Boolean(), nullable=False),
        text("node_name"),
        text("node_address"),
        sa.Column("idempotency_key", TEXT, nullable=True),
        text("trace"),
        number("version"),
        sa.PrimaryKeyConstraint("tenant_id", "verification_id", name="verifications_key"),
    )
    op.create_index(
        "verifications_by_application", "verifications", ["tenant_id", "application_id", "started_at"]
    )
    op.create_index("verifications_by_start", "verifications", ["tenant_id", "started_at"])
    op.create_index("verifications_by_user", "verifications", ["tenant_id", "user_id", "started_at"])
    op.create_index(
        "verifications_idempotency",
        "verifications",
        ["tenant_id", "idempotency_key"],
        unique=True,
        **only_where("idempotency_key is not null"),
    )
    op.create_index(
        "verifications_pending", "verifications", ["expires_at"], **only_where("state = 'pending'")
    )
    op.create_table(
        "applications",
        text("tenant_id"),
        text("application_id"),
        text("name"),
        text("first_factor"),
        text("directory_id"),
        text("second_factor"),
        text("methods"),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        number("created_at"),
        number("version"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="applications_tenants"),
        sa.PrimaryKeyConstraint("tenant_id", "application_id", name="applications_key"),
        sa.UniqueConstraint("tenant_id", "name", name="applications_name"),
    )
    op.create_table(
        "directories",
        text("tenant_id"),
        text("directory_id"),
        text("kind"),
        text("name"),
        text("settings"),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        number("created_at"),
        number("version"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="directories_tenants"),
        sa.PrimaryKeyConstraint("tenant_id", "directory_id", name="directories_key"),
        sa.UniqueConstraint("tenant_id", "name", name="directories_name"),
    )
    op.create_table(
        "users",
        text("tenant_id"),
        text("user_id"),
        text("username"),
        text("names"),
        text("given_name"),
        text("family_name"),
        text("email"),
        text("phone"),
        text("language"),
        text("directory_id"),
        text("directory_reference"),
        text("password_hash"),
        text("status"),
        text("role"),
        number("created_at"),
        number("updated_at"),
        number("version"),
        text("sort_name"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="users_tenants"),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name="users_key"),
    )
    op.create_index("users_by_name", "users", ["tenant_id", "sort_name"])
    op.create_table(
        "authenticators",
        text("tenant_id"),
        text("authenticator_id"),
        sa.Column("user_id", TEXT, nullable=True),
        text("method"),
        text("label"),
        sa.Column("serial", TEXT, nullable=True),
        text("parameters"),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        text("state"),
        text("status"),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("not_after", sa.BigInteger(), nullable=True),
        number("created_at"),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        number("version"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"], name="authenticators_users"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "authenticator_id", name="authenticators_key"),
        **ROOMY,
    )
    op.create_index(
        "authenticators_by_user",
        "authenticators",
        ["tenant_id", "user_id"],
        **only_where("user_id is not null"),
    )
    op.create_index(
        "authenticators_serial",
        "authenticators",
        ["tenant_id", "serial"],
        unique=True,
        **only_where("serial is not null"),
    )
    op.create_table(
        "clients",
        text("tenant_id"),
        text("client_id"),
        text("application_id"),
        text("kind"),
        text("name"),
        text("address"),
        text("settings"),
        text("scopes"),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        number("created_at"),
        number("version"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"],
            ["applications.tenant_id", "applications.application_id"],
            name="clients_applications",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "client_id", name="clients_key"),
        sa.UniqueConstraint("tenant_id", "name", name="clients_name"),
    )
    op.create_index("clients_by_application", "clients", ["tenant_id", "application_id"])
    op.create_table(
        "sessions",
        text("tenant_id"),
        text("token_hash"),
        text("user_id"),
        text("application_id"),
        text("language"),
        text("verification_id"),
        sa.Column("is_second_factor_proven", sa.Boolean(), nullable=False),
        number("proven_at"),
        number("created_at"),
        number("seen_at"),
        number("expires_at"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="sessions_users",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "token_hash", name="sessions_key"),
        sa.UniqueConstraint("token_hash", name="sessions_token"),
    )
    op.create_index("sessions_by_end", "sessions", ["expires_at"])
    op.create_index("sessions_by_user", "sessions", ["tenant_id", "user_id"])
    op.create_table(
        "throttles",
        text("tenant_id"),
        text("user_id"),
        text("factor"),
        number("failures"),
        number("locked_until"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="throttles_users",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "factor", name="throttles_key"),
        **ROOMY,
        **SLIM,
    )
    op.create_table(
        "user_names",
        text("tenant_id"),
        text("name"),
        text("user_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="user_names_users",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "name", name="user_names_key"),
        **SLIM,
    )
    op.create_index("user_names_by_user", "user_names", ["tenant_id", "user_id"])
    op.create_table(
        "user_terms",
        text("tenant_id"),
        text("term"),
        text("user_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.user_id"],
            name="user_terms_users",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "term", "user_id", name="user_terms_key"),
        **SLIM,
    )
    op.create_index("user_terms_by_user", "user_terms", ["tenant_id", "user_id"])
    op.create_table(
        "client_secrets",
        text("tenant_id"),
        text("secret_id"),
        text("client_id"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        text("token_hash"),
        text("hint"),
        sa.Column("not_after", sa.BigInteger(), nullable=True),
        number("created_at"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.client_id"],
            name="client_secrets_clients",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "secret_id", name="client_secrets_key"),
    )
    op.create_index("client_secrets_by_client", "client_secrets", ["tenant_id", "client_id"])

    op.execute(
        "insert into installation (id, oldest_program, generation, checked_at) values (1, '0.1.0', 0, 0)"
    )
