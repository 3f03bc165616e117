"""The timers of SIP (RFC 3261 §17, table 4), and who rings when one is over.

An event loop is a `Timers`; a test brings its own and turns the hands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

T1 = 0.5
"""Estimate of a round trip: the first repetition comes after it."""
T2 = 4.0
"""The longest pause between repetitions, but for INVITE."""
T4 = 5.0
"""The longest that a message stays in the network."""
LIFETIME = 64 * T1
"""After this time a transaction that was never answered is over (timers B, F, H)."""


class Timer(Protocol):
    def cancel(self) -> object: ...


class Timers(Protocol):
    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> Timer: ...
