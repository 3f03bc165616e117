"""A link without a network between: two ends in one process, cut, mended and made to lose answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from vestibule.interfaces.link import (
    FAILED,
    MAX_BODY,
    TOO_LARGE,
    UNKNOWN_KIND,
    Handlers,
    Link,
    LinkDown,
    Peer,
    Refused,
)

PEER = Peer("acme", "provider-1", "group-1", "server-1", "node-1")


@dataclass(slots=True)
class _Cable:
    peer: Peer
    is_up: bool = True
    answers_to_lose: int = 0


@dataclass(slots=True)
class _End:
    """Implements `Link`: what is asked here is answered by the handlers of the other end."""

    cable: _Cable
    handlers: Handlers
    asked: list[str] = field(default_factory=list)
    """The kinds that were asked here, in order."""

    @property
    def is_up(self) -> bool:
        return self.cable.is_up

    async def ask(self, kind: str, body: bytes, within: float) -> bytes:
        if not self.cable.is_up:
            raise LinkDown
        self.asked.append(kind)
        handler = self.handlers.get(kind)
        if handler is None:
            raise Refused(UNKNOWN_KIND)
        if len(body) > MAX_BODY:
            raise Refused(TOO_LARGE)
        try:
            async with asyncio.timeout(within):
                answer = await handler(self.cable.peer, bytes(body))
        except TimeoutError:
            raise LinkDown from None
        except Refused as refused:
            raise Refused(refused.kind) from None
        except Exception as error:
            raise Refused(FAILED) from error
        if not self.cable.is_up or self.cable.answers_to_lose > 0:
            self.cable.answers_to_lose = max(0, self.cable.answers_to_lose - 1)
            raise LinkDown
        return bytes(answer)


class Pair:
    """Both ends of one link. Implements `Links` for the service: `to` knows the server and its group."""

    def __init__(self, at_service: Handlers, at_server: Handlers, peer: Peer = PEER) -> None:
        """The handlers are what each end answers; they may be filled afterwards."""
        self.peer = peer
        self._cable = _Cable(peer)
        self.server: Link = _End(self._cable, at_service)
        """What the server holds: it asks the service."""
        self.service: Link = _End(self._cable, at_server)
        """What the service holds: it asks the server."""

    def to(self, name: str) -> Link:
        if name in (self.peer.server_id, self.peer.group_id):
            return self.service
        return _End(_Cable(self.peer, is_up=False), {})

    def cut(self) -> None:
        """Break it: what is under way is done, and its answer lost."""
        self._cable.is_up = False

    def mend(self) -> None:
        self._cable.is_up = True

    def lose_answers(self, number: int = 1) -> None:
        """Let the other end do what is asked next, and lose what it answers."""
        self._cable.answers_to_lose = number
