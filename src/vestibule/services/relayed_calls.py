"""Relayed calls: the service's gateway places them, and the server that asked for them says what is said.

What happens in such a call is told to the server and its instructions are carried out; nothing of it is kept
here but that somebody has pressed a key. Invariants:
- Events are counted, so that one that is told twice, because its answer was lost, moves the call once.
- A call whose server cannot be asked any more is hung up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import msgspec
import structlog

from vestibule.interfaces.gateway import CallsEnd, Gateway, Sound
from vestibule.interfaces.link import LinkDown, Links, Refused
from vestibule.interfaces.relay import (
    CALL_EVENT,
    SOUND,
    Instructed,
    Named,
    RelayedEvent,
    full_name,
    packed,
)
from vestibule.interfaces.store import Conflict, Store, Transaction, Unavailable
from vestibule.model.call import Ask, CallEvent, CallEventKind, HangUp, Instruction, Say, Spoken
from vestibule.model.delivery import Delivery, DeliveryState

log = structlog.get_logger(__name__)

ENDED: Final = frozenset(
    {
        CallEventKind.HUNG_UP,
        CallEventKind.BUSY,
        CallEventKind.DECLINED,
        CallEventKind.NO_ANSWER,
        CallEventKind.UNREACHABLE,
        CallEventKind.WRONG_NUMBER,
        CallEventKind.FAILED,
    }
)
_MAY_BE_UP: Final = (DeliveryState.TAKEN, DeliveryState.SENT)
_ASK_SECONDS: Final = 3.0
_IN_CALL_SECONDS: Final = 6.0
"""How long a person hears nothing while the server cannot be asked."""
_AFTER_CALL_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.3
_SOUND_MARK: Final = "relay:"
_MOST_SOUNDS: Final = 200
_MOST_CALLS: Final = 20_000


class _Call(msgspec.Struct, eq=False):
    """A call of this node that rings or is up, and how many events it has had."""

    delivery: Delivery
    gateway: Gateway
    events: int = 0


class RelayedCalls:
    def __init__(self, store: Store, links: Links) -> None:
        self._store = store
        self._links = links
        self._calls: dict[str, _Call] = {}
        self._sounds: dict[str, Sound] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        store.on_wake(self._woken)

    def placed(self, delivery: Delivery, gateway: Gateway) -> None:
        """Note a call of this node, to be ended when its server says so."""
        while len(self._calls) >= _MOST_CALLS:
            del self._calls[next(iter(self._calls))]
        self._calls[delivery.delivery_id] = _Call(delivery, gateway)

    async def on_event(self, delivery: Delivery, event: CallEvent) -> tuple[Instruction, ...]:
        """Tell the server what happened in its call; return what to do in it now."""
        if event.kind is CallEventKind.KEYS and (event.keys or event.is_finished):
            await self._answered(delivery)
        numbered = self._numbered(delivery, event)
        if event.kind in ENDED:
            self._calls.pop(delivery.delivery_id, None)
            self._begin(self._asked(delivery, numbered, _AFTER_CALL_SECONDS))
            return ()
        instructions = await self._asked(delivery, numbered, _IN_CALL_SECONDS)
        if instructions is None:
            instructions = (HangUp(),)
        if any(isinstance(each, HangUp) for each in instructions):
            self._calls.pop(delivery.delivery_id, None)  # No gateway tells of an end that we have made.
        return tuple(_marked(each, delivery) for each in instructions)

    async def _answered(self, delivery: Delivery) -> None:
        """Write down that somebody has pressed a key: gateways and ranges of numbers are judged by it."""

        async def body(tx: Transaction) -> None:
            current = await tx.delivery(delivery.tenant_id, delivery.delivery_id)
            if current is None or current.state not in _MAY_BE_UP:
                return
            # A key may be here before it is written down that the call was placed.
            sent_at = current.sent_at or tx.now
            answered = msgspec.structs.replace(current, state=DeliveryState.DELIVERED, sent_at=sent_at)
            if not await tx.replace_delivery(answered):
                raise Conflict

        if delivery.state not in _MAY_BE_UP:
            return
        try:
            await self._store.transact(body, delivery.tenant_id)
        except (Conflict, Unavailable) as error:
            log.warning("an answered call may count as unanswered", error=type(error).__name__)

    def _numbered(self, delivery: Delivery, event: CallEvent) -> CallEvent:
        call = self._calls.get(delivery.delivery_id)
        if event.number or call is None:
            return event
        call.events += 1
        return msgspec.structs.replace(event, number=call.events)

    async def _asked(
        self, delivery: Delivery, event: CallEvent, seconds: float
    ) -> tuple[Instruction, ...] | None:
        """Return what the server answers; None if it does not answer in time."""
        message = packed(RelayedEvent(delivery.relayed_name, event))
        try:
            async with asyncio.timeout(seconds):
                while True:
                    try:
                        answer = await self._links.to(delivery.group_id).ask(
                            CALL_EVENT, message, _ASK_SECONDS
                        )
                        return msgspec.msgpack.decode(answer, type=Instructed).instructions
                    except LinkDown:
                        await asyncio.sleep(_PAUSE_SECONDS)
        except (TimeoutError, Refused, msgspec.DecodeError) as error:
            log.warning("a server does not say how a call goes on", error=type(error).__name__)
            return None

    # --- what is said -------------------------------------------------------------------------------

    async def sound(self, spoken: Spoken) -> Sound | None:
        """Return a recording of a server's; None if this is none, or cannot be had."""
        if not spoken.sound_id.startswith(_SOUND_MARK):
            return None
        if (known := self._sounds.get(spoken.sound_id)) is not None:
            return known
        group_id, _, name = spoken.sound_id.removeprefix(_SOUND_MARK).partition("/")
        try:
            samples = await self._links.to(group_id).ask(SOUND, packed(Named(name)), _ASK_SECONDS)
        except (LinkDown, Refused):
            return None
        if not samples:
            return None
        while len(self._sounds) >= _MOST_SOUNDS:
            del self._sounds[next(iter(self._sounds))]
        self._sounds[spoken.sound_id] = Sound(samples)
        return self._sounds[spoken.sound_id]

    # --- the end ------------------------------------------------------------------------------------

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _woken(self, delivery_id: str) -> None:
        """Its server has ended a call, or is done with it."""
        call = self._calls.pop(delivery_id, None)
        if call is not None and isinstance(call.gateway, CallsEnd):
            self._begin(call.gateway.hang_up(delivery_id))

    def _begin(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _marked(instruction: Instruction, delivery: Delivery) -> Instruction:
    """Say of recordings whose they are."""
    if not isinstance(instruction, Say | Ask):
        return instruction
    spoken = tuple(
        msgspec.structs.replace(each, sound_id=_sound_name(delivery, each.sound_id))
        if each.sound_id
        else each
        for each in instruction.spoken
    )
    return msgspec.structs.replace(instruction, spoken=spoken)


def _sound_name(delivery: Delivery, sound_id: str) -> str:
    tenant_id, gateway_id, _ = delivery.relayed_name.split("/")
    return f"{_SOUND_MARK}{delivery.group_id}/{full_name(tenant_id, gateway_id, sound_id)}"
