"""One WebSocket connection of a server: what is said to it at the same moment is written together, and small
messages are read on while others wait.

uvicorn writes each message by itself, an encryption and a call of the system each time, and stops to read
after each. Invariant: of what has come and is not read yet a connection holds no more than before, one large
message, and a few small ones beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

_SMALL_OCTETS: Final = 4096
_MOST_SMALL: Final = 32


class LinkConnection(WebSocketsSansIOProtocol):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._is_to_write = False

    async def send(self, message: ASGISendEvent) -> None:
        octets = message.get("bytes") if message["type"] == "websocket.send" else None
        if not isinstance(octets, bytes) or not self._is_open or not self.writable.is_set():
            self._write()
            await super().send(message)
            return
        self.conn.send_binary(octets)
        if not self._is_to_write:
            self._is_to_write = True
            self.loop.call_soon(self._write)

    def send_receive_event_to_app(self) -> None:
        is_small = sum(map(len, self.frames)) <= _SMALL_OCTETS
        if self.read_paused or not is_small or self.queue.qsize() >= _MOST_SMALL:
            super().send_receive_event_to_app()
            return
        self.read_paused = True  # It would be paused now.
        super().send_receive_event_to_app()
        self.read_paused = False

    @property
    def _is_open(self) -> bool:
        return self.handshake_complete and not self.close_sent and self.conn.state is State.OPEN

    def _write(self) -> None:
        """Write what was said since the last time."""
        self._is_to_write = False
        if not self.transport.is_closing() and (said := self.conn.data_to_send()):
            self.transport.write(b"".join(said))
