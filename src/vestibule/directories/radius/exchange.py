"""One request to one server over UDP, its repeats, and the one genuine answer (RFC 2865 §2.5).

What is no answer to the request is noted and otherwise ignored: a forged datagram must not end the wait for
the real one. Each request has a socket of its own, so that its port cannot be guessed from the one before and
identifiers never meet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from vestibule.directories.radius.settings import Endpoint
from vestibule.wire.radius import CheckedReply, Message, SharedSecret, Signature, check_reply
from vestibule.wire.radius.answer import SIGN_IN_CODES


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


class Exchange(asyncio.DatagramProtocol):
    """Hears what comes back to one request; `answer` is done as soon as it is known."""

    def __init__(
        self, request: Message, secret: SharedSecret, codes: Sequence[int], *, must_be_signed: bool
    ) -> None:
        self._request = request
        self._secret = secret
        self._codes = codes
        self._must_be_signed = must_be_signed
        self.answer: asyncio.Future[CheckedReply] = asyncio.get_running_loop().create_future()
        self.seen = Trouble.TIMED_OUT
        self.discarded = 0
        """Datagrams that were no genuine answer, or not signed."""

    def datagram_received(self, data: bytes, addr: object) -> None:
        found = judged(data, self._request, self._secret, self._codes, must_be_signed=self._must_be_signed)
        if isinstance(found, Trouble):
            self.seen = found
            self.discarded += 1
        elif not self.answer.done():
            self.answer.set_result(found)

    def error_received(self, exc: Exception) -> None:
        """The host says that nobody listens there. It may be starting, so the other tries are still made."""
        self.seen = Trouble.UNREACHABLE


async def ask(
    endpoint: Endpoint,
    request: Message,
    secret: SharedSecret,
    *,
    must_be_signed: bool,
    tries: int,
    seconds: float,
    codes: Sequence[int] = SIGN_IN_CODES,
) -> Heard:
    """Send the same octets `tries` times within `seconds` in all; return what was heard. `codes` are those of
    an answer."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            transport, exchange = await loop.create_datagram_endpoint(
                lambda: Exchange(request, secret, codes, must_be_signed=must_be_signed),
                remote_addr=(endpoint.host, endpoint.port),
            )
    except (OSError, TimeoutError, UnicodeError):
        return Heard(Trouble.UNREACHABLE)
    try:
        for _ in range(tries):
            transport.sendto(request.octets)
            await asyncio.wait((exchange.answer,), timeout=seconds / tries)
            if exchange.answer.done():
                return Heard(exchange.answer.result(), exchange.discarded)
        return Heard(exchange.seen, exchange.discarded)
    finally:
        transport.close()
