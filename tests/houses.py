"""A whole house for tests: everything that `vestibule serve` builds, with a clock that the test moves."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
from argon2 import PasswordHasher

from tests.databases import lay_tables
from vestibule.crypto import passwords
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.application import Application, ClientKind, FirstFactor
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.tenant import TenantSettings
from vestibule.model.user import User
from vestibule.model.verification import Verification
from vestibule.runtime.build import House, build
from vestibule.runtime.settings import Loaded, load
from vestibule.services.attempt import Origin
from vestibule.services.outcome import Progress
from vestibule.services.services import Services
from vestibule.wire.oath import hotp, totp

TENANT = "acme"
OPEN_CODES = ("1", "33", "43", "44", "49")
"""The countries that the phones of tests are in."""
BOUNDLESS = {
    "texts_per_hour": 100_000,
    "texts_per_number": 0,
    "texts_per_prefix": 0,
    "texts_per_tenant": 0,
    "breaker_unanswered": 0,
}
"""Settings for proofs that send more than anybody may be sent."""
PASSWORD = "Wonderland-2024"
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashing is slow on purpose; that it is, tests/unit/crypto shows. Here it would only cost time."""
_PASSWORD_HASH = _QUICK.hash(PASSWORD)
START = 1_800_000_000_000


def opened(rules: TenantSettings | None = None) -> TenantSettings:
    """Return settings in which the countries of tests are open, unless others are."""
    settings = rules or TenantSettings()
    return msgspec.structs.replace(settings, calling_codes=settings.calling_codes or OPEN_CODES)


class HandClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> int:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += int(seconds * 1000)


@dataclass(slots=True)
class Person:
    """A user and what he carries."""

    user: User
    secret: bytes
    method: str
    authenticator_id: str
    presses: int = 0

    def passcode(self, at: int, steps: int = 0) -> Secret[str]:
        """Return what the device shows at `at`; a counter-based one moves on with every call."""
        if self.method == "hotp":
            self.presses += 1
            return Secret(hotp(self.secret, self.presses - 1))
        return Secret(totp(self.secret, at + steps * 30_000))


