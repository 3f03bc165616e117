"""What lives in the database of a server under test, and what its administrator sees of it.

`furnish` fills a database through the services before its server starts: a tenant whose VPN has checked the
password already, and people with counter-based tokens, who have as many fresh passcodes as a test likes
without waiting for a clock.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from dataclasses import dataclass, field
from functools import partial

import httpx
import msgspec

from tests.databases import lay_tables
from tests.houses import opened
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, FirstFactor
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.tenant import TenantSettings
from vestibule.model.user import User
from vestibule.model.verification import Verification
from vestibule.runtime.build import House, build
from vestibule.runtime.settings import Settings
from vestibule.stores import open_store
from vestibule.wire.oath import HashAlgorithm, hotp

TENANT = "acme"
PATIENT = TenantSettings(lockout_threshold=100, spraying_pause_seconds=0)
"""So many failures in a row that a test may try what must fail without locking anybody out, or waiting."""
SOON = 60
"""Presses; more than a server looks ahead, and more than a test makes before it presents a passcode again."""


@dataclass(slots=True)
class Token:
    """What a person carries: shows one passcode after another.

    One that will be shown again soon is passed over: presented twice, it would be right twice, by chance.
    """

    username: str
    secret: bytes
    digits: int = 6
    counter: int = 0
    _coming: deque[str] = field(default_factory=deque)

    def press(self) -> str:
        """Return the passcode that the token shows at the next press of its button."""
        while True:
            while len(self._coming) <= SOON:
                at = self.counter + len(self._coming)
                self._coming.append(hotp(self.secret, at, self.digits, HashAlgorithm.SHA1))
            self.counter += 1
            passcode = self._coming.popleft()
            if passcode not in self._coming:
                return passcode


@dataclass(slots=True)
class Installation:
    """The tenant TENANT: its VPN, which has checked the password itself, and its people."""

    shared_secret: bytes
    """Of 127.0.0.1 as a RADIUS client; a request carries the passcode alone."""
    api_key: str
    """Checks people for the same application."""
    admin_key: str
    people: list[Token] = field(default_factory=list)


def furnish(
    settings: Settings,
    people: int = 0,
    *,
    password: str | None = None,
    digits: int = 6,
    rules: TenantSettings = PATIENT,
) -> Installation:
    """Make the database of `settings` and fill it. With `password`, it is everybody's."""
    return asyncio.run(_furnish(settings, people, password, digits, rules))


async def _furnish(
    settings: Settings, people: int, password: str | None, digits: int, rules: TenantSettings
) -> Installation:
    lay_tables(settings.database_url.reveal())
    house = await build(settings, migrate=True)
    try:
        await house.services.setup.ensure_system()
        await house.services.applications.add_tenant(SYSTEM, TENANT, "Acme", opened(rules))
        await house.services.setup.ensure_portal(TENANT)
        installation = await _doors(house)
        hashed = "" if password is None else await house.services.users.hash_password(Secret(password), "")
        installation.people += await add_people(house, people, hashed, digits)
        return installation
    finally:
        await house.close()


async def _doors(house: House) -> Installation:
    applications = house.services.applications
    vpn = await applications.add_application(SYSTEM, TENANT, "VPN", first_factor=FirstFactor.CLIENT)
    concentrator = await applications.add_client(
        SYSTEM,
        TENANT,
        vpn.application_id,
        ClientKind.RADIUS,
        "concentrator",
        address="127.0.0.1/32",
        settings={"mode": "passcode_only"},
    )
    shared = await applications.add_shared_secret(SYSTEM, TENANT, concentrator.client_id)
    keys = [await _api_key(house, vpn.application_id, scope) for scope in ("verify", "admin")]
    return Installation(shared.reveal().encode(), keys[0], keys[1])


async def _api_key(house: House, application_id: str, scope: str) -> str:
    applications = house.services.applications
    client = await applications.add_client(
        SYSTEM, TENANT, application_id, ClientKind.API, scope, scopes=(scope,)
    )
    return (await applications.add_api_key(SYSTEM, TENANT, client.client_id)).reveal()


async def add_people(house: House, how_many: int, password_hash: str = "", digits: int = 6) -> list[Token]:
    """Add `person0`, `person1`, ... to TENANT, each with a token, in one transaction."""
    enrollments = house.services.enrollments
    hotp_method = enrollments.methods["hotp"]
    users, held, tokens = [], [], []
    now = house.services.clock.now()
    for number in range(how_many):
        name = f"person{number}"
        new = hotp_method.enroll({"digits": digits}, os.urandom)
        user = User(
            tenant_id=TENANT,
            user_id=new_id(),
            username=name,
            names=(name,),
            password_hash=password_hash,
            created_at=now,
            updated_at=now,
        )
        bare = Authenticator(
            tenant_id=TENANT,
            authenticator_id=new_id(),
            user_id=user.user_id,
            method="hotp",
            label=f"{name}'s token",
            parameters=new.parameters,
            state=new.state,
            status=AuthenticatorStatus.ACTIVE,
            created_at=now,
        )
        users.append(user)
        held.append(enrollments._prover.sealed(bare, new.secret))
        tokens.append(Token(name, new.secret, digits))

    async def add(tx: Transaction) -> None:
        for user in users:
            await tx.add_user(user)
        await tx.add_authenticators(held)

    await house.store.transact(add)
    return tokens


# --- what an administrator sees -------------------------------------------------------------------------


class Attempt(msgspec.Struct, frozen=True):
    """A line of the list of attempts as the API tells it; `user_address` is what the client said of the
    person, where tests put a name of their own for each request.
    """

    id: str
    state: str
    reason: str
    claimed_username: str
    user_address: str
    channel: str


class _Page(msgspec.Struct, frozen=True):
    items: list[Attempt]
    next_cursor: str


def attempts(caller: httpx.Client, **where: str | int) -> list[Attempt]:
    """Return the whole list of attempts through the API; `caller` carries an administrator's key."""
    found: list[Attempt] = []
    cursor = ""
    while True:
        query: dict[str, str | int] = {**where, "limit": 200, "cursor": cursor}
        answer = caller.get("/api/v1/attempts", params=query)
        assert answer.status_code == 200, answer.text
        page = msgspec.json.decode(answer.content, type=_Page)
        found += page.items
        cursor = page.next_cursor
        if not cursor:
            return found


def approved_at_rest(settings: Settings) -> list[Verification]:
    """Return all approved attempts of TENANT, read from the database itself: no server need run."""
    return asyncio.run(_approved_at_rest(settings))


async def _approved_at_rest(settings: Settings) -> list[Verification]:
    store = open_store(settings.database_url.reveal())
    await store.open()
    try:
        found: list[Verification] = []
        where, page = VerificationFilter(state="approved"), Page(limit=500)
        while True:
            listed = await store.read(partial(_page_of_attempts, where, page))
            found += listed.rows
            page = Page(limit=500, cursor=listed.next_cursor)
            if not page.cursor:
                return found
    finally:
        await store.close()


async def _page_of_attempts(where: VerificationFilter, page: Page, tx: Transaction) -> Listed:
    return await tx.verifications(TENANT, where, page)
