"""The configuration that front ends and policies look up by key, kept in memory and kept fresh.

It is read as one snapshot. A change made on this node is seen at once, one made on another node within
a second (`watch`). Nothing that decides about a person is cached here: users, authenticators, throttles
and challenges are always read in the deciding transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec
import structlog

from vestibule.catalog import LANGUAGES, text
from vestibule.crypto.sealing import CannotUnseal, Sealer, context
from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Store, Unavailable
from vestibule.interfaces.transaction.configuration import Configuration
from vestibule.model.access_rule import RuleSet
from vestibule.model.application import (
    PORTAL_APPLICATION,
    RESET_APPLICATION,
    Application,
    Client,
    ClientKind,
    ClientSecret,
    DirectoryConfiguration,
    FirstFactor,
)
from vestibule.model.branding import Branding
from vestibule.model.certificate import Certificate
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.group import Group
from vestibule.model.networks import parse_networks
from vestibule.model.provider import Provider
from vestibule.model.reply_attribute import ReplyAttribute
from vestibule.model.role import AdminRole
from vestibule.model.self_service import PasswordReset
from vestibule.model.tenant import Tenant
from vestibule.model.throttle import ThrottleLimits
from vestibule.policy.access import AccessRules, compiled
from vestibule.policy.replies import Replies

log = structlog.get_logger(__name__)


class Peer(msgspec.Struct, frozen=True):
    """A client as a front end meets it: its settings and the secrets that are valid now."""

    client: Client
    application: Application
    secrets: tuple[tuple[int | None, Secret[bytes]], ...]
    """Shared secrets with the time at which each ends (None: never), newest first."""


class Snapshot(msgspec.Struct, frozen=True):
    generation: int
    tenants: Mapping[str, Tenant]
    limits: Mapping[str, ThrottleLimits]
    applications: Mapping[tuple[str, str], Application]
    peers: Mapping[str, Peer]
    api_keys: Mapping[str, tuple[Peer, ClientSecret]]
    """By token hash."""
    directories: Mapping[tuple[str, str], DirectoryConfiguration]
    gateways: Mapping[tuple[str, str], GatewayConfiguration] = {}
    groups: Mapping[tuple[str, str], Group] = {}
    roles: Mapping[str, AdminRole] = {}
    """Own roles of the installation, by identifier."""
    providers: Mapping[str, Provider] = {}
    """By the tenant that is billed by it."""
    brandings: Mapping[str, Branding] = {}
    """By tenant, of those that have any."""
    certificates: Mapping[str, Certificate] = {}
    """By fingerprint."""
    rule_sets: Mapping[str, RuleSet] = {}
    """The newest version of each tenant that has any."""
    access: Mapping[str, AccessRules] = {}
    """The same, ready to be asked."""
    replies: Mapping[str, Replies] = {}
    """Reply attributes of each tenant that has any."""
    reset_doors: Mapping[str, Peer] = {}
    """By client id: where people of a tenant prove by phone that they may reset their passwords."""

    def peer(self, client_id: str) -> Peer | None:
        return self.peers.get(client_id) or self.reset_doors.get(client_id)


EMPTY = Snapshot(-1, {}, {}, {}, {}, {}, {})


class ConfigurationCache:
    """Holds the newest snapshot in `current`."""

    def __init__(self, store: Store, sealer: Sealer) -> None:
        self._store = store
        self._sealer = sealer
        self.current: Snapshot = EMPTY
        self._reading = asyncio.Lock()

    async def refresh(self) -> Snapshot:
        """Read the snapshot anew if its generation has changed.

        One at a time: what was read before a change must not take the place of what was read after it.
        """
        async with self._reading:
            generation = await self._store.read(lambda tx: tx.generation())
            if generation != self.current.generation:
                loaded = await self._store.read(lambda tx: tx.configuration())
                self.current = self._snapshot(loaded)
            return self.current

    async def watch(self, interval_seconds: float = 1.0) -> None:
        """Refresh for ever; a database that does not answer leaves the last snapshot standing."""
        while True:
            await asyncio.sleep(interval_seconds)
            try:
                await self.refresh()
            except Unavailable:
                continue  # The deciding path reports an absent database, loudly.
            except Exception as error:
                # What was revoked elsewhere stays good here as long as this lasts: somebody must hear of it.
                log.error("the configuration cannot be read anew", error=type(error).__name__)

    def _snapshot(self, loaded: Configuration) -> Snapshot:
        tenants = {tenant.tenant_id: tenant for tenant in loaded.tenants}
        rule_sets = {rules.tenant_id: rules for rules in loaded.rule_sets}
        trusted = {
            tenant_id: parse_networks(addresses)
            for tenant_id, tenant in tenants.items()
            if (addresses := tenant.settings.trusted_addresses)
        }
        applications = {(a.tenant_id, a.application_id): a for a in loaded.applications}
        secrets: dict[str, list[ClientSecret]] = {}
        for secret in sorted(loaded.secrets, key=lambda s: -s.created_at):
            secrets.setdefault(secret.client_id, []).append(secret)
        peers = {
            client.client_id: Peer(
                client,
                applications[client.tenant_id, client.application_id],
                self._opened(secrets.get(client.client_id, ())),
            )
            for client in loaded.clients
            if (client.tenant_id, client.application_id) in applications
        }
        return Snapshot(
            generation=loaded.generation,
            tenants=tenants,
            limits={tenant_id: _limits(tenant) for tenant_id, tenant in tenants.items()},
            applications=applications,
            peers=peers,
            api_keys={
                secret.token_hash: (peers[secret.client_id], secret)
                for secret in loaded.secrets
                if secret.token_hash and secret.client_id in peers
            },
            directories={(d.tenant_id, d.directory_id): d for d in loaded.directories},
            gateways={(g.tenant_id, g.gateway_id): g for g in loaded.gateways},
            groups={(g.tenant_id, g.group_id): g for g in loaded.groups},
            roles={role.role_id: role for role in loaded.roles},
            providers={provider.tenant_id: provider for provider in loaded.providers},
            brandings={each.tenant_id: each for each in loaded.brandings},
            certificates={each.certificate_id: each for each in loaded.certificates},
            rule_sets=rule_sets,
            access=compiled(rule_sets, trusted),
            replies=_replies(loaded),
            reset_doors={
                reset_client_id(tenant_id): _reset_door(tenant)
                for tenant_id, tenant in tenants.items()
                if (tenant_id, PORTAL_APPLICATION) in applications
                and tenant.settings.password_reset is not PasswordReset.OFF
                and tenant.settings.password_reset_by_phone
            },
        )

    def _opened(self, secrets: Sequence[ClientSecret]) -> tuple[tuple[int | None, Secret[bytes]], ...]:
        """Return the shared secrets among `secrets`. One that does not open is none: it must not keep what
        was disabled or revoked meanwhile, for anybody, out of the snapshot (KEY-02)."""
        opened = []
        for secret in secrets:
            if not secret.sealed:
                continue
            bound_to = secret_context(secret.tenant_id, secret.client_id, secret.secret_id)
            try:
                opened.append((secret.not_after, Secret(self._sealer.unseal(secret.sealed, bound_to))))
            except CannotUnseal as why:
                log.error("a shared secret does not open", client=secret.client_id, why=str(why))
        return tuple(opened)


def _replies(loaded: Configuration) -> dict[str, Replies]:
    shared: dict[str, list[ReplyAttribute]] = {tenant_id: [] for tenant_id in loaded.with_own_replies}
    for line in loaded.reply_attributes:
        shared.setdefault(line.tenant_id, []).append(line)
    by_name = sorted(loaded.groups, key=lambda group: (group.name.casefold(), group.group_id))
    return {
        tenant_id: Replies(
            tuple(lines),
            tenant_id in loaded.with_own_replies,
            tuple([group.group_id for group in by_name if group.tenant_id == tenant_id]),
        )
        for tenant_id, lines in shared.items()
    }


def secret_context(tenant_id: str, client_id: str, secret_id: str) -> bytes:
    """Return what a client's shared secret is sealed to."""
    return context(tenant_id, "client_secret", client_id, secret_id)


