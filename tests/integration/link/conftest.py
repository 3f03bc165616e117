"""A service and the servers that come to it: houses of their own, or messages that a test writes itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec

from tests.houses import TENANT, HandClock, TestHouse, open_house
from tests.peers.openldap_certificates import TestAuthority
from vestibule.crypto.certificates import public_key_digest, written_pin
from vestibule.crypto.secret import Secret
from vestibule.crypto.server_keys import new_key, public_key_of, sign
from vestibule.frontends.http import HttpFrontend, app
from vestibule.frontends.http.link import PATH, LinkDoor
from vestibule.frontends.http.options import HttpOptions
from vestibule.interfaces.frontend import Frontend
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import SYSTEM
from vestibule.model.provider import Provider, UsageModel
from vestibule.wire.link import (
    Activate,
    Frame,
    Prove,
    TurnedAway,
    Welcome,
    encode,
    read_hello,
    read_reception,
    read_said,
    signed_text,
)
from vestibule.wire.link.frames import Reception, Said

SERVICE = "https://mfa.example.com"


@asynccontextmanager
async def open_service(
    folder: Path, clock: HandClock | None = None, **settings: str
) -> AsyncIterator[TestHouse]:
    """A service whose tenant TENANT has a provider."""
    settings = {"role": "service", "http_public_url": SERVICE} | settings
    async with open_house(folder, clock=clock, **settings) as house:
        await put_provider(house)
        yield house


def a_provider(at: int, provider_id: str = "p1", **fields: Any) -> Provider:
    usual = {
        "tenant_id": TENANT,
        "provider_id": provider_id,
        "name": "Servers",
        "usage_model": UsageModel.PER_USER,
        "is_linked": True,
        "currency": "EUR",
        "created_at": at,
    }
    return Provider(**(usual | fields))


async def put_provider(house: TestHouse, provider_id: str = "p1", **fields: Any) -> None:
    provider = a_provider(house.clock.now(), provider_id, **fields)
    await house.store.transact(lambda tx: tx.put(provider))
    await house.services.configuration.refresh()


async def credentials(house: TestHouse, group: str = "Head office", hours: int = 24) -> Secret[str]:
    made = await house.services.replication.make_credentials(SYSTEM, TENANT, group, hours)
    return made.shown


class Certificate:
    """What the service shows: of an authority of our own."""

    def __init__(self, folder: Path, *hosts: str) -> None:
        authority = TestAuthority(folder)
        self.ca_file = authority.ca_file
        self.file, self.key = authority.issue("mfa", "127.0.0.1", "localhost", *hosts)
        self.pin = written_pin(public_key_digest(self.file.read_bytes()))


@asynccontextmanager
async def started(frontend: Frontend) -> AsyncIterator[None]:
    await frontend.start()
    try:
        yield
    finally:
        await frontend.stop(1)


@asynccontextmanager
async def listening(
    house: TestHouse, certificate: Certificate, port: int, host: str = "127.0.0.1"
) -> AsyncIterator[None]:
    options = HttpOptions(
        listen=((host, port),),
        public_url=house.services.public_url,
        tls_certificate=certificate.file,
        tls_key=certificate.key,
    )
    with patch.object(app, "_routes", list):  # Pages take most of a second to set up, and are not asked for.
        frontend = HttpFrontend(house.services, options)
    async with started(frontend):
        yield


class Socket:
    """A WebSocket at the service's door, as ASGI has it."""

    def __init__(self, house: TestHouse, own_pin: str = "") -> None:
        self._door = LinkDoor(house.services.links, SERVICE, own_pin)
        self._there: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._back: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._running: asyncio.Task[None] | None = None
        self.nonce = b""

    async def open(self, path: str = PATH) -> dict[str, Any]:
        scope: Any = {"type": "websocket", "path": path}
        self._there.put_nowait({"type": "websocket.connect"})
        self._running = asyncio.create_task(self._door(scope, self._there.get, self._send))
        return await self._back.get()

    async def _send(self, message: Any) -> None:
        self._back.put_nowait(message)

    async def greeted(self) -> None:
        assert (await self.open())["type"] == "websocket.accept"
        self.nonce = read_hello(await self._octets()).nonce

    async def _octets(self) -> bytes:
        message = await self._back.get()
        assert message["type"] == "websocket.send", message
        return bytes(message["bytes"])

    async def received(self) -> Reception:
        """Return what the service says to who has arrived."""
        return read_reception(await self._octets())

    async def said(self) -> Said:
        """Return what it says afterwards."""
        return read_said(await self._octets())

    async def closed(self) -> int:
        """Return the code with which the service closes."""
        while (message := await self._back.get())["type"] != "websocket.close":
            pass
        return int(message["code"])

    def say(self, frame: Frame | bytes) -> None:
        octets = frame if isinstance(frame, bytes) else encode(frame)
        self._there.put_nowait({"type": "websocket.receive", "bytes": octets})

    async def leave(self) -> None:
        self._there.put_nowait({"type": "websocket.disconnect", "code": 1005})
        assert self._running is not None
        await self._running


@dataclass(slots=True)
class Server:
    """What a server says at the door, signed with its key."""

    house: TestHouse
    name: str = "node-1"
    key: Secret[bytes] = field(default_factory=new_key)
    said: dict[str, Any] = field(default_factory=dict)
    """In place of what an honest server says."""
    own_pin: str = ""

    def _all(self) -> dict[str, Any]:
        usual = {
            "name": self.name,
            "version": "1.0",
            "address": "192.0.2.1",
            "installation": "database-1",
            "service": SERVICE,
            "certificate": b"\x07" * 32,
        }
        return usual | self.said

    def activation(self, shown: Secret[str]) -> Activate:
        return Activate(credentials=shown.reveal(), public_key=public_key_of(self.key), **self._all())

    def proof(self, known: Welcome) -> Prove:
        return Prove(tenant_id=known.tenant_id, server_id=known.server_id, **self._all())

    async def come(self, frame: Activate | Prove) -> tuple[Socket, Welcome | TurnedAway]:
        socket = Socket(self.house, self.own_pin)
        await socket.greeted()
        signature = sign(self.key, signed_text(frame, socket.nonce))
        socket.say(msgspec.structs.replace(frame, signature=signature))
        return socket, await socket.received()

    async def activated(self, shown: Secret[str]) -> Welcome:
        """Activate, leave again, and return as whom it is known."""
        socket, welcome = await self.come(self.activation(shown))
        assert isinstance(welcome, Welcome), welcome
        await socket.leave()
        return welcome

    async def refused(self, frame: Activate | Prove) -> str:
        """Return why it is turned away."""
        socket, answer = await self.come(frame)
        assert isinstance(answer, TurnedAway), answer
        assert await socket.closed() == 4403
        await socket.leave()
        return answer.kind


async def known_servers(house: TestHouse) -> list[Any]:
    async def body(tx: Transaction) -> list[Any]:
        return list(await tx.activated_servers(TENANT))

    return await house.store.read(body)
