"""Frontend: a door. It turns a protocol's messages into commands and back; it decides nothing."""

from __future__ import annotations

import asyncio
from typing import Protocol


class CannotListen(OSError):
    """An address is taken, or not ours; `filename` is that address as people write it."""


class Frontend(Protocol):
    name: str

    async def start(self) -> None:
        """Bind and begin to serve; raise `CannotListen`, and OSError for another cause."""
        ...

    async def stop(self, grace_seconds: float) -> None:
        """Accept nothing new, give what runs a grace period, then drop it. Rows survive."""
        ...

    def addresses(self) -> list[str]:
        """The addresses it is bound to, as people write them."""
        ...


StopSignal = asyncio.Event
