"""A plain HTTP/1.1 server on a real socket that records what it is asked and misbehaves as it is told.

It runs in the event loop of the test. What it does with a request is one of the `Behavior`s or a function of
the test; by default it answers 200. No pauses: what hangs, hangs until the server is closed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def form(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(self.body))


@dataclass(frozen=True)
class Told:
    """An answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Behavior(Enum):
    HANG = "reads the request and never answers"
    DEAF = "accepts the connection and reads nothing"
    CLOSE = "reads the request and closes"
    GARBAGE = "answers something that is not HTTP"
    HALF = "promises a long body and closes in the middle of it"
    DRIP = "answers one byte at a time, for ever"
    FLOOD = "answers with a body without an end"


Handler = Callable[[Asked], Awaitable[Told]]


class HttpServer:
    def __init__(self, *, certificate: tuple[Path, Path] | None = None, port: int = 0) -> None:
        """`port` is one that a server before it had; 0: any."""
        self._wanted_port = port
        self.asked: list[Asked] = []
        self.answer: Told | Behavior | Handler = Told()
        self.connections = 0
        self._certificate = certificate
        self._closing = asyncio.Event()
        self._arrived = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        scheme = "https" if self._certificate else "http"
        return f"{scheme}://localhost:{self.port}"

    async def __aenter__(self) -> HttpServer:
        context = None
        if self._certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self._certificate)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._wanted_port, ssl=context)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._closing.set()
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def wait_for(self, number: int) -> None:
        """Wait until so many requests have come."""
        async with asyncio.timeout(20), self._arrived:
            await self._arrived.wait_for(lambda: len(self.asked) >= number)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            # A polite end of TLS would wait for a client that keeps its connection for later.
            writer.transport.abort()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if self.answer is Behavior.DEAF:
            await self._closing.wait()
            return False
        asked = await _read(reader)
        if asked is None:
            return False
        async with self._arrived:
            self.asked.append(asked)
            self._arrived.notify_all()
        if isinstance(self.answer, Behavior):
            await self._misbehave(self.answer, writer)
            return False
        told = self.answer if isinstance(self.answer, Told) else await self.answer(asked)
        writer.write(_written(told))
        await writer.drain()
        return True

    async def _misbehave(self, behavior: Behavior, writer: asyncio.StreamWriter) -> None:
        match behavior:
            case Behavior.HANG:
                await self._closing.wait()
            case Behavior.GARBAGE:
                writer.write(b"+OK this is another protocol\r\n\r\n")
            case Behavior.HALF:
                writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 5000\r\n\r\n{")
            case Behavior.DRIP:
                writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 500000\r\n\r\n")
                while not self._closing.is_set():
                    writer.write(b" ")
                    await writer.drain()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._closing.wait(), 0.05)
            case Behavior.FLOOD:
                writer.write(b"HTTP/1.1 201 Created\r\nConnection: close\r\n\r\n")
                while not self._closing.is_set():
                    writer.write(b" " * 65_536)
                    await writer.drain()
            case _:
                pass
        if not self._closing.is_set():
            await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    # As it stands on the wire: a header that was smuggled in would be an entry of its own.
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, target, headers, body)


def _written(told: Told) -> bytes:
    headers = {"Content-Length": str(len(told.body)), **told.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {told.status} Told\r\n{lines}\r\n".encode("latin-1") + told.body
