"""Requests that wait: so many at once, and no more; who finds no place is answered at once and asks again.

Bounded for all and for each owner, so that waiting costs nobody else his place (WEB-14, CH-09).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

_MOST: Final = 2000
_MOST_OF_ONE: Final = 50


class LongPolls:
    def __init__(self) -> None:
        self._owners: Counter[str] = Counter()
        self._all = 0

    @asynccontextmanager
    async def place(self, owner: str, most: int = _MOST_OF_ONE) -> AsyncIterator[bool]:
        """Lend a place to wait; False if there is none."""
        if self._all >= _MOST or self._owners[owner] >= most:
            if not self._owners[owner]:
                del self._owners[owner]
            yield False
            return
        self._all += 1
        self._owners[owner] += 1
        try:
            yield True
        finally:
            self._all -= 1
            self._owners[owner] -= 1
            if not self._owners[owner]:
                del self._owners[owner]
