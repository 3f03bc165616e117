"""The stream of one client: bytes in and out, TLS, and how long a peer may take.

Invariants: what came in the clear is never read as if it had come protected (LD-11); what a peer makes us
hold is bounded, and so is the time for which it may hold it (LD-15).
"""

from __future__ import annotations

import asyncio
import ssl
from abc import abstractmethod
from typing import Final, cast

from vestibule.catalog import LANGUAGES, text
from vestibule.wire.ldap import Limits, MessageStream, encode
from vestibule.wire.ldap.messages import (
    NOTICE_OF_DISCONNECTION_OID,
    UNSOLICITED_ID,
    ExtendedResponse,
    Malformed,
    Message,
    Result,
    ResultCode,
)

LIMITS: Final = Limits(max_message_bytes=4 * 1024 * 1024)
_HANDSHAKE_SECONDS: Final = 10.0
_MESSAGE_SECONDS: Final = 30.0
"""From the first byte of a message to its last."""
_STUCK_SECONDS: Final = 60.0
"""For which a peer may take nothing of what is sent to it."""


class ClientStream(asyncio.Protocol):
    """A subclass takes the messages, in order."""

    def __init__(self) -> None:
        self.source = ""
        """The address of the client."""
        self.language = LANGUAGES[0]
        self.is_protected = False
        self.is_closed = False
        self.heard_at = asyncio.get_running_loop().time()
        self._stream = MessageStream(LIMITS)
        self._transport: asyncio.Transport | None = None
        self._securing: asyncio.Task[None] | None = None
        self._partial_since: float | None = None
        self._stuck_since: float | None = None

    @abstractmethod
    def take(self, frame: bytes) -> None:
        """Look at one message."""

    @abstractmethod
    def gone(self) -> None:
        """Hear, once, that the connection is over."""

    # --- what the event loop calls ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Every loop hands a stream's transport over here, but not every loop's is derived from this class.
        self._transport = cast(asyncio.Transport, transport)
        self.source = str(transport.get_extra_info("peername")[0]).partition("%")[0]

    def data_received(self, data: bytes) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        self._stream.feed(data)
        # While TLS begins, nothing comes in the clear; what it brings waits until answers take that way, too.
        if self._securing is None:
            self._read()

    def connection_lost(self, problem: Exception | None) -> None:
        self._end()

    def pause_writing(self) -> None:
        self._stuck_since = asyncio.get_running_loop().time()

    def resume_writing(self) -> None:
        self._stuck_since = None

    # --- for the subclass and the listener ----------------------------------------------------------

    def write(self, octets: bytes) -> None:
        if self._transport is not None and not self.is_closed:
            self._transport.write(octets)

    def pause(self) -> None:
        """Read nothing more until `resume`."""
        self._stuck_since = asyncio.get_running_loop().time()
        if self._transport is not None and not self.is_closed:
            self._transport.pause_reading()

    def resume(self) -> None:
        self._stuck_since = None
        if self._transport is not None and not self.is_closed:
            self._transport.resume_reading()

    def secure(self, context: ssl.SSLContext) -> None:
        """Read nothing more in the clear, and begin TLS."""
        if self._stream.pending_bytes:
            self.abort()  # Somebody has put it behind the request for TLS.
            return
        assert self._transport is not None
        self._transport.pause_reading()
        self._securing = asyncio.ensure_future(self._secured(self._transport, context))

    def is_overdue(self, now: float) -> bool:
        """Tell whether the peer has held up a message, or what is sent to it, for too long."""
        is_slow = self._partial_since is not None and now - self._partial_since > _MESSAGE_SECONDS
        return is_slow or (self._stuck_since is not None and now - self._stuck_since > _STUCK_SECONDS)

    def disconnect(self, code: int, why: str) -> None:
        """Say why, and close (RFC 4511 §4.4.1); `why` is a text under `ldap_proxy` in the catalog."""
        told = Result(code, "", text(self.language, f"ldap_proxy.{why}"))
        self.write(encode(Message(UNSOLICITED_ID, ExtendedResponse(told, NOTICE_OF_DISCONNECTION_OID))))
        self.close()

    def close(self) -> None:
        """Close when everything is sent."""
        if self._transport is not None:
            self._transport.close()
        self._end()

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()
        self._end()

    # --- parts --------------------------------------------------------------------------------------

    def _read(self) -> None:
        while not self.is_closed and (frame := self._stream.next_frame()) is not None:
            self._partial_since = None
            if isinstance(frame, Malformed):
                self.disconnect(ResultCode.PROTOCOL_ERROR, "not_understood")
            else:
                self.take(frame)
        if self._partial_since is None and self._stream.pending_bytes:
            self._partial_since = self.heard_at

    async def _secured(self, transport: asyncio.Transport, context: ssl.SSLContext) -> None:
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport, self, context, server_side=True, ssl_handshake_timeout=_HANDSHAKE_SECONDS
            )
        except OSError:  # ssl.SSLError is one; whoever does not want to trust us is gone
            self.abort()
            return
        finally:
            self._securing = None
        if secured is None:
            self.abort()
            return
        self._transport = secured
        self.is_protected = True
        self._read()

    def _end(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.gone()
