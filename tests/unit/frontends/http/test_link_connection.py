"""The WebSocket of a server: written together what is said together, and bounded what is not read yet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from vestibule.frontends.http.link_connection import LinkConnection

_HELLO = (
    b"GET /link HTTP/1.1\r\nhost: service.example\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n"
)


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_reading = True

    def get_extra_info(self, _name: str) -> None:
        return None

    def is_closing(self) -> bool:
        return False

    def write(self, octets: bytes) -> None:
        self.written.append(octets)

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True

    def close(self) -> None: ...


class Scene:
    def __init__(self) -> None:
        self.wire = Wire()
        self.receive: Any = None
        self.send: Any = None
        self.is_ready = asyncio.Event()
        self.is_over = asyncio.Event()
        config = uvicorn.Config(self.app, log_config=None, lifespan="off", interface="asgi3")
        self.connection = LinkConnection(config=config, server_state=ServerState(), app_state={})

    async def app(self, _scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        self.receive, self.send = receive, send
        self.is_ready.set()
        await self.is_over.wait()

    def come(self, *messages: bytes) -> None:
        for message in messages:
            octets = Frame(Opcode.BINARY, message).serialize(mask=True)
            self.connection.data_received(octets)

    async def say(self, octets: bytes) -> None:
        await self.send({"type": "websocket.send", "bytes": octets, "text": None})


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    made = Scene()
    made.connection.connection_made(made.wire)  # type: ignore[arg-type] # a stand-in
    made.connection.data_received(_HELLO)
    await made.is_ready.wait()
    made.wire.written.clear()
    yield made
    made.is_over.set()
    await asyncio.gather(*made.connection.tasks)
    made.connection.connection_lost(None)


async def test_what_is_said_together_is_written_together(scene: Scene) -> None:
    await asyncio.gather(*(scene.say(bytes([number])) for number in range(20)))
    await asyncio.sleep(0)
    assert scene.wire.written == [b"".join(bytes([0x82, 1, number]) for number in range(20))]
    await scene.say(b"more")
    await asyncio.sleep(0)
    assert scene.wire.written[1:] == [b"\x82\x04more"]


async def test_what_was_said_before_the_end_comes_before_it(scene: Scene) -> None:
    await scene.say(b"last")
    await scene.send({"type": "websocket.close", "code": 4403, "reason": ""})
    assert b"".join(scene.wire.written) == b"\x82\x04last" + b"\x88\x02\x11\x33"
    with pytest.raises(RuntimeError):
        await scene.say(b"too late")


async def test_small_messages_are_read_on_and_not_without_end(scene: Scene) -> None:
    scene.come(*[b"small"] * 32)
    assert scene.wire.is_reading
    scene.come(b"small")
    assert not scene.wire.is_reading
    for _ in range(33):
        await scene.receive()
    assert scene.wire.is_reading


async def test_a_large_message_is_waited_for(scene: Scene) -> None:
    scene.come(b"small", bytes(5000))
    assert not scene.wire.is_reading
    await scene.receive()
    assert not scene.wire.is_reading, "the large one is still there"
    await scene.receive()
    assert scene.wire.is_reading
