"""A whole house behind a RADIUS door, in this process: SQLite on disk, real services, real methods.

Its users hold counter-based tokens, so a test has as many fresh passcodes as it likes without waiting for a
clock.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tests.databases import lay_tables
from vestibule.crypto.passwords import hash_password
from vestibule.crypto.sealing import Sealer, new_master_key
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.directories import local
from vestibule.frontends.radius import RadiusFrontend
from vestibule.interfaces.directory import Directory, DirectoryKind, PasswordVerdict, PasswordVerdictKind
from vestibule.interfaces.store import Store
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.methods import hotp, recovery_code, totp
from vestibule.model.actor import SYSTEM
from vestibule.model.application import Application, ClientKind, DirectoryConfiguration, FirstFactor
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.tenant import TenantSettings
from vestibule.model.user import User
from vestibule.model.verification import Verification
from vestibule.services.applications import Applications
from vestibule.services.asking import Asking
from vestibule.services.attempt import Node
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.deliveries import Deliveries
from vestibule.services.fair_share import FairShare
from vestibule.services.first_factor import FirstFactors
from vestibule.services.gateways import Gateways
from vestibule.services.guard import Guard
from vestibule.services.metrics import Metrics
from vestibule.services.out_of_band import OutOfBand
from vestibule.services.pins import Pins
from vestibule.services.proposals import Proposals
from vestibule.services.proving import Prover
from vestibule.services.proxying import Proxying
from vestibule.services.range_breakers import RangeBreakers
from vestibule.services.sending_limits import SendingLimits
from vestibule.services.sending_outcomes import SendingOutcomes
from vestibule.services.spraying import Spraying
from vestibule.services.verification import Verifications
from vestibule.services.waiting import Waiting
from vestibule.stores import open_store
from vestibule.wire.oath import HashAlgorithm
from vestibule.wire.oath import hotp as hotp_passcode

TENANT = "tenant-1"
SECRET = b"a_shared_secret_of_the_tests"
PASSWORD = "Wonderland-2024"


class WallClock:
    """A clock that a test moves by hand. Every look at it is a millisecond later, so that lists have an
    order.
    """

    def __init__(self, now: int = 1_800_000_000_000) -> None:
        self.time = now

    def now(self) -> int:
        self.time += 1
        return self.time


class RecordingDirectory:
    """A directory kind that notes every question; it knows one password and takes it from anybody."""

    name = "recording"

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.verdict = PasswordVerdictKind.MATCH

    def open(self, settings: Mapping[str, Any], secret: Secret[str]) -> Directory:
        return self  # type: ignore[return-value]

    async def check_password(
        self, user: User | None, claimed_username: str, password: Secret[str]
    ) -> PasswordVerdict:
        self.asked.append((claimed_username, password.reveal()))
        if self.verdict is not PasswordVerdictKind.MATCH or password.reveal() == PASSWORD:
            return PasswordVerdict(self.verdict)
        return PasswordVerdict(PasswordVerdictKind.MISMATCH)

    async def close(self) -> None:
        return None


@dataclass(slots=True)
class Token:
    """What a user carries: shows one passcode after another."""

    secret: bytes
    digits: int = 6
    counter: int = 0

    def press(self) -> str:
        """Return the passcode that the token shows at the next press of its button."""
        self.counter += 1
        return hotp_passcode(self.secret, self.counter - 1, self.digits, HashAlgorithm.SHA1)


@dataclass(slots=True)
class House:
    """The services, the door, and what its users hold."""

    store: Store
    configuration: ConfigurationCache
    applications: Applications
    prover: Prover
    metrics: Metrics
    frontend: RadiusFrontend
    clock: WallClock
    directory: RecordingDirectory
    tokens: dict[str, Token] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return int(self.frontend.addresses()[0].rpartition(":")[2])

    async def add_client(
        self,
        name: str = "VPN",
        *,
        address: str = "127.0.0.1/32",
        first_factor: FirstFactor = FirstFactor.LOCAL,
        secret: bytes = SECRET,
        **settings: Any,
    ) -> Application:
        """Add an application with one RADIUS client."""
        directory_id = ""
        if first_factor is FirstFactor.DIRECTORY:
            directory_id = "recording"
            kind = DirectoryConfiguration(
                tenant_id=TENANT, directory_id=directory_id, kind="recording", name="Recording", created_at=0
            )
            await self.applications.put_directory(SYSTEM, kind, None)
        application = await self.applications.add_application(
            SYSTEM, TENANT, name, first_factor=first_factor, directory_id=directory_id
        )
        client = await self.applications.add_client(
            SYSTEM,
            TENANT,
            application.application_id,
            ClientKind.RADIUS,
            name,
            address=address,
            settings=settings,
        )
        await self.applications.add_shared_secret(SYSTEM, TENANT, client.client_id, Secret(secret.decode()))
        return application

    async def add_user(self, username: str, *, digits: int = 6) -> User:
        """Add a user with PASSWORD and a counter-based token."""
        user = User(
            tenant_id=TENANT,
            user_id=new_id(),
            username=username,
            names=(username.lower(),),
            password_hash=hash_password(PASSWORD),
            created_at=self.clock.now(),
            updated_at=self.clock.now(),
        )
        new = hotp.METHOD.enroll({"digits": digits}, os.urandom)
        bare = Authenticator(
            tenant_id=TENANT,
            authenticator_id=new_id(),
            user_id=user.user_id,
            method="hotp",
            parameters=new.parameters,
            state=new.state,
            status=AuthenticatorStatus.ACTIVE,
            created_at=self.clock.now(),
        )
        authenticator = self.prover.sealed(bare, new.secret)

        async def body(tx: Any) -> None:
            await tx.add_user(user)
            await tx.add_authenticator(authenticator)

        await self.store.transact(body)
        self.tokens[username] = Token(new.secret, digits)
        return user

    async def attempts(self) -> list[Verification]:
        """Return the list of attempts, oldest first."""
        listed = await self.store.read(
            lambda tx: tx.verifications(TENANT, VerificationFilter(), Page(limit=500))
        )
        return list(reversed(listed.rows))

    async def change_settings(self, **settings: Any) -> None:
        tenant = self.configuration.current.tenants[TENANT]
        await self.applications.change_settings(
            SYSTEM, TENANT, msgspec.structs.replace(tenant.settings, **settings)
        )


@asynccontextmanager
async def living_house(folder: Path, *, port: int = 0) -> AsyncIterator[House]:
    """A house with a tenant and an open door, without clients and users yet."""
    clock, metrics, directory = WallClock(), Metrics(), RecordingDirectory()
    url = f"sqlite:///{folder}/vestibule.db"
    lay_tables(url)
    store = open_store(url, clock)
    await store.open()
    sealer = Sealer(new_master_key())
    configuration = ConfigurationCache(store, sealer)
    methods = {method.METHOD.descriptor.name: method.METHOD for method in (totp, hotp, recovery_code)}
    prover = Prover(methods, sealer, configuration)
    kinds: dict[str, DirectoryKind] = {"local": local.DIRECTORY, "recording": directory}
    first_factors = FirstFactors(kinds, configuration, sealer)
    proposals = Proposals(store, configuration)
    applications = Applications(store, configuration, sealer, proposals)
    node = Node("node", "127.0.0.1")
    breakers = RangeBreakers(store, configuration, SendingOutcomes(store))
    gateways = Gateways({}, configuration, sealer, breakers.outcomes)
    limits = SendingLimits(store, clock, configuration, gateways, metrics, breakers)
    share = FairShare(metrics)
    deliveries = Deliveries(store, gateways, configuration, limits, sealer, node, share)
    out_of_band = OutOfBand(deliveries, limits, gateways, sealer)
    asking, waiting = Asking(out_of_band, methods, node), Waiting(store)
    pins = Pins(store, configuration, sealer, Guard(store, proposals))
    proxying = Proxying(store, configuration, first_factors, sealer)
    verifications = Verifications(
        store,
        configuration,
        prover,
        first_factors,
        asking,
        waiting,
        pins,
        proxying,
        node,
        metrics,
        Spraying(store, configuration, metrics),
        share,
    )
    frontend = RadiusFrontend(
        verifications,
        configuration,
        clock,
        metrics,
        [("127.0.0.1", port)],
        check_store=store.check,
    )
    house = House(store, configuration, applications, prover, metrics, frontend, clock, directory)
    await configuration.refresh()
    await applications.add_tenant(SYSTEM, TENANT, "Tenant", TenantSettings())
    await frontend.start()
    try:
        yield house
    finally:
        await frontend.stop(5)
        await first_factors.close()
        await store.close()
