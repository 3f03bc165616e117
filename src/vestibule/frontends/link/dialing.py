"""Keeping the link up: dial, arrive, converse, and after each end dial again, with pauses that grow.

Invariants: there is one connection at most; nothing is listened on; what goes wrong is logged once for each
cause, with the next step, not once for each try.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from typing import Final

import structlog

from vestibule.catalog import text
from vestibule.frontends._link_conversation import Conversation
from vestibule.frontends.link.arriving import come_in, turn_away
from vestibule.frontends.link.connecting import Address, CannotDial, LinkSocket, dial
from vestibule.interfaces.link import LinkDown, Refused
from vestibule.interfaces.store import Unavailable
from vestibule.model.replication import TurnAway
from vestibule.services.links import TurnedAway
from vestibule.services.service_link import Membership
from vestibule.services.services import Services
from vestibule.wire.link import MAX_FRAME

log = structlog.get_logger(__name__)

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
NOT_ACTIVATED_PAUSE: Final = 5.0
_LOOK_SECONDS: Final = 3600.0


class LinkFrontend:
    """The front end `link`."""

    name = "link"

    def __init__(self, services: Services, address: Address) -> None:
        self._clock = services.clock
        self._own = services.service_link
        self._address = address
        self._dialing: asyncio.Task[None] | None = None
        self._said = ""

    async def start(self) -> None:
        if self._own.dials:
            self._dialing = asyncio.create_task(self._keep_up(), name="link")

    async def stop(self, grace_seconds: float) -> None:
        dialing, self._dialing = self._dialing, None
        if dialing is not None:
            dialing.cancel()
            await asyncio.gather(dialing, return_exceptions=True)

    def addresses(self) -> list[str]:
        """None: it is this end that dials."""
        return []

    # --- life ---------------------------------------------------------------------------------------

    async def _keep_up(self) -> None:
        growing = pauses()
        while True:
            membership = await self._membership()
            if membership is None:
                await asyncio.sleep(NOT_ACTIVATED_PAUSE)
                continue
            if await self._connected(membership):
                growing = pauses()
            await asyncio.sleep(next(growing))

    async def _membership(self) -> Membership | None:
        """Return as whom this server may come in at the service that the settings name."""
        try:
            membership = await self._own.membership()
        except Unavailable:
            return None
        if membership is None or membership.service != self._address.service:
            self._say("not_activated")
            return None
        return membership

    async def _connected(self, membership: Membership) -> bool:
        """Connect, and stay as long as it lasts; return whether this server was let in."""
        try:
            socket = await dial(self._address, MAX_FRAME)
        except CannotDial as why:
            self._say(f"cannot_dial.{why.kind}", detail=why.detail)
            return False
        try:
            return await self._let_in(membership, socket)
        except ConnectionError as broken:
            self._say("cannot_dial.broken", detail=str(broken))
            return False
        finally:
            await socket.close()

    async def _let_in(self, membership: Membership, socket: LinkSocket) -> bool:
        try:
            peer = await come_in(self._own, membership, socket, self._address)
        except TurnedAway as refused:
            self._say_why(refused.why)
            return False
        conversation = Conversation(peer, self._own.handlers, socket.send, socket.receive)
        self._own.join(conversation)
        self._said = ""
        log.info("link is up", service=self._address.service, server=peer.server_name)
        keys = asyncio.create_task(self._renew_keys(), name="link keys")
        try:
            why = await conversation.run()
        finally:
            self._own.leave()
            keys.cancel()
            log.info("link is down", service=self._address.service)
        if why:
            self._say_why(turn_away(why))
        return not why

    async def _renew_keys(self) -> None:
        while True:
            try:
                if await self._own.renew_key(self._clock.now()):
                    log.info("link has a new key")
            except (LinkDown, Refused, Unavailable) as error:
                log.warning("link keeps its old key", error=type(error).__name__)
            await asyncio.sleep(_LOOK_SECONDS)

    def _say_why(self, why: TurnAway) -> None:
        self._say(f"turned_away.{why}")

    def _say(self, what: str, **placeholders: str) -> None:
        placeholders = {"service": self._address.service} | placeholders
        said = text("en", f"link.{what}", **placeholders)
        if said != self._said:
            self._said = said
            log.warning("there is no link", why=said)


def pauses() -> Iterator[float]:
    """Yield seconds: each pause up to twice as long as the last, by chance, so that after an outage of the
    service not all servers come at once."""
    longest = FIRST_PAUSE
    while True:
        yield longest / 2 + random.random() * longest / 2  # noqa: S311 - no secret
        longest = min(2 * longest, LONGEST_PAUSE)
