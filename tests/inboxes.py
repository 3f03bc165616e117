"""An inbox that keeps what a gateway tells it, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from vestibule.interfaces.gateway import Receipt, Reply, Sound
from vestibule.model.call import CallEvent, Instruction, Spoken


class KeepingInbox:
    """Implements `Inbox`. While `is_open` is cleared, nobody is told anything: whoever tells waits."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.replies: list[Reply] = []
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.waiting = 0
        self.problem: Exception | None = None
        """To be raised instead of taking anything, against the promise."""
        self._news = asyncio.Condition()

    async def receipt(self, receipt: Receipt) -> None:
        await self._take(lambda: self.receipts.append(receipt))

    async def reply(self, reply: Reply) -> None:
        await self._take(lambda: self.replies.append(reply))

    async def on_call(self, delivery_id: str, event: CallEvent) -> tuple[Instruction, ...]:
        return ()

    async def sound(self, spoken: Spoken) -> Sound:
        return Sound(b"")

    async def wait_for(self, what: Callable[[], bool]) -> None:
        """Wait until something is so; asked again after everything that is told."""
        async with asyncio.timeout(20), self._news:
            await self._news.wait_for(what)

    async def _take(self, note: Callable[[], None]) -> None:
        if self.problem is not None:
            raise self.problem
        async with self._news:
            self.waiting += 1
            self._news.notify_all()
        await self.is_open.wait()
        async with self._news:
            self.waiting -= 1
            note()
            self._news.notify_all()
