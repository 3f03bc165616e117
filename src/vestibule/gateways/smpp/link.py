"""One connection to a message center, from its bind to its end.

Invariants: an answer counts only for the request whose sequence number and kind it bears; a request that
was written and not answered is never taken for unsent; what the other end may make us keep is bounded, in
requests that wait as well as in octets that it does not read. Ends once, and then everybody who waits is
told so.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from secrets import token_hex
from typing import Any

from vestibule.crypto.secret import Secret
from vestibule.gateways.smpp.settings import SmppSettings
from vestibule.gateways.smpp.trouble import LinkFailure, Trouble
from vestibule.wire.smpp import BrokenStream, Malformed, Operation, Pdu, PduStream, encode
from vestibule.wire.smpp.messages import (
    BindTransceiver,
    BindTransceiverResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Opaque,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from vestibule.wire.smpp.numbers import (
    ALERT_NOTIFICATION,
    DELIVER_SM,
    INVALID_COMMAND,
    INVALID_LENGTH,
    LARGEST_SEQUENCE,
    OK,
    RECEIVER_IS_BUSY,
    RECEIVER_REFUSES,
    RESPONSE,
    status_name,
)

_CONNECT_SECONDS = 10.0
_GOODBYE_SECONDS = 2.0
_MOST_ARRIVALS = 200
_TELLERS = 8
_MOST_UNREAD_OCTETS = 1024 * 1024

_ANSWERS: dict[type[Operation], type[Operation]] = {
    BindTransceiver: BindTransceiverResp,
    SubmitSm: SubmitSmResp,
    EnquireLink: EnquireLinkResp,
    Unbind: UnbindResp,
}
_RESPONSES = (BindTransceiverResp, SubmitSmResp, DeliverSmResp, EnquireLinkResp, UnbindResp, GenericNack)

Taking = Callable[[DeliverSm, str, int], Awaitable[int]]
"""Takes a message with the link's name and the sequence number; returns the status of the answer."""


