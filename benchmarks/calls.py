"""Calls in parallel over a SIP trunk: how many of them go well, how evenly they speak, and what that costs.

SIPp is the trunk: it answers each call, sends recorded speech and, in the end, a key, and checks the order
of all messages. The gateway runs in this process, so its processor time is this process's.
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from array import array
from pathlib import Path

import msgspec
import uvloop

from tests.peers.sipp import Sipp, pause, press, receive, respond, speak
from vestibule.crypto.secret import Secret
from vestibule.gateways.sip import GATEWAY
from vestibule.interfaces.gateway import Call, Receipt, Reply, Sent, Sound, Surroundings
from vestibule.model.call import Ask, CallEvent, CallEventKind, HangUp, Instruction, Say, Spoken

PROMPT_SECONDS = 5
LOOK_SECONDS = 0.05


class Calls(msgspec.Struct, frozen=True):
    """What one run came to."""

    placed: int
    taken: int
    succeeded: int
    """Answered, spoken to, and heard the key of."""
    seconds: float
    processor: float
    """Share of one core."""
    worst_pause: float
    """Seconds that the event loop was late at the worst: a packet could be late by as much."""

    def line(self) -> str:
        return (
            f"{f'{self.placed} calls in parallel over SIP':<58}{self.succeeded:>9,} went well"
            f"{100 * self.processor:>9.0f} % of a core{1_000 * self.worst_pause:>9.0f} ms late at worst"
        )


class _Desk:
    """Implements `Inbox`: says a prompt, asks, hangs up."""

    def __init__(self) -> None:
        self.succeeded = 0
        self.ends: list[CallEvent] = []
        samples = array("h", (int(8_000 * ((n % 20) / 10 - 1)) for n in range(8_000 * PROMPT_SECONDS)))
        self._sound = Sound(samples.tobytes())

    async def receipt(self, receipt: Receipt) -> None: ...

    async def reply(self, reply: Reply) -> None: ...

    async def on_call(self, delivery_id: str, event: CallEvent) -> tuple[Instruction, ...]:
        prompt = (Spoken("en", "prompt"),)
        if event.kind is CallEventKind.ANSWERED:
            return Say(prompt), Ask(prompt, seconds=10, most_keys=1)
        if event.kind is CallEventKind.KEYS:
            self.succeeded += event.keys == "5"
            return (HangUp(),)
        self.ends.append(event)
        return ()

    async def sound(self, spoken: Spoken) -> Sound:
        return self._sound


def measure(count: int = 200, a_second: int = 50) -> Calls:
    """Place `count` calls, `a_second` of them each second, which all last longer than that takes."""
    with tempfile.TemporaryDirectory(prefix="vestibule-calls-") as name:
        steps = [
            receive("INVITE"),
            respond("100 Trying", tag=""),
            respond("180 Ringing"),
            respond("200 OK", sound="sendrecv", repeats=True),
            receive("ACK"),
            speak(),
            # SIPp sends recordings one after the other on one port: the key comes once the speech is over.
            pause(9_000),
            press("5"),
            receive("BYE"),
            respond("200 OK", tag=""),
        ]
        with Sipp(Path(name), steps, calls=count, options=("-l", count, "-nr")) as trunk:
            return uvloop.run(_run(trunk.port, count, a_second))


async def _run(port: int, count: int, a_second: int) -> Calls:
    desk = _Desk()
    settings = {"server": "127.0.0.1", "port": port, "most_calls": count}
    gateway = GATEWAY.open(settings, Secret(""), Surroundings(gateway_id="bench", inbox=desk))
    began, spent = time.perf_counter(), _processor_seconds()
    watch = asyncio.ensure_future(_worst_pause())
    sending = []
    for number in range(count):
        sending.append(
            asyncio.ensure_future(gateway.send(Call(delivery_id=str(number), to=f"+49{number:09}")))
        )
        await asyncio.sleep(1 / a_second)
    taken = sum(isinstance(sent, Sent) for sent in await asyncio.gather(*sending))
    while gateway.calls:  # noqa: ASYNC110 - it tells nobody, and a look costs nothing
        await asyncio.sleep(LOOK_SECONDS)
    seconds, used = time.perf_counter() - began, _processor_seconds() - spent
    watch.cancel()
    worst = await asyncio.gather(watch, return_exceptions=True)
    await gateway.close()
    pause_seconds = worst[0] if isinstance(worst[0], float) else 0.0
    return Calls(count, taken, desk.succeeded, seconds, used / seconds, pause_seconds)


async def _worst_pause() -> float:
    worst, last = 0.0, time.perf_counter()
    try:
        while True:
            await asyncio.sleep(LOOK_SECONDS / 5)
            now = time.perf_counter()
            worst, last = max(worst, now - last - LOOK_SECONDS / 5), now
    except asyncio.CancelledError:
        return worst


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def report() -> None:
    """Print the figures of 50 and 200 calls."""
    print("\nTelephone calls, with five seconds of speech each way and a key", flush=True)
    for count in (50, 200):
        print(measure(count).line(), flush=True)


if __name__ == "__main__":
    report()
