"""How SIP messages travel: datagrams, or one connection with or without TLS.

A link tells its owner each message with the address it came from and judges none of them. Memory is bounded:
datagrams are read one by one, a stream holds one message at most, and a peer that does not read is cut off.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Protocol, cast

from vestibule.wire.sip import Malformed, MessageStream, Request, Response, decode
from vestibule.wire.sip.stream import PONG

MOST_UNSENT = 1 << 20

Place = tuple[str, int]
"""Numeric address and port."""
Receive = Callable[[Request | Response, Place], None]


class Link(Protocol):
    """What a trunk is spoken to through. `here` is our own end of it."""

    here: Place
    is_reliable: bool

    @property
    def is_open(self) -> bool: ...

    def send(self, data: bytes, place: Place) -> None:
        """Send without waiting; what cannot be sent is lost, as in any network."""
        ...

    def close(self) -> None: ...


class DatagramLink(asyncio.DatagramProtocol):
    """SIP over UDP. One socket for all calls; responses come back to it (RFC 3581)."""

    is_reliable = False

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._transport: asyncio.DatagramTransport | None = None
        self.here: Place = ("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.here = transport.get_extra_info("sockname")[:2]

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        message = decode(data)
        if not isinstance(message, Malformed):
            self._receive(message, (address[0], address[1]))

    def error_received(self, problem: Exception) -> None:
        """A port that nobody listens at: the timers find out."""

    def connection_lost(self, problem: Exception | None) -> None:
        self._transport = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    def send(self, data: bytes, place: Place) -> None:
        if self._transport is not None:
            self._transport.sendto(data, place)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class StreamLink(asyncio.Protocol):
    """SIP over one TCP or TLS connection that we have opened."""

    is_reliable = True

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._stream = MessageStream()
        self._transport: asyncio.Transport | None = None
        self._there: Place = ("", 0)
        self.here: Place = ("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.here = transport.get_extra_info("sockname")[:2]
        self._there = transport.get_extra_info("peername")[:2]

    def data_received(self, data: bytes) -> None:
        self._stream.feed(data)
        while self._transport is not None:
            message = self._stream.next_message()
            if message is None:
                break
            if isinstance(message, Malformed):
                self._abort()
                break
            self._receive(message, self._there)
        if self._stream.pings and self._transport is not None:
            self._stream.pings = 0
            self._transport.write(PONG)

    def connection_lost(self, problem: Exception | None) -> None:
        self._transport = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    def send(self, data: bytes, place: Place) -> None:
        if self._transport is None:
            return
        if self._transport.get_write_buffer_size() > MOST_UNSENT:
            self._abort()
            return
        self._transport.write(data)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None


async def open_link(
    kind: str, receive: Receive, place: Place, here: Place, *, context: ssl.SSLContext | None, host: str
) -> Link:
    """Open a link to `place` from `here` (port 0: any); raises OSError. A certificate must bear `host`."""
    loop = asyncio.get_running_loop()
    if kind == "udp":
        _, datagrams = await loop.create_datagram_endpoint(lambda: DatagramLink(receive), local_addr=here)
        return datagrams
    _, stream = await loop.create_connection(
        lambda: StreamLink(receive),
        *place,
        local_addr=here,
        ssl=context if kind == "tls" else None,
        server_hostname=host if kind == "tls" else None,
    )
    return stream


def address_towards(place: Place) -> str:
    """Return the address of this machine from which packets to `place` leave; raises OSError.

    Nothing is sent: a connected UDP socket only looks up the route.
    """
    family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(place)
        return str(probe.getsockname()[0])
