"""A message for one browser, handed to the push service that its subscription names (RFC 8030).

The subscription comes from outside, so its endpoint is somebody's wish where we should connect to. It is
followed only to the hosts of the browsers' makers and to those that an administrator has named, only on the
port that was named, and only if every address of the host is public; the connection goes to an address that
was judged, never to the name again, so there is no moment between. No redirect is followed, no proxy taken
from the environment. Endpoints and messages are never logged.

What a subscription and a key are is not known here: whatever keeps the promises `Recipient` and `Signer`.
"""

from __future__ import annotations

import asyncio
import os
import re
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import cache
from typing import Final, Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from vestibule.outbound.kept_connection import Head, KeptConnection
from vestibule.outbound.public_address import addresses_of, is_public
from vestibule.outbound.push_services import BROWSERS

_MOST_CONNECTIONS: Final = 64
_IDLE_SECONDS: Final = 10.0
_MOST_ADDRESSES: Final = 4
_PADDED_TO: Final = 128
"""Octets: whoever carries a message learns little from its length."""
_SIGNED_MS: Final = 12 * 3_600_000
_RENEWED_MS: Final = 11 * 3_600_000
_MOST_ORIGINS: Final = 256
_LONGEST_PAUSE_SECONDS: Final = 86_400
_HOST: Final = re.compile(r"((?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::([0-9]{1,5}))?")
_TOPIC: Final = re.compile(r"[A-Za-z0-9_-]{0,32}")

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Place(Protocol):
    """Where a message goes, by a correct URL: `target` is its path and query."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def origin(self) -> str: ...
    @property
    def target(self) -> str: ...


class Recipient(Place, Protocol):
    """A subscription."""

    def encrypt(
        self, payload: bytes, sender: ec.EllipticCurvePrivateKey, salt: bytes, padded_to: int
    ) -> bytes: ...


class Signer(Protocol):
    """A key that push services know us by."""

    def authorization(self, origin: str, expires_at: int, subject: str) -> str: ...


class Cause(StrEnum):
    ENDPOINT_REFUSED = "endpoint_refused"
    """We do not connect there."""
    UNREACHABLE = "unreachable"
    INSECURE = "insecure"
    """No TLS with a certificate that is trusted."""
    TIMED_OUT = "timed_out"
    """Where the service was reached, it may have taken the message."""
    BROKEN_OFF = "broken_off"
    """The connection ended before an answer, or what came is not HTTP; it may have taken the message."""
    TOO_LARGE = "too_large"
    BUSY = "busy"
    UNAUTHORIZED = "unauthorized"
    """The service does not accept our key, or not for this subscription."""
    FAILED = "failed"
    REJECTED = "rejected"
    """Any other answer, a redirect among them."""


class Sealed(msgspec.Struct, frozen=True):
    """A message that only its browser can read, and the proof of who sends it."""

    authorization: str
    body: bytes

    def __repr__(self) -> str:
        return "Sealed(…)"


class Pushed(msgspec.Struct, frozen=True):
    """The push service has taken the message; whether the browser hears of it is not known."""


class Gone(msgspec.Struct, frozen=True):
    """The subscription is over and is never to be used again."""


class NotPushed(msgspec.Struct, frozen=True):
    cause: Cause
    retry_after_seconds: int | None = None
    """When the service wants to be asked again; at most a day."""
    status: int | None = None


class WebPush:
    """Keeps connections to push services. Bound to the event loop it is first used on."""

    def __init__(
        self,
        key: Signer,
        *,
        subject: str,
        hosts: Iterable[str] = BROWSERS,
        private_hosts: Iterable[str] = (),
        ca_file: str = "",
        timeout_seconds: float = 10.0,
        now: Callable[[], float] = time.time,
        resolve: Resolve = addresses_of,
    ) -> None:
        """A host is `name`, `name:port` or, for all names below, `*.name`; the port is 443 if none is said.

        Those of `private_hosts` may have any address and are named one by one. `ca_file` holds authorities
        that are trusted beside the system's. Raises ValueError naming the argument that is wrong.
        """
        # A subject that cannot be signed is to be heard of now, and not at the first message.
        key.authorization("https://localhost", 0, subject)
        self._key = key
        self._subject = subject
        self._context = tls_context(ca_file)
        self._seconds = timeout_seconds
        self._now = now
        self._resolve = resolve
        self._services = {_place(host): _Service(may_be_private=False) for host in hosts}
        for host in private_hosts:
            if host.startswith("*"):
                raise ValueError("private_hosts: one by one")
            self._services[_place(host)] = _Service(may_be_private=True)
        self._authorizations: dict[str, tuple[int, str]] = {}
        self._is_closed = False

    async def push(
        self, to: Recipient, payload: bytes, *, ttl_seconds: int, topic: str = ""
    ) -> Pushed | Gone | NotPushed:
        """Send one message; it is over when the service answers or the time is.

        The service keeps it for `ttl_seconds` while the browser is away, and of several with the same `topic`
        only the last (RFC 8030 §5.2, §5.4). Raises ValueError for what no message can be.
        """
        if not self.takes(to):
            return NotPushed(Cause.ENDPOINT_REFUSED)
        return await self.forward(to, self.seal(to, payload), ttl_seconds=ttl_seconds, topic=topic)

    def seal(self, to: Recipient, payload: bytes) -> Sealed:
        """Return the message to be handed over, by this process or by another."""
        # RFC 8291 §3.1: a key pair for this message alone.
        sender = ec.generate_private_key(ec.SECP256R1())
        body = to.encrypt(payload, sender, os.urandom(16), _PADDED_TO)
        return Sealed(self._authorization(to.origin), body)

    async def forward(
        self, to: Place, sealed: Sealed, *, ttl_seconds: int, topic: str = ""
    ) -> Pushed | Gone | NotPushed:
        """Hand over a message that was sealed here or elsewhere; otherwise like `push`."""
        if ttl_seconds < 0 or not _TOPIC.fullmatch(topic):
            raise ValueError("neither a time to live nor a topic by RFC 8030")
        service = self._service(to.host, to.port)
        if service is None:
            return NotPushed(Cause.ENDPOINT_REFUSED)
        try:
            async with asyncio.timeout(self._seconds), service.slots:
                return await self._push(service, to, _request(to, sealed, ttl_seconds, topic))
        except TimeoutError:
            return NotPushed(Cause.TIMED_OUT)

    def takes(self, to: Place) -> bool:
        """Tell whether anything is sent to that host at all; what addresses it has is seen when it is."""
        return self._service(to.host, to.port) is not None

    async def close(self) -> None:
        """What is under way is broken off; what comes later is not pushed."""
        self._is_closed = True
        for service in self._services.values():
            await service.close()

    def _service(self, host: str, port: int) -> _Service | None:
        name, parent = host, host
        while (service := self._services.get((name, port))) is None and "." in parent:
            parent = parent.partition(".")[2]
            name = f"*.{parent}"
        return service

    async def _push(self, service: _Service, to: Place, request: bytes) -> Pushed | Gone | NotPushed:
        connection = service.take((to.host, to.port)) or await self._connect(service, to.host, to.port)
        if isinstance(connection, NotPushed):
            return connection
        try:
            head = await connection.ask(request)
        except ConnectionError:
            return NotPushed(Cause.BROKEN_OFF)
        finally:
            service.give_back(connection)
        return _judge(head, self._now())

    async def _connect(self, service: _Service, host: str, port: int) -> KeptConnection | NotPushed:
        if self._is_closed:
            return NotPushed(Cause.UNREACHABLE)
        try:
            addresses = await self._resolve(host, port)
        except OSError:
            return NotPushed(Cause.UNREACHABLE)
        if not service.may_be_private and not all(map(is_public, addresses)):
            return NotPushed(Cause.ENDPOINT_REFUSED)
        cause = Cause.UNREACHABLE
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                return await self._connect_to(service, address, host, port)
            except ssl.SSLError:
                cause = Cause.INSECURE
            except TimeoutError:
                cause = Cause.TIMED_OUT
            except OSError:
                cause = Cause.UNREACHABLE
        return NotPushed(cause)

    async def _connect_to(self, service: _Service, address: str, host: str, port: int) -> KeptConnection:
        # The address, not the name: a name could have another one by now. The time leaves some for the next.
        async with asyncio.timeout(self._seconds * 0.45):
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: KeptConnection((host, port)), address, port, ssl=self._context, server_hostname=host
            )
        service.open.add(connection)
        if self._is_closed:
            connection.abort()
        return connection

    def _authorization(self, origin: str) -> str:
        now = int(self._now() * 1000)
        signed_at, header = self._authorizations.get(origin, (now + 1, ""))
        # A clock that was set back makes one that is valid for longer than a service allows.
        if not signed_at <= now < signed_at + _RENEWED_MS:
            if len(self._authorizations) >= _MOST_ORIGINS:
                self._authorizations.clear()
            header = self._key.authorization(origin, now + _SIGNED_MS, self._subject)
            self._authorizations[origin] = now, header
        return header


class _Service:
    """What is kept for one entry of the list of hosts, so that a service that hangs holds up no other."""

    def __init__(self, *, may_be_private: bool) -> None:
        self.may_be_private = may_be_private
        self.slots = asyncio.Semaphore(_MOST_CONNECTIONS)
        self.open: set[KeptConnection] = set()
        self._idle: list[KeptConnection] = []

    def take(self, place: tuple[str, int]) -> KeptConnection | None:
        for connection in reversed(self._idle):
            if connection.place == place and connection.is_usable:
                self._idle.remove(connection)
                return connection
        return None

    def give_back(self, connection: KeptConnection) -> None:
        if not connection.is_usable:
            self._end(connection)
            return
        connection.rest(_IDLE_SECONDS)
        self._idle.append(connection)
        if len(self._idle) > _MOST_CONNECTIONS:
            self._end(self._idle.pop(0))

    async def close(self) -> None:
        connections = [*self.open]
        for connection in connections:
            self._end(connection)
        for connection in connections:
            await connection.lost.wait()

    def _end(self, connection: KeptConnection) -> None:
        connection.abort()
        self.open.discard(connection)


def _request(to: Place, sealed: Sealed, ttl_seconds: int, topic: str) -> bytes:
    head = (
        f"POST {to.target} HTTP/1.1\r\nHost: {to.origin.removeprefix('https://')}\r\n"
        f"User-Agent: Vestibule\r\nAuthorization: {sealed.authorization}\r\n"
        "Content-Type: application/octet-stream\r\nContent-Encoding: aes128gcm\r\n"
        f"Content-Length: {len(sealed.body)}\r\nTTL: {ttl_seconds}\r\nUrgency: high\r\n"
        + (f"Topic: {topic}\r\n\r\n" if topic else "\r\n")
    )
    return head.encode("ascii") + sealed.body


def _place(host: str) -> tuple[str, int]:
    found = _HOST.fullmatch(host)
    if found is None:
        raise ValueError(f"hosts: {host!r} is no name of a host")
    return found[1], int(found[2] or 443)


def tls_context(ca_file: str = "") -> ssl.SSLContext:
    """Trust the system's authorities and those of `ca_file`; raises ValueError if it holds none."""
    return _trusting(ca_file) if ca_file else _trusting_the_system()


