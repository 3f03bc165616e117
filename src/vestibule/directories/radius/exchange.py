"""One request to one server over UDP, its repeats, and the one genuine answer (RFC 2865 §2.5).

What is no answer to the request is noted and otherwise ignored: a forged datagram must not end the wait for
the real one. Each request has a socket for itself while it waits, so identifiers never meet.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, Protocol

import msgspec

from vestibule.directories.radius.settings import Endpoint
from vestibule.wire.radius import CheckedReply, Message, SharedSecret, Signature, check_reply

_LONGEST_ANSWER: Final = 4096
"""Octets (RFC 2865 §3); of a datagram that is longer the end is missing, so it is no answer."""
_MOST_AT_ONCE: Final = 16
"""Datagrams that are looked at in one turn of the event loop."""


class Trouble(StrEnum):
    """Each has a text for administrators in the catalog under `radius.trouble.…`."""

    UNREACHABLE = "unreachable"
    """The name is unknown, nobody listens, or the network is down."""
    TIMED_OUT = "timed_out"
    NOT_GENUINE = "not_genuine"
    """What came was made with another shared secret, or by somebody else."""
    NOT_SIGNED = "not_signed"
    """The answers carry no Message-Authenticator."""
    UNREADABLE = "unreadable"
    """An attribute of the answer is not hidden as it must be."""
    NOT_TRUSTED = "not_trusted"
    """TLS: one of the two does not take the other's certificate."""
    OVERLOADED = "overloaded"
    """Too many checks wait for these servers already."""


class DirectoryUnavailable(ConnectionError):
    """The servers could not be asked. The text is the name of the trouble."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


class Heard(msgspec.Struct, frozen=True):
    """The answer, or why there is none, how much was heard that was none; and what the request was made
    with."""

    found: CheckedReply | Trouble
    discarded: int = 0
    authenticator: bytes = b""
    secret: SharedSecret | None = None


Make = Callable[[int, SharedSecret], Message]
"""Makes a request of its identifier and secret; raises ValueError if it is longer than a packet."""


class Road(Protocol):
    """How one server is asked."""

    async def ask(self, make: Make, codes: Sequence[int], *, tries: int, seconds: float) -> Heard:
        """Ask within `seconds` in all; `codes` are those of an answer."""
        ...

    async def close(self) -> None:
        """Close what is open."""


def judged(
    octets: bytes, request: Message, secret: SharedSecret, codes: Sequence[int], *, must_be_signed: bool
) -> CheckedReply | Trouble:
    """Return the genuine answer to `request` that `octets` are, or why they are none."""
    checked = check_reply(octets, request, secret, codes)
    if not isinstance(checked, CheckedReply):
        return Trouble.NOT_GENUINE
    if must_be_signed and checked.signature is Signature.MISSING:
        return Trouble.NOT_SIGNED
    return checked


class Exchange:
    """Hears at a socket what comes back to one request."""

    def __init__(
        self,
        opened: socket.socket,
        request: Message,
        secret: SharedSecret,
        codes: Sequence[int],
        *,
        must_be_signed: bool,
    ) -> None:
        self._socket = opened
        self._request = request
        self._secret = secret
        self._codes = codes
        self._must_be_signed = must_be_signed
        self._answer: CheckedReply | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.seen = Trouble.TIMED_OUT
        self.discarded = 0
        """Datagrams that were no genuine answer, or not signed."""

    def send(self) -> None:
        """Send the request. Where nobody listens the other tries are still made: it may be starting."""
        try:
            self._socket.send(self._request.octets)
        except OSError:
            self.seen = Trouble.UNREACHABLE

    def hear(self) -> None:
        """Take what has come, until it is the answer or nothing is left."""
        for _ in range(_MOST_AT_ONCE):
            try:
                octets = self._socket.recv(_LONGEST_ANSWER)
            except BlockingIOError:
                return
            except OSError:
                self.seen = Trouble.UNREACHABLE
                return
            found = judged(
                octets, self._request, self._secret, self._codes, must_be_signed=self._must_be_signed
            )
            if isinstance(found, Trouble):
                self.seen = found
                self.discarded += 1
            else:
                self._answer = found
                if self._waiter is not None:
                    _wake(self._waiter)
                return

    async def answer(self, seconds: float) -> CheckedReply | None:
        """Wait so long for the answer; None: there is none yet."""
        if self._answer is None:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            timer = loop.call_later(seconds, _wake, self._waiter)
            try:
                await self._waiter
            finally:
                timer.cancel()
        return self._answer


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class Line:
    """A socket that hears one server and nobody else. One request at a time asks there."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened
        self._exchange: Exchange | None = None
        self.opened_at = time.monotonic()
        self.uses = 0
        self.is_clean = True
        """Whether nothing more can come to what was asked here."""
        asyncio.get_running_loop().add_reader(opened, self._hear)

    async def ask(
        self,
        request: Message,
        secret: SharedSecret,
        codes: Sequence[int],
        *,
        must_be_signed: bool,
        tries: int,
        seconds: float,
    ) -> Heard:
        """Send the same octets `tries` times within `seconds` in all; return what was heard. `codes` are
        those of an answer."""
        exchange = self._exchange = Exchange(
            self._socket, request, secret, codes, must_be_signed=must_be_signed
        )
        self.uses += 1
        self.is_clean = False
        try:
            for number in range(tries):
                exchange.send()
                if (answer := await exchange.answer(seconds / tries)) is not None:
                    self.is_clean = number == 0 and not exchange.discarded
                    return Heard(answer, exchange.discarded)
            return Heard(exchange.seen, exchange.discarded)
        finally:
            self._exchange = None

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _hear(self) -> None:
        if self._exchange is not None:
            self._exchange.hear()
            return
        with contextlib.suppress(OSError):
            self._socket.recv(_LONGEST_ANSWER)  # It is for nobody.


async def connected(endpoint: Endpoint, seconds: float) -> Line:
    """Return a line to a server, whose name is looked up beside the event loop, for so long at most. Raises
    OSError, TimeoutError, UnicodeError."""
    found = numeric(endpoint.host, endpoint.port)
    if not found:
        async with asyncio.timeout(seconds):
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_DGRAM)
    problem: OSError | None = None
    for family, kind, protocol, _, address in found:
        opened = socket.socket(family, kind, protocol)
        try:
            opened.setblocking(False)
            opened.connect(address)
        except OSError as error:
            problem = error
            opened.close()
        else:
            return Line(opened)
    raise problem or OSError("the name has no address")


@lru_cache(64)
def numeric(host: str, port: int) -> list[Any]:
    """Return what `getaddrinfo` finds for an address; nothing for a name."""
    try:
        return list(socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST))
    except socket.gaierror:
        return []
