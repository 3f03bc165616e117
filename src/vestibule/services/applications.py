"""Applications, their clients and secrets, directories, and the settings of a tenant.

A secret is shown once, when it is made. After that only its last characters tell it from others.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from vestibule.catalog import LANGUAGES
from vestibule.crypto.sealing import Sealer
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id, new_token, token_hash
from vestibule.interfaces.store import AlreadyExists, Store, Transaction
from vestibule.model import ldap_client, provisioning, radius_client
from vestibule.model.actor import Actor, Right
from vestibule.model.application import (
    CONSOLE_APPLICATION,
    PORTAL_APPLICATION,
    Application,
    Client,
    ClientKind,
    ClientSecret,
    DirectoryConfiguration,
    FirstFactor,
    SecondFactor,
)
from vestibule.model.phone import calling_code, is_calling_code
from vestibule.model.proposal import Act
from vestibule.model.provisioning import PROVISION_SCOPE
from vestibule.model.radius_client import Mode, RadiusClientSettings
from vestibule.model.role import ADMINISTRATOR, rights_of
from vestibule.model.tenant import SYSTEM_TENANT, Tenant, TenantSettings
from vestibule.services.configuration import (
    ConfigurationCache,
    Peer,
    Snapshot,
    directory_context,
    secret_context,
)
from vestibule.services.editions import (
    CLIENTS,
    demand,
    demand_people,
    of_application,
    of_settings,
    usual_purpose,
)
from vestibule.services.mail_settings import check_mail_settings
from vestibule.services.proposals import NOT_NEEDED, Proposals
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.registration_settings import check_registration
from vestibule.services.self_service_settings import check_self_service
from vestibule.services.skipping_settings import check_addresses, check_skipping

MIN_SHARED_SECRET_CHARACTERS = 16
MOST_CALLING_CODES = 250
LONGEST_TEXT = 300
_FRAUD_CODE = re.compile(r"[0-9]{1,8}")
_CALLER_ID = re.compile(r"\+[1-9][0-9]{6,14}")
API_KEY_PREFIX = "vst_"
ADMIN_SCOPE = "admin"
_RIGHTS = {
    ClientKind.RADIUS: Right.APPLICATIONS,
    ClientKind.LDAP: Right.APPLICATIONS,
    ClientKind.API: Right.API_KEYS,
    ClientKind.BUILT_IN: Right.APPLICATIONS,
}
"""What it takes to change a client."""
_KNOWN_BY_ADDRESS = frozenset((ClientKind.RADIUS, ClientKind.LDAP))
_NEEDS_ADDRESS = frozenset((ClientKind.LDAP,))
"""The others may be known by something else: a key, a certificate."""

Result = TypeVar("Result")


class Applications:
    """What stands in the configuration snapshot is read from there; changes are written here."""

    def __init__(
        self, store: Store, configuration: ConfigurationCache, sealer: Sealer, proposals: Proposals
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._sealer = sealer
        self._proposals = proposals

    @property
    def snapshot(self) -> Snapshot:
        return self._configuration.current

    # --- tenants ------------------------------------------------------------------------------------

    async def add_tenant(
        self, actor: Actor, tenant_id: str, name: str, settings: TenantSettings | None = None
    ) -> Tenant:
        actor.demand(Right.TENANTS, "")
        _check_settings(settings or TenantSettings())
        if tenant_id in self.snapshot.tenants:
            raise Refused(Refusal.NAME_TAKEN, tenant_id)

        async def body(tx: Transaction) -> Tenant:
            if await tx.providers(tenant_id):
                # One that has ended: its attempts and bills are still known by that name.
                raise Refused(Refusal.NAME_TAKEN, tenant_id)
            tenant = Tenant(
                tenant_id=tenant_id,
                name=name,
                settings=settings or TenantSettings(),
                created_at=tx.now,
            )
            await tx.put(tenant)
            await record(tx, actor, tenant_id, "tenant.added", tenant_id, name)
            return tenant

        return await self._written(body)

    async def change_settings(
        self, actor: Actor, tenant_id: str, settings: TenantSettings, *, knows_nt_hashes: bool = False
    ) -> Tenant:
        """Replace the settings of a tenant; refuses values that would lock everybody out or in. With
        `knows_nt_hashes` the actor says that he has read what it means to keep NT hashes."""
        actor.demand(Right.SETTINGS, tenant_id)
        _check_settings(settings)
        tenant = self.snapshot.tenants[tenant_id]
        demand(tenant, *of_settings(settings))
        if settings.nt_hashes > tenant.settings.nt_hashes and not knows_nt_hashes:
            raise Refused(Refusal.NT_HASHES_UNREAD)
        agreed = NOT_NEEDED
        if tenant_id == SYSTEM_TENANT and tenant.settings.two_administrators > settings.two_administrators:
            actor.demand(Right.ADMINISTRATORS, SYSTEM_TENANT)
            agreed = await self._proposals.need_second(actor, Act.ONE_IS_ENOUGH, None, {})

        async def body(tx: Transaction) -> Tenant:
            await agreed.use(tx)
            await tx.put(msgspec.structs.replace(tenant, settings=settings))
            if not settings.nt_hashes:
                await tx.remove_nt_hashes(tenant_id)
            changed = [
                field
                for field in settings.__struct_fields__
                if getattr(settings, field) != getattr(tenant.settings, field)
            ]
            await record(tx, actor, tenant_id, "settings.changed", tenant_id, tenant.name, fields=changed)
            return tenant

        await self._written(body)
        return self.snapshot.tenants[tenant_id]

    # --- applications -------------------------------------------------------------------------------

    def applications(self, actor: Actor, tenant_id: str) -> tuple[Application, ...]:
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        found = [a for a in self.snapshot.applications.values() if a.tenant_id == tenant_id]
        return tuple(sorted(found, key=lambda application: application.name.casefold()))

    async def add_application(
        self,
        actor: Actor,
        tenant_id: str,
        name: str,
        *,
        application_id: str = "",
        first_factor: FirstFactor = FirstFactor.LOCAL,
        directory_id: str = "",
        second_factor: SecondFactor = SecondFactor.ALWAYS,
        methods: tuple[str, ...] = (),
        is_legacy: bool = False,
    ) -> Application:
        actor.demand(Right.APPLICATIONS, tenant_id)
        tenant = self.snapshot.tenants[tenant_id]
        self._check_directory(tenant_id, first_factor, directory_id)
        application = Application(
            tenant_id=tenant_id,
            application_id=application_id or new_id(),
            name=name.strip(),
            first_factor=first_factor,
            directory_id=directory_id,
            second_factor=second_factor,
            methods=methods,
            is_legacy=is_legacy,
            purpose=usual_purpose(tenant),
            created_at=0,
        )
        self._check_built_in(application)
        demand(tenant, *of_application(application))
        if (tenant_id, application.application_id) in self.snapshot.applications:
            raise Refused(Refusal.NAME_TAKEN, application.application_id)

        async def body(tx: Transaction) -> Application:
            added = msgspec.structs.replace(application, created_at=tx.now)
            await tx.put(added)
            await record(tx, actor, tenant_id, "application.added", added.application_id, added.name)
            return added

        return await self._written(body)

    async def change_application(self, actor: Actor, application: Application) -> Application:
        """Write `application` as given; `Conflict` if its version is not the newest."""
        tenant_id = application.tenant_id
        actor.demand(Right.APPLICATIONS, tenant_id)
        self._check_built_in(application)
        check_skipping(application)
        demand(self.snapshot.tenants[tenant_id], *of_application(application))
        self._check_directory(tenant_id, application.first_factor, application.directory_id)
        for peer in self.snapshot.peers.values():
            client = peer.client
            if (client.tenant_id, client.application_id) == (tenant_id, application.application_id):
                _check_client_settings(client.kind, client.settings, application)

        async def body(tx: Transaction) -> None:
            await tx.put(application)
            await record(
                tx,
                actor,
                tenant_id,
                "application.changed",
                application.application_id,
                application.name,
            )

        await self._written(body)
        return self.snapshot.applications[tenant_id, application.application_id]

    async def remove_application(self, actor: Actor, tenant_id: str, application_id: str) -> None:
        actor.demand(Right.APPLICATIONS, tenant_id)
        application = self.snapshot.applications.get((tenant_id, application_id))
        if application is None:
            raise Refused(Refusal.NOT_FOUND, application_id)
        if any(p.application.application_id == application_id for p in self._peers(tenant_id)):
            raise Refused(Refusal.IN_USE, application.name)

        async def body(tx: Transaction) -> None:
            await tx.remove(application)
            await record(tx, actor, tenant_id, "application.removed", application_id, application.name)

        await self._written(body)

    # --- clients ------------------------------------------------------------------------------------

    def clients(self, actor: Actor, tenant_id: str, kind: ClientKind) -> tuple[Client, ...]:
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        found = [p.client for p in self._peers(tenant_id) if p.client.kind is kind]
        return tuple(sorted(found, key=lambda client: client.name.casefold()))

    async def add_client(
        self,
        actor: Actor,
        tenant_id: str,
        application_id: str,
        kind: ClientKind,
        name: str,
        *,
        client_id: str = "",
        address: str = "",
        settings: dict[str, Any] | None = None,
        scopes: tuple[str, ...] = (),
        role_id: str = ADMINISTRATOR,
    ) -> Client:
        """Add a client. `role_id`: of a key with the scope `admin`, whose rights it has in its tenant."""
        self._demand_client(actor, tenant_id, kind, scopes, role_id)
        if kind in CLIENTS:
            demand(self.snapshot.tenants[tenant_id], CLIENTS[kind])
        _check_client_settings(kind, settings or {}, self._application(tenant_id, application_id))
        if client_id in self.snapshot.peers:
            raise Refused(Refusal.NAME_TAKEN, client_id)
        client = Client(
            tenant_id=tenant_id,
            client_id=client_id or new_id(),
            application_id=application_id,
            kind=kind,
            name=name.strip(),
            address=self._checked_address(tenant_id, kind, address, ""),
            settings=settings or {},
            scopes=scopes,
            role_id=role_id,
            created_at=0,
        )

        async def body(tx: Transaction) -> Client:
            added = msgspec.structs.replace(client, created_at=tx.now)
            await tx.put(added)
            await record(tx, actor, tenant_id, "client.added", added.client_id, added.name)
            return added

        return await self._written(body)

    async def change_client(self, actor: Actor, client: Client) -> Client:
        """Write `client` as given; `Conflict` if its version is not the newest."""
        self._demand_client(actor, client.tenant_id, client.kind, client.scopes, client.role_id)
        application = self._application(client.tenant_id, client.application_id)
        _check_client_settings(client.kind, client.settings, application)
        address = self._checked_address(client.tenant_id, client.kind, client.address, client.client_id)
        changed = msgspec.structs.replace(client, address=address)

        lowers = self._lowers_signing(changed)

        async def body(tx: Transaction) -> None:
            await tx.put(changed)
            await record(tx, actor, client.tenant_id, "client.changed", client.client_id, client.name)
            if lowers:
                await record(
                    tx, actor, client.tenant_id, "client.signing_lowered", client.client_id, client.name
                )

        await self._written(body)
        return self.snapshot.peers[client.client_id].client

    async def raise_signing(self, actor: Actor, tenant_id: str, client_id: str) -> Client:
        """Demand of a RADIUS client what stands one step higher; `NOT_POSSIBLE` if that is the highest."""
        actor.demand(Right.APPLICATIONS, tenant_id)
        client = self._client(tenant_id, client_id)
        if client.kind is not ClientKind.RADIUS:
            raise Refused(Refusal.NOT_FOUND, client_id)
        higher = radius_client.read_settings(client.settings).message_authenticator.next
        if higher is None:
            raise Refused(Refusal.NOT_POSSIBLE, client.name)
        settings = {**client.settings, "message_authenticator": higher.value}
        return await self.change_client(actor, msgspec.structs.replace(client, settings=settings))

    async def remove_client(self, actor: Actor, tenant_id: str, client_id: str) -> None:
        client = self._client_to_change(actor, tenant_id, client_id)

        async def body(tx: Transaction) -> None:
            await tx.remove(client)
            await record(tx, actor, tenant_id, "client.removed", client_id, client.name)

        await self._written(body)

    # --- secrets ------------------------------------------------------------------------------------

    async def secrets(self, actor: Actor, tenant_id: str, client_id: str) -> tuple[ClientSecret, ...]:
        """Return the secrets of a client, sealed, newest first."""
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        loaded = await self._store.read(lambda tx: tx.configuration())
        found = [s for s in loaded.secrets if (s.tenant_id, s.client_id) == (tenant_id, client_id)]
        return tuple(sorted(found, key=lambda secret: -secret.created_at))

    async def add_shared_secret(
        self, actor: Actor, tenant_id: str, client_id: str, chosen: Secret[str] | None = None
    ) -> Secret[str]:
        """Add a shared secret beside those there are and return it: 32 random characters unless chosen."""
        actor.demand(Right.APPLICATIONS, tenant_id)
        client = self._client(tenant_id, client_id)
        shared = chosen or Secret(new_token(24))
        if len(shared) < MIN_SHARED_SECRET_CHARACTERS:
            raise Refused(Refusal.SECRET_TOO_SHORT, str(MIN_SHARED_SECRET_CHARACTERS))
        secret_id = new_id()
        sealed = self._sealer.seal(shared.reveal().encode(), secret_context(tenant_id, client_id, secret_id))
        await self._add_secret(actor, client, secret_id, sealed=sealed, hint=shared.reveal()[-3:])
        return shared

    async def add_api_key(self, actor: Actor, tenant_id: str, client_id: str) -> Secret[str]:
        """Add an API key and return it; only its hash is stored."""
        client = self._client_to_change(actor, tenant_id, client_id)
        key = API_KEY_PREFIX + new_token(32)
        await self._add_secret(actor, client, new_id(), token_hash=token_hash(key), hint=key[-4:])
        return Secret(key)

    async def end_secret(
        self, actor: Actor, tenant_id: str, client_id: str, secret_id: str, not_after: int | None
    ) -> None:
        """Let a secret end at `not_after` (epoch ms); None removes it at once."""
        client = self._client_to_change(actor, tenant_id, client_id)
        found = [s for s in await self.secrets(actor, tenant_id, client_id) if s.secret_id == secret_id]
        if not found:
            raise Refused(Refusal.NOT_FOUND, secret_id)

        async def body(tx: Transaction) -> None:
            if not_after is None:
                await tx.remove(found[0])
            else:
                await tx.put(msgspec.structs.replace(found[0], not_after=not_after))
            await record(tx, actor, tenant_id, "secret.ended", client_id, client.name)

        await self._written(body)

    # --- directories --------------------------------------------------------------------------------

    def directories(self, actor: Actor, tenant_id: str) -> tuple[DirectoryConfiguration, ...]:
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        return tuple(d for d in self.snapshot.directories.values() if d.tenant_id == tenant_id)

    async def put_directory(
        self, actor: Actor, directory: DirectoryConfiguration, password: Secret[str] | None
    ) -> DirectoryConfiguration:
        """Add or change a directory; None leaves the stored service password as it is."""
        actor.demand(Right.DIRECTORIES, directory.tenant_id)
        demand_people(self.snapshot.tenants[directory.tenant_id])
        changed = directory
        if password is not None:
            bound_to = directory_context(directory.tenant_id, directory.directory_id)
            sealed = self._sealer.seal(password.reveal().encode(), bound_to)
            changed = msgspec.structs.replace(directory, secret=sealed)

        async def body(tx: Transaction) -> None:
            await tx.put(changed)
            await record(
                tx, actor, directory.tenant_id, "directory.changed", directory.directory_id, directory.name
            )

        await self._written(body)
        return self.snapshot.directories[directory.tenant_id, directory.directory_id]

    # --- parts --------------------------------------------------------------------------------------

    async def _add_secret(
        self,
        actor: Actor,
        client: Client,
        secret_id: str,
        *,
        sealed: bytes = b"",
        token_hash: str = "",
        hint: str,
    ) -> None:
        async def body(tx: Transaction) -> None:
            await tx.put(
                ClientSecret(
                    tenant_id=client.tenant_id,
                    secret_id=secret_id,
                    client_id=client.client_id,
                    sealed=sealed,
                    token_hash=token_hash,
                    hint=hint,
                    created_at=tx.now,
                )
            )
            await record(tx, actor, client.tenant_id, "secret.added", client.client_id, client.name)

        await self._written(body)

    async def _written(self, body: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Commit a change of configuration and make it the current snapshot on this node."""
        try:
            result = await self._store.transact(body)
        except AlreadyExists as taken:
            raise Refused(Refusal.NAME_TAKEN, taken.key) from None
        await self._configuration.refresh()
        return result

    def _peers(self, tenant_id: str) -> list[Peer]:
        return [p for p in self.snapshot.peers.values() if p.client.tenant_id == tenant_id]

    def _application(self, tenant_id: str, application_id: str) -> Application:
        application = self.snapshot.applications.get((tenant_id, application_id))
        if application is None:
            raise Refused(Refusal.NOT_FOUND, application_id)
        return application

    def _client(self, tenant_id: str, client_id: str) -> Client:
        peer = self.snapshot.peers.get(client_id)
        if peer is None or peer.client.tenant_id != tenant_id:
            raise Refused(Refusal.NOT_FOUND, client_id)
        return peer.client

    def _lowers_signing(self, changed: Client) -> bool:
        """Tell whether less would be demanded of a RADIUS client than before."""
        if changed.kind is not ClientKind.RADIUS:
            return False
        before = self._client(changed.tenant_id, changed.client_id)
        now, then = (radius_client.read_settings(each.settings) for each in (changed, before))
        return now.message_authenticator.is_below(then.message_authenticator)

    def _client_to_change(self, actor: Actor, tenant_id: str, client_id: str) -> Client:
        right = Right.API_KEYS if self._is_api(client_id) else Right.APPLICATIONS
        actor.demand(right, tenant_id)
        client = self._client(tenant_id, client_id)
        self._demand_client(actor, tenant_id, client.kind, client.scopes, client.role_id)
        return client

    def _is_api(self, client_id: str) -> bool:
        peer = self.snapshot.peers.get(client_id)
        return peer is not None and peer.client.kind is ClientKind.API

    def _demand_client(
        self, actor: Actor, tenant_id: str, kind: ClientKind, scopes: tuple[str, ...], role_id: str
    ) -> None:
        """Raise `NotAllowed` unless the actor may keep such a client: a key may nothing that he may not
        himself, where it may it (TEN-05)."""
        actor.demand(_RIGHTS[kind], tenant_id)
        if PROVISION_SCOPE in scopes:
            if tenant_id == SYSTEM_TENANT:
                raise Refused(Refusal.NOT_POSSIBLE)
            for right in (Right.CHANGE_PEOPLE, Right.GROUPS, Right.AUTHENTICATORS):
                actor.demand(right, tenant_id)
        if kind is not ClientKind.API or ADMIN_SCOPE not in scopes:
            return
        rights = rights_of(role_id, self.snapshot.roles)
        if not rights:
            raise Refused(Refusal.ROLE_UNKNOWN, role_id)
        for right in rights:
            actor.demand(right, "" if tenant_id == SYSTEM_TENANT else tenant_id)

    def _check_built_in(self, application: Application) -> None:
        """The portal and the console check a password themselves, always, and no app password; the console
        stays open, behind a second factor, or nobody could repair what was changed."""
        if application.application_id == CONSOLE_APPLICATION:
            is_sound = application.is_enabled and application.second_factor is SecondFactor.ALWAYS
        else:
            is_sound = True
        if application.application_id in (CONSOLE_APPLICATION, PORTAL_APPLICATION) and (
            not is_sound or application.first_factor is FirstFactor.CLIENT or application.is_legacy
        ):
            raise Refused(Refusal.NOT_POSSIBLE, application.name)
        if application.is_legacy and application.first_factor is FirstFactor.CLIENT:
            raise Refused(Refusal.LEGACY_UNCHECKED, application.name)

    def _check_directory(self, tenant_id: str, first_factor: FirstFactor, directory_id: str) -> None:
        if first_factor is not FirstFactor.DIRECTORY:
            return
        if (tenant_id, directory_id) not in self.snapshot.directories:
            raise Refused(Refusal.NOT_FOUND, directory_id)

    def _checked_address(self, tenant_id: str, kind: ClientKind, address: str, client_id: str) -> str:
        """Return the canonical network; two clients of a kind never share one. Inside a tenant one may lie in
        another's, across tenants not: the more specific one would take the other's requests (TEN-03)."""
        if not address.strip() and kind not in _NEEDS_ADDRESS:
            return ""
        try:
            network = ipaddress.ip_network(address.strip(), strict=False)
        except ValueError:
            raise Refused(Refusal.ADDRESS_INVALID, address) from None
        if kind in _KNOWN_BY_ADDRESS:
            for peer in self.snapshot.peers.values():
                other = peer.client
                if other.kind is not kind or other.client_id == client_id or not other.address:
                    continue
                is_foreign = other.tenant_id != tenant_id and _overlaps(network, other.address)
                if is_foreign or other.address == str(network):
                    raise Refused(Refusal.ADDRESS_TAKEN, address)
        return str(network)


