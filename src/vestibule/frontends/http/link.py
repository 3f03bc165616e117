"""The path `/link`, where servers come in by WebSocket. Nothing is read of whom has not proven who he is.

One message of at most a mebibyte and a little more, no compression: what is secret in one must not be told by
its length beside what an attacker has put there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Final

import structlog
from litestar.types import Receive, Send, WebSocketScope

from vestibule import __version__
from vestibule.crypto.certificates import written_pin
from vestibule.frontends._link_conversation import Conversation
from vestibule.interfaces.link import Peer
from vestibule.interfaces.store import Unavailable
from vestibule.model.replication import TurnAway
from vestibule.services.links import Arrival, Connected, ServiceLinks, TurnedAway
from vestibule.wire import link as wire
from vestibule.wire.link import Activate, BadFrame, Hello, Welcome

log = structlog.get_logger(__name__)

PATH: Final = "/link"
PROVE_SECONDS: Final = 20.0
"""How long a server may take to say who it is."""
_TURNED_AWAY: Final = 4403
"""Codes of 4000 and above are the application's own (RFC 6455 §7.4.2)."""
_NO_ROOM: Final = 1013


class LinkDoor:
    """What the application does with each WebSocket."""

    def __init__(self, links: ServiceLinks, public_url: str, own_pin: str) -> None:
        """`own_pin` is the public key that our own end of TLS shows; empty: TLS ends elsewhere, and what
        servers see is not known here."""
        self._links = links
        self._public_url = public_url
        self._own_pin = own_pin

    async def __call__(self, scope: WebSocketScope, receive: Receive, send: Send) -> None:
        await receive()
        if scope["path"] != PATH or not self._links.is_open:
            await send({"type": "websocket.close", "code": 1000, "reason": ""})
            return
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        socket = _Socket(receive, send)
        try:
            async with asyncio.timeout(PROVE_SECONDS):
                peer = await self._proven(socket)
        except (TimeoutError, ConnectionError):
            return
        except BadFrame:
            await socket.turn_away(TurnAway.BAD_FRAME)
        except TurnedAway as refused:
            log.info("server turned away", why=refused.why.value)
            await socket.turn_away(refused.why)
        except Unavailable:
            await socket.close(_NO_ROOM)
        else:
            await self._converse(peer, socket)

    async def _proven(self, socket: _Socket) -> Peer:
        nonce = os.urandom(wire.NONCE_OCTETS)
        await socket.send(wire.encode(Hello(nonce, __version__)))
        frame = wire.read_arrival(await socket.receive())
        if frame.service != self._public_url:
            raise TurnedAway(TurnAway.OTHER_SERVICE)
        if self._own_pin and written_pin(frame.certificate) != self._own_pin:
            raise TurnedAway(TurnAway.OTHER_CERTIFICATE)
        arrival = Arrival(
            name=frame.name,
            version=frame.version,
            address=frame.address,
            installation=frame.installation,
            signed=wire.signed_text(frame, nonce),
            signature=frame.signature,
        )
        if isinstance(frame, Activate):
            return await self._links.activate(frame.credentials, frame.public_key, arrival)
        return await self._links.admit(frame.tenant_id, frame.server_id, arrival)

    async def _converse(self, peer: Peer, socket: _Socket) -> None:
        conversation = Conversation(peer, self._links.handlers, socket.send, socket.receive)
        connected = Connected(peer, conversation, socket.turn_away)
        names = (peer.tenant_id, peer.provider_id, peer.group_id, peer.server_id, peer.server_name)
        await socket.send(wire.encode(Welcome(*names)))
        await self._links.join(connected)
        try:
            await conversation.run()
        finally:
            await self._links.leave(connected)
            await socket.close(1000)


class _Socket:
    """A WebSocket of ASGI as octets that come and go."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send

    async def receive(self) -> bytes:
        message = await self._receive()
        if message["type"] != "websocket.receive":
            raise ConnectionResetError
        octets = message.get("bytes")
        if octets is None:
            raise BadFrame("text")
        return bytes(octets)

    async def send(self, octets: bytes) -> None:
        try:
            await self._send({"type": "websocket.send", "bytes": octets, "text": None})
        except (OSError, RuntimeError):
            raise ConnectionResetError from None

    async def turn_away(self, why: TurnAway) -> None:
        with contextlib.suppress(ConnectionError):
            await self.send(wire.encode(wire.TurnedAway(why.value)))
        await self.close(_TURNED_AWAY)

    async def close(self, code: int) -> None:
        with contextlib.suppress(OSError, RuntimeError):
            await self._send({"type": "websocket.close", "code": code, "reason": ""})
