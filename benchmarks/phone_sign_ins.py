"""Sign-ins by telephone through the whole product: a door in front, a phone behind, the server between.

What is measured is what a person feels: from the key he presses, or the reply that leaves the message center,
to the Access-Accept at the VPN. Then many people at once, called over a trunk that SIPp plays, with speech
both ways; the processor time is the server's alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.figures import HEADER, Figures
from benchmarks.vpn import Vpn
from tests.integration.sip.phone import Phone
from tests.peers.sipp import Sipp, pause, press, receive, respond, speak
from tests.peers.smsc import Smsc
from tests.phone_servers import NUMBER, PASSWORD, Configured, PhoneServer

COUNT = 30
"""Sign-ins one after the other."""
TOGETHER = 200
A_SECOND = 20
_SILENCE = frozenset(b"\xd5\x55")
"""In A-law."""


async def _vpn(server: PhoneServer) -> Vpn:
    return await Vpn.beside(server.process.radius_address, server.secret)


def _trunk(port: int, **more: object) -> Configured:
    settings = {"server": "127.0.0.1", "port": port, "check_seconds": 0, "caller_id": "+4989123456", **more}
    return Configured(kind="sip", settings=settings)


async def keys(folder: Path, count: int = COUNT) -> Figures:
    """From the key to the acceptance, over SIP."""
    latencies = []
    accepted = 0
    began = time.perf_counter()
    with Phone() as phone:
        async with PhoneServer(folder) as server:
            await server.make([_trunk(phone.port)], [("voice", {})], is_boundless=True)
            await server.start()
            vpn = await _vpn(server)
            for number in range(count):
                answered = vpn.ask("alice", PASSWORD)
                await phone.receive("INVITE")
                phone.answer(tag=f"t{number}")
                await phone.receive("ACK")
                await _greeting(phone)
                pressed = time.perf_counter()
                phone.press("#", ssrc=number)
                ended = await answered
                latencies.append(ended.at - pressed)
                accepted += ended.is_accept
                bye = await phone.receive("BYE")
                phone.respond(200, "OK", to=bye)
            vpn.close()
    return Figures(
        "a call over SIP, from # to Access-Accept",
        count,
        accepted,
        time.perf_counter() - began,
        latencies,
    )


async def _greeting(phone: Phone) -> None:
    """Listen until somebody speaks; what is left of the call before is passed over."""
    with contextlib.suppress(BlockingIOError):
        while True:
            phone.rtp.recv(2_048)
    while _SILENCE.issuperset((await phone.listen()).payload):
        pass


async def replies(folder: Path, count: int = COUNT) -> Figures:
    """From the reply at the message center to the acceptance, over SMPP."""
    latencies = []
    accepted = 0
    began = time.perf_counter()
    async with Smsc() as center, PhoneServer(folder) as server:
        settings = {"host": "127.0.0.1", "port": center.port, "system_id": "esme", "tls": False}
        gateway = Configured(kind="smpp", settings=settings, secret="password")
        await server.make([gateway], [("sms", {"two_way": True})], is_boundless=True)
        await server.start()
        await center.wait_for(lambda: center.binds == 1)
        vpn = await _vpn(server)
        for number in range(count):
            answered = vpn.ask("alice", PASSWORD)
            await center.wait_for(lambda number=number: len(center.taken) > number)  # type: ignore[misc] # a default binds the number
            found = re.search(r"\b\d{6}\b", center.texts()[-1][1])
            assert found is not None
            replied = time.perf_counter()
            telling = asyncio.ensure_future(
                center.deliver(found[0].encode(), sender=NUMBER.removeprefix("+"))
            )
            ended = await answered
            latencies.append(ended.at - replied)
            accepted += ended.is_accept
            await telling
        vpn.close()
    return Figures(
        "a text over SMPP, from the reply to Access-Accept",
        count,
        accepted,
        time.perf_counter() - began,
        latencies,
    )


class Together(msgspec.Struct, frozen=True):
    """What many sign-ins by call at once came to."""

    asked: int
    accepted: int
    seconds: float
    processor: float
    """Share of one core."""
    memory: float

    def line(self) -> str:
        return (
            f"{f'{self.asked} sign-ins by call at once, passwords included':<58}{self.accepted:>9,} accepted"
            f"{100 * self.processor:>9.0f} % of a core{self.memory:>9.0f} MiB"
            f"{self.seconds:>9.1f} s"
        )


async def together(folder: Path, count: int = TOGETHER, a_second: int = A_SECOND) -> Together:
    """Ask for `count` people, `a_second` of them each second: each is called, spoken to, and presses #."""
    steps = [
        receive("INVITE"),
        respond("100 Trying", tag=""),
        respond("180 Ringing"),
        respond("200 OK", sound="sendrecv", repeats=True),
        receive("ACK"),
        speak(),
        pause(max(9_000, 1_000 * (count // a_second + 2))),
        press("pound"),
        receive("BYE"),
        respond("200 OK", tag=""),
    ]
    with Sipp(folder / "sipp", steps, calls=count, options=("-l", count, "-nr")) as trunk:
        async with PhoneServer(folder / "state") as server:
            gateway = _trunk(trunk.port, most_calls=count)
            await server.make([gateway], [("voice", {})], is_boundless=True, people=count)
            await server.start()
            vpn = await _vpn(server)
            began, spent = time.perf_counter(), server.process.cpu_seconds()
            waiting = []
            for number in range(count):
                waiting.append(vpn.ask(f"person{number}", PASSWORD))
                await asyncio.sleep(1 / a_second)
            done, _ = await asyncio.wait(waiting, timeout=110)
            accepted = sum(each.result().is_accept for each in done)
            seconds = time.perf_counter() - began
            used = server.process.cpu_seconds() - spent
            memory = server.process.resident_mib()
            vpn.close()
            if len(done) < count:
                print(f"{count - len(done)} were not answered", flush=True)
            return Together(count, accepted, seconds, used / seconds, memory)


def report() -> None:
    """Print the figures of all three."""
    print(f"\nSign-ins by telephone, one after the other, then many at once\n{HEADER}", flush=True)
    with tempfile.TemporaryDirectory(prefix="vestibule-phones-") as name:
        folder = Path(name)
        print(asyncio.run(keys(folder / "keys")).line(), flush=True)
        print(asyncio.run(replies(folder / "replies")).line(), flush=True)
        for count in (50, TOGETHER):
            print(asyncio.run(together(folder / f"together-{count}", count)).line(), flush=True)


if __name__ == "__main__":
    report()
