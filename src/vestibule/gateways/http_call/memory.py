"""What a process remembers of its calls: how to end them, and the last answer of each dialogue.

A provider that got no answer in time asks again. The same step is then answered with the same words, even
while the first answer is still being thought of, and nothing is told twice. Bounded: the oldest calls are
forgotten first, and one that is forgotten costs no more than a question asked twice.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

_MOST_CALLS: Final = 2_000


@dataclass(slots=True)
class CallUp:
    """A call that rings or is up, as far as this process knows."""

    ends_at: float
    """After this it is over, whether its end was told here or at another process."""
    sid: str = ""
    """The provider's name for it; empty until it is known."""
    is_answered: bool = False
    is_unwanted: bool = False


class CallsUp:
    """By delivery."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, CallUp] = OrderedDict()

    def begin(self, delivery_id: str, ends_at: float) -> CallUp:
        call = self._calls.setdefault(delivery_id, CallUp(ends_at))
        while len(self._calls) > _MOST_CALLS:
            self._calls.popitem(last=False)
        return call

    def find(self, delivery_id: str) -> CallUp | None:
        return self._calls.get(delivery_id)

    def end(self, delivery_id: str) -> CallUp | None:
        return self._calls.pop(delivery_id, None)

    def all(self, now: float) -> tuple[str, ...]:
        return tuple(delivery_id for delivery_id, call in self._calls.items() if now < call.ends_at)


class Dialogues:
    """The last step of each call and its answer."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, tuple[int, asyncio.Future[bytes]]] = OrderedDict()

    async def answer(
        self, delivery_id: str, number: int, think: Callable[[], Awaitable[bytes]]
    ) -> bytes | None:
        """Return the answer of this step, thought of once; None for a step that lies behind."""
        last, thought = self._last.get(delivery_id, (-1, None))
        if number < last:
            return None
        if thought is None or number > last:
            thought = asyncio.ensure_future(think())
            self._remember(delivery_id, number, thought)
        # A provider that hangs up the line to us does not interrupt what is being told.
        return await asyncio.shield(thought)

    def _remember(self, delivery_id: str, number: int, thought: asyncio.Future[bytes]) -> None:
        self._last[delivery_id] = number, thought
        self._last.move_to_end(delivery_id)
        while len(self._last) > _MOST_CALLS:
            self._last.popitem(last=False)

        def forget_failure(done: asyncio.Future[bytes]) -> None:
            failed = done.cancelled() or done.exception() is not None
            if failed and self._last.get(delivery_id) == (number, done):
                del self._last[delivery_id]

        thought.add_done_callback(forget_failure)