def _overlaps(network: ipaddress.IPv4Network | ipaddress.IPv6Network, other: str) -> bool:
    stored = ipaddress.ip_network(other, strict=False)
    return type(stored) is type(network) and stored.overlaps(network)


def _check_client_settings(kind: ClientKind, settings: dict[str, Any], application: Application) -> None:
    try:
        match kind:
            case ClientKind.RADIUS:
                _check_radius(radius_client.read_settings(settings), application)
            case ClientKind.LDAP:
                ldap_client.read_settings(settings)
                _check_behind(application)
            case ClientKind.API:
                provisioning.read_settings(settings)
    except ValueError as wrong:
        raise Refused(Refusal.SETTING_INVALID, str(wrong)) from None


def _check_radius(settings: RadiusClientSettings, application: Application) -> None:
    if settings.mode is Mode.COMBINED and application.first_factor is FirstFactor.CLIENT:
        # The password in front of the passcode would be cut off and never looked at.
        raise Refused(Refusal.COMBINED_UNCHECKED, application.name)


def _check_behind(application: Application) -> None:
    """A proxy needs somebody behind it, who takes passwords and no app passwords."""
    if application.first_factor is not FirstFactor.DIRECTORY or application.is_legacy:
        raise Refused(Refusal.DIRECTORY_NEEDED, application.name)


