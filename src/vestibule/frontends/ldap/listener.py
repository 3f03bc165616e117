"""The LDAP front end: sockets, the certificate, and the rounds that end what has lasted too long."""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from vestibule.frontends._tls_accepting import TlsAcceptor
from vestibule.frontends.ldap.connection import Connection
from vestibule.frontends.ldap.door import Door
from vestibule.frontends.ldap.ldaps_gate import LdapsGate
from vestibule.interfaces.frontend import CannotListen
from vestibule.services.services import Services
from vestibule.wire.ldap.messages import ResultCode

_MOST_CONNECTIONS: Final = 8192
_SHARE_OF_FILES: Final = 8
"""Of the files that this process may open, so many times more than connections: each takes two."""
_ROUND_SECONDS: Final = 5.0


class LdapFrontend:
    """LDAP with StartTLS on some addresses, LDAPS on others."""

    name = "ldap"

    def __init__(
        self,
        services: Services,
        listen: Sequence[tuple[str, int]],
        tls_listen: Sequence[tuple[str, int]],
        certificate: Path | None = None,
        key: Path | None = None,
    ) -> None:
        """`listen` and `tls_listen` are addresses or names, and ports; both files or none."""
        self._services = services
        self._listen = tuple(listen)
        self._tls_listen = tuple(tls_listen)
        self._certificate = certificate
        self._key = key
        self._servers: list[asyncio.Server] = []
        self._acceptor: TlsAcceptor | None = None
        self._door: Door | None = None
        self._rounds: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Bind and begin to serve; raise `CannotListen`, and OSError or ssl.SSLError when certificate or key
        cannot be used."""
        if not self._listen and not self._tls_listen:
            return
        services = self._services
        tls = _context(self._certificate, self._key) if self._certificate and self._key else None
        door = self._door = Door(
            services.verifications,
            services.directory_people,
            services.configuration,
            services.metrics,
            tls,
            min(_MOST_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // _SHARE_OF_FILES),
        )
        acceptor = self._acceptor = TlsAcceptor(LdapsGate(door))
        listening = [(host, port, acceptor.listen) for host, port in self._tls_listen]
        listening += [(host, port, self._serve) for host, port in self._listen]
        for host, port, listen in listening:
            try:
                await listen(host, port)
            except OSError as problem:
                await self._close()
                written = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
                raise CannotListen(problem.errno, problem.strerror, f"TCP {written}") from None
        self._rounds = asyncio.create_task(self._make_rounds(door), name="ldap rounds")

    async def stop(self, grace_seconds: float) -> None:
        """Accept nothing new, let what runs end for a while, then say goodbye to everybody."""
        await self._close()
        if self._door is None:
            return
        if self._rounds is not None:
            self._rounds.cancel()
        if self._door.tasks:
            await asyncio.wait(self._door.tasks, timeout=grace_seconds)
        for connection in list(self._door.connections):
            connection.disconnect(ResultCode.UNAVAILABLE, "stopping")
        tasks = list(self._door.tasks)
        if tasks:
            # Whom nobody waits for any more is asked no further; that takes a moment.
            await asyncio.wait(tasks, timeout=1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def addresses(self) -> list[str]:
        """Where it listens, as people write it: `ldap://127.0.0.1:389`."""
        bound = [f"ldap://{_written(each)}" for server in self._servers for each in server.sockets]
        protected = [] if self._acceptor is None else self._acceptor.addresses()
        return [*bound, *(f"ldaps://{address}" for address in protected)]

    async def _serve(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        door = self._door
        assert door is not None
        address = str(found[0][4][0])
        self._servers.append(await loop.create_server(lambda: Connection(door), address, port, backlog=1024))

    async def _make_rounds(self, door: Door) -> None:
        while True:
            await asyncio.sleep(_ROUND_SECONDS)
            now = asyncio.get_running_loop().time()
            for connection in list(door.connections):
                connection.review(now)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        self._servers = []
        if self._acceptor is not None:
            await self._acceptor.close()


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.load_cert_chain(certificate, key)
    return context


def _written(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
