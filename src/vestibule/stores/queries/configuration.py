"""Tenants, applications, clients, their secrets, directories: read whole, changed one by one.

Every change raises the generation in the same transaction, so that who keeps a snapshot knows when it is
out of date.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from vestibule.interfaces.store import AlreadyExists, Conflict
from vestibule.interfaces.transaction.configuration import Configuration
from vestibule.model.application import Application, Client, ClientSecret, DirectoryConfiguration
from vestibule.model.branding import Branding
from vestibule.model.certificate import Certificate
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.group import Group
from vestibule.model.provider import Provider
from vestibule.model.reply_attribute import ReplyAttribute
from vestibule.model.role import AdminRole
from vestibule.model.tenant import Tenant
from vestibule.stores.queries.brandings import BRANDING, branding_of
from vestibule.stores.queries.generation import GENERATION, RAISE_GENERATION
from vestibule.stores.queries.providers import PROVIDER, THERE, provider_of
from vestibule.stores.queries.reply_attributes import REMOVE_OF, SHARED, TENANTS_WITH_OWN
from vestibule.stores.queries.rule_sets import NEWEST_RULE_SETS
from vestibule.stores.queries.voice_messages import REMOVE_OF_APPLICATION
from vestibule.stores.rows import (
    APPLICATION,
    CERTIFICATE,
    CLIENT,
    CLIENT_SECRET,
    DIRECTORY,
    GATEWAY,
    GROUP,
    REPLY_ATTRIBUTE,
    ROLE,
    TENANT,
    Row,
    application_of,
    certificate_of,
    client_of,
    client_secret_of,
    directory_of,
    gateway_of,
    group_of,
    record_values,
    reply_attribute_of,
    role_of,
    rule_set_of,
    tenant_of,
)
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests, UniqueTaken

Removable = (
    Application
    | Client
    | ClientSecret
    | Certificate
    | DirectoryConfiguration
    | GatewayConfiguration
    | Group
    | AdminRole
    | ReplyAttribute
)
Record = Tenant | Branding | Provider | Removable


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one kind of record is stored: its word for people, its key, and its four statements."""

    what: str
    key: tuple[str, ...]
    value: Callable[[Row], Any]
    every: Statement
    one: Statement
    add: Statement
    replace: Statement
    remove: Statement


def _kind(
    what: str, table: str, columns: tuple[str, ...], key: tuple[str, ...], value: Callable[[Row], Any]
) -> _Kind:
    # All of it is constants. A record without a version is replaced whatever is there.
    fixed = {*key, "version"}
    is_this = " and ".join(f"{name} = :{name}" for name in key)
    changes = [f"{name} = :{name}" for name in columns if name not in fixed]
    is_same = is_this
    if "version" in columns:
        changes.append("version = version + 1")
        is_same += " and version = :version"
    return _Kind(
        what,
        key,
        value,
        every=Statement(f"select {select(columns)} from {table} order by {', '.join(key)}"),  # noqa: S608
        one=Statement(f"select {key[-1]} from {table} where {is_this}"),  # noqa: S608
        add=Statement(insert(table, columns)),
        replace=Statement(f"update {table} set {', '.join(changes)} where {is_same}"),  # noqa: S608
        remove=Statement(f"delete from {table} where {is_this}"),  # noqa: S608
    )


_TENANTS: Final = _kind("tenant", "tenants", TENANT, ("tenant_id",), tenant_of)
_APPLICATIONS: Final = _kind(
    "application", "applications", APPLICATION, ("tenant_id", "application_id"), application_of
)
_CLIENTS: Final = _kind("client", "clients", CLIENT, ("tenant_id", "client_id"), client_of)
_SECRETS: Final = _kind(
    "client secret", "client_secrets", CLIENT_SECRET, ("tenant_id", "secret_id"), client_secret_of
)
_CERTIFICATES: Final = _kind(
    "certificate", "certificates", CERTIFICATE, ("tenant_id", "certificate_id"), certificate_of
)
_REMOVE_CERTIFICATES: Final = Statement(
    "delete from certificates where tenant_id = :tenant_id and client_id = :client_id"
)
_DIRECTORIES: Final = _kind(
    "directory", "directories", DIRECTORY, ("tenant_id", "directory_id"), directory_of
)
_GATEWAYS: Final = _kind("gateway", "gateways", GATEWAY, ("tenant_id", "gateway_id"), gateway_of)
_GROUPS: Final = _kind("group", "groups", GROUP, ("tenant_id", "group_id"), group_of)
_ROLES: Final = _kind("role", "roles", ROLE, ("tenant_id", "role_id"), role_of)
_REPLIES: Final = _kind(
    "reply attribute", "reply_attributes", REPLY_ATTRIBUTE, ("tenant_id", "reply_id"), reply_attribute_of
)
_PROVIDERS: Final = _kind("provider", "providers", PROVIDER, ("tenant_id", "provider_id"), provider_of)
_BRANDINGS: Final = _kind("branding", "brandings", BRANDING, ("tenant_id",), branding_of)
_OWN_KEYS: Final[dict[type, str]] = {
    Application: "application_id",
    Client: "client_id",
    Group: "group_id",
}
"""What reply attributes may be for. No foreign key does it, because one may be for none of them."""
_KINDS: Final[dict[type, _Kind]] = {
    Tenant: _TENANTS,
    Application: _APPLICATIONS,
    Client: _CLIENTS,
    ClientSecret: _SECRETS,
    Certificate: _CERTIFICATES,
    DirectoryConfiguration: _DIRECTORIES,
    GatewayConfiguration: _GATEWAYS,
    Group: _GROUPS,
    AdminRole: _ROLES,
    ReplyAttribute: _REPLIES,
    Provider: _PROVIDERS,
    Branding: _BRANDINGS,
}


