"""The beat of all calls: every 20 milliseconds each of them sends one packet.

Invariant: beats are counted from the first one, so they do not drift, however late a single one comes. After
a standstill longer than `MOST_LATE` beats the count begins anew: nobody's ear wants the missing ones at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from vestibule.gateways.sip.timing import Timer, Timers

BEAT_SECONDS = 0.02
MOST_LATE = 10

Beat = Callable[[], None]


class Pacer:
    """One for all calls of a gateway; stands still while there are none."""

    def __init__(self, timers: Timers | None = None, now: Callable[[], float] | None = None) -> None:
        self._given_timers = timers
        self._given_now = now
        self._members: dict[Beat, None] = {}
        self._timer: Timer | None = None
        self._began = 0.0
        self._beats = 0

    def join(self, member: Beat) -> None:
        """Call `member` at each beat from now on; it must neither raise nor wait."""
        self._members[member] = None
        if self._timer is None:
            self._began, self._beats = self._now(), 0
            self._plan()

    def leave(self, member: Beat) -> None:
        self._members.pop(member, None)
        if not self._members and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _beat(self) -> None:
        now = self._now()
        due = int((now - self._began) / BEAT_SECONDS + 1e-6)
        if due - self._beats > MOST_LATE:
            self._began, self._beats, due = now, 0, 1
        for _ in range(due - self._beats):
            for member in list(self._members):
                member()
        self._beats = due
        self._timer = None
        if self._members:
            self._plan()

    def _plan(self) -> None:
        next_at = self._began + (self._beats + 1) * BEAT_SECONDS
        timers = self._given_timers or asyncio.get_running_loop()
        self._timer = timers.call_later(max(next_at - self._now(), 0.0), self._beat)

    def _now(self) -> float:
        return self._given_now() if self._given_now is not None else asyncio.get_running_loop().time()
