"""One HTTP request to a server of somebody else, and what is known about it afterwards.

The only module that knows the client library. Every failure is a value that says whether the request may
have reached the other side: that is the difference between sending again and sending twice (SMS-05).

Must never follow a redirect, take a proxy from the environment, unpack a compressed body, read more than
`MOST_ANSWER_BYTES`, or take longer than its time, whatever the server does. URLs and bodies hold passcodes
and keys, so a `Request` has no representation and nothing here logs one.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec

MOST_ANSWER_BYTES: Final = 65_536
_MOST_CONNECTIONS = 32
# Short: a connection that the server closed in this very moment leaves a request in doubt.
_IDLE_SECONDS = 10.0

# The library tells its log every URL with the query, and a query may hold a passcode (SMS-08).
logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Request:
    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    address: str = ""
    """Where to connect to, in place of what the name of the host means by then; empty: to the host."""


class Answer(msgspec.Struct, frozen=True):
    status: int
    body: bytes
    """Its beginning only, where it is longer than MOST_ANSWER_BYTES."""


class Trouble(StrEnum):
    UNREACHABLE = "unreachable"
    """Unknown name, nobody listens, no way through the proxy."""
    INSECURE = "insecure"
    """No TLS with a certificate that is trusted."""
    TIMED_OUT = "timed_out"
    BROKEN_OFF = "broken_off"
    """The connection ended in the middle, or what came is not HTTP."""


class NoAnswer(msgspec.Struct, frozen=True):
    trouble: Trouble
    has_left: bool
    """Some of the request was given to a connection: it may have been carried out."""


class HttpClient:
    """Keeps a few connections. Bound to the event loop it is first used on; connects when first asked."""

    def __init__(self, *, timeout_seconds: float, proxy: str = "", ca_file: str = "") -> None:
        """Raises ValueError naming `ca_file` or `proxy`."""
        context = _tls_context(ca_file)
        if proxy:
            _check_proxy(proxy)
        self._seconds = timeout_seconds
        # In front of the library's own queue, whose cost grows with the square of those who wait.
        self._slots = asyncio.Semaphore(_MOST_CONNECTIONS)
        self._client = httpx.AsyncClient(
            verify=context,
            proxy=proxy or None,
            trust_env=False,
            follow_redirects=False,
            # TCP and TLS have this time each: the library closes what it gives up by itself, and not what
            # is taken from it in the middle of a handshake.
            timeout=httpx.Timeout(timeout_seconds, connect=timeout_seconds * 0.45),
            limits=httpx.Limits(max_connections=_MOST_CONNECTIONS, keepalive_expiry=_IDLE_SECONDS),
            headers={"user-agent": "Vestibule", "accept": "*/*", "accept-encoding": "identity"},
        )

    async def ask(self, request: Request) -> Answer | NoAnswer:
        departure = _Departure()
        if self._client.is_closed:
            # Settings may change between the moment a gateway is chosen and the moment it is used.
            return NoAnswer(Trouble.UNREACHABLE, has_left=False)
        try:
            # The library's own limits begin anew with each piece; this one holds for the whole.
            async with asyncio.timeout(self._seconds), self._slots:
                return await self._exchange(request, departure)
        except (TimeoutError, httpx.TimeoutException):
            return NoAnswer(Trouble.TIMED_OUT, departure.has_left)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
            return NoAnswer(_trouble(problem, departure.has_left), departure.has_left)

    async def _exchange(self, request: Request, departure: _Departure) -> Answer:
        url, headers = httpx.URL(request.url), list(request.headers)
        extensions: dict[str, Any] = {"trace": departure.trace}
        if request.address:
            headers.append(("host", url.netloc.decode("ascii")))
            # The certificate is still that of the name.
            extensions["sni_hostname"] = url.host
            url = url.copy_with(host=request.address)
        asked = self._client.build_request(
            request.method, url, headers=headers, content=request.body or None, extensions=extensions
        )
        answer = await self._client.send(asked, stream=True)
        try:
            body = bytearray()
            async for piece in answer.aiter_raw():
                body += piece
                if len(body) >= MOST_ANSWER_BYTES:
                    break
            return Answer(answer.status_code, bytes(body[:MOST_ANSWER_BYTES]))
        finally:
            await answer.aclose()

    async def close(self) -> None:
        await self._client.aclose()


class _Departure:
    """Learns from the library's trace when the first byte of the request itself may have left."""

    def __init__(self) -> None:
        self.has_left = False

    async def trace(self, event: str, details: dict[str, Any]) -> None:
        # To a proxy a CONNECT goes first; it carries nothing that could be taken.
        if event.endswith("send_request_headers.started") and details["request"].method != b"CONNECT":
            self.has_left = True


def _tls_context(ca_file: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except OSError as problem:  # ssl.SSLError is one
        raise ValueError(f"ca_file: {problem.strerror or 'holds no certificate'}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _check_proxy(proxy: str) -> None:
    try:
        parts = urlsplit(proxy)
        is_proxy = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_proxy = False
    if not is_proxy:
        raise ValueError("proxy: not the URL of an HTTP proxy")


def _trouble(problem: BaseException, has_left: bool) -> Trouble:
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return Trouble.INSECURE
        cause = cause.__cause__ or cause.__context__
    return Trouble.BROKEN_OFF if has_left else Trouble.UNREACHABLE