@cache
def _trusting_the_system() -> ssl.SSLContext:
    """To read them takes 30 ms: once in a process."""
    return _trusting("")


def _trusting(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        if ca_file:
            context.load_verify_locations(ca_file)
    except ssl.SSLError:
        raise ValueError("ca_file: holds no certificate") from None
    except OSError as problem:
        raise ValueError(f"ca_file: {problem.strerror}") from None
    return context


def _judge(head: Head, now: float) -> Pushed | Gone | NotPushed:
    status = head.status
    if 200 <= status < 300:
        return Pushed()
    if status in (404, 410):
        return Gone()
    causes = {401: Cause.UNAUTHORIZED, 403: Cause.UNAUTHORIZED, 413: Cause.TOO_LARGE, 429: Cause.BUSY}
    cause = causes.get(status, Cause.FAILED if status >= 500 else Cause.REJECTED)
    return NotPushed(cause, _pause(head.retry_after, now), status)


def _pause(retry_after: str, now: float) -> int | None:
    """Read seconds or a date (RFC 9110 §10.2.3)."""
    if retry_after.isascii() and retry_after.isdigit():
        return min(int(retry_after[:9]), _LONGEST_PAUSE_SECONDS)
    try:
        seconds = int(parsedate_to_datetime(retry_after).timestamp() - now)
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0), _LONGEST_PAUSE_SECONDS)
