"""A message center by others (smpp34, a Rust core), and a place between it and us where a line can be cut.

The center accepts every account, keeps what it is handed, and answers as a test tells it. It reads texts
with its own code; joining parts and reading alphabets is done here, by Python's codecs where there is one
and by smpplib's table of the GSM alphabet.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import smpp34
from smpplib import gsm

from tests.peers.ports import free_port
from tests.peers.program import Program

Policy = Callable[[smpp34.SubmitSmEvent], int | None]
"""Returns the status to refuse a request with, 0 to take it, or None to leave it without an answer."""

_GSM = gsm.GSM_CHARACTER_TABLE.replace("Ü`¿", "Ü§¿", 1)


def take_all(event: smpp34.SubmitSmEvent) -> int | None:
    return 0


@dataclass
class Smsc:
    """Listens on `port` between `start` and `stop`."""

    policy: Policy = take_all
    port: int = field(default_factory=free_port)
    taken: list[smpp34.SubmitSmEvent] = field(default_factory=list)
    """What was taken, in order; the identifier of the first is `id-1`."""
    refused: int = 0
    unanswered: list[smpp34.SubmitSmEvent] = field(default_factory=list)
    binds: int = 0
    unbinds: int = 0

    def __post_init__(self) -> None:
        self._news = asyncio.Condition()
        self._esme: smpp34.Esme | None = None
        self._server: smpp34.Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._server = smpp34.Server("127.0.0.1", self.port, system_id="center")
        await self._server.start()
        self._task = asyncio.create_task(self._serve(self._server))

    async def stop(self) -> None:
        if self._task is not None and self._server is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self._server.stop()
        self._server = self._task = self._esme = None

    async def _serve(self, server: smpp34.Server) -> None:
        while True:
            event = await server.next()
            async with self._news:
                self._take(event)
                self._news.notify_all()

    def _take(self, event: smpp34.Esme | smpp34.SubmitSmEvent | smpp34.Unbound) -> None:
        if isinstance(event, smpp34.Esme):
            self._esme = event
            self.binds += 1
        elif isinstance(event, smpp34.SubmitSmEvent):
            self._judge(event)
        else:
            self.unbinds += 1

    def _judge(self, event: smpp34.SubmitSmEvent) -> None:
        status = self.policy(event)
        if status is None:
            self.unanswered.append(event)
        elif status:
            self.refused += 1
            event.reject(status)
        else:
            self.taken.append(event)
            event.accept(f"id-{len(self.taken)}")

    async def wait_for(self, what: Callable[[], bool]) -> None:
        """Wait until something is so; asked again after everything that happens here."""
        async with asyncio.timeout(20), self._news:
            await self._news.wait_for(what)

    async def deliver(
        self, octets: bytes, sender: str = "4917612345678", recipient: str = "12345", **more: object
    ) -> int:
        """Send a text or receipt to who is bound; return the status it is acknowledged with."""
        await self.wait_for(lambda: self._esme is not None)
        assert self._esme is not None
        answer = await self._esme.deliver_sm(
            recipient,
            octets,
            source_addr=sender,
            **{"source_addr_ton": 1, "source_addr_npi": 1, **more},  # type: ignore[arg-type]
        )
        return answer.command_status

    async def receipt(self, message_id: str, state: str, error: str = "000") -> int:
        """Send a receipt in the form of Appendix B."""
        dates = "sub:001 dlvrd:001 submit date:2611291200 done date:2611291201"
        text = f"id:{message_id} {dates} stat:{state} err:{error} text:Your passcode"
        return await self.deliver(text.encode(), esm_class=0x04)

    def texts(self) -> list[tuple[str, str]]:
        """Return what was taken as (number, text), with the parts of long texts joined."""
        joined: dict[tuple[str, bytes], list[smpp34.SubmitSmEvent]] = {}
        for number, event in enumerate(self.taken):
            has_header = event.esm_class & 0x40
            name = event.short_message[:5] if has_header else number.to_bytes(4, "big")
            joined.setdefault((event.destination_addr, name), []).append(event)
        return [(to, _text(events)) for (to, _), events in joined.items()]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def _text(parts: list[smpp34.SubmitSmEvent]) -> str:
    ordered = sorted(parts, key=lambda part: part.short_message[5] if part.esm_class & 0x40 else 0)
    octets = b"".join(part.short_message[6 if part.esm_class & 0x40 else 0 :] for part in ordered)
    match parts[0].data_coding:
        case 8:
            return octets.decode("utf-16-be")
        case 3:
            return octets.decode("latin-1")
    return "".join(_septets(octets))


def _septets(octets: bytes) -> list[str]:
    found, page = [], 0
    for octet in octets:
        if octet == 0x1B:
            page = 0x80
        else:
            found.append(_GSM[page + octet])
            page = 0
    return found


class SmscProcess:
    """A message center by others in a process of its own, to be killed. It takes everything, and says that
    it was delivered if it is to."""

    def __init__(self, *, with_receipts: bool = False) -> None:
        self.port = free_port()
        self._with_receipts = with_receipts
        self._program: Program | None = None

    def start(self) -> None:
        """Start it, and return when it listens."""
        self._program = Program([sys.executable, "-u", "-c", _PROCESS, self.port, int(self._with_receipts)])
        self._program.wait_for("listening")

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._program is not None:
            self._program.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


_PROCESS = """
import asyncio, itertools, sys
import smpp34

async def main():
    server = smpp34.Server("127.0.0.1", int(sys.argv[1]), system_id="center")
    await server.start()
    print("listening")
    esme, telling = None, set()
    for number in itertools.count(1):
        event = await server.next()
        if isinstance(event, smpp34.Esme):
            esme = event
        elif isinstance(event, smpp34.SubmitSmEvent):
            event.accept(f"id-{number}")
            if sys.argv[2] == "1":
                text = f"id:id-{number} stat:DELIVRD err:000".encode()
                telling.add(asyncio.ensure_future(esme.deliver_sm("1", text, esm_class=4)))

asyncio.run(main())
"""


class Relay:
    """Stands between us and a message center: passes everything on, until it is told not to.

    With a `context` it speaks TLS to us. `cut` ends the connections there are, as a network that fails.
    """

    def __init__(self, target_port: int, context: ssl.SSLContext | None = None) -> None:
        self.port = free_port()
        self.connections = 0
        self._target_port = target_port
        self._context = context
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_open = {"to": asyncio.Event(), "from": asyncio.Event()}
        self.resume()

    def hold(self, *directions: str) -> None:
        """Keep what goes `to` the center or comes `from` it; without a name both."""
        for direction in directions or ("to", "from"):
            self._is_open[direction].clear()

    def resume(self) -> None:
        for event in self._is_open.values():
            event.set()

    def cut(self) -> None:
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers.add(far_writer)
        await asyncio.gather(self._pass(reader, far_writer, "to"), self._pass(far_reader, writer, "from"))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: str) -> None:
        try:
            while octets := await reader.read(65536):
                await self._is_open[direction].wait()
                writer.write(octets)
        except OSError:
            pass
        writer.transport.abort()

    async def open(self) -> None:
        """Take connections."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._context)

    async def close(self) -> None:
        """End the connections there are and refuse new ones."""
        if self._server is None:
            return
        self._server.close()
        self.cut()
        self.resume()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
