"""What gateways tell: receipts, replies, and what happens in calls. Bound to one gateway of one tenant.

Nothing here is trusted further than it goes: a receipt moves a delivery of this very gateway, a reply counts
only with the passcode that was sent to that very number, and whatever is told twice has an effect once.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import msgspec
import structlog

from vestibule.crypto.secret import Secret
from vestibule.interfaces.gateway import NotSent, Receipt, Reply, Sound
from vestibule.interfaces.speech import Speech
from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.model.call import CallEvent, HangUp, Instruction, Spoken
from vestibule.model.delivery import SENT_DIGITS, Carries, Delivery, DeliveryState, Owed
from vestibule.model.verification import Challenge, Reason
from vestibule.services.calls import Calls
from vestibule.services.out_of_band import OutOfBand
from vestibule.services.relayed_calls import RelayedCalls
from vestibule.services.relaying import Owing, Relaying
from vestibule.services.verification import Verifications
from vestibule.services.voice_messages import VoiceMessages

log = structlog.get_logger(__name__)

Found = TypeVar("Found")

_NUMBER: Final = re.compile(r"\d+")
_LONGEST_REPLY: Final = 1000
_PATIENCE: Final = (0.1, 0.4, 1.0)
_MOST_PATIENT: Final = 200
"""Receipts of one gateway that wait at once for what is being written down; more are of nothing."""


class Inboxes:
    """What all inboxes share. `open` makes one for a gateway."""

    def __init__(
        self,
        store: Store,
        verifications: Verifications,
        out_of_band: OutOfBand,
        calls: Calls,
        voice_messages: VoiceMessages,
        speech: Speech,
        relaying: Relaying,
        relayed_calls: RelayedCalls,
    ) -> None:
        self.store = store
        self.verifications = verifications
        self.out_of_band = out_of_band
        self.calls = calls
        self.voice_messages = voice_messages
        self.speech = speech
        self.relaying = relaying
        self.relayed_calls = relayed_calls

    def open(self, tenant_id: str, gateway_id: str) -> GatewayInbox:
        return GatewayInbox(self, tenant_id, gateway_id)

    async def lost(self, delivery: Delivery, why: NotSent) -> None:
        """A delivery that nobody could send: its challenge has failed, or its server is told."""
        if delivery.is_relayed:
            self.relaying.nudge()
            return
        challenge = await self.store.read(lambda tx: tx.challenge(delivery.tenant_id, delivery.challenge_id))
        if challenge is not None:
            await self.verifications.failed_elsewhere(challenge, _unsent(delivery, why), said=why.cause)


class GatewayInbox:
    """Implements `interfaces.gateway.Inbox`."""

    def __init__(self, shared: Inboxes, tenant_id: str, gateway_id: str) -> None:
        self._shared = shared
        self._tenant_id = tenant_id
        self._gateway_id = gateway_id
        self._patient = 0

    async def receipt(self, receipt: Receipt) -> None:
        try:
            await self._receipt(receipt)
        except Exception:
            log.exception("a receipt is lost", gateway=self._gateway_id)

    async def reply(self, reply: Reply) -> None:
        try:
            await self._reply(reply)
        except Exception:
            log.exception("a reply is lost", gateway=self._gateway_id)

    async def on_call(self, delivery_id: str, event: CallEvent) -> tuple[Instruction, ...]:
        try:
            return await self._shared.calls.on_event(self._tenant_id, self._gateway_id, delivery_id, event)
        except Exception:
            log.exception("a call cannot go on", gateway=self._gateway_id)
            return (HangUp(),)

    async def sound(self, spoken: Spoken) -> Sound:
        if spoken.sound_id:
            recorded = await self._shared.voice_messages.sound(self._tenant_id, spoken.sound_id)
            recorded = recorded or await self._shared.relayed_calls.sound(spoken)
            if recorded is not None:
                return recorded
        return await self._shared.speech.say(spoken.text, spoken.language)

    async def _receipt(self, receipt: Receipt) -> None:
        if not receipt.is_final or not receipt.reference:
            return
        state = DeliveryState.DELIVERED if receipt.is_delivered else DeliveryState.FAILED
        owed = Owed.ARRIVED if receipt.is_delivered else Owed.FAILED

        async def body(tx: Transaction) -> Challenge | Owing | None:
            found = await tx.delivery_by_reference(self._tenant_id, self._gateway_id, receipt.reference)
            if found is None:
                raise _Unknown
            if found.state is not DeliveryState.SENT:
                return None
            moved = msgspec.structs.replace(found, state=state, cause=receipt.cause[:200])
            if found.is_relayed:
                owing = self._shared.relaying.owing(moved, owed, tx.now)
                await _replace(tx, owing.delivery)
                return owing
            await _replace(tx, moved)
            return await tx.challenge(self._tenant_id, found.challenge_id)

        found = await self._patiently(body)
        if isinstance(found, Owing):
            self._shared.relaying.go_on(found)
        elif found is not None and state is DeliveryState.FAILED:
            await self._shared.verifications.failed_elsewhere(found, Reason.TEXT_NOT_SENT, said=receipt.cause)

    async def _patiently(self, body: Callable[[Transaction], Awaitable[Found]]) -> Found | None:
        """Run the body; a receipt may be here before it is written down under which reference it comes."""
        for seconds in (*_PATIENCE, None):
            try:
                return await self._shared.store.transact(body, self._tenant_id)
            except _Unknown:
                if seconds is None or self._patient >= _MOST_PATIENT:
                    break
            self._patient += 1
            try:
                await asyncio.sleep(seconds)
            finally:
                self._patient -= 1
        log.info("a receipt of nothing that is known", gateway=self._gateway_id)
        return None

    async def _reply(self, reply: Reply) -> None:
        """A reply answers the one challenge whose number and passcode it holds; if it could be two, none. The
        servers that have sent texts to that number judge for themselves."""

        async def look(tx: Transaction) -> tuple[tuple[Challenge, ...], tuple[Delivery, ...]]:
            waiting = await tx.challenges_by_address(self._tenant_id, reply.sender)
            return waiting, await tx.relayed_texts_to(self._tenant_id, reply.sender)

        waiting, relayed = await self._shared.store.read(look)
        self._shared.relaying.reply(reply, relayed)
        passcode, with_pin = _answers(reply.body)
        meant = [
            (each, typed)
            for each in waiting
            if self._shared.out_of_band.is_expected(
                each, typed := with_pin if each.digits_before_pin else passcode
            )
        ]
        if len(meant) == 1:
            challenge, typed = meant[0]
            await self._shared.verifications.answered_elsewhere(challenge, Secret(typed))
        elif len(waiting) == 1 and passcode:
            # Wrong, and surely meant for this one: a guess, and counted.
            await self._shared.verifications.answered_elsewhere(waiting[0], Secret(with_pin))
        elif not relayed:
            log.info("a reply answers nothing", gateway=self._gateway_id, waiting=len(waiting))


class _Unknown(Exception):
    """No delivery has the reference, or not yet."""


async def _replace(tx: Transaction, moved: Delivery) -> None:
    if not await tx.replace_delivery(moved):
        raise Conflict


def _unsent(delivery: Delivery, why: NotSent) -> Reason:
    if delivery.carries is Carries.TEXT:
        return Reason.TEXT_NOT_SENT
    return Reason.CALL_WRONG_NUMBER if why.is_final else Reason.CALL_FAILED


def _answers(body: str) -> tuple[str, str]:
    """Return what of a reply is its passcode, and the same with a PIN behind it: the first group of so many
    digits and what follows it, else all digits together, because people write blanks. One and no more: a text
    of a hundred groups is not a hundred tries (I4)."""
    groups = [_ascii(found) for found in _NUMBER.findall(body[:_LONGEST_REPLY])]
    together = "".join(groups)
    for place, group in enumerate(groups):
        if len(group) == SENT_DIGITS:
            return group, "".join(groups[place:])
    return together, together


def _ascii(digits: str) -> str:
    """Return digits of any script as ASCII."""
    return "".join(str(int(digit)) for digit in digits)
