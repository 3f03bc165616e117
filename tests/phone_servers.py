"""A Vestibule in a process of its own whose user is called and texted, and a VPN that asks with radclient.

`PhoneServer` is `vestibule serve` with one tenant, one VPN, the gateways of a test and Alice. What its
administrator sees is read as he reads it: by the command line, beside the running server.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from tests.databases import lay_tables
from tests.houses import opened, take_limits_away
from tests.integration.phone.test_radius_waits import Concentrator
from tests.peers.program import run_well
from tests.servers import ServerProcess
from tests.until import until_read
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, FirstFactor
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.delivery import Delivery
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.tenant import TenantSettings
from vestibule.model.user import User
from vestibule.model.verification import Verification
from vestibule.runtime.build import House, build
from vestibule.services.gateways import gateway_context
from vestibule.stores import open_store

TENANT = "acme"
PASSWORD = "Wonderland-2024"
NUMBER = "+4915112345678"

Explained = dict[str, Any]


class Configured(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway as a test wants it."""

    kind: str
    settings: dict[str, Any]
    secret: str = ""
    name: str = ""
    priority: int = 10


class PhoneServer:
    """Furnished by `make`, alive between `start` and `stop`; `vpn` asks at its door."""

    def __init__(self, folder: Path, url: str | None = None, **settings: str) -> None:
        self.process = ServerProcess(folder, url, **settings)
        self.secret = ""
        self.vpn = Concentrator("", "")

    async def make(
        self,
        gateways: Sequence[Configured],
        methods: Sequence[tuple[str, dict[str, Any]]],
        *,
        pin: str = "",
        must_change: bool = False,
        language: str = "",
        rules: TenantSettings | None = None,
        people: int = 0,
        is_boundless: bool = False,
    ) -> None:
        """Fill the database: Alice has PASSWORD, and her phone for each of `methods`. `people` more are
        `person0`, `person1`, ..., each with a phone of his own. `is_boundless`: more is sent than any
        administrator can allow."""
        lay_tables(self.process.settings.database_url.reveal())
        house = await build(self.process.settings, migrate=True)
        try:
            await house.services.setup.ensure_system()
            await house.services.applications.add_tenant(SYSTEM, TENANT, "Acme", opened(rules))
            if is_boundless:
                await take_limits_away(house)
            self.secret = await _door(house)
            for number, gateway in enumerate(gateways):
                await _add_gateway(house, f"gateway-{number}", gateway)
            hashed = await house.services.users.hash_password(Secret(PASSWORD), "")
            user = await _add_person(house, "alice", hashed, language)
            numbers = {user: NUMBER}
            for number in range(people):
                other = await _add_person(house, f"person{number}", hashed, language)
                numbers[other] = f"+491511{number:07}"
            for person, phone in numbers.items():
                for method, options in methods:
                    await _add_phone(house, person, method, {"number": phone, **options})
            if pin:
                made = await house.services.pins.set(
                    SYSTEM, TENANT, user.user_id, Secret(pin), must_change=must_change
                )
                assert made.is_changed, made
        finally:
            await house.close()

    async def start(self) -> None:
        await asyncio.to_thread(self.process.start)
        self.vpn = Concentrator(str(self.process.radius_port), self.secret)

    async def stop(self) -> None:
        await asyncio.to_thread(self.process.stop)

    async def ask(self, password: str = PASSWORD, *attributes: str, **options: Any) -> str:
        """Sign in by radclient; return the kind of the answer, such as `Access-Accept`, and all it shows."""
        return await self.vpn.ask(password, *attributes, **{"seconds": 100, **options})

    # --- what there is afterwards ---------------------------------------------------------------------

    async def attempts(self) -> list[Verification]:
        """Return the list of attempts, oldest first."""

        async def read(tx: Transaction) -> list[Verification]:
            listed = await tx.verifications(TENANT, VerificationFilter(), Page(limit=500))
            return list(reversed(listed.rows))

        return await self._read(read)

    async def attempt(self) -> Verification:
        """Return the one attempt there is."""
        (attempt,) = await self.attempts()
        return attempt

    async def delivery(self, reference: str, gateway_id: str = "gateway-0") -> Delivery:
        """Wait for a delivery by its gateway's name for it: it is written down after the network has it."""

        async def read(tx: Transaction) -> Delivery | None:
            return await tx.delivery_by_reference(TENANT, gateway_id, reference)

        found: Delivery = await until_read(lambda: self._read(read), lambda found: found is not None)
        return found

    async def user(self) -> User:
        subject = await self._read(lambda tx: tx.subject_by_names(TENANT, ("alice",)))
        assert subject is not None
        return subject.user

    async def _read(self, body: Callable[[Transaction], Awaitable[Any]]) -> Any:
        store = open_store(self.process.settings.database_url.reveal())
        await store.open()
        try:
            return await store.read(body)
        finally:
            await store.close()

    async def command(self, *words: str) -> str:
        """Run `vestibule ...` for the tenant and return what it shows."""
        return await asyncio.to_thread(self._command, words)

    def _command(self, words: Sequence[str]) -> str:
        program = Path(sys.executable).with_name("vestibule")
        named = [f"{name}={value}" for name, value in self.process.environment.items()]
        return run_well(["env", "LC_ALL=C.UTF-8", *named, program, *words, "--tenant", TENANT])

    async def why(self) -> list[str]:
        """Return the lines of the why-trace of the one attempt, as `vestibule attempts show` has them."""
        attempt = await self.attempt()
        shown = await self.command("attempts", "show", attempt.verification_id)
        return re.findall(r"^  \d+\. (.*)$", shown, re.MULTILINE)

    async def events(self) -> list[str]:
        """Return the kinds in the list of changes, newest first."""
        shown = await self.command("events", "list", "--json")
        return [line["kind"] for line in _records(shown)]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def _records(shown: str) -> list[Explained]:
    try:
        told = json.loads(shown)
    except json.JSONDecodeError:
        return [json.loads(line) for line in shown.splitlines()]
    return told if isinstance(told, list) else list(told.get("items", [told]))


