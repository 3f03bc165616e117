"""RADIUS over TLS (RFC 6614): the ports, who may connect, and the rounds that end what lasts too long.

Sign-ins and accounting come through the same port (RFC 6614 §2.2); where a packet goes, its code says.
"""

from __future__ import annotations

import asyncio
import resource
import ssl
from collections import Counter
from collections.abc import Sequence
from typing import Final

import structlog

from vestibule.crypto.certificates import KeyPair
from vestibule.crypto.tls import server_context
from vestibule.frontends._quiet import QuietLog
from vestibule.frontends._tls_accepting import TlsAcceptor
from vestibule.frontends.radius.clients import RadiusClient
from vestibule.frontends.radius.tls_clients import TlsClients
from vestibule.frontends.radius.tls_connection import PROTOCOLS, Take, TlsConnection
from vestibule.interfaces.frontend import CannotListen
from vestibule.services.certificates import Certificates

log = structlog.get_logger(__name__)

_MOST_CONNECTIONS: Final = 8192
_SHARE_OF_FILES: Final = 4
"""Of the files that this process may open, so many times more than connections."""
_ROUND_SECONDS: Final = 5.0


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
        self._acceptor = TlsAcceptor(self)
        self._connections: set[TlsConnection] = set()
        self._rounds: asyncio.Task[None] | None = None
        self._quiet = QuietLog()
        self._context: ssl.SSLContext | None = None
        self._context_of: tuple[KeyPair | None, tuple[bytes, ...]] = (None, ())

    async def start(self) -> None:
        """Bind and begin to accept; raises `CannotListen`."""
        for name, port in self._listen:
            try:
                await self._acceptor.listen(name, port)
            except OSError as problem:
                await self.close()
                written = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
                raise CannotListen(problem.errno, problem.strerror, f"TCP {written}") from None
        if self._listen:
            self._rounds = asyncio.create_task(self._make_rounds(), name="radius over tls rounds")

    async def pause(self) -> None:
        """Accept and read nothing more; answers are still sent."""
        await self._acceptor.close()
        for connection in self._connections:
            connection.pause()

    async def close(self) -> None:
        await self.pause()
        if self._rounds is not None:
            self._rounds.cancel()
        for connection in list(self._connections):
            connection.close()

    def addresses(self) -> list[str]:
        """Where it listens, as people write it: `radsec://127.0.0.1:2083`."""
        return [f"radsec://{address}" for address in self._acceptor.addresses()]

    # --- for connections ----------------------------------------------------------------------------

    def joined(self, connection: TlsConnection) -> None:
        self._connections.add(connection)

    def left(self, connection: TlsConnection) -> None:
        self._connections.discard(connection)

    def client_of(self, fingerprint: str, source: str, *, is_1_1: bool) -> RadiusClient | None:
        return self._clients.find(fingerprint, source, is_1_1=is_1_1)

    def refused(self, why: str, source: str, client: str = "") -> None:
        now = int(asyncio.get_running_loop().time() * 1000)
        if written := self._quiet.due((why, client), now):
            facts = {"client": client, "source": source, "count": written}
            log.warning("radius over tls refused", why=why, **facts)

    # --- for who connects ---------------------------------------------------------------------------

    def has_room_for(self, host: str, pending: Counter[str]) -> bool:
        # One source takes no more than half of the room.
        of_source = pending[host] + sum(each.host == host for each in self._connections)
        total = pending.total() + len(self._connections)
        if total < self._most and of_source < self._most // 2:
            return True
        self.refused("no_room", host)
        return False

    def new_connection(self, host: str) -> TlsConnection:
        return TlsConnection(self, host)

    def context(self) -> ssl.SSLContext | None:
        own = self._own or self._certificates.server()
        if own is None:
            self.refused("no_server_certificate", "")
            return None
        wanted = own, self._certificates.of_clients()
        if wanted != self._context_of:
            self._context = server_context(own, wanted[1], PROTOCOLS)
            self._context_of = wanted
        return self._context

    # --- parts --------------------------------------------------------------------------------------

    async def _make_rounds(self) -> None:
        while True:
            await asyncio.sleep(_ROUND_SECONDS)
            now = asyncio.get_running_loop().time()
            for connection in list(self._connections):
                connection.review(now)
