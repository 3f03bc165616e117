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
from typing import cast

import msgspec

from benchmarks.figures import HEADER, Figures
from tests.callers import ACCESS_ACCEPT, access_request, proven_code
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


class Door(asyncio.DatagramProtocol):
    """A VPN: sends a request and tells when, and with what, it was answered."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._waiting: dict[int, tuple[bytes, asyncio.Future[float]]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self.accepted = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        request, answered = self._waiting.pop(data[1])
        self.accepted += proven_code(data, request, self._secret) == ACCESS_ACCEPT
        answered.set_result(time.perf_counter())

    def ask(self, identifier: int, name: str) -> asyncio.Future[float]:
        """Send one request; the moment of its answer is the result."""
        assert self._transport is not None
        request = access_request(self._secret, identifier, name, PASSWORD)
        answered: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting[identifier] = request, answered
        self._transport.sendto(request)
        return answered

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()


async def _door(server: PhoneServer) -> Door:
    loop = asyncio.get_running_loop()
    _, door = await loop.create_datagram_endpoint(
        lambda: Door(server.secret), remote_addr=server.process.radius_address
    )
    return door


def _trunk(port: int, **more: object) -> Configured:
    settings = {"server": "127.0.0.1", "port": port, "check_seconds": 0, "caller_id": "+4989123456", **more}
    return Configured(kind="sip", settings=settings)


async def keys(folder: Path, count: int = COUNT) -> Figures:
    """From the key to the acceptance, over SIP."""
    latencies = []
    began = time.perf_counter()
    with Phone() as phone:
        async with PhoneServer(folder) as server:
            await server.make([_trunk(phone.port)], [("voice", {})], is_boundless=True)
            await server.start()
            door = await _door(server)
            for number in range(count):
                answered = door.ask(number, "alice")
                await phone.receive("INVITE")
                phone.answer(tag=f"t{number}")
                await phone.receive("ACK")
                await _greeting(phone)
                pressed = time.perf_counter()
                phone.press("#", ssrc=number)
                latencies.append(await answered - pressed)
                bye = await phone.receive("BYE")
                phone.respond(200, "OK", to=bye)
            door.close()
    return Figures(
        "a call over SIP, from # to Access-Accept",
        count,
        door.accepted,
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
    began = time.perf_counter()
    async with Smsc() as center, PhoneServer(folder) as server:
        settings = {"host": "127.0.0.1", "port": center.port, "system_id": "esme", "tls": False}
        gateway = Configured(kind="smpp", settings=settings, secret="password")
        await server.make([gateway], [("sms", {"two_way": True})], is_boundless=True)
        await server.start()
        await center.wait_for(lambda: center.binds == 1)
        door = await _door(server)
        for number in range(count):
            answered = door.ask(number, "alice")
            await center.wait_for(lambda number=number: len(center.taken) > number)  # type: ignore[misc] # a default binds the number
            found = re.search(r"\b\d{6}\b", center.texts()[-1][1])
            assert found is not None
            replied = time.perf_counter()
            telling = asyncio.ensure_future(
                center.deliver(found[0].encode(), sender=NUMBER.removeprefix("+"))
            )
            latencies.append(await answered - replied)
            await telling
        door.close()
    return Figures(
        "a text over SMPP, from the reply to Access-Accept",
        count,
        door.accepted,
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
            door = await _door(server)
            began, spent = time.perf_counter(), server.process.cpu_seconds()
            waiting = []
            for number in range(count):
                waiting.append(door.ask(number, f"person{number}"))
                await asyncio.sleep(1 / a_second)
            done, _ = await asyncio.wait(waiting, timeout=110)
            seconds = time.perf_counter() - began
            used = server.process.cpu_seconds() - spent
            memory = server.process.resident_mib()
            door.close()
            if len(done) < count:
                print(f"{count - len(done)} were not answered", flush=True)
            return Together(count, door.accepted, seconds, used / seconds, memory)


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
