"""One service and the servers behind it: texts relayed with their receipts, requests of apps carried,
attempts told, and the memory of a service to which thousands of servers are connected.

The servers that ask, and the apps, are connections of this process that cost little and answer at once: what
is measured is the service, on the cores that this process leaves it. Every limit counts what is sent and
refuses nothing. A network that tells of a text after a second would be the bound: here it is faster.
"""

from __future__ import annotations

import asyncio
import itertools
import resource
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, cast

import uvloop
from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.figures import HEADER, Figures
from benchmarks.link_end import LinkEnd
from tests.callers import whole_answer
from tests.peers.openldap_certificates import TestAuthority
from tests.peers.ports import free_port
from tests.peers.postgres import PostgresServer
from tests.servers import ServerProcess
from vestibule.crypto.certificates import public_key_digest
from vestibule.crypto.server_keys import new_key, public_key_of
from vestibule.crypto.tokens import new_id, new_ordered_id
from vestibule.frontends._link_conversation import Conversation
from vestibule.frontends.link.arriving import come_in
from vestibule.frontends.link.connecting import PATH, Address, LinkSocket
from vestibule.interfaces.link import Peer
from vestibule.interfaces.relay import (
    APP,
    ATTEMPTS,
    RECEIPT,
    TEXT,
    AppAnswer,
    RelayedText,
    Taken,
    ToldAttempts,
    packed,
    unpacked,
)
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import SYSTEM
from vestibule.model.provider import Provider, UsageModel
from vestibule.model.replication import ActivatedServer, ReplicationGroup
from vestibule.model.server_attempt import ToldAttempt
from vestibule.model.tenant import DEMONSTRATION_TENANT, TenantSettings
from vestibule.model.verification import VerificationState
from vestibule.runtime.build import build
from vestibule.services.attempt import Node
from vestibule.services.service_link import Membership, ServiceLink
from vestibule.wire.link import MAX_FRAME

SERVERS: Final = 5_000
COUNT: Final = 10_000
LINKS: Final = 16
"""Servers that ask something."""
AT_ONCE: Final = 256
FEW: Final = 4
"""At the same time, where a latency is what the relay adds."""
BATCH: Final = 250
_LIMITED: Final = TenantSettings(
    calling_codes=("49",),
    texts_per_number=1000,
    texts_per_prefix=100_000,
    texts_per_tenant=1_000_000,
    texts_per_day=10_000_000,
)
_RECEIPT_SECONDS: Final = 0.1
_DIALS: Final = 32
"""Connections that are made at the same time."""