async def _door(house: House) -> str:
    applications = house.services.applications
    vpn = await applications.add_application(SYSTEM, TENANT, "Bergwerk", first_factor=FirstFactor.LOCAL)
    concentrator = await applications.add_client(
        SYSTEM,
        TENANT,
        vpn.application_id,
        ClientKind.RADIUS,
        "concentrator",
        address="127.0.0.1/32",
        settings={"response_seconds": 90},
    )
    return (await applications.add_shared_secret(SYSTEM, TENANT, concentrator.client_id)).reveal()


async def _add_gateway(house: House, gateway_id: str, wanted: Configured) -> None:
    sealed = house.sealer.seal(wanted.secret.encode(), gateway_context(TENANT, gateway_id))
    record = GatewayConfiguration(
        tenant_id=TENANT,
        gateway_id=gateway_id,
        kind=wanted.kind,
        name=wanted.name or gateway_id,
        settings=wanted.settings,
        secret=sealed if wanted.secret else b"",
        priority=wanted.priority,
        created_at=1,
    )
    await house.store.transact(lambda tx: tx.put(record))


async def _add_person(house: House, username: str, password_hash: str, language: str) -> User:
    user = User(
        tenant_id=TENANT,
        user_id=new_id(),
        username=username,
        names=(username,),
        password_hash=password_hash,
        language=language,
        created_at=house.services.clock.now(),
        updated_at=house.services.clock.now(),
    )
    await house.store.transact(lambda tx: tx.add_user(user))
    return user


async def _add_phone(house: House, user: User, method: str, options: dict[str, Any]) -> None:
    new = house.services.enrollments.methods[method].enroll(options, os.urandom)
    held = Authenticator(
        tenant_id=TENANT,
        authenticator_id=new_id(),
        user_id=user.user_id,
        method=method,
        label=new.parameters["number"],
        parameters=new.parameters,
        state=new.state,
        status=AuthenticatorStatus.ACTIVE,
        created_at=house.services.clock.now(),
    )
    await house.store.transact(lambda tx: tx.add_authenticator(held))
