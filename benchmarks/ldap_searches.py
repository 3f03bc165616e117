"""Searches through the LDAP proxy beside the same searches at the directory, and what many connections cost.

The directory is OpenLDAP. The same load asks both; what it and the directory take of the processors, is in
both figures.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import cast

import uvloop

from benchmarks.figures import HEADER, Figures
from tests.peers.openldap import OpenLdap
from tests.peers.ports import free_port
from tests.servers import ServerProcess
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, DirectoryConfiguration, FirstFactor
from vestibule.runtime.build import build
from vestibule.wire.ldap import encode
from vestibule.wire.ldap.filters import Equality
from vestibule.wire.ldap.messages import BindRequest, Message, Scope, SearchRequest, Simple

COUNT = 20_000
CONNECTIONS = 16
"""Each with one search under way, as applications have it."""
MANY = 1_000
ROUNDS = 3
_TENANT = "bench"
_SUCCESS = b"\x07\x0a\x01\x00\x04\x00\x04\x00"
_BOUND, _DONE = b"\x61" + _SUCCESS, b"\x65" + _SUCCESS
_NAME = b"uid=alice,"


def report(folder: Path, *, is_quick: bool = False) -> None:
    """Print both rates with their ratio, and the memory of a server with many connections."""
    print(f"\nLDAP searches, {CONNECTIONS} connections (ratio: to the directory)\n{HEADER}", flush=True)
    with OpenLdap(folder / "openldap") as directory:
        port = free_port()
        server = ServerProcess(folder / "ldap", ldap_listen=f"127.0.0.1:{port}")
        asyncio.run(_furnish(server, directory))
        server.start()
        try:
            count = COUNT // 4 if is_quick else COUNT
            pairs = []
            for _ in range(ROUNDS):
                straight = uvloop.run(_load(directory, directory.port, "the directory itself", count))
                pairs.append((straight, uvloop.run(_load(directory, port, "through the proxy", count))))
            straight, ours = sorted(pairs, key=lambda pair: pair[1].rate / pair[0].rate)[ROUNDS // 2]
            print(straight.line(straight.rate))
            print(ours.line(straight.rate))
            before = server.resident_mib()
            after = uvloop.run(_crowd(server, directory, port))
            label = f"memory with {MANY:,} bound connections (before: {before:.0f})"
            print(f"{label:<58}{after:>9.0f} MiB", flush=True)
        finally:
            server.stop()


async def _furnish(server: ServerProcess, directory: OpenLdap) -> None:
    house = await build(server.settings, migrate=True)
    try:
        services = house.services
        await services.setup.ensure_system()
        await services.applications.add_tenant(SYSTEM, _TENANT, "Bench")
        settings = {"urls": [directory.url], "base_dn": directory.base_dn, "start_tls": False}
        settings |= {"bind_dn": directory.service_dn}
        behind = DirectoryConfiguration(
            tenant_id=_TENANT, directory_id="d", kind="ldap", name="D", settings=settings, created_at=1
        )
        await services.applications.put_directory(SYSTEM, behind, Secret(directory.service_password))
        application = await services.applications.add_application(
            SYSTEM, _TENANT, "Wiki", first_factor=FirstFactor.DIRECTORY, directory_id="d"
        )
        await services.applications.add_client(
            SYSTEM,
            _TENANT,
            application.application_id,
            ClientKind.LDAP,
            "wiki",
            address="127.0.0.1",
            settings={"demand_tls": False, "exempt_binds": [f"127.0.0.1 {directory.service_dn}"]},
        )
    finally:
        await house.close()


class _Asker(asyncio.Protocol):
    """One connection that is bound and then searches, one search after the other. It looks at no more of an
    answer than how it ends, to take little of the processors."""

    def __init__(self, bind: bytes, search: bytes) -> None:
        self._bind = bind
        self._search = search
        self._transport: asyncio.Transport | None = None
        self._answer = b""
        self._left = 0
        self._began = 0.0
        self.latencies: list[float] = []
        self.accepted = 0
        self.is_idle = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._bind)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if self._answer.endswith(_BOUND):
            self._answer = b""
            self.is_idle.set()
        elif self._answer.endswith(_DONE):
            self.latencies.append(time.perf_counter() - self._began)
            self.accepted += _NAME in self._answer
            self._next()

    def search(self, count: int) -> None:
        """Search so many times, until it is idle again."""
        self._left = count
        self.is_idle.clear()
        self._next()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _next(self) -> None:
        self._answer = b""
        if not self._left or self._transport is None:
            self.is_idle.set()
            return
        self._left -= 1
        self._began = time.perf_counter()
        self._transport.write(self._search)


async def _bound(directory: OpenLdap, port: int) -> _Asker:
    proof = Simple(directory.service_password.encode())
    bind = encode(Message(1, BindRequest(3, directory.service_dn, proof)))
    search = SearchRequest(directory.base_dn, Scope.SUBTREE, Equality("uid", b"alice"), ("cn", "mail"))
    loop = asyncio.get_running_loop()
    _, asker = await loop.create_connection(
        lambda: _Asker(bind, encode(Message(2, search))), "127.0.0.1", port
    )
    await asker.is_idle.wait()
    return asker


async def _load(directory: OpenLdap, port: int, label: str, count: int) -> Figures:
    askers = [await _bound(directory, port) for _ in range(CONNECTIONS)]
    began = time.perf_counter()
    for asker in askers:
        asker.search(count // CONNECTIONS)
    await asyncio.gather(*(asker.is_idle.wait() for asker in askers))
    seconds = time.perf_counter() - began
    latencies = [each for asker in askers for each in asker.latencies]
    accepted = sum(asker.accepted for asker in askers)
    for asker in askers:
        asker.close()
    return Figures(label, len(latencies), accepted, seconds, latencies)


async def _crowd(server: ServerProcess, directory: OpenLdap, port: int) -> float:
    askers = [await _bound(directory, port) for _ in range(MANY)]
    memory = server.resident_mib()
    for asker in askers:
        asker.close()
    return memory
