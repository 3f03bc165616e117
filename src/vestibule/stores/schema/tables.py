"""The tables, declared once for both engines. Only migrations and tests import this module.

Invariants: every record's key starts with its tenant; texts compare by code point on both engines
(collation C, BINARY), so lists have one order everywhere; times are epoch milliseconds; what is JSON is
text, written and read by the program alone. `verifications` is the hot insert: each index on it costs
every sign-in, so it has only those that a list or a promise needs, and no foreign key, because attempts
outlive the people and applications they name.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

TEXT = Text().with_variant(Text(collation="C"), "postgresql")

# Rows that are updated at every sign-in leave room on their page, so that PostgreSQL can write the new
# version beside the old one without touching an index.
ROOMY: dict[str, Any] = {"postgresql_with": {"fillfactor": 70}}

# PostgreSQL reads an index alone only where it has looked at the rows since they were written: after each two
# hundredth part that comes, not each fifth.
GROWING: dict[str, Any] = {"postgresql_with": {"autovacuum_vacuum_insert_scale_factor": 0.005}}

# A table whose rows are little more than their key is its own index on SQLite.
SLIM: dict[str, Any] = {"sqlite_with_rowid": False}

metadata = MetaData()


def words(*names: str) -> list[Column[Any]]:
    return [Column(name, TEXT, nullable=False) for name in names]


def added_words(*names: str, default: str = "") -> list[Column[Any]]:
    """Columns of a later step: rows that are there already, and nodes of the release before, have a value."""
    return [Column(name, TEXT, nullable=False, server_default=text(f"'{default}'")) for name in names]


def added_numbers(*names: str) -> list[Column[Any]]:
    return [Column(name, BigInteger, nullable=False, server_default=text("0")) for name in names]


def added_flags(*names: str) -> list[Column[Any]]:
    return [Column(name, Boolean, nullable=False, server_default=false()) for name in names]


def numbers(*names: str) -> list[Column[Any]]:
    return [Column(name, BigInteger, nullable=False) for name in names]


def flags(*names: str) -> list[Column[Any]]:
    return [Column(name, Boolean, nullable=False) for name in names]


def maybe(name: str, kind: Any = BigInteger) -> Column[Any]:
    return Column(name, kind, nullable=True)


def sealed(name: str) -> Column[Any]:
    return Column(name, LargeBinary, nullable=False)


def key(table: str, *columns: str) -> PrimaryKeyConstraint:
    return PrimaryKeyConstraint(*columns, name=f"{table}_key")


def unique(name: str, *columns: str) -> UniqueConstraint:
    return UniqueConstraint(*columns, name=name)


def belongs(table: str, parent: str, *columns: str, cascade: bool = True) -> ForeignKeyConstraint:
    """`columns` are the same in both tables; the child goes with its parent if `cascade`."""
    return ForeignKeyConstraint(
        columns,
        [f"{parent}.{column}" for column in columns],
        name=f"{table}_{parent}",
        ondelete="CASCADE" if cascade else None,
    )


# --- the installation ---------------------------------------------------------------------------------

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, nullable=False, autoincrement=False),
    *words("oldest_program"),
    *numbers("generation", "checked_at"),
    key("installation", "id"),
    CheckConstraint("id = 1", name="installation_is_one"),
)

notes = Table("notes", metadata, *words("key", "value"), key("notes", "key"), **SLIM)

# --- configuration ------------------------------------------------------------------------------------

tenants = Table(
    "tenants",
    metadata,
    *words("tenant_id", "name", "settings"),
    *numbers("created_at", "version"),
    *added_words("edition", default="full"),
    maybe("own_edition", TEXT),
    *added_numbers("lapses_at"),
    *added_flags("is_standalone"),
    *added_numbers("sendings_ceiling", "cost_ceiling"),
    key("tenants", "tenant_id"),
    unique("tenants_name", "name"),
)

# The picture of a logo is kept beside it, and read by itself.
brandings = Table(
    "brandings",
    metadata,
    *words("tenant_id", "name", "color", "logo"),
    *numbers("version"),
    Column("picture", LargeBinary, nullable=False, server_default=text("''")),
    key("brandings", "tenant_id"),
    belongs("brandings", "tenants", "tenant_id", cascade=False),
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

directories = Table(
    "directories",
    metadata,
    *words("tenant_id", "directory_id", "kind", "name", "settings"),
    sealed("secret"),
    *numbers("created_at", "version"),
    key("directories", "tenant_id", "directory_id"),
    unique("directories_name", "tenant_id", "name"),
    belongs("directories", "tenants", "tenant_id", cascade=False),
)

applications = Table(
    "applications",
    metadata,
    *words("tenant_id", "application_id", "name", "first_factor", "directory_id", "second_factor", "methods"),
    *flags("is_enabled"),
    *numbers("created_at", "version"),
    *added_words("purpose", default="sign_in"),
    *added_words("trusted_addresses", default="[]"),
    *added_flags("skips_trusted"),
    *added_numbers("remember_days"),
    *added_words("caching", default="off"),
    *added_numbers("caching_seconds"),
    *added_flags("is_legacy"),
    key("applications", "tenant_id", "application_id"),
    unique("applications_name", "tenant_id", "name"),
    belongs("applications", "tenants", "tenant_id", cascade=False),
)

clients = Table(
    "clients",
    metadata,
    *words("tenant_id", "client_id", "application_id", "kind", "name", "address", "settings", "scopes"),
    *flags("is_enabled"),
    *numbers("created_at", "version"),
    *added_words("role_id", default="administrator"),
    key("clients", "tenant_id", "client_id"),
    unique("clients_name", "tenant_id", "name"),
    belongs("clients", "applications", "tenant_id", "application_id"),
    Index("clients_by_application", "tenant_id", "application_id"),
)

client_secrets = Table(
    "client_secrets",
    metadata,
    *words("tenant_id", "secret_id", "client_id"),
    sealed("sealed"),
    *words("token_hash", "hint"),
    maybe("not_after"),
    *numbers("created_at"),
    key("client_secrets", "tenant_id", "secret_id"),
    belongs("client_secrets", "clients", "tenant_id", "client_id"),
    Index("client_secrets_by_client", "tenant_id", "client_id"),
)

# By what servers and clients know one another on connections with TLS; a certificate is one tenant's.
certificates = Table(
    "certificates",
    metadata,
    *words("tenant_id", "certificate_id", "kind", "client_id", "name", "hosts", "pem"),
    sealed("key"),
    *numbers("not_before", "not_after"),
    maybe("revoked_at"),
    *numbers("created_at"),
    key("certificates", "tenant_id", "certificate_id"),
    unique("certificates_fingerprint", "certificate_id"),
    belongs("certificates", "tenants", "tenant_id", cascade=False),
)

gateways = Table(
    "gateways",
    metadata,
    *words("tenant_id", "gateway_id", "kind", "name", "settings"),
    sealed("secret"),
    Column("priority", Integer, nullable=False),
    *flags("is_enabled"),
    *numbers("created_at", "version"),
    *added_words("text_price", "call_price", "serves"),
    key("gateways", "tenant_id", "gateway_id"),
    unique("gateways_name", "tenant_id", "name"),
    belongs("gateways", "tenants", "tenant_id", cascade=False),
)

roles = Table(
    "roles",
    metadata,
    *words("tenant_id", "role_id", "name", "rights"),
    *numbers("created_at", "version"),
    key("roles", "tenant_id", "role_id"),
    unique("roles_name", "tenant_id", "name"),
    belongs("roles", "tenants", "tenant_id", cascade=False),
)

# Every version of the access rules that there ever was; the newest holds.
rule_sets = Table(
    "rule_sets",
    metadata,
    *words("tenant_id"),
    *numbers("version"),
    *words("rules", "note", "actor", "actor_name"),
    *numbers("created_at"),
    key("rule_sets", "tenant_id", "version"),
    belongs("rule_sets", "tenants", "tenant_id", cascade=False),
)

# One recording for each place; a new one takes its place under a new identifier, so that an identifier always
# sounds the same.
voice_messages = Table(
    "voice_messages",
    metadata,
    *words("tenant_id", "message_id", "language", "application_id", "type", "description"),
    *numbers("milliseconds", "created_at", "version"),
    sealed("sound"),
    key("voice_messages", "tenant_id", "message_id"),
    unique("voice_messages_place", "tenant_id", "language", "application_id", "type"),
    belongs("voice_messages", "tenants", "tenant_id", cascade=False),
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

mail_attachments = Table(
    "mail_attachments",
    metadata,
    *words("tenant_id", "template", "file_name", "content_type"),
    *numbers("size"),
    *words("digest"),
    *numbers("created_at"),
    Column("content", LargeBinary, nullable=False),
    key("mail_attachments", "tenant_id", "template"),
    belongs("mail_attachments", "tenants", "tenant_id", cascade=False),
)

# --- people and what they hold ------------------------------------------------------------------------

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

# They stay when they are over, and when their person is gone: what was blocked, bypassed and why is history.
blocks = Table(
    "blocks",
    metadata,
    *words("tenant_id", "block_id", "user_id", "username", "phone", "language", "cause", "reason"),
    *words("verification_id", "actor", "actor_name"),
    *numbers("begun_at", "until"),
    maybe("ended_at"),
    *words("ended_by", "ended_by_name", "end_reason"),
    key("blocks", "tenant_id", "block_id"),
    belongs("blocks", "tenants", "tenant_id", cascade=False),
    Index("blocks_by_time", "tenant_id", "begun_at"),
    Index("blocks_by_user", "tenant_id", "user_id", "begun_at"),
    Index(
        "blocks_open",
        "tenant_id",
        "user_id",
        unique=True,
        sqlite_where=text("ended_at is null"),
        postgresql_where=text("ended_at is null"),
    ),
    Index(
        "blocks_by_phone",
        "tenant_id",
        "phone",
        sqlite_where=text("phone <> '' and ended_at is null"),
        postgresql_where=text("phone <> '' and ended_at is null"),
    ),
)

bypasses = Table(
    "bypasses",
    metadata,
    *words("tenant_id", "bypass_id", "user_id", "username", "application_id", "application_name"),
    *numbers("seconds"),
    *words("reason", "phone", "actor", "actor_name"),
    *numbers("made_at", "expires_at"),
    *words("state"),
    maybe("ended_at"),
    *words("verification_id"),
    key("bypasses", "tenant_id", "bypass_id"),
    belongs("bypasses", "tenants", "tenant_id", cascade=False),
    Index("bypasses_by_time", "tenant_id", "made_at"),
    Index("bypasses_by_user", "tenant_id", "user_id"),
    Index(
        "bypasses_waiting",
        "tenant_id",
        "user_id",
        unique=True,
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "bypasses_by_end",
        "expires_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)

pins = Table(
    "pins",
    metadata,
    *words("tenant_id", "user_id"),
    sealed("sealed"),
    *flags("must_change"),
    *numbers("changed_at", "version"),
    key("pins", "tenant_id", "user_id"),
    belongs("pins", "users", "tenant_id", "user_id"),
)

security_answers = Table(
    "security_answers",
    metadata,
    *words("tenant_id", "user_id"),
    sealed("sealed"),
    *numbers("created_at"),
    key("security_answers", "tenant_id", "user_id"),
    belongs("security_answers", "users", "tenant_id", "user_id"),
)

# Copies of local passwords for MS-CHAPv2, in tenants that keep them.
nt_hashes = Table(
    "nt_hashes",
    metadata,
    *words("tenant_id", "user_id"),
    sealed("sealed"),
    key("nt_hashes", "tenant_id", "user_id"),
    belongs("nt_hashes", "users", "tenant_id", "user_id"),
)

app_passwords = Table(
    "app_passwords",
    metadata,
    *words("tenant_id", "app_password_id", "user_id", "name", "applications", "token_hash"),
    *numbers("created_at"),
    maybe("used_at"),
    key("app_passwords", "tenant_id", "app_password_id"),
    unique("app_passwords_hash", "tenant_id", "user_id", "token_hash"),
    belongs("app_passwords", "users", "tenant_id", "user_id"),
    **ROOMY,
)

vouchers = Table(
    "vouchers",
    metadata,
    *words("tenant_id", "user_id", "kind", "vouch", "code_hash"),
    *numbers("made_at"),
    *words("made_by"),
    *numbers("expires_at"),
    maybe("used_at"),
    *words("used_by"),
    key("vouchers", "tenant_id", "user_id", "kind"),
    belongs("vouchers", "users", "tenant_id", "user_id"),
)

authenticators = Table(
    "authenticators",
    metadata,
    *words("tenant_id", "authenticator_id"),
    maybe("user_id", TEXT),
    *words("method", "label"),
    maybe("serial", TEXT),
    *words("parameters"),
    sealed("secret"),
    *words("state", "status"),
    maybe("not_before"),
    maybe("not_after"),
    *numbers("created_at"),
    maybe("used_at"),
    *numbers("version"),
    key("authenticators", "tenant_id", "authenticator_id"),
    belongs("authenticators", "users", "tenant_id", "user_id", cascade=False),
    Index(
        "authenticators_serial",
        "tenant_id",
        "serial",
        unique=True,
        sqlite_where=text("serial is not null"),
        postgresql_where=text("serial is not null"),
    ),
    Index(
        "authenticators_by_user",
        "tenant_id",
        "user_id",
        sqlite_where=text("user_id is not null"),
        postgresql_where=text("user_id is not null"),
    ),
    **ROOMY,
)

# --- attempts -----------------------------------------------------------------------------------------

verifications = Table(
    "verifications",
    metadata,
    *words("tenant_id", "verification_id"),
    *numbers("started_at"),
    maybe("decided_at"),
    *numbers("expires_at"),
    *words("application_id", "application_name", "client_id", "client_name", "client_address"),
    *words("user_address", "channel", "claimed_username", "user_id", "username", "given_name"),
    *words("family_name", "email", "method", "authenticator_id", "authenticator_label", "phone", "device"),
    *words("state", "reason", "legacy_result"),
    *flags("is_first_factor_proven", "is_authenticated"),
    *words("node_name", "node_address"),
    maybe("idempotency_key", TEXT),
    *words("trace"),
    *numbers("version"),
    key("verifications", "tenant_id", "verification_id"),
    # Counted by state without a look at the rows. On PostgreSQL the state is no key: before there are
    # statistics, a search by identifier and state would take this index and read the whole tenant.
    Index("verifications_by_start", "tenant_id", "started_at", "state", info={"only_on": "sqlite"}),
    Index(
        "verifications_by_start",
        "tenant_id",
        "started_at",
        postgresql_include=["state"],
        info={"only_on": "postgresql"},
    ),
    Index("verifications_by_user", "tenant_id", "user_id", "started_at"),
    Index("verifications_by_application", "tenant_id", "application_id", "started_at"),
    # Reports of fraud are few, and are looked for among millions of attempts.
    Index(
        "verifications_of_fraud",
        "tenant_id",
        "started_at",
        sqlite_where=text("reason = 'fraud_reported'"),
        postgresql_where=text("reason = 'fraud_reported'"),
    ),
    Index(
        "verifications_idempotency",
        "tenant_id",
        "idempotency_key",
        unique=True,
        sqlite_where=text("idempotency_key is not null"),
        postgresql_where=text("idempotency_key is not null"),
    ),
    Index(
        "verifications_pending",
        "expires_at",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    **GROWING,
)

challenges = Table(
    "challenges",
    metadata,
    *words("tenant_id", "challenge_id", "verification_id", "user_id", "application_id", "client_id"),
    *words("method", "state"),
    *numbers("tries_left", "expires_at", "created_at"),
    *added_words("channel", default="typed"),
    *added_words("authenticator_id", "address"),
    Column("expected", LargeBinary, nullable=False, server_default=text("''")),
    *added_words("origin", "waiter"),
    maybe("taken_at"),
    *added_words("progress", default="{}"),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    key("challenges", "tenant_id", "challenge_id"),
    Index(
        "challenges_open_by_user",
        "tenant_id",
        "user_id",
        "created_at",
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
    Index(
        "challenges_open_by_verification",
        "tenant_id",
        "verification_id",
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
    Index("challenges_by_end", "expires_at"),
    Index(
        "challenges_untaken",
        "tenant_id",
        "user_id",
        sqlite_where=text("state = 'answered' and taken_at is null"),
        postgresql_where=text("state = 'answered' and taken_at is null"),
    ),
    Index(
        "challenges_open_by_address",
        "tenant_id",
        "address",
        sqlite_where=text("state = 'open' and address <> ''"),
        postgresql_where=text("state = 'open' and address <> ''"),
    ),
)

# A row for each fact about one device; the first of its kind stays.
device_records = Table(
    "device_records",
    metadata,
    *words("tenant_id", "verification_id", "authenticator_id", "fact", "label"),
    *numbers("at"),
    key("device_records", "tenant_id", "verification_id", "authenticator_id", "fact"),
    belongs("device_records", "verifications", "tenant_id", "verification_id"),
    **SLIM,
)

# What network access servers have told of sessions.
accounting_records = Table(
    "accounting_records",
    metadata,
    *words("tenant_id", "record_id", "client_id", "client_name"),
    *numbers("received_at", "expires_at"),
    *words("kind", "username", "session", "attributes"),
    *added_words("forwarding"),
    key("accounting_records", "tenant_id", "record_id"),
    belongs("accounting_records", "tenants", "tenant_id", cascade=False),
    Index("accounting_records_by_time", "tenant_id", "received_at"),
    Index("accounting_records_by_user", "tenant_id", "username", "received_at"),
    Index("accounting_records_by_session", "tenant_id", "client_id", "session", "received_at"),
    Index(
        "accounting_records_resets",
        "tenant_id",
        "client_id",
        "received_at",
        sqlite_where=text("kind in ('Accounting-On', 'Accounting-Off')"),
        postgresql_where=text("kind in ('Accounting-On', 'Accounting-Off')"),
    ),
    Index("accounting_records_by_end", "expires_at"),
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

# How often each kind of thing was seen of a RADIUS client within one hour; of strangers by their address.
client_sightings = Table(
    "client_sightings",
    metadata,
    *words("tenant_id", "client_id", "kind"),
    *numbers("began_at", "count", "first_at", "last_at", "least", "most"),
    *words("source"),
    key("client_sightings", "tenant_id", "client_id", "kind", "began_at"),
    Index("client_sightings_by_hour", "began_at"),
    **SLIM,
    **ROOMY,
)

reply_attributes = Table(
    "reply_attributes",
    metadata,
    *words("tenant_id", "reply_id", "user_id", "group_id", "client_id", "application_id"),
    *words("attribute", "value"),
    *flags("adds"),
    *words("shape"),
    sealed("content"),
    *numbers("created_at", "version"),
    key("reply_attributes", "tenant_id", "reply_id"),
    belongs("reply_attributes", "tenants", "tenant_id", cascade=False),
    Index("reply_attributes_by_user", "tenant_id", "user_id"),
)

radius_dictionaries = Table(
    "radius_dictionaries",
    metadata,
    *words("tenant_id", "name"),
    *numbers("attributes", "left_out", "size", "created_at"),
    *words("content"),
    key("radius_dictionaries", "tenant_id", "name"),
    belongs("radius_dictionaries", "tenants", "tenant_id", cascade=False),
)

# What the server behind a proxy has answered, while the second factor is asked for.
held_replies = Table(
    "held_replies",
    metadata,
    *words("tenant_id", "verification_id", "proof"),
    sealed("sealed"),
    key("held_replies", "tenant_id", "verification_id"),
    belongs("held_replies", "verifications", "tenant_id", "verification_id"),
    Index(
        "held_replies_by_proof",
        "tenant_id",
        "proof",
        sqlite_where=text("proof <> ''"),
        postgresql_where=text("proof <> ''"),
    ),
)

# --- what is sent -------------------------------------------------------------------------------------

deliveries = Table(
    "deliveries",
    metadata,
    *words("tenant_id", "delivery_id", "verification_id", "challenge_id", "user_id", "carries", "address"),
    sealed("sealed_body"),
    *words("state", "gateway_id", "tried", "reference", "node", "cause"),
    *numbers("tries", "due_at", "expires_at", "created_at"),
    maybe("sent_at"),
    *numbers("version"),
    *added_words("group_id", "relayed_name", "owed", "attempt_id"),
    key("deliveries", "tenant_id", "delivery_id"),
    Index(
        "deliveries_due",
        "due_at",
        sqlite_where=text("state in ('waiting', 'taken')"),
        postgresql_where=text("state in ('waiting', 'taken')"),
    ),
    Index(
        "deliveries_by_reference",
        "tenant_id",
        "gateway_id",
        "reference",
        sqlite_where=text("reference <> ''"),
        postgresql_where=text("reference <> ''"),
    ),
    Index("deliveries_by_user", "tenant_id", "user_id", "created_at"),
    Index("deliveries_by_challenge", "tenant_id", "challenge_id"),
    Index("deliveries_by_end", "expires_at"),
    Index(
        "deliveries_owed",
        "due_at",
        sqlite_where=text("owed <> ''"),
        postgresql_where=text("owed <> ''"),
    ),
    Index(
        "deliveries_relayed",
        "tenant_id",
        "address",
        sqlite_where=text("group_id <> ''"),
        postgresql_where=text("group_id <> ''"),
    ),
)

dispatches = Table(
    "dispatches",
    metadata,
    *words("tenant_id", "dispatch_id", "carries", "kind", "address", "user_id"),
    sealed("sealed_body"),
    *words("state", "gateway_id", "node", "cause"),
    *numbers("tries", "due_at", "expires_at", "created_at"),
    maybe("sent_at"),
    *numbers("version"),
    key("dispatches", "tenant_id", "dispatch_id"),
    Index(
        "dispatches_due",
        "due_at",
        sqlite_where=text("state in ('waiting', 'taken')"),
        postgresql_where=text("state in ('waiting', 'taken')"),
    ),
    Index("dispatches_by_end", "expires_at"),
    Index(
        "dispatches_failed",
        "tenant_id",
        "dispatch_id",
        sqlite_where=text("state = 'failed'"),
        postgresql_where=text("state = 'failed'"),
    ),
)

# Events that somebody is to be told of, until the worker has written down whom: a row is committed with its
# event.
untold_events = Table(
    "untold_events",
    metadata,
    *words("tenant_id", "event_id", "event"),
    key("untold_events", "tenant_id", "event_id"),
    **SLIM,
)

# One row for each limit, key and window in which anything counts; the windows of a few hours and two days.
sending_counts = Table(
    "sending_counts",
    metadata,
    *words("tenant_id", "kind", "key"),
    *numbers("began_at", "ends_at", "count", "cost", "reached_at"),
    key("sending_counts", "tenant_id", "kind", "key", "began_at"),
    Index("sending_counts_by_end", "ends_at"),
    **SLIM,
    **ROOMY,
)

# Ranges of numbers in which nobody answered; one that is closed stays for a day.
range_breakers = Table(
    "range_breakers",
    metadata,
    *words("tenant_id", "prefix"),
    *numbers("opened_at", "rests_until", "unanswered", "cost", "trials_failed"),
    maybe("closed_at"),
    *words("closed_by", "closed_by_name"),
    key("range_breakers", "tenant_id", "prefix"),
    **SLIM,
)

# Failures of a whole tenant within one minute, written together once a second by each node.
failure_counts = Table(
    "failure_counts",
    metadata,
    *words("tenant_id"),
    *numbers("began_at", "failures"),
    key("failure_counts", "tenant_id", "began_at"),
    Index("failure_counts_by_time", "began_at"),
    **SLIM,
    **ROOMY,
)

# The last alarm of each tenant, and of all together.
spraying_alarms = Table(
    "spraying_alarms",
    metadata,
    *words("tenant_id", "scope"),
    *numbers("failures", "began_at", "ends_at"),
    key("spraying_alarms", "tenant_id", "scope"),
    **SLIM,
)

# Mails of one kind of alert to one address since the first, until they are summed up.
alert_counts = Table(
    "alert_counts",
    metadata,
    *words("tenant_id", "kind", "address"),
    *numbers("began_at", "ends_at", "sent", "held_back"),
    key("alert_counts", "tenant_id", "kind", "address"),
    Index("alert_counts_by_end", "ends_at"),
    **SLIM,
    **ROOMY,
)

# --- sessions, links, events --------------------------------------------------------------------------

sessions = Table(
    "sessions",
    metadata,
    *words("tenant_id", "token_hash", "user_id", "application_id", "language", "verification_id"),
    *flags("is_second_factor_proven"),
    *numbers("proven_at", "created_at", "seen_at", "expires_at"),
    key("sessions", "tenant_id", "token_hash"),
    unique("sessions_token", "token_hash"),
    belongs("sessions", "users", "tenant_id", "user_id"),
    Index("sessions_by_user", "tenant_id", "user_id"),
    Index("sessions_by_end", "expires_at"),
)

remembered_browsers = Table(
    "remembered_browsers",
    metadata,
    *words("tenant_id", "browser_id", "token_hash", "user_id", "application_id", "label"),
    *numbers("proven_at", "used_at", "expires_at"),
    key("remembered_browsers", "tenant_id", "browser_id"),
    unique("remembered_browsers_token", "token_hash"),
    belongs("remembered_browsers", "users", "tenant_id", "user_id"),
    Index("remembered_browsers_by_user", "tenant_id", "user_id"),
    Index("remembered_browsers_by_end", "expires_at"),
)

links = Table(
    "links",
    metadata,
    *words("tenant_id", "token_hash", "purpose", "subject"),
    *numbers("expires_at"),
    maybe("used_at"),
    *numbers("created_at"),
    key("links", "tenant_id", "token_hash"),
    unique("links_token", "token_hash"),
    Index("links_by_end", "expires_at"),
)

events = Table(
    "events",
    metadata,
    *words("tenant_id", "event_id"),
    *numbers("at"),
    *words("kind", "actor", "actor_name", "subject", "subject_name", "facts"),
    Column("format", Integer, nullable=False),
    key("events", "tenant_id", "event_id"),
    Index("events_by_time", "tenant_id", "at"),
    Index("events_by_kind", "tenant_id", "kind", "at"),
)

# --- reports ------------------------------------------------------------------------------------------

# Reports that are written behind the request, each in parts, until their time is over.
report_runs = Table(
    "report_runs",
    metadata,
    *words("tenant_id", "run_id", "report", "filters", "actor", "actor_name", "actor_tenant_id", "language"),
    *words("state", "node"),
    *numbers("fence", "rows", "parts", "due_at", "asked_at"),
    maybe("ended_at"),
    *numbers("expires_at"),
    key("report_runs", "tenant_id", "run_id"),
    belongs("report_runs", "tenants", "tenant_id", cascade=False),
    Index("report_runs_by_end", "expires_at"),
    Index(
        "report_runs_due",
        "due_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)

report_parts = Table(
    "report_parts",
    metadata,
    *words("tenant_id", "run_id"),
    *numbers("number"),
    sealed("content"),
    key("report_parts", "tenant_id", "run_id", "number"),
    belongs("report_parts", "report_runs", "tenant_id", "run_id"),
)

# --- servers that are activated here ------------------------------------------------------------------

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

# --- usage and bills ----------------------------------------------------------------------------------
# All of it outlives the people, providers and tenants that it names.

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