def report(folder: Path, postgres: PostgresServer, *, is_quick: bool = False) -> None:
    """Print a line for each kind of what is relayed, and the memory of the service."""
    print(f"\nRelayed for servers, {LINKS} of them asking\n{HEADER}", flush=True)
    count, servers = (COUNT // 5, SERVERS // 10) if is_quick else (COUNT, SERVERS)
    for engine in ("SQLite", "PostgreSQL"):
        url = postgres.create("bench_relay") if engine == "PostgreSQL" else None
        with (
            _service(folder / f"relay-{engine}", url, servers) as service,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(_measure(service, engine, count, servers))


class _Service:
    """A service, and as whom its servers come."""

    def __init__(self, process: ServerProcess, ca_file: Path, port: int) -> None:
        self.process = process
        self.tls = ssl.create_default_context(cafile=str(ca_file))
        self.origin = f"https://127.0.0.1:{port}"
        self.key = new_key()
        self.peers: list[Peer] = []

    async def fill(self, servers: int) -> None:
        house = await build(self.process.settings, migrate=True)
        try:
            await house.services.setup.ensure_system()
            await house.services.demonstrations.make({}, "127.0.0.1")
            await house.services.applications.change_settings(SYSTEM, DEMONSTRATION_TENANT, _LIMITED)
            (gateway,) = house.services.configuration.current.gateways.values()
            faster = {**gateway.settings, "receipt_seconds": _RECEIPT_SECONDS}
            await house.store.transact(lambda tx: tx.put(replace(gateway, settings=faster)))
            await house.store.transact(lambda tx: self._add(tx, servers))
        finally:
            await house.close()

    async def _add(self, tx: Transaction, servers: int) -> None:
        await tx.put(
            Provider(
                tenant_id=DEMONSTRATION_TENANT,
                provider_id="bench",
                name="Servers",
                usage_model=UsageModel.PER_AUTHENTICATION,
                is_linked=True,
                currency="EUR",
                created_at=tx.now,
            )
        )
        for number in range(servers):
            peer = Peer(DEMONSTRATION_TENANT, "bench", new_id(), new_id(), f"server {number}")
            self.peers.append(peer)
            group = ReplicationGroup(
                tenant_id=peer.tenant_id,
                group_id=peer.group_id,
                provider_id=peer.provider_id,
                name=f"group {number}",
                created_at=tx.now,
            )
            await tx.add_replication_group(group)
            server = ActivatedServer(
                tenant_id=peer.tenant_id,
                server_id=peer.server_id,
                group_id=peer.group_id,
                name=peer.server_name,
                version="1",
                address="192.0.2.1",
                public_key=public_key_of(self.key),
                activated_at=tx.now,
                last_contact_at=tx.now,
            )
            await tx.add_activated_server(server)

    async def ask_as(self, peer: Peer, answers: Mapping[str, Callable[[], bytes]]) -> LinkEnd:
        """Connect as a server that asks much."""
        connection, _, _ = await self._come(peer)
        return LinkEnd(connection.transport, answers)

    async def wait_as(self, peer: Peer) -> None:
        """Connect as a server that is only there."""
        _, socket, known = await self._come(peer)
        conversation = Conversation(known, {}, socket.send, socket.receive)
        _running.add(asyncio.create_task(conversation.run()))

    async def _come(self, peer: Peer) -> tuple[ClientConnection, LinkSocket, Peer]:
        origin = self.origin.replace("https", "wss")
        connection = await connect(
            f"{origin}{PATH}", ssl=self.tls, compression=None, max_size=MAX_FRAME, ping_interval=None
        )
        shown = connection.transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        socket = LinkSocket(connection, public_key_digest(shown))
        membership = Membership(service=self.origin, peer=peer, key=self.key, made_at=0)
        own = cast("ServiceLink", _Own(peer))
        return connection, socket, await come_in(own, membership, socket, Address(service=self.origin))

    def memory(self) -> float:
        """Return the resident memory of the process in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


_running: set[asyncio.Task[str]] = set()


class _Own:
    """What a server says of itself."""

    def __init__(self, peer: Peer) -> None:
        self.node = Node(peer.server_name, "192.0.2.1")
        self._installation = peer.group_id

    async def installation(self) -> str:
        return self._installation


@contextmanager
def _service(folder: Path, url: str | None, servers: int) -> Iterator[_Service]:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    port = free_port()
    authority = TestAuthority(folder / "certificates")
    certificate, key = authority.issue("mfa", "127.0.0.1")
    process = ServerProcess(
        folder / "state",
        url,
        role="service",
        http_listen=f"127.0.0.1:{port}",
        http_public_url=f"https://127.0.0.1:{port}",
        http_tls_certificate=str(certificate),
        http_tls_key=str(key),
    )
    service = _Service(process, authority.ca_file, port)
    asyncio.run(service.fill(servers))
    process.start()
    try:
        yield service
    finally:
        process.stop()


async def _measure(service: _Service, engine: str, count: int, servers: int) -> None:
    receipts = asyncio.Semaphore(0)
    links = [await service.ask_as(peer, _answers(receipts)) for peer in service.peers[:LINKS]]
    for figures in (
        await _texts(links, receipts, f"{engine}, texts with their receipts", count),
        await _texts(links, receipts, f"{engine}, the same, {FEW} at a time", count // 10, FEW),
        await _attempts(links, engine, count),
        await _apps(service, f"{engine}, requests of apps", count),
        await _apps(service, f"{engine}, the same, {FEW} at a time", count // 5, FEW),
    ):
        print(figures.line(), flush=True)
    await _connect_others(service, engine, servers)
    for link in links:
        link.close()
    for task in _running:
        task.cancel()
    await asyncio.gather(*_running, return_exceptions=True)
    _running.clear()


def _answers(receipts: asyncio.Semaphore) -> dict[str, Callable[[], bytes]]:
    """Return what a server answers."""

    def hear() -> bytes:
        receipts.release()
        return b""

    answer = packed(AppAnswer(status=200, body=b"{}"))
    return {RECEIPT: hear, APP: lambda: answer}


async def _connect_others(service: _Service, engine: str, servers: int) -> None:
    before = service.memory()
    waiting = iter(service.peers[LINKS:])

    async def join_some() -> None:
        for peer in waiting:
            await service.wait_as(peer)

    began = time.perf_counter()
    await asyncio.gather(*(join_some() for _ in range(_DIALS)))
    seconds, memory = time.perf_counter() - began, service.memory()
    print(
        f"{engine}, {servers:,} servers connected: {memory:,.0f} MiB, of which {memory - before:,.0f} for"
        f" connections; {(servers - LINKS) / seconds:,.0f} came in a second",
        flush=True,
    )


async def _texts(
    links: list[LinkEnd], receipts: asyncio.Semaphore, label: str, count: int, at_once: int = AT_ONCE
) -> Figures:
    """A text is over when its server has been told that it has arrived; a latency is that of its taking."""
    numbers = itertools.cycle(f"+493023125{number:03}" for number in range(40))

    async def take(link: LinkEnd) -> None:
        name = f"t/g/{new_ordered_id(int(time.time() * 1000))}"
        body = "Your passcode: 123456"
        text = RelayedText(name=name, to=next(numbers), body=body, valid_seconds=180)
        taken = unpacked(await link.ask(TEXT, packed(text)), Taken)
        assert not taken.cause, taken

    async def come() -> None:
        for _ in range(count):
            await receipts.acquire()

    return await _load(label, [partial(take, link) for link in links], count, come, at_once)


async def _attempts(links: list[LinkEnd], engine: str, count: int) -> Figures:
    """A latency is that of a batch."""

    async def tell(link: LinkEnd) -> None:
        await link.ask(ATTEMPTS, packed(ToldAttempts(tuple(_attempt() for _ in range(BATCH)))))

    asks = [partial(tell, link) for link in links]
    figures = await _load(f"{engine}, attempts told, {BATCH} at once", asks, count // BATCH, at_once=LINKS)
    batches = figures.done
    return Figures(figures.label, batches * BATCH, batches * BATCH, figures.seconds, figures.latencies)


def _attempt() -> ToldAttempt:
    return ToldAttempt(
        attempt_id=new_ordered_id(int(time.time() * 1000)),
        started_at=1,
        decided_at=2,
        user_id=new_id(),
        method="sms",
        state=VerificationState.APPROVED,
        reason="text_verified",
        is_authenticated=True,
        server_name="node-1",
        server_address="192.0.2.1",
        phone="+493023125142",
    )


async def _apps(service: _Service, label: str, count: int, at_once: int = 64) -> Figures:
    """What apps ask over TLS on kept connections, carried to servers that answer at once."""
    peers = itertools.cycle(service.peers[:LINKS])
    apps = [await _App.connected(service, next(peers)) for _ in range(at_once)]
    turns = itertools.cycle(apps)
    idle = asyncio.Queue[_App]()
    for _ in apps:
        idle.put_nowait(next(turns))

    async def ask() -> None:
        app = idle.get_nowait()
        await app.ask()
        idle.put_nowait(app)

    try:
        return await _load(label, [ask], count, at_once=at_once)
    finally:
        for app in apps:
            app.close()


class _App:
    """The connection of an app to the service of its server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, relay_id: str) -> None:
        self._reader, self._writer = reader, writer
        body = b'{"accounts":[{"token":"x"}]}'
        self._request = (
            f"POST /relay/{relay_id}/app/v1/requests HTTP/1.1\r\nhost: 127.0.0.1\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        ).encode() + body

    @classmethod
    async def connected(cls, service: _Service, peer: Peer) -> _App:
        port = int(service.origin.rpartition(":")[2])
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=service.tls), peer.group_id)

    async def ask(self) -> None:
        self._writer.write(self._request)
        received = b""
        while (answer := whole_answer(received)) is None:
            some = await self._reader.read(65_536)
            assert some, "the service has closed a connection"
            received += some
        assert received.startswith(b"HTTP/1.1 200 "), received
        assert answer == b"{}", answer

    def close(self) -> None:
        self._writer.close()


async def _load(
    label: str,
    asks: list[Callable[[], Awaitable[None]]],
    count: int,
    end: Callable[[], Awaitable[None]] | None = None,
    at_once: int = AT_ONCE,
) -> Figures:
    latencies: list[float] = []
    turns = iter(range(count))
    accepted = 0

    async def some() -> None:
        nonlocal accepted
        for turn in turns:
            began = time.perf_counter()
            await asks[turn % len(asks)]()
            latencies.append(time.perf_counter() - began)
            accepted += 1

    began = time.perf_counter()
    await asyncio.gather(*(some() for _ in range(at_once)))
    if end is not None:
        await end()
    return Figures(label, count, accepted, time.perf_counter() - began, latencies)
