"""The server around the application: sockets, TLS, and a stop that lets running requests end.

It runs inside the event loop of the process and never touches its signals.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
import ssl
from collections.abc import Iterator
from typing import Any, Final

import structlog
import uvicorn

from vestibule.frontends.http.app import build_app
from vestibule.frontends.http.connection import limited_protocol
from vestibule.frontends.http.link_connection import LinkConnection
from vestibule.frontends.http.options import HttpOptions
from vestibule.frontends.http.relayed_app import RelayedApp
from vestibule.interfaces.frontend import CannotListen
from vestibule.services.services import Services
from vestibule.wire.link import MAX_FRAME

log = structlog.get_logger(__name__)

# At its lowest level it is told what each message on a link holds, which may be credentials or a passcode.
logging.getLogger("uvicorn.error").setLevel(logging.INFO)

_KEPT_FREE: Final = 512
"""Open files that are no connections of ours: the database's, those to gateways and directories, RADIUS."""


class _Server(uvicorn.Server):
    """uvicorn's, without its signal handlers: when to stop is the process' to say."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpFrontend:
    """The front end `http`."""

    name = "http"

    def __init__(self, services: Services, options: HttpOptions) -> None:
        self._services = services
        self._options = options
        self._app = build_app(services, options)
        self._takes_links = services.links.is_open
        self._sockets: list[socket.socket] = []
        self._addresses: list[str] = []
        self._server: _Server | None = None
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Bind and begin to serve; raise `CannotListen`, and OSError or ssl.SSLError when certificate or key
        cannot be used."""
        server = _Server(self._config())
        server.config.load()
        self._sockets = _bound(self._options.listen)
        self._addresses = [_spoken(bound) for bound in self._sockets]
        self._server = server
        self._running = asyncio.create_task(server.serve(sockets=self._sockets), name="http")
        self._services.relayed_apps.open(RelayedApp(self._app))
        while not server.started:
            if self._running.done():
                self._running.result()
                raise RuntimeError("the HTTP server ended before it had started")
            await asyncio.sleep(0)

    async def stop(self, grace_seconds: float) -> None:
        """Accept nothing new, give running requests `grace_seconds`, then drop them."""
        if self._server is None or self._running is None:
            return
        self._server.config.timeout_graceful_shutdown = max(1, round(grace_seconds))
        self._app.site.long_polls.close()
        self._app.site.app_polls.close()
        self._app.site.relay_polls.close()
        self._server.should_exit = True
        running, self._running = self._running, None
        await running

    def addresses(self) -> list[str]:
        """Return the addresses it is bound to, e.g. `http://127.0.0.1:8080`."""
        scheme = "https" if self._options.has_own_tls else "http"
        return [f"{scheme}://{address}" for address in self._addresses]

    def _config(self) -> uvicorn.Config:
        options = self._options
        return uvicorn.Config(
            self._app,
            http=limited_protocol(options, _room(options.max_connections)),
            ws=LinkConnection if self._takes_links else "none",
            ws_max_size=MAX_FRAME,
            ws_per_message_deflate=False,
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=2048,
            timeout_keep_alive=options.keep_alive_seconds,
            ssl_context_factory=None if not options.has_own_tls else self._tls,
            **_tls_files(options),
        )

    @staticmethod
    def _tls(_config: uvicorn.Config, default: Any) -> ssl.SSLContext:
        """TLS 1.2 with forward secrecy, or 1.3 (WEB-21)."""
        context: ssl.SSLContext = default()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
        context.set_alpn_protocols(["http/1.1"])
        return context


def _tls_files(options: HttpOptions) -> dict[str, Any]:
    if not options.has_own_tls:
        return {}
    return {"ssl_certfile": str(options.tls_certificate), "ssl_keyfile": str(options.tls_key)}


def _room(wanted: int) -> int:
    """Return how many connections can be open, at most `wanted`; complain if those are fewer."""
    open_files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = max(open_files - _KEPT_FREE, open_files // 2)
    if room < wanted:
        log.warning(
            "this process may open few files, so few apps and browsers are served at once",
            open_files=open_files,
            connections=room,
            next_step=f"allow {wanted + _KEPT_FREE}: LimitNOFILE= in the unit, or ulimit -n",
        )
    return min(room, wanted)


def _bound(listen: tuple[tuple[str, int], ...]) -> list[socket.socket]:
    """Bind all addresses or none."""
    bound: list[socket.socket] = []
    try:
        for host, port in listen:
            bound.append(_bind(host, port))
    except OSError:
        for opened in bound:
            opened.close()
        raise
    return bound


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        opened = socket.socket(family, socket.SOCK_STREAM)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind(address)
            opened.setblocking(False)
        except OSError:
            opened.close()
            raise
    except OSError as error:
        raise CannotListen(error.errno, error.strerror, _written(host, port)) from None
    return opened


def _spoken(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return _written(host, port)


def _written(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
