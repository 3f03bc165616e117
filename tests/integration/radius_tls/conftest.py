"""A house whose RADIUS clients come over TLS, with the authority that knows them."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.callers import access_request
from tests.houses import PASSWORD, TENANT, HandClock, Person, TestHouse, open_house
from vestibule.frontends.radius import FRONTEND
from vestibule.model.actor import SYSTEM
from vestibule.model.application import Client, ClientKind
from vestibule.runtime.settings_values import Endpoint
from vestibule.services.certificates import Issued
from vestibule.wire.radius import Message, decode

SECRET = b"radsec"


@dataclass(slots=True)
class Scene:
    """`port` is where clients connect."""

    house: TestHouse
    frontend: Any
    folder: Path
    port: int

    async def add_client(self, name: str = "vpn", tenant_id: str = TENANT, **fields: Any) -> Client:
        """Add an application with one client that is known by its certificates."""
        applications = self.house.services.applications
        application = await applications.add_application(SYSTEM, tenant_id, name)
        return await applications.add_client(
            SYSTEM, tenant_id, application.application_id, ClientKind.RADIUS, name, **fields
        )

    async def issue(self, client: Client) -> Issued:
        return await self.house.services.certificates.issue_client(SYSTEM, client.tenant_id, client.client_id)

    @property
    def authority(self) -> Path:
        """A file with what clients must trust."""
        path = self.folder / "authority.pem"
        path.write_bytes(self.house.services.certificates.trusted_by_clients())
        return path

    def file_of(self, issued: Issued) -> Path:
        """A file with certificate and key."""
        path = self.folder / f"{issued.certificate.certificate_id}.pem"
        path.touch(0o600)
        path.write_bytes(issued.pem.reveal())
        return path

    def context(self, chain: Path | None, protocols: tuple[str, ...] = ()) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.authority))
        if chain is not None:
            context.load_cert_chain(chain)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context

    async def connect(self, issued: Issued, protocols: tuple[str, ...] = ()) -> Peer:
        return await self.knock(self.context(self.file_of(issued), protocols))

    async def knock(self, context: ssl.SSLContext) -> Peer:
        """Connect; whether the server goes on with it, a client of TLS 1.3 sees only when it reads."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=context)
        return Peer(reader, writer)

    async def restart(self, **settings: Any) -> None:
        await self.frontend.stop(0.1)
        self.frontend, self.port = await _opened(self.house, **settings)


@dataclass(slots=True)
class Peer:
    """One connection of a client."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    identifier: int = -1

    def request(self, name: str, typed: str, state: bytes = b"") -> bytes:
        self.identifier = (self.identifier + 1) % 256
        return access_request(SECRET, self.identifier, name, typed, state)

    async def ask(self, name: str, typed: str, state: bytes = b"") -> Message:
        self.writer.write(self.request(name, typed, state))
        return await self.read()

    async def read(self) -> Message:
        """Return the next packet; raises IncompleteReadError or ConnectionError when there is none."""
        async with asyncio.timeout(10):
            head = await self.reader.readexactly(4)
            packet = head + await self.reader.readexactly(int.from_bytes(head[2:], "big") - 4)
        message = decode(packet)
        assert isinstance(message, Message), message
        return message

    async def is_closed(self) -> bool:
        """Wait until the server closes the connection; what it says before that is not expected."""
        async with asyncio.timeout(10):
            try:
                return await self.reader.read(1) == b""
            except (ConnectionError, ssl.SSLError):
                return True

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except (ConnectionError, ssl.SSLError):
            return


def passcode(scene: Scene, person: Person) -> str:
    return person.passcode(scene.house.clock.now()).reveal()


async def sign_in(scene: Scene, peer: Peer, person: Person) -> Message:
    """Sign in with password and passcode, which is asked for; return the last answer."""
    asked = await peer.ask(person.user.username, PASSWORD)
    assert asked.code == 11, asked
    state = asked.first(24)
    assert state is not None
    return await peer.ask(person.user.username, passcode(scene, person), state)


async def _opened(house: TestHouse, **settings: Any) -> tuple[Any, int]:
    usual = {"listen": (Endpoint("127.0.0.1", 0),), "tls_listen": (Endpoint("127.0.0.1", 0),)}
    frontend: Any = FRONTEND.open(house.services, SimpleNamespace(**(usual | settings)))
    await frontend.start()
    (address,) = [each for each in frontend.addresses() if each.startswith("radsec://")]
    return frontend, int(address.rpartition(":")[2])


@asynccontextmanager
async def tls_scene(folder: Path, **settings: Any) -> AsyncIterator[Scene]:
    # Certificates are judged by TLS, by the clock on the wall.
    clock = HandClock()
    clock.time = int(time.time() * 1000)
    async with open_house(folder, clock=clock) as house:
        certificates = house.services.certificates
        await certificates.make_authority(SYSTEM, "Tests")
        await certificates.issue_server(SYSTEM, ["127.0.0.1", "localhost"])
        frontend, port = await _opened(house, **settings)
        scene = Scene(house, frontend, folder, port)
        try:
            yield scene
        finally:
            await scene.frontend.stop(0.1)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with tls_scene(tmp_path) as made:
        yield made
