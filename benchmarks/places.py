"""Large installations to look around in: the configuration by the services, the mass in the database.

One is made once for its folder, and stays there. When it is looked for again its people have gone on
meanwhile, so that its last day has as many attempts as any.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from benchmarks import large_installation as large
from benchmarks.large_installation import Size
from benchmarks.lasting_postgres import HASTE, LastingPostgres
from benchmarks.population import TENANT
from tests.servers import ServerProcess
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_token, token_hash
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import SYSTEM
from vestibule.model.application import (
    CONSOLE_APPLICATION,
    PORTAL_APPLICATION,
    ClientKind,
    DirectoryConfiguration,
    FirstFactor,
)
from vestibule.model.group import Group
from vestibule.model.session import Session
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Role, User
from vestibule.runtime.build import House, build

VISITOR = 0
"""One of those who sign in all day long."""
_ADMINISTRATOR = "administrator"
_DATABASE = "pages"
_HOUR_MS = 3_600_000
_SWEPT = 1000
"""Rows at a time."""


class _Made(msgspec.Struct):
    """What is known of a place; a folder without it is one that was not finished."""

    made: int
    """When the last of its attempts was (epoch ms)."""
    until: int
    """Until when people have gone on."""


class Place:
    """What there is to look at: the server, who is signed in, and what the parameters of paths stand for."""

    def __init__(
        self, server: ServerProcess, postgres: LastingPostgres | None, size: Size, made: _Made
    ) -> None:
        self.server = server
        self.size = size
        self.now = made.until
        self.tokens: dict[str, str] = {}
        """Of the sessions, by door."""
        self._postgres = postgres
        self._made = made.made

    def cpu_seconds(self) -> float:
        """Return the processor time of the server, and of the database's if that is another."""
        database = self._postgres.cpu_seconds() if self._postgres else 0.0
        return self.server.cpu_seconds() + database

    def values(self, path: str, number: int) -> dict[str, str]:
        """Return what to put into `path` at the n-th time."""
        somebody = number * 7919 % self.size.people
        attempt = number * 104_729 % self.size.attempts
        return {
            "tenant": TENANT,
            "user": large.user_id(somebody),
            "attempt": large.attempt_id(attempt, self.size, self._made),
            "authenticator": large.authenticator_id(somebody - somebody % 10),
            "application": f"app{number % large.APPLICATIONS}",
            "client": f"client{number % large.CLIENTS}",
            "directory": "ldap",
            "group": f"group{number % large.GROUPS}",
            "kind": "ldap" if "/directories/" in path else "http_text",
        }


@contextmanager
def opened(folder: Path, engine: str, size: Size) -> Iterator[Place]:
    """Lend the place of that engine and size in `folder`, which is made if it is not there.

    `folder` is one that the account of PostgreSQL can enter.
    """
    home = folder / f"{engine}-{size.people}-{size.attempts}"
    postgres = LastingPostgres(home / "postgres") if engine == "PostgreSQL" else None
    server = ServerProcess(home / "state", postgres.url(_DATABASE) if postgres else None)
    note = home / "made.json"
    try:
        if not note.exists():
            _make(home, server, postgres, size, note)
        made = msgspec.json.decode(note.read_bytes(), type=_Made)
        if postgres is not None:
            postgres.start()
        place = Place(server, postgres, size, made)
        asyncio.run(_enter(place, made))
        note.write_bytes(msgspec.json.encode(made))
        server.start()
        yield place
    finally:
        server.stop()
        if postgres is not None:
            postgres.stop()


def _make(
    home: Path, server: ServerProcess, postgres: LastingPostgres | None, size: Size, note: Path
) -> None:
    began = time.perf_counter()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    if postgres is not None:
        postgres.start(HASTE)
        postgres.create(_DATABASE)
    made = asyncio.run(_furnish(server, size))
    note.write_bytes(msgspec.json.encode(made))
    print(f"made in {time.perf_counter() - began:.0f} s", flush=True)


async def _furnish(server: ServerProcess, size: Size) -> _Made:
    house = await build(server.settings, migrate=True)
    try:
        await house.services.setup.ensure_system()
        await _configure(house)
        now = house.services.clock.now()
        await large.fill(server.settings.database_url.reveal(), size, now)
        await house.store.transact(_add_administrator)
        return _Made(made=now, until=now)
    finally:
        await house.close()


async def _enter(place: Place, made: _Made) -> None:
    """Bring a place up to date, and sign in at both doors."""
    settings = place.server.settings
    house = await build(settings, migrate=True)
    try:
        now = house.services.clock.now()
        if now - made.until > _HOUR_MS:
            await large.go_on(settings.database_url.reveal(), place.size, made.made, made.until, now)
            place.now = made.until = now
        while await house.store.transact(lambda tx: tx.sweep(_SWEPT)):
            pass
        doors = {
            "console": (SYSTEM_TENANT, _ADMINISTRATOR, CONSOLE_APPLICATION),
            "portal": (TENANT, large.user_id(VISITOR), PORTAL_APPLICATION),
        }
        place.tokens = {door: await _session(house, *who) for door, who in doors.items()}
    finally:
        await house.close()


async def _configure(house: House) -> None:
    services = house.services
    applications = services.applications
    await applications.add_tenant(SYSTEM, TENANT, "Bench")
    await services.setup.ensure_portal(TENANT)
    ldap = DirectoryConfiguration(
        tenant_id=TENANT,
        directory_id="ldap",
        kind="ldap",
        name="LDAP",
        settings={"urls": ["ldaps://ldap.example.org"], "base_dn": "dc=example,dc=org"},
        created_at=1,
    )
    await applications.put_directory(SYSTEM, ldap, Secret(""))
    for number in range(large.GROUPS):
        group = Group(tenant_id=TENANT, group_id=f"group{number}", name=f"Group {number}", created_at=1)
        await house.store.transact(lambda tx, group=group: tx.put(group))
    for number in range(large.APPLICATIONS):
        await applications.add_application(
            SYSTEM,
            TENANT,
            f"Application {number}",
            application_id=f"app{number}",
            first_factor=FirstFactor.CLIENT,
        )
    for number in range(large.CLIENTS):
        await applications.add_client(
            SYSTEM,
            TENANT,
            f"app{number % large.APPLICATIONS}",
            ClientKind.RADIUS,
            f"Client {number}",
            client_id=f"client{number}",
            address=f"198.51.100.{number}/32",
            settings={"mode": "passcode_only"},
        )


async def _add_administrator(tx: Transaction) -> None:
    administrator = User(
        tenant_id=SYSTEM_TENANT,
        user_id=_ADMINISTRATOR,
        username=_ADMINISTRATOR,
        names=(_ADMINISTRATOR,),
        role=Role.ADMINISTRATOR,
        created_at=tx.now,
        updated_at=tx.now,
    )
    await tx.add_user(administrator)


async def _session(house: House, tenant_id: str, user_id: str, application_id: str) -> str:
    """Return the token of a session that began just now."""
    token = new_token()

    async def body(tx: Transaction) -> None:
        await tx.add_session(
            Session(
                tenant_id=tenant_id,
                token_hash=token_hash(token),
                user_id=user_id,
                application_id=application_id,
                verification_id="",
                is_second_factor_proven=True,
                proven_at=tx.now,
                created_at=tx.now,
                seen_at=tx.now,
                expires_at=tx.now + 12 * 3_600_000,
            )
        )

    await house.store.transact(body)
    return token
