"""The talk of an answered call: tell what happened, do what is to be done, and so on until the end.

Decides nothing. Must never go on after an instruction to hang up, nor without instructions: a call that
nobody guides is ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from vestibule.gateways.sip.entry import Entry
from vestibule.gateways.sip.sound import Sounds
from vestibule.gateways.sip.timing import Timers
from vestibule.gateways.sip.voice import COMMA_BEATS, GAP_BEATS, KEY_BEATS, Voice
from vestibule.interfaces.gateway import Inbox
from vestibule.model.call import Ask, CallEvent, CallEventKind, HangUp, Instruction, Press, Say, Spoken
from vestibule.wire.rtp.events import KEYS
from vestibule.wire.sip.sdp import Codec

LAST_WORD_BEATS = 10
"""A moment of silence before hanging up, so that the last syllable gets through the far end's buffer."""


class Talk:
    """`run` returns when the call is to be hung up. `on_key` takes the keys that were heard; outside of an
    `Ask` they are forgotten."""

    def __init__(
        self,
        delivery_id: str,
        inbox: Inbox,
        voice: Voice,
        codec: Codec,
        sounds: Sounds,
        timers: Timers,
        press_by_message: Callable[[str], None],
    ) -> None:
        self._delivery_id = delivery_id
        self._inbox = inbox
        self._voice = voice
        self._codec = codec
        self._sounds = sounds
        self._timers = timers
        self._press_by_message = press_by_message
        self._entry: Entry | None = None

    def on_key(self, key: str) -> None:
        if self._entry is not None:
            self._entry.press(key)

    async def run(self, event: CallEvent) -> None:
        """Begin with this event."""
        while True:
            instructions = await self._inbox.on_call(self._delivery_id, event)
            outcome = await self._carry_out(instructions)
            if outcome is None:
                return
            event = outcome

    async def _carry_out(self, instructions: Sequence[Instruction]) -> CallEvent | None:
        """Return what to tell next, None to hang up. What stands behind an `Ask` is never reached: its keys
        are told first, and new instructions come."""
        for instruction in instructions:
            match instruction:
                case Say(spoken=spoken):
                    await self._say(spoken)
                case Ask():
                    return await self._ask(instruction)
                case Press(keys=keys):
                    await self._press(keys)
                case HangUp():
                    # While the far end holds the call nothing is sent, so nothing would ever be over.
                    if not self._voice.is_held:
                        await self._voice.pause(LAST_WORD_BEATS)
                    return None
        return CallEvent(CallEventKind.SAID) if instructions else None

    async def _say(self, spoken: Sequence[Spoken]) -> None:
        # All are made while the first is said.
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._encoded(one)) for one in spoken]
            for task in tasks:
                await self._voice.play(await task)

    async def _encoded(self, spoken: Spoken) -> bytes:
        sound = await self._inbox.sound(spoken)
        return self._sounds.encoded(self._codec, sound.samples)

    async def _ask(self, ask: Ask) -> CallEvent:
        entry = self._entry = Entry(ask, self._timers)
        speech = asyncio.ensure_future(self._say(ask.spoken))
        try:
            await _first(speech, entry.interrupted)
            if speech.done():
                speech.result()  # what went wrong while speaking goes on from here
            else:
                await _stopped(speech)
            if not entry.interrupted.done():
                entry.count_silence()
            return await entry.done
        finally:
            self._entry = None
            entry.close()
            await _stopped(speech)

    async def _press(self, keys: str) -> None:
        for key in keys:
            if key == ",":
                await self._voice.pause(COMMA_BEATS)
            elif key in KEYS and self._voice.presses_keys:
                await self._voice.press(key)
            elif key in KEYS:
                self._press_by_message(key)
                await self._voice.pause(KEY_BEATS + GAP_BEATS)


async def _first(*futures: asyncio.Future[None]) -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


async def _stopped(task: asyncio.Future[None]) -> None:
    """End a task and wait until it has ended."""
    if task.done():
        return
    task.cancel()
    await asyncio.wait([task])
