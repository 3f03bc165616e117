"""The simulator: texts and calls to phones that are shown. Implements `Gateway`, `CallsEnd`, `Simulates`.

Bounded whatever is sent: so many phones, of which the one reached longest ago goes first and never one with a
call; each with one call. A text that is sent again under the same identifier is shown once.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Coroutine, Sequence
from typing import Any, Final, NamedTuple

import structlog

from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.gateways.simulator.conversation import KEYS, Act, Conversation
from vestibule.gateways.simulator.handset import Handset
from vestibule.gateways.simulator.pace import Pace
from vestibule.interfaces.gateway import (
    Call,
    Errand,
    Inbox,
    NotSent,
    Receipt,
    Reply,
    Sending,
    Sent,
    Text,
    ToPhone,
)
from vestibule.model.call import CallEvent, CallEventKind
from vestibule.model.simulated_phone import CallEnding, CallStage, PhoneText, SimulatedPhone

log = structlog.get_logger(__name__)

MOST_PHONES: Final = 50
LONGEST_REPLY: Final = 1000
_MOST_REMEMBERED: Final = 1000
"""Identifiers of errands, to know one that comes again."""


class _Calling(NamedTuple):
    number: str
    conversation: Conversation
    task: asyncio.Task[None]


class Simulator:
    def __init__(self, inbox: Inbox, numbers: Sequence[str], sender: str, pace: Pace) -> None:
        self._inbox = inbox
        self._sender = sender
        self._pace = pace
        self._handsets: OrderedDict[str, Handset] = OrderedDict()
        """The one that was reached last stands last."""
        self._calling: dict[str, _Calling] = {}
        """Calls that ring or are up, by delivery."""
        self._known: OrderedDict[str, None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._version = time.time_ns() // 1_000_000
        self._news = asyncio.Event()
        self._is_closed = False
        for number in numbers:
            self._handset(number)

    # --- Gateway ------------------------------------------------------------------------------------

    async def send(self, errand: Errand) -> Sending:
        if self._is_closed:
            return NotSent("the gateway is closed")
        if not isinstance(errand, ToPhone):
            return NotSent("gateway.cause.not_carried")
        handset = self._handset(errand.to)
        if handset is None:
            return NotSent("every simulated phone is in a call")
        if self._is_known(errand.delivery_id):
            return Sent(errand.delivery_id)
        if isinstance(errand, Text):
            self._take_text(errand, handset)
        else:
            self._place(errand, handset)
        self._note_change()
        return Sent(errand.delivery_id)

    async def hang_up(self, delivery_id: str) -> None:
        if (calling := self._calling.get(delivery_id)) is not None:
            self._end_call(calling.number, delivery_id)
            calling.task.cancel()

    async def close(self) -> None:
        self._is_closed = True
        for delivery_id, calling in list(self._calling.items()):
            self._end_call(calling.number, delivery_id)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._note_change()

    # --- Simulates ----------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        return self._version

    async def changed(self, known: int) -> int:
        while self._version == known:
            await self._news.wait()
        return self._version

    def phones(self) -> tuple[SimulatedPhone, ...]:
        return tuple(handset.state() for handset in reversed(self._handsets.values()))

    def phone(self, number: str) -> SimulatedPhone | None:
        handset = self._handsets.get(number)
        return handset.state() if handset is not None else None

    def answer(self, number: str) -> None:
        if self._stage(number) is CallStage.RINGING:
            self._handsets[number].pick_up(_now())
            self._do(number, Act.ANSWER)

    def decline(self, number: str) -> None:
        if self._stage(number) is CallStage.RINGING:
            self._do(number, Act.DECLINE)

    def let_ring_out(self, number: str) -> None:
        if self._stage(number) is CallStage.RINGING:
            self._do(number, Act.RING_OUT)

    def press(self, number: str, key: str) -> None:
        if key in KEYS and self._stage(number) is CallStage.TALKING:
            self._do(number, key)

    def hang_up_phone(self, number: str) -> None:
        if self._stage(number) is CallStage.TALKING:
            self._do(number, Act.HANG_UP)

    def be_busy(self, number: str, is_so: bool) -> None:
        if number in self._handsets:
            self._handsets[number].is_busy = is_so
            self._note_change()

    def be_unreachable(self, number: str, is_so: bool) -> None:
        if number in self._handsets:
            self._handsets[number].is_unreachable = is_so
            self._note_change()

    async def reply(self, number: str, body: str) -> None:
        handset = self._handsets.get(number)
        body = body[:LONGEST_REPLY]
        if handset is None or not body.strip():
            return
        text = PhoneText(at=_now(), other=self._sender, body=Secret(body), is_written_here=True)
        handset.keep_text(text)
        self._note_change()
        await self._inbox.reply(Reply(sender=number, recipient=self._sender, body=body, message_id=new_id()))

    # --- texts --------------------------------------------------------------------------------------

    def _take_text(self, text: Text, handset: Handset) -> None:
        is_delivered = not handset.is_unreachable
        if is_delivered:
            handset.keep_text(PhoneText(at=_now(), other=self._sender, body=text.body))
        cause = "" if is_delivered else "the simulated phone is unreachable"
        receipt = Receipt(reference=text.delivery_id, is_delivered=is_delivered, cause=cause)
        self._spawn(self._tell_receipt(receipt))

    async def _tell_receipt(self, receipt: Receipt) -> None:
        # A network needs a while; told at once it would name a delivery that is not yet written down as sent.
        await asyncio.sleep(self._pace.receipt_seconds)
        await self._inbox.receipt(receipt)

    # --- calls --------------------------------------------------------------------------------------

    def _place(self, call: Call, handset: Handset) -> None:
        caller = call.caller_id or self._sender
        if handset.is_unreachable:
            handset.miss(call.delivery_id, caller, _now(), CallEnding.UNREACHABLE)
            self._spawn(self._tell(call, CallEventKind.UNREACHABLE, "480 Temporarily Unavailable"))
        elif handset.is_busy or handset.call is not None:
            handset.miss(call.delivery_id, caller, _now(), CallEnding.BUSY)
            self._spawn(self._tell(call, CallEventKind.BUSY, "486 Busy Here"))
        else:
            handset.ring(call.delivery_id, caller, _now())
            conversation = Conversation(call, handset, self._inbox, self._pace, self._note_change)
            task = self._spawn(conversation.run())
            self._calling[call.delivery_id] = _Calling(handset.number, conversation, task)
            task.add_done_callback(lambda _: self._end_call(handset.number, call.delivery_id))

    async def _tell(self, call: Call, kind: CallEventKind, detail: str) -> None:
        await self._inbox.on_call(call.delivery_id, CallEvent(kind, detail=detail))

    def _end_call(self, number: str, delivery_id: str) -> None:
        """Forget a call that is over; one that is still shown as up was ended from outside."""
        if self._calling.pop(delivery_id, None) is None:
            return
        handset = self._handsets.get(number)
        if handset is not None and handset.call is not None and handset.call.call_id == delivery_id:
            handset.end(CallEnding.CANCELED)
        self._note_change()

    def _do(self, number: str, act: str) -> None:
        call = self._handsets[number].call
        if call is not None and call.call_id in self._calling:
            self._calling[call.call_id].conversation.do(act)
            self._note_change()

    def _stage(self, number: str) -> CallStage | None:
        handset = self._handsets.get(number)
        return handset.call.stage if handset is not None and handset.call is not None else None

    # --- parts --------------------------------------------------------------------------------------

    def _handset(self, number: str) -> Handset | None:
        """Return the phone of a number as the one reached last; None if there is no room for another."""
        handset = self._handsets.get(number)
        if handset is None:
            if len(self._handsets) >= MOST_PHONES:
                idle = next((each for each in self._handsets.values() if each.call is None), None)
                if idle is None:
                    return None
                del self._handsets[idle.number]
            handset = self._handsets[number] = Handset(number)
        self._handsets.move_to_end(number)
        return handset

    def _is_known(self, delivery_id: str) -> bool:
        if delivery_id in self._known:
            return True
        self._known[delivery_id] = None
        if len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        return False

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("simulated phone broke", error=type(error).__name__)

    def _note_change(self) -> None:
        self._version += 1
        self._news.set()
        self._news = asyncio.Event()


def _now() -> int:
    return time.time_ns() // 1_000_000
