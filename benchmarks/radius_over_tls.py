"""The same sign-ins over UDP and over TLS, in turns, at one server.

The load speaks TLS, too, on the same processors: what it costs there counts against the server.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import statistics
import time
from functools import partial
from pathlib import Path

from benchmarks.figures import HEADER, Figures
from benchmarks.population import TENANT, Population, populate
from benchmarks.radius_load import Lane, RadiusLoad, UdpLane
from tests.callers import access_request
from tests.peers.ports import free_port
from tests.servers import ServerProcess
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind
from vestibule.runtime.build import build
from vestibule.wire.radius.stream import PacketStream

COUNT = 6_000
WINDOW = 256
ROUNDS = 3
_STEP_SECONDS = 30
_SECRET = b"radsec"


class TlsLane(Lane):
    """One connection."""

    def __init__(self, context: ssl.SSLContext, address: tuple[str, int]) -> None:
        opened = context.wrap_socket(socket.create_connection(address), server_hostname=address[0])
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.setblocking(False)
        super().__init__(opened)
        self._stream = PacketStream()

    def resend(self, now: float) -> None:
        """Nothing is lost on a stream."""

    def received(self) -> list[bytes]:
        replies: list[bytes] = []
        try:
            while octets := self.socket.recv(65_536):
                self._stream.feed(octets)
                while isinstance(packet := self._stream.next_packet(), bytes):
                    replies.append(packet)
        except ssl.SSLWantReadError:
            pass
        return replies


def report(folder: Path, *, is_quick: bool = False) -> None:
    """Print both rates; the ratio is to UDP, measured just before."""
    print(f"\nRADIUS over TLS (ratio: over UDP; wanted: 0.7)\n{HEADER}", flush=True)
    count = COUNT // 3 if is_quick else COUNT
    port = free_port()
    server = ServerProcess(folder / "tls", radius_tls_listen=f"127.0.0.1:{port}", log_level="warning")
    population = populate(server.settings, 2 * count)
    context = asyncio.run(_prepared(server, folder))
    server.start_until_answered(access_request(population.shared_secret, 0, "nobody", "000000"))
    try:
        pairs = []
        for _ in range(ROUNDS):
            # Nobody's passcode is used twice.
            time.sleep(_STEP_SECONDS - time.time() % _STEP_SECONDS + 0.2)
            udp = _run(server.radius_address, population, range(count), None)
            tls = _run(("127.0.0.1", port), population, range(count, 2 * count), context)
            pairs.append((udp, tls))
        ratios = [tls.rate / udp.rate for udp, tls in pairs]
        udp, tls = pairs[ratios.index(statistics.median_low(ratios))]
        print(udp.line(udp.rate))
        print(tls.line(udp.rate), flush=True)
    finally:
        server.stop()


def _run(
    address: tuple[str, int], population: Population, people: range, context: ssl.SSLContext | None
) -> Figures:
    """Sign each of these people in once, over TLS with a context."""
    secret = _SECRET if context else population.shared_secret

    def request(index: int, identifier: int) -> bytes:
        number = people[index]
        return access_request(secret, identifier, population.name(number), population.passcode(number))

    lane = partial(TlsLane, context) if context else UdpLane
    label = "the same over TLS" if context else "RADIUS over UDP, PAP with TOTP in one packet"
    return RadiusLoad(address, request, secret, lane).run(label, len(people), WINDOW)


async def _prepared(server: ServerProcess, folder: Path) -> ssl.SSLContext:
    """Make the authority and hand the client its certificate; return how the load connects."""
    house = await build(server.settings, migrate=True)
    try:
        await house.services.setup.ensure_system()
        certificates = house.services.certificates
        await certificates.make_authority(SYSTEM, "Benchmarks")
        await certificates.issue_server(SYSTEM, ["127.0.0.1"])
        (client,) = house.services.applications.clients(SYSTEM, TENANT, ClientKind.RADIUS)
        issued = await certificates.issue_client(SYSTEM, TENANT, client.client_id)
        chain = folder / "client.pem"
        chain.touch(0o600)
        chain.write_bytes(issued.pem.reveal())
        context = ssl.create_default_context(cadata=certificates.trusted_by_clients().decode())
        context.load_cert_chain(chain)
        return context
    finally:
        await house.close()
