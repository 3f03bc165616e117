"""Asking one server over TLS (RFC 6614): one connection that stays, shared by all requests.

Each request has an identifier of its own while it waits, and its answer must be as genuine as over UDP. What
the stream cannot mean ends the connection; a request whose connection ends is sent once more on a new one.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import ssl
from collections.abc import Sequence
from typing import Final, cast

from vestibule.directories.radius.exchange import Heard, Make, Trouble, judged
from vestibule.directories.radius.settings import Endpoint
from vestibule.wire.radius import CheckedReply, Malformed, Message, NoSecret, SharedSecret, token_of
from vestibule.wire.radius.stream import PacketStream

_IDENTIFIERS: Final = 256
_ROUNDS: Final = 2
_RADIUS_1_1: Final = "radius/1.1"


class _Waiting:
    """One request and its answer; None: the connection has ended before it."""

    def __init__(self, name: bytes, request: Message, codes: Sequence[int]) -> None:
        self.name = name
        self.request = request
        self.codes = codes
        self.answer: asyncio.Future[CheckedReply | None] = asyncio.get_running_loop().create_future()
        self.seen = Trouble.TIMED_OUT
        self.discarded = 0

    def end(self, answer: CheckedReply | None) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)


class _Connection(asyncio.Protocol):
    """`secret` is what its requests are made with: none at all in RADIUS/1.1."""

    def __init__(self, secret: SharedSecret) -> None:
        self.secret = secret
        self._stream = PacketStream()
        self._transport: asyncio.Transport | None = None
        self._token = secrets.randbits(32)
        self.waiting: dict[bytes, _Waiting] = {}
        self.heard_at = 0.0

    def request(self, make: Make, identifier: int) -> tuple[bytes, Message]:
        """Return a request with what its answer is known by: its Token, or its identifier."""
        if self.secret.signs:
            return bytes((identifier,)), make(identifier, self.secret)
        self._token = (self._token + 1) % (1 << 32)
        made = make(self._token, self.secret)
        return token_of(made), made

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def send(self, waiting: _Waiting) -> None:
        self.waiting[waiting.name] = waiting
        if self._transport is not None:
            self._transport.write(waiting.request.octets)

    def end(self) -> None:
        """Cut it; whoever waits hears of it."""
        if self._transport is not None:
            self._transport.abort()
        for each in self.waiting.values():
            each.end(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        session: ssl.SSLObject = transport.get_extra_info("ssl_object")
        # RFC 9765 §3.4: never below TLS 1.3.
        if session.selected_alpn_protocol() == _RADIUS_1_1:
            self.secret = NoSecret()
            if session.version() != "TLSv1.3":
                self.end()

    def connection_lost(self, exc: Exception | None) -> None:
        self.end()

    def data_received(self, data: bytes) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        self._stream.feed(data)
        while (packet := self._stream.next_packet()) is not None:
            if isinstance(packet, Malformed):
                self.end()
                return
            self._take(packet)

    def _take(self, packet: bytes) -> None:
        waiting = self.waiting.get(packet[1:2] if self.secret.signs else packet[4:8])
        if waiting is None:
            return  # Too late.
        found = judged(packet, waiting.request, self.secret, waiting.codes, must_be_signed=False)
        if isinstance(found, CheckedReply):
            waiting.end(found)
        else:
            waiting.seen = found
            waiting.discarded += 1


class TlsRoad:
    """Implements `Road`."""

    def __init__(self, endpoint: Endpoint, secret: SharedSecret, context: ssl.SSLContext) -> None:
        self._endpoint = endpoint
        self._secret = secret
        self._context = context
        self._connection: _Connection | None = None
        self._connecting = asyncio.Lock()
        self._taken: set[int] = set()
        self._last = -1

    async def ask(self, make: Make, codes: Sequence[int], *, tries: int, seconds: float) -> Heard:
        """Ask within `seconds`; TCP repeats by itself, so `tries` says nothing here."""
        identifier = self._free_identifier()
        if identifier is None:
            return Heard(Trouble.OVERLOADED)
        try:
            return await self._ask(make, identifier, codes, seconds)
        finally:
            self._taken.discard(identifier)

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.end()

    async def _ask(self, make: Make, identifier: int, codes: Sequence[int], seconds: float) -> Heard:
        heard = Heard(Trouble.TIMED_OUT)
        try:
            async with asyncio.timeout(seconds):
                for _ in range(_ROUNDS):
                    connection = await self._opened()
                    waiting = _Waiting(*connection.request(make, identifier), codes)
                    try:
                        answer = await _answered(connection, waiting)
                    finally:
                        made_with = waiting.request.authenticator, connection.secret
                        heard = Heard(waiting.seen, waiting.discarded, *made_with)
                    if answer is not None:
                        return Heard(answer, waiting.discarded, *made_with)
        except TimeoutError:
            return heard
        except ssl.SSLError:
            return Heard(Trouble.NOT_TRUSTED)
        except (OSError, UnicodeError):
            return Heard(Trouble.UNREACHABLE)
        return Heard(Trouble.UNREACHABLE)

    async def _opened(self) -> _Connection:
        async with self._connecting:
            if self._connection is None or not self._connection.is_open:
                transport, connection = await asyncio.get_running_loop().create_connection(
                    lambda: _Connection(self._secret),
                    self._endpoint.host,
                    self._endpoint.port,
                    ssl=self._context,
                )
                opened: socket.socket = transport.get_extra_info("socket")
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                self._connection = connection
            return self._connection

    def _free_identifier(self) -> int | None:
        # In turn, so that a late answer meets nobody who was asked since.
        for step in range(1, _IDENTIFIERS + 1):
            identifier = (self._last + step) % _IDENTIFIERS
            if identifier not in self._taken:
                self._taken.add(identifier)
                self._last = identifier
                return identifier
        return None


async def _answered(connection: _Connection, waiting: _Waiting) -> CheckedReply | None:
    sent_at = asyncio.get_running_loop().time()
    connection.send(waiting)
    try:
        return await waiting.answer
    except asyncio.CancelledError:
        if connection.heard_at < sent_at:
            connection.end()  # Nobody is there any more, or a firewall has forgotten us.
        raise
    finally:
        connection.waiting.pop(waiting.name, None)
