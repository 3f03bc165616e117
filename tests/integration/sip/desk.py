"""The inbox of a gateway under test: answers each event by a script and keeps what it was told."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from math import pi, sin

from vestibule.crypto.secret import Secret
from vestibule.gateways.sip import GATEWAY, SipGateway
from vestibule.interfaces.gateway import Call, Receipt, Reply, Sound, Surroundings
from vestibule.model.call import (
    Ask,
    CallEvent,
    CallEventKind,
    HangUp,
    Instruction,
    Spoken,
)

NUMBER = "+4915112345678"
CALLER = "+49301234567"
ENDS = set(CallEventKind) - {CallEventKind.ANSWERED, CallEventKind.KEYS, CallEventKind.SAID}

Script = Mapping[CallEventKind, tuple[Instruction, ...]]


def tone(hertz: int, seconds: float) -> bytes:
    samples = (int(9_000 * sin(2 * pi * hertz * number / 8_000)) for number in range(int(8_000 * seconds)))
    return array("h", samples).tobytes()


def spoken(text: str = "short") -> tuple[Spoken, ...]:
    return (Spoken("en", text),)


ASK: Script = {
    CallEventKind.ANSWERED: (Ask(spoken(), seconds=1),),
    CallEventKind.KEYS: (HangUp(),),
    CallEventKind.SAID: (HangUp(),),
}


class Desk:
    """Implements `Inbox`. Texts are tones: `long` of five seconds, anything else of a fifth of one."""

    def __init__(self, script: Script = ASK) -> None:
        self.script = dict(script)
        self.told: list[tuple[str, CallEvent]] = []
        self._news = asyncio.Condition()
        self.ended_at: dict[str, float] = {}

    async def receipt(self, receipt: Receipt) -> None:
        raise AssertionError("a call has no receipt")

    async def reply(self, reply: Reply) -> None:
        raise AssertionError("a call is no text")

    async def on_call(self, delivery_id: str, event: CallEvent) -> tuple[Instruction, ...]:
        async with self._news:
            self.told.append((delivery_id, event))
            self._news.notify_all()
        return self.script.get(event.kind, ())

    async def sound(self, spoken: Spoken) -> Sound:
        return Sound(tone(440, 5 if spoken.text == "long" else 0.2))

    def events(self, delivery_id: str = "d1") -> list[CallEvent]:
        return [event for told_of, event in self.told if told_of == delivery_id]

    async def wait_for(
        self, *kinds: CallEventKind, delivery_id: str = "d1", seconds: float = 20
    ) -> CallEvent:
        """Wait until one of these is told of a call."""

        def found() -> CallEvent | None:
            return next((event for event in self.events(delivery_id) if event.kind in kinds), None)

        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(found)
        event = found()
        assert event is not None
        return event


def call(delivery_id: str = "d1", **changes: object) -> Call:
    values: dict[str, object] = {"delivery_id": delivery_id, "to": NUMBER} | changes
    return Call(**values)  # type: ignore[arg-type]


@asynccontextmanager
async def gateway(
    desk: Desk, port: int, *, password: str = "", server: str = "127.0.0.1", **settings: object
) -> AsyncIterator[SipGateway]:
    """A gateway whose trunk is on this machine."""
    given = {"server": server, "port": port, "caller_id": CALLER, **settings}
    opened = GATEWAY.open(given, Secret(password), Surroundings(gateway_id="g1", inbox=desk))
    try:
        yield opened
    finally:
        await opened.close()


async def finished(of: SipGateway) -> None:
    """Wait until no call is left."""
    tasks = list(of._tasks)
    if tasks:
        async with asyncio.timeout(20):
            await asyncio.wait(tasks)
