"""A gateway whose far end is the test itself: it keeps what it is given and says what the test tells it to.

It is in the place of a phone network that no test can have. What it promises is what every gateway does
(tests/conformance/gateways).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.interfaces.gateway import Call, Errand, Sending, Sent, Surroundings, Text, ToPhone
from vestibule.model.delivery import Carries


class FarEndSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: int = 0
    """Tells one gateway from another."""


class FarEnd:
    """Implements `Gateway`, `CallsEnd`."""

    def __init__(self, kind: FarEndKind, surroundings: Surroundings) -> None:
        self._kind = kind
        self.inbox = surroundings.inbox
        self.gateway_id = surroundings.gateway_id

    async def send(self, errand: Errand) -> Sending:
        self._kind.errands.append(errand)
        self._kind.arrived.put_nowait((self, errand))
        return await self._kind.answer(self, errand)

    async def hang_up(self, delivery_id: str) -> None:
        self._kind.hung_up.put_nowait(delivery_id)

    async def close(self) -> None:
        self._kind.closed += 1


class FarEndKind:
    """The constant `GATEWAY` of it. `answer` is what `send` returns, to be replaced by a test."""

    name = "far_end"
    carries = frozenset({Carries.TEXT, Carries.CALL})
    settings = FarEndSettings

    def __init__(self) -> None:
        self.errands: list[Errand] = []
        self.arrived: asyncio.Queue[tuple[FarEnd, Errand]] = asyncio.Queue()
        self.hung_up: asyncio.Queue[str] = asyncio.Queue()
        self.closed = 0
        self.answer: Callable[[FarEnd, Errand], Awaitable[Sending]] = takes

    def open(self, settings: Mapping[str, Any], secret: Secret[str], surroundings: Surroundings) -> FarEnd:
        del secret
        msgspec.convert(settings, FarEndSettings)
        return FarEnd(self, surroundings)

    @property
    def texts(self) -> list[Text]:
        return [each for each in self.errands if isinstance(each, Text)]

    async def next_text(self) -> tuple[FarEnd, Text]:
        """Wait for a text to arrive."""
        async with asyncio.timeout(10):
            gateway, errand = await self.arrived.get()
        assert isinstance(errand, Text)
        return gateway, errand

    async def next_call(self) -> tuple[FarEnd, Call]:
        """Wait for a call to be placed."""
        async with asyncio.timeout(10):
            gateway, errand = await self.arrived.get()
        assert isinstance(errand, Call)
        return gateway, errand


async def takes(gateway: FarEnd, errand: Errand) -> Sending:
    assert isinstance(errand, ToPhone)
    return Sent(f"{gateway.gateway_id}:{errand.delivery_id}")
