"""One connection of a client over TLS (RFC 6614): who it is, packets in and answers out.

Invariants: nothing is read before the handshake has shown a certificate that is a client's; the connection is
that client's alone, for as long as the certificate is valid. What a peer can make us hold is bounded, and so
is the time for which it may hold it.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable
from hashlib import sha256
from itertools import count
from typing import Final, Protocol, cast

from vestibule.frontends.radius.clients import RadiusClient
from vestibule.frontends.radius.reply_path import ReplyPath
from vestibule.wire.radius import Malformed, Message, token_of
from vestibule.wire.radius.stream import PacketStream

PACKET_SECONDS: Final = 30.0
"""From the first octet of a packet to its last."""
STUCK_SECONDS: Final = 60.0
"""For which a peer may take nothing of what is sent to it."""
IDLE_SECONDS: Final = 600.0
"""Clients that want to stay longer send a Status-Server now and then (RFC 5997)."""

RADIUS_1_1: Final = "radius/1.1"
PROTOCOLS: Final = (RADIUS_1_1, "radius/1.0")
"""Offered by ALPN, the first one first (RFC 9765 §3.3)."""

_NUMBERS = count()

Take = Callable[[bytes, RadiusClient, ReplyPath], None]
"""Takes one packet of a client; must not raise."""


class Door(Protocol):
    """What all connections share, as one of them sees it."""

    take: Take

    def joined(self, connection: TlsConnection) -> None:
        """Hear of a connection whose handshake is over."""

    def left(self, connection: TlsConnection) -> None:
        """Hear that it has ended."""

    def client_of(self, fingerprint: str, source: str, *, is_1_1: bool) -> RadiusClient | None:
        """Return the client whose certificate it is; None if it is nobody's, or not from there."""

    def refused(self, why: str, source: str, client: str = "") -> None:
        """Log, as often as is good, that something was not let in."""


class TlsConnection(asyncio.Protocol):
    """Also the way that answers take: a `ReplyPath`."""

    def __init__(self, door: Door, host: str) -> None:
        """`host` is the address that it comes from."""
        self._door = door
        self._transport: asyncio.Transport | None = None
        self._stream = PacketStream()
        self._fingerprint = ""
        self._is_1_1 = False
        self._number = next(_NUMBERS)
        self._heard_at = asyncio.get_running_loop().time()
        self._partial_since: float | None = None
        self._stuck_since: float | None = None
        self.host = host
        self.salt = b""

    # --- the way of answers -------------------------------------------------------------------------

    def key_of(self, message: Message) -> tuple[object, ...]:
        """Return what tells a request: this connection, and its identifier or, in RADIUS/1.1, its Token."""
        name = token_of(message) if self._is_1_1 else message.identifier
        return (TlsConnection, self._number, name)

    def send(self, packet: bytes) -> bool:
        """Send; False if the connection is over, or the client takes nothing."""
        if self._transport is None or self._transport.is_closing() or self._stuck_since is not None:
            return False
        self._transport.write(packet)
        return True

    def distrust(self) -> None:
        """RFC 6613 §2.6.4: after what is no packet of RADIUS there is nothing to be expected."""
        self.close()

    # --- what the event loop calls ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Every loop hands a stream's transport over here, but not every loop's is derived from this class.
        self._transport = cast(asyncio.Transport, transport)
        self._door.joined(self)
        if not self._begun(transport.get_extra_info("ssl_object")):
            self.close()

    def data_received(self, data: bytes) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        client = self._client()
        if client is None:
            self.close()
            return
        self._stream.feed(data)
        while not self._is_closing and (packet := self._stream.next_packet()) is not None:
            self._partial_since = None
            if isinstance(packet, Malformed):
                self._door.refused("malformed", self.host, client.client.name)
                self.close()
            else:
                self._door.take(packet, client, self)
        if self._partial_since is None and self._stream.has_rest:
            self._partial_since = self._heard_at

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.left(self)

    def pause_writing(self) -> None:
        self._stuck_since = asyncio.get_running_loop().time()
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._stuck_since = None
        if self._transport is not None:
            self._transport.resume_reading()

    # --- for the listener ---------------------------------------------------------------------------

    def pause(self) -> None:
        """Read nothing more; answers are still sent."""
        if self._transport is not None and not self._is_closing:
            self._transport.pause_reading()

    def review(self, now: float) -> None:
        """End the connection if its client has let a time pass, or may not be connected any more."""
        if _is_over(self._partial_since, PACKET_SECONDS, now) or _is_over(
            self._stuck_since, STUCK_SECONDS, now
        ):
            self.abort()
        elif now - self._heard_at > IDLE_SECONDS or self._client() is None:
            self.close()

    def close(self) -> None:
        """Close when everything is sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    # --- parts --------------------------------------------------------------------------------------

    @property
    def _is_closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def _client(self) -> RadiusClient | None:
        return self._door.client_of(self._fingerprint, self.host, is_1_1=self._is_1_1)

    def _begun(self, session: ssl.SSLObject) -> bool:
        """Look who it is, and what was agreed on (RFC 9765 §3.3)."""
        self._fingerprint = sha256(session.getpeercert(binary_form=True) or b"").hexdigest()
        if session.selected_alpn_protocol() == RADIUS_1_1:
            # Its requests begin with a number that counts, no more: the salt tells connections apart.
            self._is_1_1, self.salt = True, os.urandom(16)
            if session.version() != "TLSv1.3":  # RFC 9765 §3.4
                self._door.refused("tls_too_old", self.host)
                return False
        client = self._client()
        if client is None:
            self._door.refused("unknown_certificate", self.host)
        elif client.settings.require_radius_1_1 and not self._is_1_1:
            self._door.refused("radius_1_1_required", self.host, client.client.name)
            return False
        return client is not None


def _is_over(since: float | None, seconds: float, now: float) -> bool:
    return since is not None and now - since > seconds
