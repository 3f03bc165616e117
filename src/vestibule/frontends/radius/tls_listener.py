"""RADIUS over TLS (RFC 6614): the ports, who may connect, and the rounds that end what lasts too long.

Sign-ins and accounting come through the same port (RFC 6614 §2.2); where a packet goes, its code says.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
from collections import Counter
from collections.abc import Sequence
from typing import Final

import structlog

from vestibule.crypto.certificates import KeyPair
from vestibule.crypto.tls import server_context
from vestibule.frontends._quiet import QuietLog
from vestibule.frontends.radius.clients import RadiusClient
from vestibule.frontends.radius.tasks import Tasks
from vestibule.frontends.radius.tls_clients import TlsClients
from vestibule.frontends.radius.tls_connection import PROTOCOLS, Take, TlsConnection
from vestibule.interfaces.frontend import CannotListen
from vestibule.services.certificates import Certificates

log = structlog.get_logger(__name__)

_MOST_CONNECTIONS: Final = 8192
_SHARE_OF_FILES: Final = 4
"""Of the files that this process may open, so many times more than connections."""
_ROUND_SECONDS: Final = 5.0
_REST_SECONDS: Final = 0.5
HANDSHAKE_SECONDS: Final = 10.0


class TlsListener:
    """Connections on one or more addresses; each of their packets goes to `take`."""

    def __init__(
        self,
        certificates: Certificates,
        clients: TlsClients,
        listen: Sequence[tuple[str, int]],
        take: Take,
        own: KeyPair | None = None,
    ) -> None:
        """`listen` are addresses or names, and ports. `own` is shown in place of the certificate that the
        authority of the installation has issued."""
        self._certificates = certificates
        self._clients = clients
        self._listen = tuple(listen)
        self._own = own
        self.take = take
        self._most = min(_MOST_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // _SHARE_OF_FILES)
        self._sockets: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._handshakes = Tasks(_MOST_CONNECTIONS)
        self._connections: set[TlsConnection] = set()
        self._of_source: Counter[str] = Counter()
        self._rounds: asyncio.Task[None] | None = None
        self._quiet = QuietLog()
        self._context: ssl.SSLContext | None = None
        self._context_of: tuple[KeyPair | None, tuple[bytes, ...]] = (None, ())

    async def start(self) -> None:
        """Bind and begin to accept; raises `CannotListen`."""
        loop = asyncio.get_running_loop()
        for name, port in self._listen:
            try:
                found = await loop.getaddrinfo(name, port, type=socket.SOCK_STREAM)
                self._sockets.append(_listening(*found[0][4][:2]))
            except OSError as problem:
                await self.close()
                written = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
                raise CannotListen(problem.errno, problem.strerror, f"TCP {written}") from None
        self._accepting = [asyncio.create_task(self._accept(opened)) for opened in self._sockets]
        if self._sockets:
            self._rounds = asyncio.create_task(self._make_rounds(), name="radius over tls rounds")

    def pause(self) -> None:
        """Accept and read nothing more; answers are still sent."""
        for task in self._accepting:
            task.cancel()
        for connection in self._connections:
            connection.pause()

    async def close(self) -> None:
        self.pause()
        await asyncio.gather(*self._accepting, return_exceptions=True)
        while self._sockets:
            self._sockets.pop().close()
        if self._rounds is not None:
            self._rounds.cancel()
        await self._handshakes.end(0)
        for connection in list(self._connections):
            connection.close()

    def addresses(self) -> list[str]:
        """Where it listens, as people write it: `radsec://127.0.0.1:2083`."""
        bound = [opened.getsockname()[:2] for opened in self._sockets]
        return [f"radsec://{f'[{host}]' if ':' in host else host}:{port}" for host, port in bound]

    # --- for connections ----------------------------------------------------------------------------

    def joined(self, connection: TlsConnection) -> None:
        self._connections.add(connection)

    def left(self, connection: TlsConnection) -> None:
        self._connections.discard(connection)
        self._release(connection.host)

    def client_of(self, fingerprint: str, source: str, *, is_1_1: bool) -> RadiusClient | None:
        return self._clients.find(fingerprint, source, is_1_1=is_1_1)

    def refused(self, why: str, source: str, client: str = "") -> None:
        now = int(asyncio.get_running_loop().time() * 1000)
        if written := self._quiet.due((why, client), now):
            facts = {"client": client, "source": source, "count": written}
            log.warning("radius over tls refused", why=why, **facts)

    # --- parts --------------------------------------------------------------------------------------

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(listening)
            except OSError:  # No more files, or the peer is gone already.
                self.refused("not_accepted", "")
                await asyncio.sleep(_REST_SECONDS)
                continue
            host = str(address[0]).partition("%")[0]
            if self._has_room_for(host):
                self._of_source[host] += 1
                self._handshakes.spawn(self._secure(accepted, host))
            else:
                accepted.close()

    def _has_room_for(self, host: str) -> bool:
        # One source takes no more than half of the room.
        if self._of_source.total() < self._most and self._of_source[host] < self._most // 2:
            return True
        self.refused("no_room", host)
        return False

    def _release(self, host: str) -> None:
        self._of_source[host] -= 1
        if self._of_source[host] <= 0:
            del self._of_source[host]

    async def _secure(self, accepted: socket.socket, host: str) -> None:
        context = self._current_context()
        if context is None:
            accepted.close()
            self._release(host)
            return
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: TlsConnection(self, host),
                accepted,
                ssl=context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
            )
        except BaseException as problem:
            accepted.close()
            self._release(host)
            if not isinstance(problem, OSError):  # ssl.SSLError is one.
                raise
            self.refused(_reason(problem), host)

    def _current_context(self) -> ssl.SSLContext | None:
        """Return how connections are protected now; None if there is no certificate to show."""
        own = self._own or self._certificates.server()
        if own is None:
            self.refused("no_server_certificate", "")
            return None
        wanted = own, self._certificates.of_clients()
        if wanted != self._context_of:
            self._context = server_context(own, wanted[1], PROTOCOLS)
            self._context_of = wanted
        return self._context

    async def _make_rounds(self) -> None:
        while True:
            await asyncio.sleep(_ROUND_SECONDS)
            now = asyncio.get_running_loop().time()
            for connection in list(self._connections):
                connection.review(now)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.create_server((host, port), family=family, backlog=1024)
    opened.setblocking(False)
    return opened


def _reason(problem: OSError) -> str:
    is_about_certificates = isinstance(problem, ssl.SSLCertVerificationError)
    return "certificate_refused" if is_about_certificates else "handshake_failed"
