"""Frontend: a door. It turns a protocol's messages into commands and back; it decides nothing."""

from __future__ import annotations

import asyncio
from typing import Protocol


class Frontend(Protocol):
    name: str

    async def start(self) -> None:
        """Bind and begin to serve; raise OSError naming the address when it is taken."""
        ...

    async def stop(self, grace_seconds: float) -> None:
        """Accept nothing new, give what runs a grace period, then drop it. Rows survive."""
        ...

    def addresses(self) -> list[str]:
        """The addresses it is bound to, as people write them."""
        ...


StopSignal = asyncio.Event