def directory_context(tenant_id: str, directory_id: str) -> bytes:
    """Return what a directory's service password is sealed to."""
    return context(tenant_id, "directory_secret", directory_id)


def authenticator_context(tenant_id: str, authenticator_id: str, user_id: str) -> bytes:
    """Return what an authenticator's secret is sealed to: the record and the person who holds it.

    A ciphertext that is copied to another row, or a row that is moved to another person behind our
    back, does not open. Whoever assigns a hardware token seals its secret anew (services/enrollment.py).
    """
    return context(tenant_id, "authenticator", authenticator_id, user_id)


def _limits(tenant: Tenant) -> ThrottleLimits:
    settings = tenant.settings
    return ThrottleLimits(
        settings.lockout_threshold,
        settings.lockout_seconds * 1000,
        settings.hard_stop,
        settings.lockout_reset_seconds * 1000,
    )


def reset_client_id(tenant_id: str) -> str:
    return f"{RESET_APPLICATION}@{tenant_id}"


def _reset_door(tenant: Tenant) -> Peer:
    """Return the door behind which a tenant's passwords are reset. It is kept nowhere: a setting makes it."""
    language = tenant.settings.language if tenant.settings.language in LANGUAGES else LANGUAGES[0]
    name = text(language, "portal.reset.application")
    application = Application(
        tenant_id=tenant.tenant_id,
        application_id=RESET_APPLICATION,
        name=name,
        first_factor=FirstFactor.CLIENT,
        created_at=tenant.created_at,
    )
    client = Client(
        tenant_id=tenant.tenant_id,
        client_id=reset_client_id(tenant.tenant_id),
        application_id=RESET_APPLICATION,
        kind=ClientKind.BUILT_IN,
        name=name,
        created_at=tenant.created_at,
    )
    return Peer(client, application, ())
