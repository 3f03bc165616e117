"""How fast texts leave: so many in a second, and none while the network asks for a pause.

Pure: the time is passed in, in seconds of a clock that never goes back. Turns are given out in order; who
asks gets the time at which it may go on.
"""

from __future__ import annotations

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
_LEFT_OVER_SECONDS = 0.05
"""Turns that nobody took are not saved up beyond this: a burst is what providers throttle."""


class Pace:
    """The turns of one connection."""

    __slots__ = ("_apart", "_next", "_pause", "_slowed_at")

    def __init__(self, per_second: float) -> None:
        self._apart = 1 / per_second if per_second else 0.0
        self._next = 0.0
        self._pause = 0.0
        self._slowed_at = -_LONGEST_PAUSE

    def turn(self, now: float, latest: float) -> float | None:
        """Take the next turn; return when it is, or None, without taking it, if that is after `latest`."""
        mine = max(self._next, now - _LEFT_OVER_SECONDS if self._apart else now)
        if mine > latest:
            return None
        self._next = mine + self._apart
        return mine

    def slow_down(self, now: float) -> None:
        """Note that the network asked for a pause; it doubles when it asks again after one.

        Whatever was under way when it began asks as well, and counts as the same.
        """
        if now < self._slowed_at + self._pause:
            return
        self._pause = min(max(2 * self._pause, _FIRST_PAUSE), _LONGEST_PAUSE)
        self._slowed_at = now
        self._next = max(self._next, now + self._pause)

    def go_on(self) -> None:
        """Note that the network took something."""
        self._pause /= 2
