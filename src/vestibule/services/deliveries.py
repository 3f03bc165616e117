"""Deliveries on their way out: taken from the outbox, handed to a gateway, handed to the next if need be.

A verification, its challenge and its delivery are committed together; what is sent here was decided there.
So nothing is sent that is not known, and nothing that is known is lost: a node that dies leaves its
deliveries to the others, who send them again. Invariants: a text leaves at most twice, and a second time
only if nobody can tell whether it left the first time; a body is in the database only until then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import msgspec
import structlog

from vestibule.crypto.sealing import CannotUnseal, Sealer, context
from vestibule.crypto.secret import Secret
from vestibule.interfaces.gateway import Call, Errand, Gateway, NotSent, Sending, Sent, Text, Unsure
from vestibule.interfaces.store import Store, Transaction, Unavailable
from vestibule.model.delivery import Carries, Delivery, DeliveryState, Owed
from vestibule.services.attempt import Node
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.fair_share import FairShare
from vestibule.services.gateways import Gateways, Opened
from vestibule.services.sending_limits import SendingLimits

log = structlog.get_logger(__name__)

LEASE_MS: Final = 20_000
"""Longer than a gateway may take, or another node would send what this one is sending. It begins anew with
each gateway."""
_SEND_SECONDS: Final = 12.0
_NEXT_SECONDS: Final = 4.0
"""How long a gateway may be silent where there is another for the text (SMS-06)."""
_STOP_SECONDS: Final = 3.0
_AT_ONCE: Final = 200
"""That are being handed over: one that waits for its gateway too long is handed to the next."""
_MOST_UNDER_WAY: Final = 400
"""Those, and those of which it is being written down that they were sent."""
_LOOK_SECONDS: Final = 1.0
_MOST_SENDINGS_OF_A_TEXT: Final = 2

Lost = Callable[[Delivery, NotSent], Awaitable[None]]
"""Hears of a delivery that nobody could send, after that is written down."""


class Deliveries:
    def __init__(
        self,
        store: Store,
        gateways: Gateways,
        configuration: ConfigurationCache,
        limits: SendingLimits,
        sealer: Sealer,
        node: Node,
        share: FairShare,
    ) -> None:
        self._store = store
        self._share = share
        self._gateways = gateways
        self._configuration = configuration
        self._limits = limits
        self._sealer = sealer
        self._node = node
        self._something_is_due = asyncio.Event()
        self._sendings: set[asyncio.Task[None]] = set()
        self._handing: set[str] = set()
        """Deliveries that no gateway has taken yet."""
        self._is_full = False
        """Whether something was left in the outbox because too much is being handed over."""
        self._on_lost: Lost | None = None
        self._on_call: Callable[[Delivery, Gateway], None] | None = None

    def on_lost(self, hear: Lost) -> None:
        self._on_lost = hear

    def on_call(self, hear: Callable[[Delivery, Gateway], None]) -> None:
        """Say who hears of a call that is about to be placed."""
        self._on_call = hear

    def nudge(self) -> None:
        """Something was committed that is to be sent now."""
        self._something_is_due.set()

    def seal_body(self, tenant_id: str, delivery_id: str, body: str) -> bytes:
        return self._sealer.seal(body.encode(), _context(tenant_id, delivery_id))

    def first_gateway(self, tenant_id: str, carries: Carries, number: str) -> str:
        """Return to which gateway a text should be handed first, for `begun`. Nothing: there is none, or it
        is a call, which whoever takes over would believe to be placed."""
        if carries is not Carries.TEXT:
            return ""
        opened = self._gateways.for_errand(tenant_id, carries, (), number)
        return opened.configured.gateway_id if opened is not None else ""

    def begun(self, delivery: Delivery, gateway_id: str, now: int) -> Delivery:
        """Return a text as this node has it from the beginning, under a lease and with the gateway it is to
        be handed to, so that one commit does for writing it down and taking it. Without a gateway, and where
        too much is being handed over, it is returned as it is, and waits in the outbox."""
        if not gateway_id or self._room < 1:
            return delivery
        return msgspec.structs.replace(
            delivery,
            state=DeliveryState.TAKEN,
            node=self._node.name,
            tries=1,
            gateway_id=gateway_id,
            tried=(gateway_id,),
            due_at=now + LEASE_MS,
        )

    def go_on(self, delivery: Delivery) -> None:
        """Send what `begun` has returned, after its commit."""
        if delivery.state is DeliveryState.TAKEN:
            self._begin(delivery, is_begun=True)
        else:
            self.nudge()

    async def run(self) -> None:
        """Send what is due, for ever."""
        try:
            while True:
                try:
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await self._something_is_due.wait()
                except TimeoutError:
                    pass
                self._something_is_due.clear()
                try:
                    await self._take()
                except Exception as error:
                    log.warning("deliveries cannot be taken", error=type(error).__name__)
        finally:
            # What is being handed over would be sent a second time by another node if it broke off here.
            if self._sendings:
                await asyncio.wait(self._sendings, timeout=_STOP_SECONDS)
            for sending in self._sendings:
                sending.cancel()

    async def _take(self) -> None:
        room = self._room
        if room < 1:
            self._is_full = True
            return
        if not await self._store.read(lambda tx: tx.is_delivery_due()):
            return
        taken = await self._store.transact(lambda tx: tx.take_deliveries(self._node.name, room, LEASE_MS))
        for delivery in taken:
            self._begin(delivery)
        if len(taken) == room:
            self.nudge()

    @property
    def _room(self) -> int:
        return min(_AT_ONCE - len(self._handing), _MOST_UNDER_WAY - len(self._sendings))

    def _begin(self, delivery: Delivery, *, is_begun: bool = False) -> None:
        sending = asyncio.get_running_loop().create_task(self._send(delivery, is_begun=is_begun))
        self._sendings.add(sending)
        self._handing.add(delivery.delivery_id)
        sending.add_done_callback(partial(self._ended, delivery.delivery_id))

    def _ended(self, delivery_id: str, sending: asyncio.Task[None]) -> None:
        self._sendings.discard(sending)
        self._handed_over(delivery_id)

    def _handed_over(self, delivery_id: str) -> None:
        self._handing.discard(delivery_id)
        if self._is_full:
            self._is_full = False
            self.nudge()

    async def _send(self, delivery: Delivery, *, is_begun: bool) -> None:
        place = None
        try:
            place = await self._share.begin(delivery.tenant_id)
            await self._try(delivery, is_begun=is_begun)
        except _TakenOver:
            log.info("a delivery is in other hands now", delivery=repr(delivery))
        except Unavailable as error:
            # It is due again when its lease is over.
            log.warning("delivery has to wait", delivery=repr(delivery), why=str(error))
        except Exception:
            log.exception("delivery failed", delivery=repr(delivery))
        finally:
            self._share.leave(place)

    async def _try(self, delivery: Delivery, *, is_begun: bool) -> None:
        errand = await self._errand(delivery)
        if errand is None:
            await self._write(delivery, state=DeliveryState.DROPPED, sealed_body=b"", owed=_owed(delivery))
            return
        if delivery.carries is Carries.CALL and delivery.tried:
            # Whoever had it is gone, and may have placed the call: the phone rings once.
            await self._write(delivery, state=DeliveryState.SENT, cause="gateway.cause.node_gone")
            return
        await self._carry(delivery, errand, is_begun=is_begun)

    async def _carry(self, delivery: Delivery, errand: Errand, *, is_begun: bool) -> None:
        """Hand it to one gateway after the other, until one takes it or it may have left often enough.
        `is_begun`: that it goes to its first gateway was written with itself, and nobody had it before."""
        why: NotSent | Unsure = NotSent("gateway.cause.none")
        # Whoever had it before may have died at any moment: what his last gateway did, nobody knows.
        sendings = 0 if is_begun else _possible_sendings(delivery)
        failed = delivery.tried[:-1]
        while sendings < _MOST_SENDINGS_OF_A_TEXT:
            # One that may have left is paid for already; a second time must be within the cap as well.
            if sendings and not await self._may_cost_again(delivery):
                why = Unsure("gateway.cause.cap")
                break
            opened = self._first(delivery) if is_begun else self._next(delivery, failed)
            if opened is None:
                break
            gateway_id = opened.configured.gateway_id
            # Written before it is sent: what it tells of a call must find the delivery its own, and who takes
            # over must know that it may have been sent.
            if not is_begun or gateway_id != delivery.gateway_id:
                delivery = await self._write(
                    delivery,
                    gateway_id=gateway_id,
                    tried=(*delivery.tried, gateway_id),
                    sent_at=(delivery.sent_at or delivery.created_at) if sendings else None,
                )
            is_begun = False
            if delivery.carries is Carries.CALL and self._on_call is not None:
                self._on_call(delivery, opened.gateway)
            patience = self._patience(delivery, (*failed, gateway_id))
            sending = await hand_over(opened, errand, patience)
            if isinstance(sending, Sent):
                self._handed_over(delivery.delivery_id)
                await self._sent(delivery, sending)
                return
            log.warning("gateway did not send", gateway=opened.configured.name, cause=sending.cause)
            why, failed = sending, (*failed, gateway_id)
            sendings += sending.times if isinstance(sending, Unsure) else 0
            is_final = isinstance(sending, NotSent) and sending.is_final
            if is_final or (sendings and delivery.carries is Carries.CALL):
                break  # A call that may be ringing is not placed again.
        if sendings:
            # It may have arrived all the same: the challenge stays, and what was sent counts.
            await self._write(delivery, state=DeliveryState.SENT, sealed_body=b"", cause=why.cause)
        else:
            await self._lost(delivery, why if isinstance(why, NotSent) else NotSent(why.cause))

    async def _may_cost_again(self, delivery: Delivery) -> bool:
        tenant_id = delivery.tenant_id
        refusing = await self._limits.reserve_again(tenant_id, delivery.address, delivery.carries)
        if refusing is not None:
            await self._limits.alarm(tenant_id, (refusing,))
        return refusing is None

    def _first(self, delivery: Delivery) -> Opened | None:
        """Return the gateway that `begun` has chosen, or another if it is gone."""
        chosen = self._gateways.opened(delivery.tenant_id, delivery.gateway_id)
        return chosen or self._next(delivery, ())

    def _next(self, delivery: Delivery, failed: tuple[str, ...]) -> Opened | None:
        return self._gateways.for_errand(delivery.tenant_id, delivery.carries, failed, delivery.address)

    def _patience(self, delivery: Delivery, failed: tuple[str, ...]) -> float:
        is_last = self._next(delivery, failed) is None
        return _SEND_SECONDS if is_last or delivery.carries is Carries.CALL else _NEXT_SECONDS

    async def _sent(self, delivery: Delivery, sending: Sent) -> None:
        tenant_id, delivery_id = delivery.tenant_id, delivery.delivery_id
        # What was told of it meanwhile says more, and stays.
        await self._store.transact(
            lambda tx: tx.note_sent(tenant_id, delivery_id, sending.reference), tenant_id
        )

    async def _lost(self, delivery: Delivery, why: NotSent) -> None:
        owed = _owed(delivery, is_final=why.is_final)
        await self._write(delivery, state=DeliveryState.FAILED, sealed_body=b"", cause=why.cause, owed=owed)
        if self._on_lost is not None:
            await self._on_lost(delivery, why)

    async def _write(self, delivery: Delivery, **changes: object) -> Delivery:
        async def body(tx: Transaction) -> Delivery | None:
            changed = msgspec.structs.replace(delivery, **changes)
            if changed.state is DeliveryState.TAKEN:
                changed = msgspec.structs.replace(changed, due_at=tx.now + LEASE_MS)
            elif changed.owed:
                changed = msgspec.structs.replace(changed, due_at=tx.now)
            return changed if await tx.replace_delivery(changed) else None

        written = await self._store.transact(body, delivery.tenant_id)
        if written is None:
            raise _TakenOver
        return msgspec.structs.replace(written, version=delivery.version + 1)

    async def _errand(self, delivery: Delivery) -> Errand | None:
        """Return what to hand over; None if its challenge is over or its text cannot be read any more."""

        async def seconds_left(tx: Transaction) -> int:
            challenge = await tx.challenge(delivery.tenant_id, delivery.challenge_id)
            if challenge is None or not challenge.is_open or delivery.expires_at <= tx.now:
                return 0
            # Who was blocked in the very moment in which this was asked for.
            subject = await tx.subject(delivery.tenant_id, delivery.user_id) if delivery.user_id else None
            if subject is not None and subject.user.is_blocked(tx.now):
                return 0
            return max(1, (delivery.expires_at - tx.now) // 1000)

        if delivery.is_relayed:
            # It was taken a moment ago, by the clock of the database, and its lease began then.
            seconds = max(0, (delivery.expires_at - delivery.due_at + LEASE_MS) // 1000)
        else:
            seconds = await self._store.read(seconds_left)
        if not seconds:
            return None
        try:
            body = self._opened(delivery)
        except CannotUnseal:
            log.error("a text does not open", delivery=repr(delivery))
            return None
        if delivery.carries is Carries.CALL:
            settings = self._configuration.current.tenants[delivery.tenant_id].settings
            return Call(
                delivery_id=delivery.delivery_id,
                to=delivery.address,
                caller_id=body or settings.caller_id,
                most_seconds=seconds,
            )
        return Text(
            delivery_id=delivery.delivery_id,
            to=delivery.address,
            body=Secret(body),
            valid_seconds=seconds,
            verification_id=delivery.verification_id,
        )

    def _opened(self, delivery: Delivery) -> str:
        """Return the body of a text; of a call whose number is to be shown, if its server has said so."""
        if delivery.carries is Carries.CALL and not delivery.sealed_body:
            return ""
        sealed_to = _context(delivery.tenant_id, delivery.delivery_id)
        return self._sealer.unseal(delivery.sealed_body, sealed_to).decode()


def _owed(delivery: Delivery, *, is_final: bool = False) -> Owed:
    """Return what the server that has asked for it is told of a delivery that did not leave."""
    if not delivery.is_relayed:
        return Owed.NOTHING
    return Owed.NO_SUCH_NUMBER if is_final else Owed.FAILED


def _possible_sendings(delivery: Delivery) -> int:
    """Return how often a text may have left until now, as one tells who takes it over: once through the last
    gateway it was to be handed to, and once before if that is written in `sent_at`."""
    return bool(delivery.tried) + (delivery.sent_at is not None) if delivery.carries is Carries.TEXT else 0


async def hand_over(opened: Opened, errand: Errand, seconds: float = _SEND_SECONDS) -> Sending:
    """Give an errand to a gateway, wait for its answer no longer than allowed, and note how it went."""
    sending: Sending
    try:
        async with asyncio.timeout(seconds):
            sending = await opened.gateway.send(errand)
    except TimeoutError:
        sending = Unsure("gateway.cause.no_answer_in_time")
    except Exception as error:
        log.exception("gateway broke", gateway=opened.configured.name)
        sending = Unsure(type(error).__name__)
    if isinstance(sending, Sent):
        opened.note(worked=True)
    else:
        is_final = isinstance(sending, NotSent) and sending.is_final
        opened.note(worked=is_final, cause=sending.cause)
    return sending


class _TakenOver(Exception):
    """Another node has taken the delivery, or what was told of it has moved it on."""


def _context(tenant_id: str, delivery_id: str) -> bytes:
    return context(tenant_id, "delivery", delivery_id)
