"""A clock whose hands a test turns: timers ring when their time has come, in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Ringing:
    def __init__(self, at: float, callback: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.at = at
        self._callback = callback
        self._args = args
        self.is_canceled = False

    def cancel(self) -> None:
        self.is_canceled = True

    def ring(self) -> None:
        self._callback(*self._args)


class Hands:
    """Implements `Timers`."""

    def __init__(self) -> None:
        self.time = 0.0
        self._waiting: list[Ringing] = []

    def now(self) -> float:
        return self.time

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> Ringing:
        timer = Ringing(self.time + delay, callback, args)
        self._waiting.append(timer)
        return timer

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        end = self.time + seconds
        while True:
            due = [timer for timer in self._waiting if not timer.is_canceled and timer.at <= end]
            if not due:
                break
            timer = min(due, key=lambda one: one.at)
            self._waiting.remove(timer)
            self.time = max(self.time, timer.at)
            timer.ring()
        self.time = end

    @property
    def count(self) -> int:
        """How many timers are wound up."""
        return sum(not timer.is_canceled for timer in self._waiting)
