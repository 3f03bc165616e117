"""Relayed pushes: what a server has sealed for a browser is handed over by the service, unread."""

from __future__ import annotations

import msgspec

from vestibule.interfaces.link import Handler, Peer, Refused
from vestibule.interfaces.push import Forwarder
from vestibule.interfaces.relay import MALFORMED, PUSH, RelayedPush, unpacked


class RelayedPushes:
    def __init__(self, forwarder: Forwarder) -> None:
        self._forwarder = forwarder

    @property
    def handlers(self) -> dict[str, Handler]:
        """What servers may ask."""
        return {PUSH: self._push}

    async def _push(self, _peer: Peer, body: bytes) -> bytes:
        try:
            result = await self._forwarder.forward(unpacked(body, RelayedPush))
        except ValueError:
            raise Refused(MALFORMED) from None
        return msgspec.msgpack.encode(result)
