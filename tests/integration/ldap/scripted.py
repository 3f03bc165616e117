"""A directory that says exactly what a test tells it to, for answers that a real one does not give.

It reads and writes with the project's own codec, which is held against OpenLDAP's programs elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self, TypeAlias

from vestibule.wire.ldap import MessageStream, encode
from vestibule.wire.ldap.messages import (
    Attribute,
    BindRequest,
    BindResponse,
    ExtendedRequest,
    ExtendedResponse,
    Message,
    Operation,
    Result,
    SearchRequest,
    SearchResultDone,
    SearchResultEntry,
    Simple,
)

Script: TypeAlias = Callable[[Message], Iterable[Operation | bytes] | None]
"""From a request to its answers: operations get the request's id, bytes go out as they are, nothing is
silence, None closes the connection."""

READER = "cn=reader"
ALICE = SearchResultEntry("uid=alice,dc=x", (Attribute("entryUUID", (b"reference-of-alice",)),))


class ScriptedDirectory:
    """Listens on a port of its own while it is entered; `received` holds every request."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.received: list[Message] = []
        self.connections = 0
        self.news = asyncio.Event()
        """Set by every request."""

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        stream = MessageStream()
        while data := await reader.read(65536):
            stream.feed(data)
            while isinstance(message := stream.next_message(), Message):
                self.received.append(message)
                self.news.set()
                answers = self._script(message)
                if answers is None:
                    writer.close()
                    return
                for answer in answers:
                    writer.write(_bytes(answer, message.message_id))
        writer.close()

    async def wait_for_goodbyes(self) -> None:
        """Wait until every client has closed its connection, and all it sent has been received."""
        await asyncio.gather(*self._tasks)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()


def _bytes(answer: Operation | bytes, message_id: int) -> bytes:
    return answer if isinstance(answer, bytes) else encode(Message(message_id, answer))


def silence(message: Message) -> Iterable[Operation | bytes]:
    """Accept everything, answer nothing."""
    return ()


def obliging(message: Message) -> Iterable[Operation | bytes]:
    """Accept every bind with a password, find Alice whatever is searched, know StartTLS by name only."""
    match message.operation:
        case BindRequest(authentication=Simple(password)):
            return (BindResponse(Result(0 if password else 53)),)
        case SearchRequest():
            return (ALICE, SearchResultDone(Result(0)))
        case ExtendedRequest():
            return (ExtendedResponse(Result(0)),)
        case _:
            return ()


def with_bind(answer: Callable[[BindRequest, Message], Iterable[Operation | bytes] | None]) -> Script:
    """Return the obliging script with people's binds answered by `answer`; the reader always gets in."""

    def script(message: Message) -> Iterable[Operation | bytes] | None:
        if isinstance(message.operation, BindRequest) and message.operation.name != READER:
            return answer(message.operation, message)
        return obliging(message)

    return script
