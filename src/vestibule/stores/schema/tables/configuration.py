"""What is configured."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, text

from vestibule.stores.schema.tables.columns import (
    TEXT,
    added_flags,
    added_numbers,
    added_words,
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
