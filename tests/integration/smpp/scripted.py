"""A message center that does exactly what a test tells it to, for what a real one does not do.

It reads and writes with the project's own codec, which is held against others elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self, TypeAlias

from vestibule.wire.smpp import BrokenStream, Operation, Pdu, PduStream, encode
from vestibule.wire.smpp.messages import (
    BindTransceiver,
    BindTransceiverResp,
    EnquireLink,
    EnquireLinkResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)

Script: TypeAlias = Callable[[Pdu], Iterable[Operation | Pdu | bytes] | None]
"""From a request to its answers: operations get the request's number, the rest goes out as it is, None
closes the connection."""


def obliging(pdu: Pdu) -> Iterable[Operation | Pdu | bytes] | None:
    """Accept everything; say nothing of what is no request."""
    match pdu.operation:
        case BindTransceiver():
            return (BindTransceiverResp("center"),)
        case SubmitSm():
            return (SubmitSmResp(f"id-{pdu.sequence}"),)
        case EnquireLink():
            return (EnquireLinkResp(),)
        case Unbind():
            return (UnbindResp(),)
        case _:
            return ()


class ScriptedCenter:
    """Listens on a port of its own while it is entered; `received` holds all that came, in order."""

    def __init__(self, script: Script = obliging) -> None:
        self.script = script
        self.received: list[Pdu] = []
        self.connections = 0
        self._news = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def of(self, kind: type[Operation]) -> list[Pdu]:
        """What was received of one kind."""
        return [pdu for pdu in self.received if isinstance(pdu.operation, kind)]

    def say(self, *answers: Pdu | bytes) -> None:
        """Send something on the newest connection."""
        for answer in answers:
            self._writers[-1].write(answer if isinstance(answer, bytes) else encode(answer))

    async def wait_for(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(20), self._news:
            await self._news.wait_for(what)

    async def wait_for_ends(self) -> None:
        """Wait until every connection there was has ended."""
        async with asyncio.timeout(20):
            await asyncio.gather(*self._tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        await self._note(None)
        stream = PduStream()
        try:
            while octets := await reader.read(65536):
                stream.feed(octets)
                while isinstance(pdu := stream.next_pdu(), Pdu):
                    answers = self.script(pdu)
                    await self._note(pdu)
                    if answers is None:
                        writer.transport.abort()
                        return
                    for answer in answers:
                        writer.write(_octets(answer, pdu.sequence))
                if isinstance(pdu, BrokenStream):
                    break
        except OSError:
            pass
        writer.close()

    async def _note(self, pdu: Pdu | None) -> None:
        async with self._news:
            if pdu is None:
                self.connections += 1
            else:
                self.received.append(pdu)
            self._news.notify_all()

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


def _octets(answer: Operation | Pdu | bytes, sequence: int) -> bytes:
    if isinstance(answer, bytes):
        return answer
    return encode(answer if isinstance(answer, Pdu) else Pdu(answer, sequence))
