"""A server that is a process with a database of its own, and under --prove its service as well.

The server stands in a network of its own, into which nothing leads, and all that crosses its cable is
captured. Where this machine makes no such network, both are on its loopback, and nothing is captured.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.integration.link.conftest import (
    Certificate,
    credentials,
    known_servers,
    listening,
    open_service,
)
from tests.peers.network import Network
from tests.peers.ports import free_port
from tests.peers.program import PeerFailed
from tests.server_fixtures import MakeServer, make_server
from tests.servers import ServerProcess, surroundings
from vestibule.crypto.secret import Secret
from vestibule.model.replication import ServerStatus
from vestibule.runtime.build import build
from vestibule.runtime.clock import SystemClock
from vestibule.runtime.settings import Settings

__all__ = ["make_server"]

_ETHERNET, _IPV4, _TCP = 14, 0x0800, 6
_SYN, _ACK = 0x02, 0x10


@pytest.fixture
def network() -> Iterator[Network | None]:
    """A network that a server can stand in; None where this machine makes none."""
    made = Network()
    try:
        made.start()
    except PeerFailed as why:
        print(f"no network of its own, so on loopback: {why}")
        yield None
    else:
        yield made
    finally:
        made.stop()


class Capture:
    """What crosses a cable: who begins connections to which port, and how each begins."""

    def __init__(self, cable: str) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_IPV4))
        self._socket.bind((cable, 0))
        self.packets: list[bytes] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        while True:
            try:
                self.packets.append(self._socket.recv(65_535)[_ETHERNET:])
            except OSError:
                return

    def close(self) -> None:
        self._socket.close()

    def begun(self) -> set[tuple[str, int]]:
        """Return who has begun a connection, and to which port."""
        return {
            (socket.inet_ntoa(packet[12:16]), port)
            for packet, port, flags, _ in self._segments()
            if flags & (_SYN | _ACK) == _SYN
        }

    def beginnings(self) -> set[bytes]:
        """Return the first two octets that each end of each connection has said."""
        seen: dict[bytes, bytes] = {}
        for packet, _, _, said in self._segments():
            if said:
                seen.setdefault(packet[12:20] + _ports(packet), said[:2])
        return set(seen.values())

    def protocols(self) -> set[int]:
        return {packet[9] for packet in self.packets}

    def _segments(self) -> Iterator[tuple[bytes, int, int, bytes]]:
        for packet in self.packets:
            if packet[9] != _TCP:
                continue
            segment = packet[(packet[0] & 15) * 4 : int.from_bytes(packet[2:4], "big")]
            port = int.from_bytes(segment[2:4], "big")
            yield packet, port, segment[13], segment[(segment[12] >> 4) * 4 :]


def _ports(packet: bytes) -> bytes:
    at = (packet[0] & 15) * 4
    return packet[at : at + 4]


def activate(server: ServerProcess, shown: Secret[str], wrapper: Sequence[object]) -> str:
    done = subprocess.run(
        [*map(str, wrapper), Path(sys.executable).with_name("vestibule"), "activate"],
        env={**surroundings(), **server.environment},
        input=shown.reveal() + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def _made(settings: Settings) -> None:
    await (await build(settings, migrate=True)).close()


async def test_s3_a_server_lets_nobody_in_and_dials_one_port_by_tls(
    tmp_path: Path, make_server: MakeServer, network: Network | None, proof: Callable[[int, int], int]
) -> None:
    """S3: TLS, begun by the server, to one port. As often as it is proven the service, a process of its own
    then, is killed and comes back: so does the server."""
    host = "127.0.0.1" if network is None else network.here
    port, wrapper = free_port(), [] if network is None else network.inside()
    certificate = Certificate(tmp_path / "certificates", host)
    of_service = {
        "role": "service",
        "http_public_url": f"https://{host}:{port}",
        "http_tls_certificate": str(certificate.file),
        "http_tls_key": str(certificate.key),
    }
    server = make_server(
        "server",
        wrapper=wrapper,
        role="server",
        node_name="mfa-1",
        link_service=f"https://{host}:{port}",
        link_ca_file=str(certificate.ca_file),
    )
    await _made(server.settings)
    capture = None if network is None else Capture(network.cable)
    async with (
        open_service(tmp_path / "service", SystemClock(), **of_service) as service,
        listening(service, certificate, port, host),
    ):
        shown = await credentials(service)
        assert "mfa-1" in await asyncio.to_thread(activate, server, shown, wrapper)
        await asyncio.to_thread(server.start)
        await asyncio.to_thread(server.program.wait_for, "link is up")
        (known,) = await known_servers(service)
        assert (known.name, known.status(service.clock.now())) == ("mfa-1", ServerStatus.CONNECTED)
    process = make_server("service", http_listen=f"{host}:{port}", **of_service)
    heard = 0
    for _ in range(proof(0, 5)):
        await asyncio.to_thread(server.program.wait_for, "link is down", after=heard)
        heard = len(server.program.lines)
        process.start()
        await asyncio.to_thread(server.program.wait_for, "link is up", after=heard)
        process.kill()
    assert server.stop() == 0
    if network is not None and capture is not None:
        capture.close()
        assert capture.begun() == {(network.there, port)}
        assert capture.beginnings() == {b"\x16\x03"}, "each end begins with a handshake of TLS"
        assert capture.protocols() == {_TCP}
