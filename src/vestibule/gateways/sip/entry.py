"""What is keyed in while a call asks: where an `Ask` ends (model/call).

`#` ends it, the last key that is allowed ends it, and so does a silence, counted from the last word or the
last key, whichever was later. Must never appear in a log: what is keyed in may be a PIN.
"""

from __future__ import annotations

import asyncio

from vestibule.gateways.sip.timing import Timer, Timers
from vestibule.model.call import Ask, CallEvent, CallEventKind


class Entry:
    """One `Ask` under way. `done` is what it ends with; `interrupted` is set by the first key."""

    def __init__(self, ask: Ask, timers: Timers) -> None:
        self._ask = ask
        self._timers = timers
        self._keys = ""
        self._silence: Timer | None = None
        loop = asyncio.get_running_loop()
        self.done: asyncio.Future[CallEvent] = loop.create_future()
        self.interrupted: asyncio.Future[None] = loop.create_future()

    def press(self, key: str) -> None:
        """Take a key: a digit, `*` or `#`."""
        if self.done.done():
            return
        if not self.interrupted.done():
            self.interrupted.set_result(None)
        if key == "#":
            self._finish(is_finished=True)
            return
        self._keys += key
        if len(self._keys) >= self._ask.most_keys:
            self._finish()
        else:
            self.count_silence()

    def count_silence(self) -> None:
        """The last word was said: from here on the silence is counted."""
        if self._silence is not None:
            self._silence.cancel()
        if not self.done.done():
            self._silence = self._timers.call_later(self._ask.seconds, self._finish)

    def close(self) -> None:
        if self._silence is not None:
            self._silence.cancel()

    def _finish(self, is_finished: bool = False) -> None:
        self.close()
        if not self.done.done():
            self.done.set_result(CallEvent(CallEventKind.KEYS, self._keys, is_finished))
