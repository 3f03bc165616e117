"""One client's connection: its messages in order, its identity, and its connection to the directory.

Invariants:
- One piece of work at a time: while a bind waits, nothing is passed on; what comes meanwhile is kept, up to a
  bound, and looked at under the identity that the bind has led to (LD-03).
- A bind begins with nobody bound and without a connection to the directory, whatever comes of it (LD-04,
  LD-09).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any, Final

from vestibule.catalog import text
from vestibule.frontends.ldap.binding import Binder
from vestibule.frontends.ldap.client_stream import LIMITS, ClientStream
from vestibule.frontends.ldap.clients import LdapClient
from vestibule.frontends.ldap.door import Door
from vestibule.frontends.ldap.rules import is_request, objection
from vestibule.frontends.ldap.upstream import Upstream, connected
from vestibule.wire.ldap import decode, encode
from vestibule.wire.ldap.messages import (
    START_TLS_OID,
    UNSOLICITED_ID,
    AbandonRequest,
    BindRequest,
    ExtendedRequest,
    ExtendedResponse,
    Malformed,
    Message,
    Result,
    ResultCode,
    UnbindRequest,
)
from vestibule.wire.ldap.passing import Envelope, final_response, read_envelope

_MOST_KEPT: Final = 64
_MOST_KEPT_BYTES: Final = 256 * 1024
_MOST_OUTSTANDING: Final = 1024
_NOBODY_IDLE_SECONDS: Final = 60.0
_IDLE_SECONDS: Final = 900.0


class Connection(ClientStream):
    """Made for every connection that is accepted."""

    def __init__(self, door: Door, *, is_protected: bool = False) -> None:
        super().__init__()
        self._door = door
        self.is_protected = is_protected
        self._client: LdapClient | None = None
        self._generation = -1
        self._upstream: Upstream | None = None
        self._is_bound = False
        self._work: asyncio.Task[None] | None = None
        self._bind: tuple[int, asyncio.Event] | None = None
        """The id of the bind under way, and what is set when nobody waits for it any more."""
        self._kept: deque[bytes] = deque()

    @property
    def is_busy(self) -> bool:
        """Whether a bind is under way, or the directory is being connected to."""
        return self._work is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._client = self._door.admitted(self)
        if self._client is None:
            self.abort()
            return
        self.language = self._door.language(self._client)

    def gone(self) -> None:
        self._door.left(self)
        self._nobody_waits()
        self._drop_upstream()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._upstream is not None:
            self._upstream.pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._upstream is not None:
            self._upstream.resume()

    def review(self, now: float) -> None:
        """Close the connection if its client has let a time pass; to be called every few seconds."""
        is_waiting = self.is_busy or (self._upstream is not None and self._upstream.outstanding)
        idle_seconds = _IDLE_SECONDS if self._is_bound else _NOBODY_IDLE_SECONDS
        if self.is_overdue(now):
            self.abort()
        elif not is_waiting and now - self.heard_at > idle_seconds:
            self.disconnect(ResultCode.UNAVAILABLE, "idle")

    # --- what the connection to the directory calls -------------------------------------------------

    def deliver(self, octets: bytes) -> None:
        self.write(octets)

    def upstream_lost(self, outstanding: dict[int, int]) -> None:
        """Answer what the directory has left unanswered. Who was bound is it no more, and is told so."""
        self._upstream = None
        for message_id, tag in outstanding.items():
            self._refuse(Envelope(message_id, tag, 0), ResultCode.UNAVAILABLE, "unavailable")
        if self._is_bound:
            self.disconnect(ResultCode.UNAVAILABLE, "unavailable")

    # --- messages -----------------------------------------------------------------------------------

    def take(self, frame: bytes) -> None:
        if not self._is_still_admitted():
            self.disconnect(ResultCode.UNAVAILABLE, "not_allowed")
            return
        envelope, message = read_envelope(frame), decode(frame, LIMITS)
        if isinstance(envelope, Malformed) or isinstance(message, Malformed):
            self.disconnect(ResultCode.PROTOCOL_ERROR, "not_understood")
            return
        match message.operation:
            case UnbindRequest():
                self.close()
            case AbandonRequest(abandoned_id) if self._bind is not None and self._bind[0] == abandoned_id:
                self._nobody_waits()
            case _ if self.is_busy:
                self._keep(frame)
            case AbandonRequest(abandoned_id):
                self._abandon(abandoned_id, frame)
            case operation if envelope.message_id != UNSOLICITED_ID and is_request(operation):
                self._take_request(frame, message, envelope)
            case _:
                self.disconnect(ResultCode.PROTOCOL_ERROR, "not_understood")

    def _is_still_admitted(self) -> bool:
        """Follow the settings of the client, which may be changed or taken away at any time."""
        before = self._client
        if self._generation != self._door.generation:
            self._generation = self._door.generation
            self._client = self._door.client_of(self.source)
        return before is not None and self._client is not None and self._client.place == before.place

    def _keep(self, frame: bytes) -> None:
        self._kept.append(frame)
        if len(self._kept) > _MOST_KEPT or sum(map(len, self._kept)) > _MOST_KEPT_BYTES:
            self.disconnect(ResultCode.BUSY, "too_much")

    def _abandon(self, abandoned_id: int, frame: bytes) -> None:
        if self._upstream is not None and self._upstream.outstanding.pop(abandoned_id, None) is not None:
            self._upstream.send_unanswered(frame)

    def _take_request(self, frame: bytes, message: Message, envelope: Envelope) -> None:
        assert self._client is not None
        operation = message.operation
        if isinstance(operation, ExtendedRequest) and operation.oid == START_TLS_OID:
            self._start_tls(message.message_id)
            return
        if isinstance(operation, BindRequest):
            self._forget()
        objected = objection(
            message, self._client.settings, is_protected=self.is_protected, is_bound=self._is_bound
        )
        if objected is not None:
            self._refuse(envelope, *objected)
        elif isinstance(operation, BindRequest):
            self._bind = message.message_id, asyncio.Event()
            self._begin(self._carry_out_bind(message, self._bind[1]))
        elif self._upstream is None:
            self._begin(self._connect(frame, envelope))
        elif len(self._upstream.outstanding) >= _MOST_OUTSTANDING:
            self._refuse(envelope, ResultCode.BUSY, "too_much")
        else:
            self._upstream.send(frame, envelope)

    def _start_tls(self, message_id: int) -> None:
        is_quiet = self._upstream is None or not self._upstream.outstanding
        if self._door.tls is None:
            code, why = ResultCode.UNAVAILABLE, "no_tls"
        elif self.is_protected or not is_quiet:
            code, why = ResultCode.OPERATIONS_ERROR, "not_now"
        else:
            code, why = ResultCode.SUCCESS, ""
        told = Result(code, "", text(self.language, f"ldap_proxy.{why}") if why else "")
        self.write(encode(Message(message_id, ExtendedResponse(told, START_TLS_OID))))
        if self._door.tls is not None and code == ResultCode.SUCCESS:
            # RFC 4513 §3.1.5: what was said in the clear proves nothing any more.
            self._forget()
            if self._kept:
                self.abort()
            else:
                self.secure(self._door.tls)

    def _refuse(self, envelope: Envelope, code: int, why: str) -> None:
        told = Result(code, "", text(self.language, f"ldap_proxy.{why}"))
        self.write(final_response(envelope.message_id, envelope.tag, told))

    # --- work ---------------------------------------------------------------------------------------

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._work = self._door.spawn(work)
        self._work.add_done_callback(self._worked)

    def _worked(self, work: asyncio.Task[None]) -> None:
        self._work = self._bind = None
        if not work.cancelled() and (problem := work.exception()) is not None:
            self._door.failed(problem)
            self.abort()
        while self._kept and not self.is_busy and not self.is_closed:
            self.take(self._kept.popleft())

    async def _carry_out_bind(self, message: Message, gone: asyncio.Event) -> None:
        assert self._client is not None
        binder = Binder(self._door.verifications, self._door.people, self._client, self.source, self.language)
        bound = await binder.bind(message, gone)
        if gone.is_set():
            if bound.upstream is not None:
                bound.upstream.close()
            return
        self.write(bound.answer)
        if bound.upstream is not None:
            self._is_bound = True
            self._use(bound.upstream)

    async def _connect(self, frame: bytes, envelope: Envelope) -> None:
        assert self._client is not None
        try:
            behind = await self._door.people.behind(self._client.peer.application)
            if behind is None:
                raise ConnectionError
            upstream = await connected(behind)
        except ConnectionError:
            self._refuse(envelope, ResultCode.UNAVAILABLE, "unavailable")
            return
        if self.is_closed:
            upstream.close()
            return
        upstream.send(frame, envelope)
        self._use(upstream)

    def _use(self, upstream: Upstream) -> None:
        self._upstream = upstream
        upstream.belong_to(self)

    def _forget(self) -> None:
        self._is_bound = False
        self._drop_upstream()

    def _drop_upstream(self) -> None:
        if self._upstream is not None:
            self._upstream.close()
            self._upstream = None

    def _nobody_waits(self) -> None:
        if self._bind is not None:
            self._bind[1].set()
