"""Relaying: what servers ask the service to send leaves through the gateways of their tenant; what becomes of
it goes back to them.

Nobody is known here: a number, what is sent there, and what the server calls it. Invariants:
- A text or call is written down once for each name, however often it is asked for, and counts in the limits
  of the tenant like one of its own.
- What became of it is owed to the server until it has said that it knows, or can do nothing with it any more.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

import structlog
from msgspec.structs import replace

from vestibule.crypto.tokens import is_id
from vestibule.interfaces.gateway import Reply
from vestibule.interfaces.link import Handler, LinkDown, Links, Peer, Refused
from vestibule.interfaces.relay import (
    CALL,
    HANG_UP,
    MALFORMED,
    RECEIPT,
    REPLY,
    TEXT,
    Named,
    RelayedCall,
    RelayedReceipt,
    RelayedReply,
    RelayedText,
    Taken,
    packed,
    unpacked,
)
from vestibule.interfaces.store import AlreadyExists, Store, Transaction, Unavailable
from vestibule.model.delivery import Carries, Delivery, Owed
from vestibule.model.sending_limit import SendingLimit
from vestibule.services.deliveries import Deliveries
from vestibule.services.gateways import Gateways
from vestibule.services.sending_limits import SendingLimits

log = structlog.get_logger(__name__)

_LOOK_SECONDS: Final = 1.0
_ASK_SECONDS: Final = 4.0
_AGAIN_MS: Final = 5_000
_AT_ONCE: Final = 200
_GATHER_SECONDS: Final = 0.05
"""For how long what servers know is gathered: nobody waits for it to be written down."""
_REPLY_SECONDS: Final = 60.0
"""For how long it is tried to tell a reply whose server is not connected."""
_PAUSE_SECONDS: Final = 0.5
_MOST_REPLIES: Final = 1000
_TIME_DIGITS: Final = 12
"""Of an identifier that sorts by time."""


class Owing(NamedTuple):
    """A delivery of which its server is to be told; `is_here`: by this node."""

    delivery: Delivery
    is_here: bool


class Relaying:
    def __init__(
        self,
        store: Store,
        links: Links,
        gateways: Gateways,
        deliveries: Deliveries,
        limits: SendingLimits,
    ) -> None:
        self._store = store
        self._links = links
        self._gateways = gateways
        self._deliveries = deliveries
        self._limits = limits
        self._is_something_owed = asyncio.Event()
        self._replies: set[asyncio.Task[None]] = set()
        self._telling: set[asyncio.Task[None]] = set()
        self._told: dict[str, list[str]] = {}
        """By tenant: deliveries of which servers know, which is not written down yet."""
        self._settling: asyncio.Task[None] | None = None

    @property
    def handlers(self) -> dict[str, Handler]:
        """What servers may ask."""
        return {TEXT: self._text, CALL: self._call, HANG_UP: self._hang_up}

    # --- asked by a server --------------------------------------------------------------------------

    async def _text(self, peer: Peer, body: bytes) -> bytes:
        asked = unpacked(body, RelayedText)
        attempt_id = asked.attempt_id
        return await self._take(peer, asked, Carries.TEXT, asked.body, asked.valid_seconds, attempt_id)

    async def _call(self, peer: Peer, body: bytes) -> bytes:
        asked = unpacked(body, RelayedCall)
        return await self._take(peer, asked, Carries.CALL, asked.caller_id, asked.most_seconds)

    async def _take(
        self,
        peer: Peer,
        asked: RelayedText | RelayedCall,
        carries: Carries,
        content: str,
        seconds: int,
        attempt_id: str = "",
    ) -> bytes:
        if not self._gateways.has_any(peer.tenant_id, frozenset({carries})):
            return packed(Taken("gateway.cause.none"))
        delivery_id = relayed_id(peer.group_id, asked.name)
        sealed = self._deliveries.seal_body(peer.tenant_id, delivery_id, content) if content else b""
        gateway_id = self._deliveries.first_gateway(peer.tenant_id, carries, asked.to)

        async def write(tx: Transaction) -> Delivery | SendingLimit | None:
            """Return what is to be sent; None if it has been written down before."""
            if await tx.delivery(peer.tenant_id, delivery_id) is not None:
                return None
            bare = Delivery(
                tenant_id=peer.tenant_id,
                delivery_id=delivery_id,
                verification_id="",
                challenge_id="",
                user_id="",
                carries=carries,
                address=asked.to,
                sealed_body=sealed,
                due_at=tx.now,
                expires_at=tx.now + seconds * 1000,
                created_at=tx.now,
                group_id=peer.group_id,
                relayed_name=asked.name,
                attempt_id=attempt_id,
            )
            delivery = self._deliveries.begun(bare, gateway_id, tx.now)
            await tx.add_delivery(delivery)
            # Counted last: what all texts of a tenant count in is locked until the commit, and for no longer.
            refusing = await self._limits.reserve(tx, peer.tenant_id, asked.to, carries)
            if refusing is not None:
                await tx.remove_delivery(peer.tenant_id, delivery_id)
                return refusing
            return delivery

        try:
            written = await self._store.transact(write, peer.tenant_id)
        except AlreadyExists:  # The same was asked at another node at this moment.
            written = None
        if isinstance(written, SendingLimit):
            await self._limits.alarm(peer.tenant_id, (written,))
            return packed(Taken(f"gateway.cause.limit {written.kind.value}"))
        if written is not None:
            self._deliveries.go_on(written)
        return packed(Taken())

    async def _hang_up(self, peer: Peer, body: bytes) -> bytes:
        """End a call that rings or is up, on whichever node it is; one that has not left does not leave."""
        delivery_id = relayed_id(peer.group_id, unpacked(body, Named).name)

        async def drop(tx: Transaction) -> None:
            await tx.drop_relayed(peer.tenant_id, delivery_id)

        await self._store.transact(drop, peer.tenant_id)
        self._store.wake(delivery_id)
        return b""

    # --- told to a server ---------------------------------------------------------------------------

    def nudge(self) -> None:
        """Something that is owed was committed."""
        self._is_something_owed.set()

    async def run(self) -> None:
        """Tell servers what is owed to them, for ever."""
        while True:
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._is_something_owed.wait()
            except TimeoutError:
                pass
            self._is_something_owed.clear()
            try:
                await self.tell()
            except Exception as error:
                log.warning("servers cannot be told", error=type(error).__name__)

    def owing(self, delivery: Delivery, owed: Owed, now: int) -> Owing:
        """Return a delivery as one of which its server is to be told: by this node at once, if the server is
        connected here, so that nobody else takes it up meanwhile."""
        is_here = self._links.to(delivery.group_id).is_up and len(self._telling) < _AT_ONCE
        due_at = now + _AGAIN_MS if is_here else now
        return Owing(replace(delivery, owed=owed, due_at=due_at), is_here)

    def go_on(self, owing: Owing) -> None:
        """Tell a server what is owed to it, after its commit."""
        if not owing.is_here:
            self.nudge()
            return
        task = asyncio.get_running_loop().create_task(self._tell(owing.delivery))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def tell(self) -> None:
        """Tell all that is owed now to servers that are connected here."""
        if not await self._store.read(lambda tx: tx.is_anything_owed()):
            return
        owed = await self._store.transact(lambda tx: tx.take_owed(_AT_ONCE, _AGAIN_MS))
        await asyncio.gather(*(self._tell(each) for each in owed))
        if len(owed) == _AT_ONCE:
            self.nudge()

    async def _tell(self, delivery: Delivery) -> None:
        receipt = RelayedReceipt(
            name=delivery.relayed_name,
            is_delivered=delivery.owed is Owed.ARRIVED,
            is_final=delivery.owed is Owed.NO_SUCH_NUMBER,
            cause=delivery.cause,
        )
        try:
            await self._links.to(delivery.group_id).ask(RECEIPT, packed(receipt), _ASK_SECONDS)
        except LinkDown:
            return
        except Refused as refused:
            log.warning("a server takes no receipt", group=delivery.group_id, why=refused.kind)
        self._settle(delivery)

    def _settle(self, delivery: Delivery) -> None:
        """Note that a server has been told; written together with others, because one who is told again does
        not mind."""
        self._told.setdefault(delivery.tenant_id, []).append(delivery.delivery_id)
        if self._settling is None:
            self._settling = asyncio.get_running_loop().create_task(self._settle_all())

    async def _settle_all(self) -> None:
        await asyncio.sleep(_GATHER_SECONDS)
        try:
            while self._told:
                tenant_id, told = self._told.popitem()
                await self._store.transact(partial(_settle, tenant_id=tenant_id, told=told), tenant_id)
        except Unavailable as error:
            log.warning("servers will be told again", why=str(error))
        finally:
            self._settling = None

    def reply(self, reply: Reply, to: Sequence[Delivery]) -> None:
        """Tell a text that came in to the servers that have sent texts to its sender, while others go on."""
        names: dict[str, list[str]] = {}
        for each in to:
            names.setdefault(each.group_id, []).append(each.relayed_name)
        for group_id, of_group in names.items():
            if len(self._replies) >= _MOST_REPLIES:
                log.warning("a reply is lost", group=group_id)
                return
            message = RelayedReply(
                names=tuple(of_group),
                sender=reply.sender,
                recipient=reply.recipient,
                body=reply.body,
                message_id=reply.message_id,
            )
            task = asyncio.get_running_loop().create_task(self._tell_reply(group_id, message))
            self._replies.add(task)
            task.add_done_callback(self._replies.discard)

    async def _tell_reply(self, group_id: str, message: RelayedReply) -> None:
        try:
            async with asyncio.timeout(_REPLY_SECONDS):
                while True:
                    try:
                        await self._links.to(group_id).ask(REPLY, packed(message), _ASK_SECONDS)
                        return
                    except LinkDown:
                        await asyncio.sleep(_PAUSE_SECONDS)
        except (TimeoutError, Refused) as error:
            log.warning("a reply is lost", group=group_id, error=type(error).__name__)

    async def close(self) -> None:
        under_way = [*self._replies, *self._telling]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        if self._settling is not None:
            await self._settling


async def _settle(tx: Transaction, tenant_id: str, told: Sequence[str]) -> None:
    await tx.settle_owed(tenant_id, told)


def relayed_id(group_id: str, name: str) -> str:
    """Return what the service calls a delivery that a server of this group has named: no other group can name
    it, and it sorts by time as the server's own does. Raises `Refused`."""
    own = name.rpartition("/")[2]
    if not is_id(own):
        raise Refused(MALFORMED)
    return own[:_TIME_DIGITS] + hashlib.sha256(f"{group_id}\0{name}".encode()).hexdigest()[:20]
