"""Accepting connections that begin with TLS.

Who may come is asked before the handshake; a protocol hears of a connection when the handshake is over. To
begin TLS on a connection that a protocol was given already is no substitute: uvloop has read its first octets
by then, and the handshake waits for them for ever.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from typing import Final, Protocol

HANDSHAKE_SECONDS: Final = 10.0
_REST_SECONDS: Final = 0.5
_BACKLOG: Final = 1024


class Gate(Protocol):
    """What a front end decides about who connects."""

    def has_room_for(self, host: str, pending: Counter[str]) -> bool:
        """Tell whether one more from this address may connect; `pending` counts handshakes by address."""

    def context(self) -> ssl.SSLContext | None:
        """Return how connections are protected now; None: nobody can be let in."""

    def new_connection(self, host: str) -> asyncio.Protocol:
        """Return what takes a connection from there."""

    def refused(self, why: str, host: str) -> None:
        """Hear why a connection came to nothing."""


class TlsAcceptor:
    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._sockets: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._handshakes: set[asyncio.Task[None]] = set()
        self._pending: Counter[str] = Counter()

    async def listen(self, host: str, port: int) -> None:
        """Bind to a name or an address and begin to accept; raises OSError."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        address = found[0][4][:2]
        family = socket.AF_INET6 if ":" in str(address[0]) else socket.AF_INET
        opened = socket.create_server(address, family=family, backlog=_BACKLOG)
        opened.setblocking(False)
        self._sockets.append(opened)
        self._accepting.append(asyncio.create_task(self._accept(opened), name=f"accepting at {port}"))

    def addresses(self) -> list[str]:
        """Where it listens: `192.0.2.1:636`, `[2001:db8::1]:636`."""
        bound = [opened.getsockname()[:2] for opened in self._sockets]
        return [f"{f'[{host}]' if ':' in host else host}:{port}" for host, port in bound]

    async def close(self) -> None:
        """Accept nothing more, and break off what is not yet let in."""
        tasks = [*self._accepting, *self._handshakes]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        while self._sockets:
            self._sockets.pop().close()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(listening)
            except OSError:  # No more files, or the peer is gone already.
                self._gate.refused("not_accepted", "")
                await asyncio.sleep(_REST_SECONDS)
                continue
            host = str(address[0]).partition("%")[0]
            context = self._gate.context() if self._gate.has_room_for(host, self._pending) else None
            if context is None:
                accepted.close()
                continue
            self._pending[host] += 1
            task = loop.create_task(self._secure(accepted, host, context))
            self._handshakes.add(task)
            task.add_done_callback(self._handshakes.discard)

    async def _secure(self, accepted: socket.socket, host: str, context: ssl.SSLContext) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self._gate.new_connection(host),
                accepted,
                ssl=context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
            )
        except OSError as problem:  # ssl.SSLError is one.
            accepted.close()
            self._gate.refused(_reason(problem), host)
        except asyncio.CancelledError:
            accepted.close()
            raise
        finally:
            self._pending[host] -= 1
            if not self._pending[host]:
                del self._pending[host]


def _reason(problem: OSError) -> str:
    is_about_certificates = isinstance(problem, ssl.SSLCertVerificationError)
    return "certificate_refused" if is_about_certificates else "handshake_failed"
