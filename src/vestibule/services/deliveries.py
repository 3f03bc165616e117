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
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.delivery import Carries, Delivery, DeliveryState
from vestibule.services.attempt import Node
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.gateways import Gateways, Opened

log = structlog.get_logger(__name__)

LEASE_MS: Final = 20_000
"""Longer than a gateway may take, or another node would send what this one is sending."""
_SEND_SECONDS: Final = 12.0
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
        sealer: Sealer,
        node: Node,
    ) -> None:
        self._store = store
        self._gateways = gateways
        self._configuration = configuration
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
        except Exception:
            # It is due again when its lease is over.
            log.exception("delivery failed", delivery=repr(delivery))

    async def _try(self, delivery: Delivery) -> None:
        errand = await self._errand(delivery)
        if errand is None:
            await self._write(delivery, state=DeliveryState.DROPPED, sealed_body=b"")
            return
        if delivery.carries is Carries.CALL and delivery.tried:
            # Whoever had it is gone, and may have placed the call: the phone rings once.
            await self._write(delivery, state=DeliveryState.SENT, cause="delivery.cause.node_gone")
            return
        sendings = 0
        why = NotSent("delivery.cause.no_gateway")
        while (
            opened := self._gateways.for_errand(delivery.tenant_id, delivery.carries, delivery.tried)
        ) and (sendings < _MOST_SENDINGS_OF_A_TEXT):
            gateway_id = opened.configured.gateway_id
            # Written before it is sent: what it tells of a call must find the delivery its own.
            delivery = await self._write(delivery, gateway_id=gateway_id, tried=(*delivery.tried, gateway_id))
            if delivery.carries is Carries.CALL and self._on_call is not None:
                self._on_call(delivery, opened.gateway)
            sending = await self._hand_over(opened, errand)
            opened.note(
                worked=isinstance(sending, Sent) or (isinstance(sending, NotSent) and sending.is_final)
            )
            if isinstance(sending, Sent):
                await self._sent(delivery, sending)
                return
            log.warning("gateway did not send", gateway=opened.configured.name, cause=sending.cause)
            why = sending if isinstance(sending, NotSent) else NotSent(sending.cause)
            if why.is_final or (not isinstance(sending, NotSent) and delivery.carries is Carries.CALL):
                break  # A call that may be ringing is not placed again.
            sendings += not isinstance(sending, NotSent)
        if sendings:
            # It may have arrived all the same: the challenge stays, and what was sent counts.
            await self._write(delivery, state=DeliveryState.SENT, sealed_body=b"", cause=why.cause)
            return
        await self._lost(delivery, why)

    async def _hand_over(self, opened: Opened, errand: Errand) -> Sending:
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                return await opened.gateway.send(errand)
        except TimeoutError:
            return Unsure("delivery.cause.timed_out")
        except Exception as error:
            log.exception("gateway broke", gateway=opened.configured.name)
            return Unsure(f"delivery.cause.broke {type(error).__name__}")

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

        await self._store.transact(body)

    async def _lost(self, delivery: Delivery, why: NotSent) -> None:
        await self._write(delivery, state=DeliveryState.FAILED, sealed_body=b"", cause=why.cause)
        if self._on_lost is not None:
            await self._on_lost(delivery, why)

    async def _write(self, delivery: Delivery, **changes: object) -> Delivery:
        changed = msgspec.structs.replace(delivery, **changes)
        if not await self._store.transact(lambda tx: tx.replace_delivery(changed)):
            raise _TakenOver
        return msgspec.structs.replace(changed, version=delivery.version + 1)

    async def _errand(self, delivery: Delivery) -> Errand | None:
        """Return what to hand over; None if its challenge is over or its text cannot be read any more."""

        async def seconds_left(tx: Transaction) -> int:
            challenge = await tx.challenge(delivery.tenant_id, delivery.challenge_id)
            if challenge is None or not challenge.is_open or delivery.expires_at <= tx.now:
                return 0
            return max(1, (delivery.expires_at - tx.now) // 1000)

        seconds = await self._store.read(seconds_left)
        if not seconds:
            return None
        settings = self._configuration.current.tenants[delivery.tenant_id].settings
        if delivery.carries is Carries.CALL:
            return Call(
                delivery_id=delivery.delivery_id,
                to=delivery.address,
                caller_id=settings.caller_id,
                most_seconds=seconds,
            )
        try:
            sealed_to = _context(delivery.tenant_id, delivery.delivery_id)
            body = self._sealer.unseal(delivery.sealed_body, sealed_to).decode()
        except CannotUnseal:
            log.error("a text does not open", delivery=repr(delivery))
            return None
        return Text(
            delivery_id=delivery.delivery_id, to=delivery.address, body=Secret(body), valid_seconds=seconds
        )


class _TakenOver(Exception):
    """Another node has taken the delivery, or what was told of it has moved it on."""


def _context(tenant_id: str, delivery_id: str) -> bytes:
    return context(tenant_id, "delivery", delivery_id)
