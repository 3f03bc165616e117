"""Remembers which servers hang, so that not every check waits for them again.

Pure: the time is passed in, in seconds of a clock that never goes back. Only hanging counts. A server that
refuses connections says so at once and costs nothing to ask again.
"""

from __future__ import annotations

_HANGS_IN_A_ROW = 3
_LEFT_ALONE_SECONDS = 5.0


class Health:
    """What is known of one server."""

    __slots__ = ("_hangs", "_left_alone_until", "trouble")

    def __init__(self) -> None:
        self._hangs = 0
        self._left_alone_until = 0.0
        self.trouble = ""
        """What was wrong the last time; empty: nothing."""

    def is_left_alone(self, now: float) -> bool:
        """Tell whether the server is not to be asked at `now`."""
        return now < self._left_alone_until

    def hung(self, now: float) -> None:
        """Note that the server did not answer in time.

        Three times in a row, without an answer to anyone between, it is left alone for five seconds. After
        that one more hang is enough.
        """
        self._hangs += 1
        if self._hangs >= _HANGS_IN_A_ROW:
            self._left_alone_until = now + _LEFT_ALONE_SECONDS

    def answered(self) -> None:
        """Note that the server answered, whatever it said."""
        self._hangs = 0
        self._left_alone_until = 0.0

    def is_news(self, trouble: str) -> bool:
        """Note the present trouble (empty: none) and tell whether it is another one than before."""
        is_new = trouble != self.trouble
        self.trouble = trouble
        return is_new