class ConfigurationRecords(Requests):
    __slots__ = ()

    async def generation(self) -> int:
        return int((await self.fetch(GENERATION()))[0][0])

    async def configuration(self) -> Configuration:
        before = await self.generation()
        tenants = await self._every(_TENANTS)
        applications = await self._every(_APPLICATIONS)
        clients = await self._every(_CLIENTS)
        secrets = await self._every(_SECRETS)
        certificates = await self._every(_CERTIFICATES)
        directories = await self._every(_DIRECTORIES)
        gateways = await self._every(_GATEWAYS)
        groups = await self._every(_GROUPS)
        roles = await self._every(_ROLES)
        brandings = await self._every(_BRANDINGS)
        providers = tuple([provider_of(row) for row in await self.fetch(THERE())])
        replies = tuple([reply_attribute_of(row) for row in await self.fetch(SHARED())])
        with_own = frozenset([row[0] for row in await self.fetch(TENANTS_WITH_OWN())])
        rule_sets = tuple([rule_set_of(row) for row in await self.fetch(NEWEST_RULE_SETS())])
        if await self.generation() != before:
            # Each statement may see a later database than the one before it.
            raise self.broken(Conflict())
        return Configuration(
            generation=before,
            tenants=tenants,
            applications=applications,
            clients=clients,
            secrets=secrets,
            certificates=certificates,
            directories=directories,
            gateways=gateways,
            groups=groups,
            roles=roles,
            brandings=brandings,
            providers=providers,
            rule_sets=rule_sets,
            reply_attributes=replies,
            with_own_replies=with_own,
        )

    async def _every(self, kind: _Kind) -> tuple[Any, ...]:
        return tuple([kind.value(row) for row in await self.fetch(kind.every())])

    async def put(self, record: Record) -> None:
        kind = _KINDS[type(record)]
        values = record_values(record)
        try:
            if not await self.execute(_bound(kind.replace, values)):
                await self._add(kind, values)
        except UniqueTaken:
            raise self.broken(AlreadyExists(kind.what, str(values.get("name", "")))) from None
        await self.execute(RAISE_GENERATION())

    async def _add(self, kind: _Kind, values: dict[str, Any]) -> None:
        is_there = await self.fetch(_bound(kind.one, values))
        if is_there or values.get("version", 1) != 1:
            raise self.broken(Conflict())
        await self.execute(_bound(kind.add, values))

    async def remove(self, record: Removable) -> bool:
        kind = _KINDS[type(record)]
        removed = await self.execute(_bound(kind.remove, record_values(record)))
        if removed:
            if isinstance(record, Application):
                # No foreign key does it, because a recording may be for no application in particular.
                mine = {"tenant_id": record.tenant_id, "application_id": record.application_id}
                await self.execute(REMOVE_OF_APPLICATION(**mine))
            elif isinstance(record, Client):
                # Nor here: those of servers have no client.
                mine = {"tenant_id": record.tenant_id, "client_id": record.client_id}
                await self.execute(_REMOVE_CERTIFICATES(**mine))
            if (own := _OWN_KEYS.get(type(record))) is not None:
                mine = {"tenant_id": record.tenant_id, own: getattr(record, own)}
                await self.execute(REMOVE_OF[own](**mine))
            await self.execute(RAISE_GENERATION())
        return removed > 0


def _bound(statement: Statement, values: dict[str, Any]) -> Any:
    return statement(**{name: values[name] for name in statement.parameters})
