"""Clock: where the time comes from, so that a test can say what time it is."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    def now(self) -> int:
        """Return the time as epoch milliseconds, UTC."""
        ...
