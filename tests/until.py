"""Waiting for what tells nobody when it changes: a row, the state of another process.

A test waits for an event where there is one. These look again and again, and leave the processor to the
others between two looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")

_LOOK_SECONDS = 0.005
_READ_SECONDS = 0.02


async def until(condition: Callable[[], object], seconds: float = 20, every: float = _LOOK_SECONDS) -> None:
    """Return when something is so; raises TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(every)


async def until_read(
    read: Callable[[], Awaitable[Found]], condition: Callable[[Found], object], seconds: float = 20
) -> Found:
    """Return what `read` finds as soon as it is right; raises TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        while not condition(found := await read()):  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(_READ_SECONDS)
        return found