@dataclass(slots=True)
class TestHouse:
    """The built house, and short ways to do what tests do all the time."""

    __test__ = False

    house: House
    clock: HandClock
    doors: dict[str, str] = field(default_factory=dict)
    """Client id by application id."""

    @property
    def services(self) -> Services:
        return self.house.services

    @property
    def store(self) -> Store:
        return self.house.store

    async def add_application(
        self, name: str = "vpn", first_factor: FirstFactor = FirstFactor.LOCAL, **fields: Any
    ) -> Application:
        """Add an application with one API client to ask on its behalf."""
        applications = self.services.applications
        application = await applications.add_application(
            SYSTEM, TENANT, name, application_id=name, first_factor=first_factor, **fields
        )
        client = await applications.add_client(
            SYSTEM, TENANT, name, ClientKind.API, f"{name} client", scopes=("verify",)
        )
        self.doors[name] = client.client_id
        return application

    async def add_person(
        self, username: str, method: str = "totp", tenant_id: str = TENANT, **fields: Any
    ) -> Person:
        """Add a user with PASSWORD and an authenticator that is ready."""
        user = User(
            tenant_id=tenant_id,
            user_id=new_id(),
            username=username,
            names=(username.lower(),),
            password_hash=_PASSWORD_HASH,
            created_at=self.clock.now(),
            updated_at=self.clock.now(),
            **fields,
        )
        await self.store.transact(lambda tx: tx.add_user(user))
        return await self.add_authenticator(user, method)

    async def add_bare_person(self, username: str, **fields: Any) -> Person:
        """Add a user with PASSWORD who holds nothing yet."""
        person = await self.add_person(username, **fields)
        held = await self.store.read(lambda tx: tx.authenticator(TENANT, person.authenticator_id))
        assert held is not None
        revoked = msgspec.structs.replace(held, status=AuthenticatorStatus.REVOKED)
        await self.store.transact(lambda tx: tx.replace_authenticator(revoked))
        return person

    async def add_phone(self, person: Person, method: str, **options: Any) -> Authenticator:
        """Give somebody a phone for `method`, proven."""
        new = self.services.enrollments.methods[method].enroll(options, os.urandom)
        held = Authenticator(
            tenant_id=person.user.tenant_id,
            authenticator_id=new_id(),
            user_id=person.user.user_id,
            method=method,
            label=new.parameters["number"],
            parameters=new.parameters,
            state=new.state,
            status=AuthenticatorStatus.ACTIVE,
            created_at=self.clock.now(),
        )
        await self.store.transact(lambda tx: tx.add_authenticator(held))
        return held

    async def wait(
        self, username: str, progress: Progress, seconds: float = 10, **fields: Any
    ) -> Progress | None:
        """Wait as a front end does for the answer on another road."""
        origin = self.origin(username, **fields)
        return await self.services.verifications.wait(origin, progress, seconds)

    async def add_authenticator(self, user: User, method: str = "totp", **fields: Any) -> Person:
        new = self.services.enrollments.methods[method].enroll({}, os.urandom)
        bare = Authenticator(
            tenant_id=user.tenant_id,
            authenticator_id=new_id(),
            user_id=user.user_id,
            method=method,
            label=f"{user.username}'s {method}",
            parameters=new.parameters,
            state=new.state,
            status=AuthenticatorStatus.ACTIVE,
            created_at=self.clock.now(),
        )
        ready = msgspec.structs.replace(bare, **fields)
        sealed = self.services.setup._prover.sealed(ready, new.secret)
        await self.store.transact(lambda tx: tx.add_authenticator(sealed))
        return Person(user, new.secret, method, bare.authenticator_id)

    def origin(self, username: str, door: str = "vpn", **fields: Any) -> Origin:
        peer = self.services.configuration.current.peers[self.doors[door]]
        return Origin(peer=peer, channel="api", claimed_username=username, **fields)

    async def start(
        self,
        username: str,
        password: str | None = PASSWORD,
        passcode: Secret[str] | str | None = None,
        door: str = "vpn",
        **fields: Any,
    ) -> Progress:
        self.clock.advance(0.001)  # attempts are listed by time
        given = Secret(passcode) if isinstance(passcode, str) else passcode
        secret = None if password is None else Secret(password)
        origin = self.origin(username, door, **fields)
        return await self.services.verifications.start(origin, secret, given)

    async def answer(
        self,
        username: str,
        challenge_id: str,
        passcode: Secret[str] | str,
        door: str = "vpn",
        **fields: Any,
    ) -> Progress:
        given = Secret(passcode) if isinstance(passcode, str) else passcode
        origin = self.origin(username, door, **fields)
        return await self.services.verifications.answer(origin, challenge_id, given)

    async def attempts(self, **where: Any) -> list[Verification]:
        """Return the list of attempts, oldest first."""
        chosen = VerificationFilter(**where)
        listed = await self.store.read(lambda tx: tx.verifications(TENANT, chosen, Page(limit=500)))
        return list(reversed(listed.rows))

    async def change_settings(self, **fields: Any) -> None:
        settings = self.services.configuration.current.tenants[TENANT].settings
        changed = msgspec.structs.replace(settings, **fields)
        await self.services.applications.change_settings(SYSTEM, TENANT, changed)

    async def allow_any_number_of_texts(self, **fields: Any) -> None:
        """What no administrator can set: proofs send more than a person may be sent."""
        await take_limits_away(self.house, **fields)

    async def change_user(self, person: Person, **fields: Any) -> None:
        async def body(tx: Transaction) -> None:
            subject = await tx.subject(person.user.tenant_id, person.user.user_id)
            assert subject is not None
            assert await tx.replace_user(msgspec.structs.replace(subject.user, **fields))

        await self.store.transact(body)


async def take_limits_away(house: House, **fields: Any) -> None:
    """Let TENANT send any number of texts and calls."""
    tenant = house.services.configuration.current.tenants[TENANT]
    settings = msgspec.structs.replace(tenant.settings, **(BOUNDLESS | fields))
    await house.store.transact(lambda tx: tx.put(msgspec.structs.replace(tenant, settings=settings)))
    await house.services.configuration.refresh()


@asynccontextmanager
async def open_house(
    folder: Path, url: str | None = None, clock: HandClock | None = None, **settings: str
) -> AsyncIterator[TestHouse]:
    """A house with the tenant TENANT; `url` is a PostgreSQL database, otherwise SQLite in `folder`.

    `settings` are by the names of variables: `log_level="debug"` is VESTIBULE_LOG_LEVEL.
    """
    environment = {"VESTIBULE_STATE_DIRECTORY": str(folder)}
    environment |= {f"VESTIBULE_{name.upper()}": value for name, value in settings.items()}
    if url is not None:
        environment["VESTIBULE_DATABASE_URL"] = url
    loaded = load(None, environment)
    assert isinstance(loaded, Loaded)
    clock = HandClock() if clock is None else clock
    lay_tables(loaded.settings.database_url.reveal())
    house = await build(loaded.settings, migrate=True, clock=clock)
    try:
        await house.services.setup.ensure_system()
        if TENANT not in house.services.configuration.current.tenants:
            await house.services.applications.add_tenant(SYSTEM, TENANT, "Acme", opened())
        with patch.object(passwords, "_hasher", _QUICK):
            yield TestHouse(house, clock)
    finally:
        await house.close()
