"""A handset: one phone with its number, its texts and its calls, as it stands now. No clock, no task.

What is kept is bounded, and the oldest goes first. A handset has at most one call; whoever calls then finds
it busy.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import msgspec

from vestibule.model.call import Spoken
from vestibule.model.simulated_phone import (
    CallEnding,
    CallStage,
    PhoneCall,
    PhoneText,
    SimulatedPhone,
)

MOST_TEXTS: Final = 100
MOST_PAST_CALLS: Final = 30
MOST_SPOKEN: Final = 50


class Handset:
    def __init__(self, number: str) -> None:
        self.number = number
        self.call: PhoneCall | None = None
        self.is_busy = False
        self.is_unreachable = False
        self._texts: deque[PhoneText] = deque(maxlen=MOST_TEXTS)
        self._past_calls: deque[PhoneCall] = deque(maxlen=MOST_PAST_CALLS)

    def state(self) -> SimulatedPhone:
        return SimulatedPhone(
            number=self.number,
            texts=tuple(self._texts),
            call=self.call,
            past_calls=tuple(self._past_calls),
            is_busy=self.is_busy,
            is_unreachable=self.is_unreachable,
        )

    def keep_text(self, text: PhoneText) -> None:
        self._texts.appendleft(text)

    # --- the call -----------------------------------------------------------------------------------

    def ring(self, call_id: str, caller: str, at: int) -> None:
        self.call = PhoneCall(call_id=call_id, caller=caller, stage=CallStage.RINGING, at=at)

    def pick_up(self, at: int) -> None:
        self._change(stage=CallStage.TALKING, answered_at=at)

    def hear(self, spoken: tuple[Spoken, ...]) -> None:
        if self.call is None:
            return
        said = (*self.call.spoken, *spoken)
        kept = said[-MOST_SPOKEN:]
        self._change(spoken=kept, forgotten=self.call.forgotten + len(said) - len(kept))

    def await_keys(self, is_so: bool) -> None:
        self._change(awaits_keys=is_so, keys=0)

    def count_key(self) -> None:
        if self.call is not None:
            self._change(keys=self.call.keys + 1)

    def see_dialed(self, keys: str) -> None:
        self._change(dialed=keys)

    def end(self, ending: CallEnding) -> None:
        """Put the call among the past ones; what was said in it stays with it."""
        self._change(stage=CallStage.ENDED, ending=ending, awaits_keys=False, keys=0)
        if self.call is not None:
            self._past_calls.appendleft(self.call)
        self.call = None

    def miss(self, call_id: str, caller: str, at: int, ending: CallEnding) -> None:
        """Note a call that never rang."""
        missed = PhoneCall(call_id=call_id, caller=caller, stage=CallStage.ENDED, at=at, ending=ending)
        self._past_calls.appendleft(missed)

    def _change(self, **changes: object) -> None:
        if self.call is not None:
            self.call = msgspec.structs.replace(self.call, **changes)
