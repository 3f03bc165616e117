"""A service with a gateway that ends in the test, and a server behind it: two houses with databases of their
own, joined by a link without a network between."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from tests.houses import START, TENANT, Person, TestHouse, open_house
from tests.integration.apps.conftest import AppHouse
from tests.integration.http_api.house import usual_app
from tests.integration.phone.conftest import NUMBER
from tests.links import Pair
from tests.peers.app_device import AppDevice
from tests.peers.far_end import FarEndKind
from vestibule.crypto.server_keys import new_key
from vestibule.frontends.http.app import HttpApp
from vestibule.frontends.http.relayed_app import RelayedApp
from vestibule.interfaces.gateway import Inbox
from vestibule.interfaces.link import Peer
from vestibule.model.actor import SYSTEM
from vestibule.model.application import FirstFactor
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.provider import Provider, UsageModel
from vestibule.model.replication import ActivatedServer, ReplicationGroup
from vestibule.model.server_attempt import ServerAttempt
from vestibule.services.attempt_telling import AttemptTelling
from vestibule.services.gateways import SERVICE_KIND
from vestibule.services.links import Connected
from vestibule.worker.rounds import make_rounds

CUSTOMER = "customer"
"""The tenant of the service that the server belongs to."""
SERVICE = "https://service.example"
PEER = Peer(CUSTOMER, "a" * 32, "b" * 32, "c" * 32, "node-1")


@dataclass(slots=True)
class Relay:
    service: TestHouse
    server: TestHouse
    far: FarEndKind
    pair: Pair
    at_service: HttpApp
    at_server: HttpApp
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    async def add_phone(self, method: str, name: str = "alice", **options: Any) -> Person:
        """Add somebody at the server who has this phone and nothing else."""
        person = await self.server.add_bare_person(name)
        await self.server.add_phone(person, method, number=NUMBER, **options)
        return person

    @property
    def asked(self) -> list[str]:
        """The kinds of what the server has asked the service."""
        return cast("list[str]", cast("Any", self.pair.server).asked)

    @property
    def asked_by_service(self) -> list[str]:
        return cast("list[str]", cast("Any", self.pair.service).asked)

    @property
    def service_inbox(self) -> Inbox:
        """That of the service's gateway."""
        return self.service.services.gateways._open_inbox(CUSTOMER, "first")  # type: ignore[misc] # it is connected

    def join(self, peer: Peer = PEER) -> None:
        """Plug a new cable in between."""
        service, server = self.service.services.links, self.server.services.service_link
        self.pair = Pair(service.handlers, server.handlers, peer)
        server.join(self.pair.server)
        service._by_group = {}
        service._by_server = {}
        connected = Connected(peer, self.pair.service, _never)
        service._by_server[peer.server_id] = connected
        service._by_group[peer.group_id] = {peer.server_id: connected}

    async def activate(self, peer: Peer = PEER) -> None:
        """Let the service and the server know one another."""
        group = ReplicationGroup(
            tenant_id=peer.tenant_id,
            group_id=peer.group_id,
            provider_id=peer.provider_id,
            name=peer.group_id,
            created_at=START,
        )
        await self.service.store.transact(lambda tx: tx.add_replication_group(group))
        row = ActivatedServer(
            tenant_id=peer.tenant_id,
            server_id=peer.server_id,
            group_id=peer.group_id,
            name=peer.server_name,
            version="1",
            address="192.0.2.9",
            public_key=b"k" * 32,
            activated_at=START,
            last_contact_at=START,
        )
        await self.service.store.transact(lambda tx: tx.add_activated_server(row))
        await self.server.services.service_link.joined(SERVICE, peer, new_key())
        self.server.services.relayed_apps._look_at = 0.0
        self.join(peer)

    def device(self, relay_id: str = PEER.group_id, address: str = "203.0.113.5") -> AppDevice:
        """Return a device whose app is at the service."""
        transport = httpx.ASGITransport(cast("Any", self.at_service), client=(address, 40_000))
        client = httpx.AsyncClient(transport=transport, base_url=f"{SERVICE}/relay/{relay_id}")
        self.clients.append(client)
        return AppDevice(client)

    @property
    def apps(self) -> AppHouse:
        return AppHouse(self.server, self.at_server)

    async def told(self) -> list[ServerAttempt]:
        """Let the server tell all that it has, and return what the service knows."""
        services = self.server.services
        telling = AttemptTelling(self.server.store, services.service_link, services.configuration, 0)
        self.server.clock.advance(0.001)
        await telling.begin()
        await telling.tell()
        return await self.known()

    async def known(self, peer: Peer = PEER) -> list[ServerAttempt]:
        found = await self.service.store.read(
            lambda tx: tx.server_attempts(peer.tenant_id, peer.provider_id, 0, 2**60, "", 10_000)
        )
        return sorted(found, key=lambda each: (each.started_at, each.attempt_id))


async def _never(_why: object) -> None:
    raise AssertionError("nobody is turned away here")


@contextlib.asynccontextmanager
async def relay_between(folder: Path, url: str | None = None) -> AsyncIterator[Relay]:
    async with AsyncExitStack() as stack:
        enter: Callable[[Any], Any] = stack.enter_async_context
        service = await enter(open_house(folder / "service", url, role="service", http_public_url=SERVICE))
        server = await enter(
            open_house(
                folder / "server",
                clock=service.clock,
                role="server",
                link_service=SERVICE,
                node_name="node-1",
            )
        )
        far = FarEndKind()
        service.services.gateways.kinds = {far.name: far}
        await _prepare(service, server)
        at_service = stack.enter_context(usual_app(service.services))
        at_server = stack.enter_context(usual_app(server.services))
        server.services.relayed_apps.open(RelayedApp(cast("Any", at_server)))
        made = Relay(service, server, far, Pair({}, {}), at_service, at_server)
        await made.activate()
        telling = server.services.attempt_telling
        await telling.begin()
        telling.run = asyncio.Event().wait  # type: ignore[method-assign, assignment] # a test tells when it wants to
        rounds = [asyncio.create_task(make_rounds(each.services)) for each in (service, server)]
        try:
            yield made
        finally:
            for client in made.clients:
                await client.aclose()
            for each in rounds:
                each.cancel()
            await asyncio.gather(*rounds, return_exceptions=True)


async def _prepare(service: TestHouse, server: TestHouse) -> None:
    await service.services.applications.add_tenant(SYSTEM, CUSTOMER, "Customer")
    tenant = service.services.configuration.current.tenants[TENANT]
    await service.services.applications.change_settings(SYSTEM, CUSTOMER, tenant.settings)
    provider = Provider(
        tenant_id=CUSTOMER,
        provider_id=PEER.provider_id,
        name="Provider",
        usage_model=UsageModel.PER_USER,
        is_linked=True,
        currency="EUR",
        created_at=START,
    )
    await service.store.transact(lambda tx: tx.put(provider))
    gateway = GatewayConfiguration(
        tenant_id=CUSTOMER, gateway_id="first", kind="far_end", name="first", created_at=1
    )
    await service.store.transact(lambda tx: tx.put(gateway))
    await service.services.configuration.refresh()
    await server.services.setup.ensure_portal(TENANT)
    await server.add_application("vpn", FirstFactor.LOCAL)
    await server.services.service_gateways.ensure()
    kinds = {each.kind for each in server.services.configuration.current.gateways.values()}
    assert kinds == {SERVICE_KIND}


@pytest.fixture(params=["sqlite", "postgresql"])
async def relay(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Relay]:
    """The service's database is on each engine by turns."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    async with relay_between(tmp_path, url) as made:
        yield made