class Link:
    """Made by `connect`. Belongs to the event loop it was made on."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, settings: SmppSettings, take: Taking
    ) -> None:
        loop = asyncio.get_running_loop()
        self.name = token_hex(4)
        self.ended: asyncio.Future[LinkFailure] = loop.create_future()
        """Done as soon as nothing more can be sent."""
        self._loop = loop
        self._reader = reader
        self._writer = writer
        self._settings = settings
        self._take = take
        self._sequence = 0
        self._pending: dict[int, tuple[type[Operation], asyncio.Future[Pdu]]] = {}
        self._arrived: asyncio.Queue[tuple[DeliverSm, int]] = asyncio.Queue(_MOST_ARRIVALS)
        self._doubt = asyncio.Event()
        self._tasks = [loop.create_task(self._read())]

    def ask(self, operation: Operation) -> asyncio.Future[Pdu]:
        """Write a request; return where its answer will be. Raises LinkFailure if nothing was written."""
        if self.ended.done():
            raise LinkFailure(Trouble.NOT_CONNECTED)
        self._sequence = self._sequence % LARGEST_SEQUENCE + 1
        sequence = self._sequence
        octets = encode(Pdu(operation, sequence))
        answer: asyncio.Future[Pdu] = self._loop.create_future()
        answer.add_done_callback(lambda _: self._pending.pop(sequence, None))
        self._pending[sequence] = (type(operation), answer)
        self._write(octets)
        return answer

    def doubt(self) -> None:
        """Have the connection tested now: it left a request without an answer."""
        self._doubt.set()

    async def bind(self, password: Secret[str]) -> None:
        """Say who we are, and begin to take what comes; raises LinkFailure."""
        settings = self._settings
        bind = BindTransceiver(settings.system_id, password.reveal(), settings.system_type)
        try:
            async with asyncio.timeout(settings.answer_seconds):
                answer = await self.ask(bind)
        except TimeoutError:
            raise LinkFailure(Trouble.TIMED_OUT) from None
        if answer.status != OK:
            raise LinkFailure(Trouble.BIND_REFUSED, status_name(answer.status))
        self._tasks.append(self._loop.create_task(self._stay_alive()))
        self._tasks += [self._loop.create_task(self._tell()) for _ in range(_TELLERS)]

    async def say_goodbye(self) -> None:
        """Unbind (§4.2), which lets what is under way come to its end, and close."""
        try:
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self.ask(Unbind())
        except (TimeoutError, LinkFailure):
            pass  # it ends in any case
        await self.close()

    async def close(self, failure: LinkFailure | None = None) -> None:
        """End the connection at once, and wait until nothing of it is left."""
        self.end(failure or LinkFailure(Trouble.CLOSED))
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def end(self, failure: LinkFailure) -> None:
        """Close the connection and tell everybody who waits for an answer."""
        if self.ended.done():
            return
        self.ended.set_result(failure)
        for _, answer in tuple(self._pending.values()):
            if not answer.done():
                answer.set_exception(failure)
                answer.exception()  # nobody may be waiting any more, and that is no error
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        self._writer.transport.abort()

    async def _read(self) -> None:
        stream = PduStream()
        try:
            while octets := await self._reader.read(65536):
                stream.feed(octets)
                while (found := stream.next_pdu()) is not None:
                    if isinstance(found, BrokenStream):
                        return self.end(LinkFailure(Trouble.GARBLED))
                    self._handle(found)
        except OSError:  # ssl.SSLError is one
            pass
        return self.end(LinkFailure(Trouble.CLOSED))

    def _handle(self, pdu: Pdu | Malformed) -> None:
        if isinstance(pdu, Malformed):
            return self._handle_malformed(pdu)
        match pdu.operation:
            case EnquireLink():
                self._answer(EnquireLinkResp(), pdu.sequence)
            case DeliverSm():
                self._arrive(pdu.operation, pdu.sequence)
            case Unbind():
                self._answer(UnbindResp(), pdu.sequence)
                self.end(LinkFailure(Trouble.CLOSED))
            case Opaque(command) if command & RESPONSE or command == ALERT_NOTIFICATION:
                pass  # §4.12: an alert has no response
            case operation if isinstance(operation, _RESPONSES):
                self._settle(pdu)
            case _:
                self._answer(GenericNack(), pdu.sequence, INVALID_COMMAND)
        return None

    def _handle_malformed(self, malformed: Malformed) -> None:
        if malformed.command & RESPONSE:
            # An answer that cannot be read: nobody knows what it would have said.
            _, answer = self._pending.get(malformed.sequence, (None, None))
            if answer is not None and not answer.done():
                answer.set_exception(LinkFailure(Trouble.GARBLED))
        elif malformed.command == DELIVER_SM:
            self._answer(DeliverSmResp(), malformed.sequence, RECEIVER_REFUSES)
        else:
            self._answer(GenericNack(), malformed.sequence, INVALID_LENGTH)

    def _settle(self, pdu: Pdu) -> None:
        request, answer = self._pending.get(pdu.sequence, (None, None))
        if request is None or answer is None or answer.done():
            return None  # too late, or never asked
        if not isinstance(pdu.operation, (_ANSWERS[request], GenericNack)):
            return self.end(LinkFailure(Trouble.GARBLED))
        answer.set_result(pdu)
        return None

    def _arrive(self, message: DeliverSm, sequence: int) -> None:
        try:
            self._arrived.put_nowait((message, sequence))
        except asyncio.QueueFull:
            # §5.1.3: a temporary error of the receiver; the network sends it again.
            self._answer(DeliverSmResp(), sequence, RECEIVER_IS_BUSY)

    async def _tell(self) -> None:
        while True:
            message, sequence = await self._arrived.get()
            status = await self._take(message, self.name, sequence)
            self._answer(DeliverSmResp(), sequence, status)

    async def _stay_alive(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._settings.enquire_seconds):
                    await self._doubt.wait()
            except TimeoutError:
                pass
            self._doubt.clear()
            try:
                async with asyncio.timeout(self._settings.answer_seconds):
                    await self.ask(EnquireLink())
            except (TimeoutError, LinkFailure):
                return self.end(LinkFailure(Trouble.TIMED_OUT))

    def _answer(self, operation: Operation, sequence: int, status: int = OK) -> None:
        if not self.ended.done():
            self._write(encode(Pdu(operation, sequence, status)))

    def _write(self, octets: bytes) -> None:
        self._writer.write(octets)
        if self._writer.transport.get_write_buffer_size() > _MOST_UNREAD_OCTETS:
            self.end(LinkFailure(Trouble.TIMED_OUT))


async def connect(settings: SmppSettings, context: ssl.SSLContext | None, take: Taking) -> Link:
    """Return a connection that is not bound yet; raises LinkFailure."""
    options: dict[str, Any] = {} if context is None else {"ssl": context, "server_hostname": settings.host}
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(settings.host, settings.port, **options)
    except ssl.SSLError:  # a certificate that does not fit is one
        raise LinkFailure(Trouble.INSECURE) from None
    except TimeoutError:
        raise LinkFailure(Trouble.TIMED_OUT) from None
    except (OSError, ValueError):  # the latter for a host name that is none
        raise LinkFailure(Trouble.UNREACHABLE) from None
    return Link(reader, writer, settings, take)


def tls_context(settings: SmppSettings) -> ssl.SSLContext | None:
    """Return how to check the certificate: always against the host, and against trusted authorities.

    Raises ValueError naming `ca_file` when it cannot be read.
    """
    if not settings.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError as problem:
        raise ValueError(f"ca_file: {problem.strerror or 'holds no certificate'}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
