"""An HTTP proxy that knows CONNECT (RFC 9110 §9.3.6) and nothing else, in the event loop of the test.

It records where it was asked to lead, can demand a password, and is as bad a network as the test wants: cut,
slow, or silent while its connections stay open.
"""

from __future__ import annotations

import asyncio
import base64
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.peers.listening import listening


class ConnectProxy:
    """`url` is where it listens; `asked` the places it was asked for, in order."""

    def __init__(self, user: str = "", password: str = "") -> None:
        self._wanted = base64.b64encode(f"{user}:{password}".encode()).decode() if user else ""
        self._account = f"{user}:{password}@" if user else ""
        self._listening = listening(self._serve)
        self._port = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._passes = asyncio.Event()
        self._passes.set()
        self._closing = asyncio.Event()
        self.asked: list[str] = []
        self.is_shut = False
        """Whoever comes is turned away without a word."""
        self.delay = 0.0
        """Seconds that each piece of what is said waits here."""
        self.most_octets = 65_536
        """In a piece."""

    @property
    def url(self) -> str:
        return f"http://{self._account}127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        self._port = await self._listening.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self.cut()
        await self._listening.__aexit__(kind, problem, trace)

    def cut(self) -> None:
        """Break every connection that leads through here."""
        for writer in self._open:
            writer.transport.abort()

    def hold(self) -> None:
        """Let nothing pass any more, and break nothing."""
        self._passes.clear()

    def release(self) -> None:
        """Let all pass that was held, and what comes."""
        self._passes.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_shut:
            writer.transport.abort()
            return
        self._open.add(writer)
        try:
            await self._lead(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, place, _ = head.split(" ", 2)
        if method != "CONNECT":
            writer.write(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n")
            return
        if self._wanted and f"Basic {self._wanted}" not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n")
            return
        self.asked.append(place)
        host, _, port = place.rpartition(":")
        try:
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            return
        self._open.add(far_writer)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))
        finally:
            self._open.discard(far_writer)
            far_writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while octets := await reader.read(self.most_octets):
                if self.delay:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._closing.wait(), self.delay)
                await self._passes.wait()
                writer.write(octets)
                await writer.drain()
        writer.close()
