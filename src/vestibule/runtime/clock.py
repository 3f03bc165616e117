"""The real clock, and a documented test clock that a file moves."""

from __future__ import annotations

import time
from pathlib import Path


class SystemClock:
    """The operating system's wall clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000


class FileClock:
    """For tests of a running process: the wall clock moved by the milliseconds that stand in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> int:
        moved = int(self._file.read_text()) if self._file.exists() else 0
        return time.time_ns() // 1_000_000 + moved