def _check_settings(settings: TenantSettings) -> None:
    bounds = {
        "lockout_threshold": (1, 100),
        "lockout_seconds": (1, 86_400),
        "lockout_reset_seconds": (0, 86_400),
        "block_days": (1, 3650),
        "hard_stop": (settings.lockout_threshold, 100),
        "spraying_failures": (20, 1_000_000),
        "spraying_pause_seconds": (0, 5),
        "service_spraying_failures": (20, 10_000_000),
        "challenge_seconds": (15, 600),
        "challenge_tries": (1, 10),
        "text_one_way_seconds": (30, 3600),
        "text_two_way_seconds": (30, 3600),
        "call_seconds": (30, 600),
        "app_seconds": (15, 300),
        "app_devices": (1, 10),
        "app_unapproved_per_hour": (1, 100),
        "texts_per_hour": (1, 100),
        "texts_per_number": (0, 1000),
        "texts_per_prefix": (0, 100_000),
        "texts_per_tenant": (0, 1_000_000),
        "texts_per_day": (0, 10_000_000),
        "breaker_unanswered": (0, 10_000),
        "daily_cost_cap": (0, 1_000_000),
        "pin_least_digits": (4, 20),
        "pin_most_digits": (settings.pin_least_digits, 20),
        "pin_history": (0, 24),
        "pin_expiry_days": (0, 3650),
    }
    for field, (least, most) in bounds.items():
        if not least <= getattr(settings, field) <= most:
            raise Refused(Refusal.OUT_OF_BOUNDS, f"{field}: {least}…{most}")
    country_code = settings.country_code
    if country_code and not (is_calling_code(country_code) and calling_code(country_code) == country_code):
        raise Refused(Refusal.SETTING_INVALID, f"country_code: {country_code[:8]}")
    if len(settings.calling_codes) > MOST_CALLING_CODES:
        raise Refused(Refusal.OUT_OF_BOUNDS, f"calling_codes: 0…{MOST_CALLING_CODES}")
    for code in settings.calling_codes:
        if not is_calling_code(code):
            raise Refused(Refusal.SETTING_INVALID, f"calling_codes: {code[:8]}")
    check_addresses("trusted_addresses", settings.trusted_addresses)
    _check_phone_settings(settings)
    check_self_service(settings)
    check_mail_settings(settings.mail)
    check_registration(settings)


def _check_phone_settings(settings: TenantSettings) -> None:
    if _FRAUD_CODE.fullmatch(settings.fraud_code) is None:
        raise Refused(Refusal.SETTING_INVALID, f"fraud_code: {settings.fraud_code[:8]}")
    if settings.caller_id and _CALLER_ID.fullmatch(settings.caller_id) is None:
        raise Refused(Refusal.SETTING_INVALID, f"caller_id: {settings.caller_id[:20]}")
    for language, template in settings.text_templates.items():
        # A text without its passcode would let nobody in; any other brace is a placeholder that is none.
        bare = template.replace("{passcode}", "", 1).replace("{application}", "")
        is_sound = "{passcode}" in template and not set("{}") & set(bare) and bare.isprintable()
        if language not in LANGUAGES or not is_sound or len(template) > LONGEST_TEXT:
            raise Refused(Refusal.SETTING_INVALID, f"text_templates: {language[:8]}")
