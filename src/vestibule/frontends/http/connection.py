"""One HTTP connection with limits: a head too large or too slow and a body that trickles in end it (WEB-14).

uvicorn bounds neither the number of headers nor the time a client may take, nor how many connections are
open: it would let them take all files that the process may open. How large a body may be is the route's to
say. A request that arrives whole costs no timer.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import structlog
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from vestibule.frontends.http.options import HttpOptions

log = structlog.get_logger(__name__)

SLOWEST_BYTES_PER_SECOND: Final = 1024
_SAY_AGAIN_SECONDS: Final = 60.0
_CLOSING: Final = b"content-length: 0\r\nconnection: close\r\ncache-control: no-store\r\n\r\n"


class HeadTooLarge(Exception):
    """Ends the parsing of a request."""


def limited_protocol(options: HttpOptions, max_connections: int) -> type[HttpToolsProtocol]:
    """Return uvicorn's connection with the limits of `options`, and no more than `max_connections`."""
    say_again_at = 0.0

    def say_full(now: float) -> None:
        nonlocal say_again_at
        if now >= say_again_at:
            say_again_at = now + _SAY_AGAIN_SECONDS
            log.warning("no more connections are taken", connections=max_connections)

    class LimitedProtocol(HttpToolsProtocol):
        def __init__(
            self,
            config: Config,
            server_state: ServerState,
            app_state: dict[str, Any],
            _loop: asyncio.AbstractEventLoop | None = None,
        ) -> None:
            super().__init__(config, server_state, app_state, _loop)
            self._status = 400
            self._is_in_message = False
            self._body_since: float | None = None
            self._size = self._count = 0
            self._deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if len(self.connections) > max_connections:
                say_full(self.loop.time())
                self._refuse(503)
            else:
                self._end_at(self.loop.time() + options.header_seconds)

        def connection_lost(self, exc: Exception | None) -> None:
            self._wait_on()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if not self._is_in_message:
                self._wait_on()
            elif self._body_since is not None:
                allowed = options.body_seconds + self._size / SLOWEST_BYTES_PER_SECOND
                self._end_at(self._body_since + allowed)
            elif self._deadline is None:
                self._end_at(self.loop.time() + options.header_seconds)

        def send_400_response(self, msg: str) -> None:
            self._refuse(self._status)

        # --- what the parser finds ----------------------------------------------------------------------

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._is_in_message, self._body_since = True, None
            self._size = self._count = 0

        def on_url(self, url: bytes) -> None:
            super().on_url(url)
            self._add_to_head(len(url))

        def on_header(self, name: bytes, value: bytes) -> None:
            super().on_header(name, value)
            self._count += 1
            self._add_to_head(len(name) + len(value))

        def on_headers_complete(self) -> None:
            super().on_headers_complete()
            self._body_since, self._size = self.loop.time(), 0

        def on_body(self, body: bytes) -> None:
            super().on_body(body)
            self._size += len(body)

        def on_message_complete(self) -> None:
            super().on_message_complete()
            self._is_in_message = False

        def _add_to_head(self, size: int) -> None:
            self._size += size
            if self._count > options.max_headers or self._size > options.max_header_bytes:
                self._status = 431
                raise HeadTooLarge

        # --- time ---------------------------------------------------------------------------------------

        def _end_at(self, when: float) -> None:
            self._wait_on()
            self._deadline = self.loop.call_at(when, self._give_up)

        def _wait_on(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _give_up(self) -> None:
            self._deadline = None
            if self._body_since is None:
                self._refuse(408)
            elif self.flow.read_paused:
                # It is we who do not read on: the handler is busy with what has come.
                self._end_at(self.loop.time() + options.body_seconds)
            elif not self.transport.is_closing():
                self.transport.close()

        def _refuse(self, status: int) -> None:
            if not self.transport.is_closing():
                self.transport.write(STATUS_LINE[status] + _CLOSING)
                self.transport.close()

    return LimitedProtocol
