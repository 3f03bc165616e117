"""Requests that wait: so many at once, and no more; who finds no place is answered at once and asks again.

Bounded for all and for each owner, so that waiting costs nobody else his place (WEB-14, CH-09). A node that
stops lets all of them go: whoever waited asks another node.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine
from typing import Any, Final

_MOST: Final = 2000
_MOST_OF_ONE: Final = 50


class LongPolls:
    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._owners: Counter[str] = Counter()
        self._waits: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    async def wait(self, owner: str, waiting: Coroutine[Any, Any, object], most: int = _MOST_OF_ONE) -> bool:
        """Await `waiting` for `owner`; False if there is no place for it, or the node stops meanwhile."""
        if self._is_closed or len(self._waits) >= self._most or self._owners.get(owner, 0) >= most:
            waiting.close()
            return False
        task = asyncio.get_running_loop().create_task(waiting)
        self._waits.add(task)
        self._owners[owner] += 1
        try:
            await asyncio.wait({task})
            if not task.cancelled():
                task.result()
            return not task.cancelled()
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({task})
            self._waits.discard(task)
            self._owners[owner] -= 1
            if not self._owners[owner]:
                del self._owners[owner]

    def close(self) -> None:
        """Let everybody go; nobody waits here any more."""
        self._is_closed = True
        for task in self._waits:
            task.cancel()
