"""A population: one tenant, one application whose client has checked the password, many users with TOTP who
have signed in before."""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import Any

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, DirectoryConfiguration, FirstFactor
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.throttle import Factor
from vestibule.model.user import User
from vestibule.runtime.build import House, build
from vestibule.runtime.settings import Settings
from vestibule.wire.oath import totp

TENANT = "bench"
PASSWORD = "a password for benchmarks"
BATCH = 1000


class Population(msgspec.Struct, frozen=True):
    users: int
    shared_secret: bytes
    api_keys: dict[str, str]
    """By who checks the password: `client`, `local`, `ldap`."""

    @staticmethod
    def name(number: int) -> str:
        return f"user{number:07d}"

    @staticmethod
    def secret(number: int) -> bytes:
        return hashlib.sha1(b"bench" + number.to_bytes(4, "big")).digest()

    def passcode(self, number: int) -> str:
        """Return the passcode that this user's device shows now."""
        return totp(self.secret(number), int(time.time() * 1000))


class LdapDoor(msgspec.Struct, frozen=True):
    """A directory that checks the password of one of the applications."""

    settings: dict[str, Any]
    password: str


def populate(settings: Settings, users: int, directory: LdapDoor | None = None) -> Population:
    """Make the database of `settings` and fill it."""
    return asyncio.run(_populate(settings, users, directory))


async def _populate(settings: Settings, users: int, directory: LdapDoor | None) -> Population:
    house = await build(settings, migrate=True)
    try:
        await house.services.setup.ensure_system()
        return await _filled(house, users, directory)
    finally:
        await house.close()


async def _filled(house: House, users: int, directory: LdapDoor | None) -> Population:
    applications = house.services.applications
    await applications.add_tenant(SYSTEM, TENANT, "Bench")
    checked = await applications.add_application(
        SYSTEM, TENANT, "VPN", application_id="vpn", first_factor=FirstFactor.CLIENT
    )
    radius = await applications.add_client(
        SYSTEM,
        TENANT,
        checked.application_id,
        ClientKind.RADIUS,
        "concentrator",
        address="127.0.0.1/32",
        settings={"mode": "passcode_only"},
    )
    shared = await applications.add_shared_secret(SYSTEM, TENANT, radius.client_id)
    api = await applications.add_client(
        SYSTEM, TENANT, checked.application_id, ClientKind.API, "site", scopes=("verify",)
    )
    key = await applications.add_api_key(SYSTEM, TENANT, api.client_id)
    keys = {"client": key.reveal(), "local": await _door(house, FirstFactor.LOCAL)}
    if directory is not None:
        await applications.put_directory(
            SYSTEM,
            DirectoryConfiguration(
                tenant_id=TENANT,
                directory_id="ldap",
                kind="ldap",
                name="LDAP",
                settings=directory.settings,
                created_at=1,
            ),
            Secret(directory.password),
        )
        keys["ldap"] = await _door(house, FirstFactor.DIRECTORY, "ldap")
    hashed = await house.services.users.hash_password(Secret(PASSWORD), "")
    for start in range(0, users, BATCH):
        await _add_batch(house, range(start, min(users, start + BATCH)), hashed)
    return Population(users, shared.reveal().encode(), keys)


async def _door(house: House, first_factor: FirstFactor, directory_id: str = "") -> str:
    """Return an API key of a new application whose password is checked so."""
    applications = house.services.applications
    application = await applications.add_application(
        SYSTEM, TENANT, first_factor.value, first_factor=first_factor, directory_id=directory_id
    )
    client = await applications.add_client(
        SYSTEM,
        TENANT,
        application.application_id,
        ClientKind.API,
        f"site {first_factor.value}",
        scopes=("verify",),
    )
    return (await applications.add_api_key(SYSTEM, TENANT, client.client_id)).reveal()


async def _add_batch(house: House, numbers: range, hashed: str) -> None:
    prover = house.services.demonstrations._prover
    people = [_user(number, hashed) for number in numbers]
    held = [
        prover.sealed(_authenticator(user), Population.secret(number))
        for number, user in zip(numbers, people, strict=True)
    ]

    async def add(tx: Transaction) -> None:
        for user in people:
            await tx.add_user(user)
        await tx.add_authenticators(held)
        for user in people:
            await tx.settle_attempt(TENANT, user.user_id, Factor.PASSCODE, True, limits)

    limits = house.services.configuration.current.limits[TENANT]
    await house.store.transact(add)


def _user(number: int, hashed: str) -> User:
    name = Population.name(number)
    return User(
        tenant_id=TENANT,
        user_id=hashlib.md5(name.encode()).hexdigest(),
        username=name,
        names=(name,),
        password_hash=hashed,
        created_at=1,
        updated_at=1,
    )


def _authenticator(user: User) -> Authenticator:
    return Authenticator(
        tenant_id=TENANT,
        authenticator_id=hashlib.md5(b"a" + user.user_id.encode()).hexdigest(),
        user_id=user.user_id,
        method="totp",
        parameters={"algorithm": "sha1", "digits": 6, "interval": 30},
        state={},
        status=AuthenticatorStatus.ACTIVE,
        created_at=1,
    )
