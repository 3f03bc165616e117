"""Deliveries on their way out: taken from the outbox, handed to a gateway, handed to the next if need be.

A verification, its challenge and its delivery are committed together; what is sent here was decided there.
So nothing is sent that is not known, and nothing that is known is lost: a node that dies leaves its
deliveries to the others, who send them again. Invariants: a text leaves at most twice, and a second time
only if nobody can tell whether it left the first time; a body is in the database only until then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
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
    ) -> None:
        self._store = store
        self._gateways = gateways
        self._configuration = configuration
        self._limits = limits
        self._sealer = sealer
        self._node = node
        self._something_is_due = asyncio.Event()
        self._sendings: set[asyncio.Task[None]] = set()
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
        room = _AT_ONCE - len(self._sendings)
        if room < 1:
            return
        if not await self._store.read(lambda tx: tx.is_delivery_due()):
            return
        taken = await self._store.transact(
            lambda tx: tx.take_deliveries(self._node.name, min(room, _AT_ONCE), LEASE_MS)
        )
        for delivery in taken:
            sending = asyncio.get_running_loop().create_task(self._send(delivery))
            self._sendings.add(sending)
            sending.add_done_callback(self._sendings.discard)
        if len(taken) == room:
            self.nudge()

    async def _send(self, delivery: Delivery) -> None:
        try:
            await self._try(delivery)
        except _TakenOver:
            log.info("a delivery is in other hands now", delivery=repr(delivery))
        except Unavailable as error:
            # It is due again when its lease is over.
            log.warning("delivery has to wait", delivery=repr(delivery), why=str(error))
        except Exception:
            log.exception("delivery failed", delivery=repr(delivery))

    async def _try(self, delivery: Delivery) -> None:
        errand = await self._errand(delivery)
        if errand is None:
            await self._write(delivery, state=DeliveryState.DROPPED, sealed_body=b"", owed=_owed(delivery))
            return
        if delivery.carries is Carries.CALL and delivery.tried:
            # Whoever had it is gone, and may have placed the call: the phone rings once.
            await self._write(delivery, state=DeliveryState.SENT, cause="gateway.cause.node_gone")
            return
        await self._carry(delivery, errand)

    async def _carry(self, delivery: Delivery, errand: Errand) -> None:
        """Hand it to one gateway after the other, until one takes it or it may have left often enough."""
        why: NotSent | Unsure = NotSent("gateway.cause.none")
        # Whoever had it before may have died at any moment: what his last gateway did, nobody knows.
        sendings = _possible_sendings(delivery)
        failed = delivery.tried[:-1]
        while sendings < _MOST_SENDINGS_OF_A_TEXT:
            # One that may have left is paid for already; a second time must be within the cap as well.
            if sendings and not await self._may_cost_again(delivery):
                why = Unsure("gateway.cause.cap")
                break
            opened = self._next(delivery, failed)
            if opened is None:
                break
            gateway_id = opened.configured.gateway_id
            # Written before it is sent: what it tells of a call must find the delivery its own, and who takes
            # over must know that it may have been sent.
            delivery = await self._write(
                delivery,
                gateway_id=gateway_id,
                tried=(*delivery.tried, gateway_id),
                sent_at=(delivery.sent_at or delivery.created_at) if sendings else None,
            )
            if delivery.carries is Carries.CALL and self._on_call is not None:
                self._on_call(delivery, opened.gateway)
            patience = self._patience(delivery, (*failed, gateway_id))
            sending = await hand_over(opened, errand, patience)
            if isinstance(sending, Sent):
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

    def _next(self, delivery: Delivery, failed: tuple[str, ...]) -> Opened | None:
        return self._gateways.for_errand(delivery.tenant_id, delivery.carries, failed, delivery.address)

    def _patience(self, delivery: Delivery, failed: tuple[str, ...]) -> float:
        is_last = self._next(delivery, failed) is None
        return _SEND_SECONDS if is_last or delivery.carries is Carries.CALL else _NEXT_SECONDS

    async def _sent(self, delivery: Delivery, sending: Sent) -> None:
        async def body(tx: Transaction) -> None:
            current = await tx.delivery(delivery.tenant_id, delivery.delivery_id)
            if current is None or current.state is not DeliveryState.TAKEN:
                return  # What was told of it meanwhile says more.
            await tx.replace_delivery(
                msgspec.structs.replace(
                    current,
                    state=DeliveryState.SENT,
                    sealed_body=b"",
                    reference=sending.reference,
                    sent_at=tx.now,
                )
            )

        await self._store.transact(body, delivery.tenant_id)

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
            if delivery.is_relayed:
                return max(0, (delivery.expires_at - tx.now) // 1000)
            challenge = await tx.challenge(delivery.tenant_id, delivery.challenge_id)
            if challenge is None or not challenge.is_open or delivery.expires_at <= tx.now:
                return 0
            # Who was blocked in the very moment in which this was asked for.
            subject = await tx.subject(delivery.tenant_id, delivery.user_id) if delivery.user_id else None
            if subject is not None and subject.user.is_blocked(tx.now):
                return 0
            return max(1, (delivery.expires_at - tx.now) // 1000)

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
