"""A connection to the directory that belongs to one connection of a client, so that nobody ever speaks as
somebody else (LD-09).

What the directory says passes in the octets it came in, but for referrals: whoever followed one would bind
there without a second factor (LD-18). References within a search are left out, and a result that is nothing
but a referral becomes `unwillingToPerform`.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from vestibule.catalog import text
from vestibule.interfaces.directory import StandsBehind
from vestibule.wire.ldap import Limits, MessageStream, encode
from vestibule.wire.ldap.messages import (
    UNSOLICITED_ID,
    Malformed,
    Message,
    Result,
    ResultCode,
    UnbindRequest,
)
from vestibule.wire.ldap.passing import (
    BIND_RESPONSE,
    FINAL,
    SEARCH_RESULT_REFERENCE,
    Envelope,
    final_response,
    is_referral,
    read_envelope,
)

# Entries with pictures are larger than any request.
_LIMITS: Final = Limits(max_message_bytes=16 * 1024 * 1024)


class Downstream(Protocol):
    """The client's connection, as its connection to the directory sees it."""

    language: str

    def deliver(self, octets: bytes) -> None:
        """Send what the directory has answered."""

    def upstream_lost(self, outstanding: dict[int, int]) -> None:
        """Hear that the directory has gone; `outstanding` are the ids and tags it has left unanswered."""

    def pause(self) -> None:
        """Read nothing more until `resume`: the directory does not keep up."""

    def resume(self) -> None: ...


class Upstream(asyncio.Protocol):
    """Made by `connected`. It belongs to nobody until it is given a `downstream`."""

    def __init__(self) -> None:
        self.downstream: Downstream | None = None
        self.outstanding: dict[int, int] = {}
        """Ids of requests without their last response, and their tags."""
        self._stream = MessageStream(_LIMITS)
        self._transport: asyncio.Transport | None = None
        self._binding: tuple[int, asyncio.Future[bytes]] | None = None
        self._is_lost = False

    def use(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def belong_to(self, downstream: Downstream) -> None:
        """Pass on to `downstream` what comes from now on."""
        self.downstream = downstream
        if self._is_lost:
            self._tell()

    async def bind(self, frame: bytes, message_id: int) -> bytes:
        """Send a bind, with nothing else under way, and return the response; raises ConnectionError."""
        if self._is_lost or self._transport is None:
            raise ConnectionError
        answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._binding = message_id, answered
        self._transport.write(frame)
        try:
            return await answered
        finally:
            self._binding = None

    def send(self, frame: bytes, envelope: Envelope) -> None:
        """Pass on a request that is answered."""
        self.outstanding[envelope.message_id] = envelope.tag
        self.send_unanswered(frame)

    def send_unanswered(self, frame: bytes) -> None:
        if self._transport is not None:
            self._transport.write(frame)

    def close(self) -> None:
        """Say goodbye and close; nothing that comes now is passed on."""
        self.downstream = None
        if self._transport is not None:
            self._transport.write(encode(Message(1, UnbindRequest())))
            self._transport.close()
        self._lose()

    def pause(self) -> None:
        if self._transport is not None and not self._is_lost:
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport is not None and not self._is_lost:
            self._transport.resume_reading()

    # --- what the event loop calls ------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._stream.feed(data)
        passing: list[bytes] = []
        while (frame := self._stream.next_frame()) is not None and not self._is_lost:
            envelope = frame if isinstance(frame, Malformed) else read_envelope(frame)
            if isinstance(envelope, Malformed) or isinstance(frame, Malformed):
                self._abort()
            elif self._binding is not None:
                self._take_answer(frame, envelope)
            elif self.downstream is not None:
                passing.append(self._passed(frame, envelope, self.downstream))
        if passing and self.downstream is not None:
            self.downstream.deliver(b"".join(passing))
        if self._is_lost:
            self._tell()

    def connection_lost(self, problem: Exception | None) -> None:
        self._lose()
        self._tell()

    def pause_writing(self) -> None:
        if self.downstream is not None:
            self.downstream.pause()

    def resume_writing(self) -> None:
        if self.downstream is not None:
            self.downstream.resume()

    # --- parts --------------------------------------------------------------------------------------

    def _take_answer(self, frame: bytes, envelope: Envelope) -> None:
        assert self._binding is not None
        message_id, answered = self._binding
        is_answer = envelope.message_id == message_id and envelope.tag == BIND_RESPONSE
        if is_answer and not answered.done():
            answered.set_result(frame)
        else:
            self._abort()

    def _passed(self, frame: bytes, envelope: Envelope, downstream: Downstream) -> bytes:
        if envelope.tag == SEARCH_RESULT_REFERENCE:
            return b""
        if envelope.message_id == UNSOLICITED_ID:
            self._abort()  # It is about to close (RFC 4511 §4.4.1); the client hears that from us.
            return b""
        if envelope.tag not in FINAL:
            return frame
        asked = self.outstanding.pop(envelope.message_id, None)
        if asked is None or not is_referral(frame, envelope):
            return frame
        told = Result(ResultCode.UNWILLING_TO_PERFORM, "", text(downstream.language, "ldap_proxy.elsewhere"))
        return final_response(envelope.message_id, asked, told)

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        self._lose()

    def _lose(self) -> None:
        self._is_lost = True
        if self._binding is not None and not self._binding[1].done():
            self._binding[1].set_exception(ConnectionError())

    def _tell(self) -> None:
        downstream, self.downstream = self.downstream, None
        if downstream is not None:
            downstream.upstream_lost(self.outstanding)


async def connected(behind: StandsBehind) -> Upstream:
    """Return a connection to the directory that nobody has used; raises ConnectionError."""
    upstream = Upstream()
    upstream.use(await behind.open(upstream))
    return upstream
