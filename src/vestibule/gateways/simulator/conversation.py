"""A call from its first ring to its end: tells the inbox what the person does and carries out what it says.

Invariants:
- A call that was taken is told an end, unless we ended it: by a `HangUp`, or from outside.
- Keys count only while they are awaited (`Ask`); those pressed before are forgotten.
- What the person does is waited for in one place (`_next`), so hanging up is heard wherever the call stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from vestibule.gateways.simulator.handset import Handset
from vestibule.gateways.simulator.pace import Pace
from vestibule.interfaces.gateway import Call, Inbox
from vestibule.model.call import Ask, CallEvent, CallEventKind, HangUp, Instruction, Press, Say, Spoken
from vestibule.model.simulated_phone import CallEnding

KEYS: Final = frozenset("0123456789*#")
_MOST_ACTS: Final = 64
"""Acts that wait to be heard; a cat on the keyboard is not."""


class Act(StrEnum):
    """What a person does with a phone, besides pressing a key."""

    ANSWER = "answer"
    DECLINE = "decline"
    RING_OUT = "ring_out"
    HANG_UP = "hang_up"


class _HungUp(Exception):
    """The person has hung up."""


class Conversation:
    def __init__(
        self, call: Call, handset: Handset, inbox: Inbox, pace: Pace, note_change: Callable[[], None]
    ) -> None:
        self._call = call
        self._handset = handset
        self._inbox = inbox
        self._pace = pace
        self._note_change = note_change
        self._acts: asyncio.Queue[str] = asyncio.Queue(_MOST_ACTS)

    def do(self, act: str) -> None:
        """Take an act or a key of the person."""
        try:
            self._acts.put_nowait(act)
        except asyncio.QueueFull:
            return

    async def run(self) -> None:
        """Ring, talk, and return when the call has ended."""
        match await self._next(self._call.ring_seconds):
            case Act.ANSWER:
                await self._talk_in_time()
            case Act.DECLINE:
                self._end(CallEnding.DECLINED)
                await self._tell(CallEventKind.DECLINED, detail="603 Decline")
            case _:
                self._end(CallEnding.MISSED)
                await self._tell(CallEventKind.NO_ANSWER, detail="480 Temporarily Unavailable")

    # --- after the answer ---------------------------------------------------------------------------

    async def _talk_in_time(self) -> None:
        try:
            async with asyncio.timeout(self._call.most_seconds):
                await self._talk()
        except TimeoutError:
            self._end(CallEnding.TOO_LONG)
            await self._tell(CallEventKind.FAILED, detail="the longest time is over")
        except _HungUp:
            self._end(CallEnding.HUNG_UP)
            await self._tell(CallEventKind.HUNG_UP)

    async def _talk(self) -> None:
        instructions = await self._tell(CallEventKind.ANSWERED)
        while True:
            event = await self._carry_out(instructions)
            if event is None:
                self._end(CallEnding.FINISHED)
                return
            instructions = await self._inbox.on_call(self._call.delivery_id, event)

    async def _carry_out(self, instructions: tuple[Instruction, ...]) -> CallEvent | None:
        """Return what came of them; None if the last was to hang up."""
        if not instructions:
            await self._listen(None)  # There is nothing to do: the line stays open until somebody ends it.
        for instruction in instructions:
            match instruction:
                case Say(spoken):
                    self._hear(spoken)
                    await self._listen(self._pace.seconds_to_say(spoken))
                case Press(keys):
                    self._handset.see_dialed(keys)
                    self._note_change()
                    await self._listen(self._pace.seconds_to_dial(keys))
                case Ask():
                    return await self._ask(instruction)
                case HangUp():
                    return None
        return CallEvent(CallEventKind.SAID)

    async def _ask(self, ask: Ask) -> CallEvent:
        self._forget_keys()
        self._handset.await_keys(True)
        self._hear(ask.spoken)
        keys = ""
        is_finished = False
        # The first key may come while the words are spoken; from then on only the pause counts.
        patience = self._pace.seconds_to_say(ask.spoken) + ask.seconds
        while len(keys) < ask.most_keys and (act := await self._next(patience)) is not None:
            if act not in KEYS:
                continue
            patience = ask.seconds
            if act == "#":
                is_finished = True
                break
            keys += act
            self._handset.count_key()
            self._note_change()
        self._handset.await_keys(False)
        self._note_change()
        return CallEvent(CallEventKind.KEYS, keys, is_finished)

    def _forget_keys(self) -> None:
        while not self._acts.empty():
            if self._acts.get_nowait() == Act.HANG_UP:
                raise _HungUp

    async def _listen(self, seconds: float | None) -> None:
        """Let time pass, hearing only that the person hangs up; for ever with None."""
        loop = asyncio.get_running_loop()
        until = None if seconds is None else loop.time() + seconds
        while await self._next(None if until is None else until - loop.time()) is not None:
            pass

    async def _next(self, seconds: float | None) -> str | None:
        """Return what the person does next; None after `seconds` without anything. Raises `_HungUp`."""
        try:
            async with asyncio.timeout(None if seconds is None else max(seconds, 0)):
                act = await self._acts.get()
        except TimeoutError:
            return None
        if act == Act.HANG_UP:
            raise _HungUp
        return act

    # --- parts --------------------------------------------------------------------------------------

    async def _tell(self, kind: CallEventKind, detail: str = "") -> tuple[Instruction, ...]:
        return await self._inbox.on_call(self._call.delivery_id, CallEvent(kind, detail=detail))

    def _hear(self, spoken: tuple[Spoken, ...]) -> None:
        self._handset.hear(spoken)
        self._note_change()

    def _end(self, ending: CallEnding) -> None:
        self._handset.end(ending)
        self._note_change()
