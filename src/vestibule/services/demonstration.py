"""The demonstration: a tenant with a VPN and a user, so that a newcomer sees a sign-in within minutes.

All its secrets are random and returned once. Its user's passcode can be computed on the server, and her
phone is simulated on a page; that works in this tenant and in no other.
"""

from __future__ import annotations

import os

import msgspec

from vestibule.catalog import LANGUAGES
from vestibule.crypto.passwords import hash_password
from vestibule.crypto.sealing import Sealer
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id, new_token
from vestibule.interfaces.clock import Clock
from vestibule.interfaces.gateway import ShowsPasscodes
from vestibule.interfaces.method import Generates
from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.phone import calling_code
from vestibule.model.tenant import DEMONSTRATION_TENANT, TenantSettings
from vestibule.model.user import User
from vestibule.services.applications import Applications
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.gateways import Gateways, gateway_context
from vestibule.services.phones import METHODS as PHONE_METHODS
from vestibule.services.phones import NewPhone, Phones
from vestibule.services.proving import Prover
from vestibule.services.setup import Setup

USERNAME = "alice"
PHONE = "+493023125142"
"""One of the numbers that are never given to anybody: for films and books (030 23125 000 to 999)."""


class Demonstration(msgspec.Struct, frozen=True):
    """What a newcomer needs to sign in as the demonstration's user."""

    username: str
    password: Secret[str]
    shared_secret: Secret[str]
    shown: tuple[Secret[str], ...]
    """The URI for the QR code, then the secret as people type it."""


class Demonstrations:
    def __init__(
        self,
        store: Store,
        clock: Clock,
        configuration: ConfigurationCache,
        sealer: Sealer,
        applications: Applications,
        setup: Setup,
        prover: Prover,
        gateways: Gateways,
        phones: Phones,
    ) -> None:
        self._store = store
        self._clock = clock
        self._configuration = configuration
        self._sealer = sealer
        self._gateways = gateways
        self._phones = phones
        self._applications = applications
        self._setup = setup
        self._prover = prover

    @property
    def exists(self) -> bool:
        return DEMONSTRATION_TENANT in self._applications.snapshot.tenants

    async def make(
        self, radius_settings: dict[str, object], client_address: str, language: str = LANGUAGES[0]
    ) -> Demonstration:
        """Make the tenant, its VPN, its RADIUS client, its user and her phone, all in `language`."""
        applications = self._applications
        tenant_id = DEMONSTRATION_TENANT
        settings = TenantSettings(language=language, calling_codes=(calling_code(PHONE),))
        await applications.add_tenant(SYSTEM, tenant_id, "Demonstration", settings)
        await self._setup.ensure_portal(tenant_id)
        vpn = await applications.add_application(SYSTEM, tenant_id, "VPN", application_id="vpn")
        client = await applications.add_client(
            SYSTEM,
            tenant_id,
            vpn.application_id,
            ClientKind.RADIUS,
            "VPN concentrator",
            address=client_address,
            settings=dict(radius_settings),
        )
        shared_secret = await applications.add_shared_secret(SYSTEM, tenant_id, client.client_id)
        password = Secret(new_token(9))
        user_id, shown = await self._add_user(password)
        await self._add_phone(user_id)
        return Demonstration(USERNAME, password, shared_secret, shown)

    async def passcode(self) -> Secret[str] | None:
        """Return the current passcode of the demonstration's user, None if there is no such user."""
        subject = await self._store.read(lambda tx: tx.subject_by_names(DEMONSTRATION_TENANT, (USERNAME,)))
        now = self._clock.now()
        for held in self._prover.usable(subject, now) if subject else ():
            method = self._prover.methods[held.method]
            if isinstance(method, Generates):
                secret = self._prover.unseal(held)
                return Secret(method.passcode(held.parameters, secret, held.state, now))
        return None

    async def renew(self) -> tuple[Secret[str], Secret[str]] | None:
        """Return a new password of the user and a new shared secret of the VPN; the old ones end."""
        subject = await self._store.read(lambda tx: tx.subject_by_names(DEMONSTRATION_TENANT, (USERNAME,)))
        clients = self._applications.clients(SYSTEM, DEMONSTRATION_TENANT, ClientKind.RADIUS)
        if subject is None or not clients:
            return None
        password = Secret(new_token(9))
        hashed, user_id = hash_password(password.reveal()), subject.user.user_id

        async def body(tx: Transaction) -> None:
            current = await tx.subject(DEMONSTRATION_TENANT, user_id)
            if current is None:
                return
            changed = msgspec.structs.replace(current.user, password_hash=hashed, updated_at=tx.now)
            if not await tx.replace_user(changed):
                raise Conflict
            await tx.end_sessions_of(DEMONSTRATION_TENANT, user_id)

        await self._store.transact(body)
        client_id = clients[0].client_id
        old = await self._applications.secrets(SYSTEM, DEMONSTRATION_TENANT, client_id)
        shared = await self._applications.add_shared_secret(SYSTEM, DEMONSTRATION_TENANT, client_id)
        for secret in old:
            await self._applications.end_secret(
                SYSTEM, DEMONSTRATION_TENANT, client_id, secret.secret_id, None
            )
        return password, shared

    async def _add_phone(self, user_id: str) -> None:
        """Give the user a simulated phone, to be texted and called; her app stays what is asked first."""
        kinds = self._gateways.kinds
        kind = next((name for name in sorted(kinds) if isinstance(kinds[name], ShowsPasscodes)), None)
        if kind is None:
            return
        gateway_id = new_id()
        bound_to = gateway_context(DEMONSTRATION_TENANT, gateway_id)
        bare = GatewayConfiguration(
            tenant_id=DEMONSTRATION_TENANT,
            gateway_id=gateway_id,
            kind=kind,
            name="Simulated phone",
            settings={"numbers": [PHONE]},
            secret=self._sealer.seal(new_token().encode(), bound_to),
            created_at=0,
        )
        await self._store.transact(lambda tx: tx.put(msgspec.structs.replace(bare, created_at=tx.now)))
        await self._configuration.refresh()
        for method in PHONE_METHODS:
            if method in self._prover.methods:
                phone = NewPhone(method=method, typed=PHONE)
                await self._phones.add(SYSTEM, DEMONSTRATION_TENANT, user_id, phone)

    async def _add_user(self, password: Secret[str]) -> tuple[str, tuple[Secret[str], ...]]:
        methods = self._prover.methods
        name = next(name for name in sorted(methods) if methods[name].descriptor.self_enrolled)
        new = methods[name].enroll({"issuer": "Vestibule Demo", "account": USERNAME}, os.urandom)
        user = User(
            tenant_id=DEMONSTRATION_TENANT,
            user_id=new_id(),
            username=USERNAME,
            names=(USERNAME,),
            given_name="Alice",
            family_name="Example",
            email="alice@example.org",
            password_hash=hash_password(password.reveal()),
            created_at=0,
            updated_at=0,
        )
        bare = Authenticator(
            tenant_id=user.tenant_id,
            authenticator_id=new_id(),
            user_id=user.user_id,
            method=name,
            parameters=new.parameters,
            state=new.state,
            status=AuthenticatorStatus.ACTIVE,
            created_at=0,
        )
        authenticator = self._prover.sealed(bare, new.secret)

        async def body(tx: Transaction) -> None:
            at = {"created_at": tx.now}
            await tx.add_user(msgspec.structs.replace(user, updated_at=tx.now, **at))
            await tx.add_authenticator(msgspec.structs.replace(authenticator, **at))

        await self._store.transact(body)
        return user.user_id, tuple(Secret(text) for text in new.shown)
