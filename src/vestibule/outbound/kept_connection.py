"""A connection for one short HTTP/1.1 request after the other; of each answer only the head is kept.

Costs a fraction of the client library in `http.py`: for many small messages to few servers, where no body of
an answer is of interest. Must never follow a redirect or take more than `MOST_ANSWER_BYTES`; what a server
says without being asked ends the connection, so that no answer is taken for that of another request.
"""

from __future__ import annotations

import asyncio
from typing import Final, cast

import msgspec
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

MOST_ANSWER_BYTES: Final = 65_536


class Head(msgspec.Struct, frozen=True):
    status: int
    retry_after: str
    """The header of that name; empty without one."""


class KeptConnection(asyncio.Protocol):
    """One request at a time. Whoever makes one ends it with `abort`, or leaves that to `rest`."""

    def __init__(self, place: tuple[str, int]) -> None:
        self.place = place
        self.is_usable = False
        """Open, and nothing is left over of the request before."""
        self.lost = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._parser = HttpResponseParser(self)
        self._ended: asyncio.Future[None] | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._status = self._octets = 0
        self._retry_after = ""

    async def ask(self, request: bytes) -> Head:
        """Send a whole request, as it goes over the wire, and wait for the end of its answer.

        Raises ConnectionError if there is no answer, or something else than HTTP. If it is canceled, the
        connection is of no further use.
        """
        if self._rest is not None:
            self._rest.cancel()
        if not self.is_usable:
            raise ConnectionResetError
        self.is_usable = False
        self._status = self._octets = 0
        self._retry_after = ""
        self._ended = self._loop.create_future()
        self._transport.write(request)
        await self._ended
        # Whatever became of the body: once its head is there, the answer is known.
        if not self._status:
            raise ConnectionResetError
        return Head(self._status, self._retry_after)

    def rest(self, seconds: float) -> None:
        """End the connection unless somebody asks within this time."""
        self._rest = self._loop.call_later(seconds, self.abort)

    def abort(self) -> None:
        self.is_usable = False
        if self._rest is not None:
            self._rest.cancel()
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.is_usable = True

    def connection_lost(self, problem: Exception | None) -> None:
        self.is_usable = False
        self.lost.set()
        self._end()

    def data_received(self, data: bytes) -> None:
        was_asked = self._ended is not None and not self._ended.done()
        self._octets += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._octets = MOST_ANSWER_BYTES
        if not was_asked or self._octets >= MOST_ANSWER_BYTES:
            self.abort()
            self._end()

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after":
            self._retry_after = value.decode("latin-1").strip()

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if self._status or status == 101:
            self._octets = MOST_ANSWER_BYTES
        elif status >= 200:
            self._status = status

    def on_message_complete(self) -> None:
        if self._status:
            self.is_usable = self._parser.should_keep_alive() and not self._transport.is_closing()
            self._end()

    def _end(self) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)
