"""Answers as no decent server writes them: none is ever taken for the answer to another message."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.integration.web_push.conftest import Opening, subscribe
from tests.peers.listening import listening
from tests.peers.push_service import Browser
from vestibule.outbound.web_push import Cause, Gone, NotPushed, Pushed, WebPush

TAKEN = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
OVER = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"

Push = Callable[[], "asyncio.Future[Pushed | Gone | NotPushed]"]
Scripted = Callable[..., "Awaitable[tuple[ScriptedServer, Push]]"]


class ScriptedServer:
    """Answers each request with the next of `script`; counts connections."""

    def __init__(self, script: list[bytes]) -> None:
        self._script = script
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                writer.write(self._script.pop(0))
                await writer.drain()
        except IndexError:
            writer.transport.abort()


@pytest.fixture
async def scripted(certificate: tuple[Path, Path], open_push: Opening) -> AsyncIterator[Scripted]:
    """`server, push = await scripted(b"…", …)`; after the last one the connection is closed."""
    async with AsyncExitStack() as stack:

        async def start(*script: bytes) -> tuple[ScriptedServer, Push]:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            server = ScriptedServer(list(script))
            port = await stack.enter_async_context(listening(server.serve, context))
            web_push: WebPush = open_push(private_hosts=[f"localhost:{port}"])
            stack.push_async_callback(web_push.close)
            to = subscribe(Browser(), f"https://localhost:{port}")
            return server, lambda: asyncio.ensure_future(web_push.push(to, b"", ttl_seconds=9))

        yield start


async def test_an_answer_nobody_asked_for_answers_nothing(scripted: Scripted) -> None:
    server, push = await scripted(TAKEN + OVER, TAKEN)
    assert await push() == Pushed()
    assert await push() == Pushed()
    assert server.connections == 2


async def test_what_comes_before_the_answer_is_passed_over(scripted: Scripted) -> None:
    """RFC 9110 §15.2: one or more interim answers."""
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nRetry-After: 9\r\n\r\n"
    server, push = await scripted(early + early + TAKEN, OVER)
    assert await push() == Pushed()
    assert await push() == Gone()
    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" + TAKEN,
        b"HTTP/1.1 201 Created\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nX: " + b"x" * 70_000,
        b"HTTP/2 201 Created\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["upgrade", "two lengths", "head without end", "other version"],
)
async def test_what_is_no_answer_is_broken_off(scripted: Scripted, answer: bytes) -> None:
    _, push = await scripted(answer)
    assert await push() == NotPushed(Cause.BROKEN_OFF)


async def test_a_body_in_pieces_is_waited_for(scripted: Scripted) -> None:
    chunked = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    server, push = await scripted(chunked, chunked, OVER)
    assert [await push() for _ in range(3)] == [Pushed(), Pushed(), Gone()]
    assert server.connections == 1
