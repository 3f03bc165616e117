"""One connection to an LDAP server, one operation at a time.

Must never be used again after an operation was cut off: what is read next could be the answer to the
operation before. So whoever uses a link aborts it on every exception, cancellation included.

Invariants: an answer counts only if it bears the id of the request in progress; anything unasked ends the
connection; bytes that arrive in the clear behind a StartTLS answer are never read as if they had come
protected (RFC 4511 §4.14.1). Timing is the caller's: nothing here has a clock.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass
from typing import cast

from vestibule.directories.ldap.trouble import LinkFailure, Trouble
from vestibule.wire.ldap import DEFAULT_LIMITS, Limits, MessageStream, encode, read_modify_response
from vestibule.wire.ldap.messages import (
    START_TLS_OID,
    UNSOLICITED_ID,
    BindResponse,
    Control,
    ExtendedRequest,
    ExtendedResponse,
    Malformed,
    Message,
    OpaqueOperation,
    Operation,
    Result,
    ResultCode,
    SearchRequest,
    SearchResultDone,
    SearchResultEntry,
    SearchResultReference,
    UnbindRequest,
    simple_bind,
)
from vestibule.wire.ldap.password_policy import ASKING, PasswordPolicy, password_policy

_MAX_ANSWERS = 100  # to one request; a search here asks for two entries at most
_CLOSING_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought. Referrals to other servers are left out: they are never followed."""

    entries: tuple[SearchResultEntry, ...]
    result: Result
    controls: tuple[Control, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """How a bind or a change of password ended, and what the rules for passwords have to do with it."""

    result: Result
    policy: PasswordPolicy

    @property
    def is_success(self) -> bool:
        return self.result.code == ResultCode.SUCCESS


class Link(asyncio.Protocol):
    """Made by `connect`; closed by `close` when healthy, by `abort` otherwise."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._stream = MessageStream(limits)
        self._transport: asyncio.Transport | None = None
        self._answers: deque[Message] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._trouble: Trouble | None = None
        self._closed = asyncio.get_running_loop().create_future()
        self._last_id = 0
        self._current_id = UNSOLICITED_ID
        self._answers_left = 0
        self._is_upgrading = False

    @property
    def is_usable(self) -> bool:
        """Whether another operation can be tried."""
        return self._trouble is None and self._current_id == UNSOLICITED_ID

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Every loop hands a stream's transport over here, but not every loop's is derived from this class.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._stream.feed(data)
        while self._trouble is None:
            match self._stream.next_message():
                case None:
                    break
                case Malformed():
                    self._fail(Trouble.GARBLED)
                case Message() as message:
                    self._accept(message)

    def connection_lost(self, problem: Exception | None) -> None:
        self._fail(Trouble.INSECURE if isinstance(problem, ssl.SSLError) else Trouble.CLOSED)
        if not self._closed.done():
            self._closed.set_result(None)

    def _accept(self, message: Message) -> None:
        if message.message_id == UNSOLICITED_ID:
            # RFC 4511 §4.4.1: the only notification there is says that the server is about to close.
            self._fail(Trouble.CLOSED)
            return
        if message.message_id != self._current_id or self._answers_left == 0:
            self._fail(Trouble.GARBLED)
            return
        self._answers_left -= 1
        self._answers.append(message)
        if self._is_upgrading:
            self._end_of_clear_text()
        self._wake()

    def _end_of_clear_text(self) -> None:
        # From here on the kernel keeps what arrives, until TLS reads it.
        if self._transport is not None:
            self._transport.pause_reading()
        if self._stream.pending_bytes:
            self._fail(Trouble.INSECURE)

    def _fail(self, trouble: Trouble) -> None:
        if self._trouble is None:
            self._trouble = trouble
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # What the directory calls.

    async def bind(self, name: str, password: bytes) -> Reply:
        """Try a password and return the server's reply; raises LinkFailure, ValueError if it is empty."""
        self._send(simple_bind(name, password), ASKING)
        answer = await self._answer()
        match answer.operation:
            case BindResponse(result=result):
                return self._reply(answer, result)
            case _:
                raise self._failure(Trouble.GARBLED)

    async def search(
        self, request: SearchRequest, *controls: Control, most_answers: int = _MAX_ANSWERS
    ) -> Found:
        """Return what the server finds; raises LinkFailure. The result may be anything but success."""
        self._send(request, *controls, most_answers=most_answers)
        entries = []
        while True:
            message = await self._answer()
            match message.operation:
                case SearchResultEntry() as entry:
                    entries.append(entry)
                case SearchResultReference():
                    pass
                case SearchResultDone(result):
                    self._done()
                    return Found(tuple(entries), result, message.controls)
                case _:
                    raise self._failure(Trouble.GARBLED)

    async def change(self, request: ExtendedRequest | OpaqueOperation) -> Reply:
        """Carry out one change of an entry; raises LinkFailure. The result may be anything but success."""
        self._send(request, ASKING)
        answer = await self._answer()
        match answer.operation:
            case ExtendedResponse(result=result):
                return self._reply(answer, result)
            case OpaqueOperation() as operation:
                return self._reply(answer, read_modify_response(operation))
            case _:
                raise self._failure(Trouble.GARBLED)

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Protect the connection (RFC 4511 §4.14); raises LinkFailure if it cannot be."""
        self._is_upgrading = True
        self._send(ExtendedRequest(START_TLS_OID))
        answer = (await self._answer()).operation
        if not isinstance(answer, ExtendedResponse) or answer.result.code != ResultCode.SUCCESS:
            raise self._failure(Trouble.INSECURE)
        self._done()
        self._is_upgrading = False
        loop = asyncio.get_running_loop()
        assert self._transport is not None
        try:
            transport = await loop.start_tls(self._transport, self, context, server_hostname=host)
        except ssl.SSLError:
            raise self._failure(Trouble.INSECURE) from None
        except OSError:
            raise self._failure(Trouble.CLOSED) from None
        if transport is None:
            raise self._failure(Trouble.CLOSED)
        self._transport = transport

    def hand_over(self, protocol: asyncio.Protocol) -> asyncio.Transport:
        """Leave the connection to `protocol`, with nothing read or asked that is not its own."""
        if not self.is_usable or self._transport is None or self._stream.pending_bytes:
            raise self._failure(self._trouble or Trouble.GARBLED)
        transport, self._transport = self._transport, None
        self._trouble = Trouble.CLOSED
        transport.set_protocol(protocol)
        return transport

    async def close(self) -> None:
        """Say goodbye and close; a server that does not react is cut off."""
        if self._transport is not None and self.is_usable:
            self._send(UnbindRequest())
            self._transport.close()
        try:
            async with asyncio.timeout(_CLOSING_SECONDS):
                await asyncio.shield(self._closed)
        except TimeoutError:
            self.abort()

    def abort(self) -> None:
        """Cut the connection at once."""
        self._fail(Trouble.CLOSED)

    def _send(self, operation: Operation, *controls: Control, most_answers: int = _MAX_ANSWERS) -> None:
        if self._trouble is not None or self._transport is None:
            raise LinkFailure(self._trouble or Trouble.CLOSED)
        self._last_id += 1
        self._current_id = self._last_id
        self._answers_left = most_answers
        self._transport.write(encode(Message(self._current_id, operation, controls)))

    async def _answer(self) -> Message:
        # What arrived before the connection failed still counts: a server may answer and close at once.
        while not self._answers:
            if self._trouble is not None:
                raise LinkFailure(self._trouble)
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self._trouble in (Trouble.GARBLED, Trouble.INSECURE):
            raise LinkFailure(self._trouble)
        return self._answers.popleft()

    def _reply(self, answer: Message, result: Result | Malformed) -> Reply:
        policy = password_policy(answer)
        if isinstance(result, Malformed) or isinstance(policy, Malformed):
            raise self._failure(Trouble.GARBLED)
        self._done()
        return Reply(result, policy)

    def _done(self) -> None:
        if self._answers:
            raise self._failure(Trouble.GARBLED)
        self._current_id = UNSOLICITED_ID

    def _failure(self, trouble: Trouble) -> LinkFailure:
        self._fail(trouble)
        return LinkFailure(trouble)


async def connect(
    address: str,
    port: int,
    host: str,
    *,
    tls: ssl.SSLContext | None,
    start_tls: ssl.SSLContext | None,
    limits: Limits = DEFAULT_LIMITS,
) -> Link:
    """Open a connection to a numeric `address`; certificates are checked against `host`.

    Raises LinkFailure. With `tls` the connection is protected from the first byte, with `start_tls` after
    one exchange in the clear.
    """
    loop = asyncio.get_running_loop()
    try:
        _, link = await loop.create_connection(
            lambda: Link(limits), address, port, ssl=tls, server_hostname=host if tls is not None else None
        )
    except ssl.SSLError:
        raise LinkFailure(Trouble.INSECURE) from None
    except OSError:
        raise LinkFailure(Trouble.UNREACHABLE) from None
    if start_tls is not None:
        try:
            await link.start_tls(start_tls, host)
        except BaseException:
            link.abort()
            raise
    return link
