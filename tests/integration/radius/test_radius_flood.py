"""Malformed datagrams by the million: nothing breaks, nothing grows, and a real user signs in all the while
(RA-14, G7).

Every batch ends with a Status-Server, whose reply shows that all before it was taken from the socket: no
datagram of the count is lost on the way.
"""

from __future__ import annotations

import gc
import os
import random
from collections.abc import Callable
from pathlib import Path

from tests.integration.radius.house import SECRET, House, living_house
from tests.integration.radius.test_radius_listener import Station
from tests.integration.radius.test_radius_scene import Concentrator
from tests.unit.frontends.radius.scripted import sign_in_request
from vestibule.frontends.radius.admission import Fate
from vestibule.model.application import FirstFactor
from vestibule.wire.radius import SharedSecret, decode
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_REQUEST,
    STATUS_SERVER,
    USER_NAME,
    USER_PASSWORD,
)

VECTORS = Path(__file__).parents[2] / "conformance" / "radius" / "vectors" / "exchanges.txt"
MOST_GROWTH = 64 * 1024 * 1024
BATCH = 100
WARM_UP = 10_000
PROBE_EVERY = 20

SHARED = SharedSecret(SECRET)
STRANGER = SharedSecret(b"of somebody else")


class Sender:
    """Makes broken datagrams of many kinds, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.seeds = [
            bytes.fromhex(line.partition(":")[2])
            for line in VECTORS.read_text(encoding="utf-8").splitlines()
            if line.startswith(("request:", "reply:"))
        ]
        self.seeds.append(sign_in_request(secret=SHARED))
        self.kinds = (
            self.noise,
            self.noisy_attributes,
            self.changed,
            self.cut,
            self.wrong_length,
            self.zero_lengths,
            self.giant,
            self.signed_by_a_stranger,
            self.absurd_but_signed,
        )

    def next(self) -> bytes:
        datagram = self.chance.choice(self.kinds)()
        # A request that is sound by chance would be a sign-in, not an attack.
        return datagram[:19] if datagram == self.seeds[-1] else datagram

    def noise(self) -> bytes:
        return self.chance.randbytes(self.chance.randrange(120))

    def noisy_attributes(self) -> bytes:
        body = self.chance.randbytes(self.chance.randrange(200))
        code = self.chance.choice((1, 12, 2, 4, 255))
        return bytes((code, 1)) + (20 + len(body)).to_bytes(2, "big") + self.chance.randbytes(16) + body

    def changed(self) -> bytes:
        datagram = bytearray(self.chance.choice(self.seeds))
        for _ in range(self.chance.randrange(1, 4)):
            datagram[self.chance.randrange(len(datagram))] = self.chance.randrange(256)
        return bytes(datagram)

    def cut(self) -> bytes:
        datagram = self.chance.choice(self.seeds)
        return datagram[: self.chance.randrange(len(datagram))]

    def wrong_length(self) -> bytes:
        datagram = self.chance.choice(self.seeds)
        return datagram[:2] + self.chance.randbytes(2) + datagram[4:]

    def zero_lengths(self) -> bytes:
        count = self.chance.randrange(1, 60)
        body = bytes((self.chance.randrange(256), self.chance.randrange(2))) * count
        return b"\1\1" + (20 + len(body)).to_bytes(2, "big") + bytes(16) + body

    def giant(self) -> bytes:
        return (
            b"\1\1"
            + self.chance.choice((b"\x10\0", b"\x10\1", b"\xff\xff"))
            + bytes(self.chance.randrange(4200))
        )

    def signed_by_a_stranger(self) -> bytes:
        return sign_in_request(identifier=self.chance.randrange(256), secret=STRANGER)

    def absurd_but_signed(self) -> bytes:
        """What only a broken or taken-over client can send: it passes the door and meets everything behind
        it.
        """
        attributes = [
            (self.chance.randrange(256), self.chance.randbytes(self.chance.randrange(60)))
            for _ in range(self.chance.randrange(8))
        ]
        if self.chance.randrange(10) == 0:
            name = self.chance.choice((b"probe", b"nobody", "naïve\u202e".encode()))
            junk = self.chance.randbytes(self.chance.choice((0, 16, 32, 128)))
            attributes += [(USER_NAME, name), (USER_PASSWORD, junk)]
        identifier, authenticator = self.chance.randrange(256), self.chance.randbytes(16)
        return SHARED.encode_request(ACCESS_REQUEST, identifier, authenticator, attributes)


def resident_octets() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class Probe:
    """A user who signs in again and again, with a fresh passcode each time, and must always be let in."""

    def __init__(self, house: House) -> None:
        self.concentrator = Concentrator(house)
        self.token = house.tokens["probe"]
        self.signed_in = 0

    async def sign_in(self) -> None:
        reply = await self.concentrator.sign_in("probe", self.token.press())
        assert reply.code == ACCESS_ACCEPT
        self.signed_in += 1


def count(house: House, fate: Fate) -> int:
    value = house.metrics.registry.get_sample_value("vestibule_radius_datagrams_total", {"fate": fate.value})
    return int(value or 0)


async def all_taken(station: Station, number: int) -> None:
    """Wait until everything before this on the same way has been read."""
    request = SHARED.encode_request(STATUS_SERVER, 0, number.to_bytes(16, "big"), [])
    request_message = decode(request)
    reply = await station.ask(request)
    # Signed absurdities are answered on this way, too: their replies come first.
    while not SHARED.has_answered(decode(reply), request_message.authenticator):  # type: ignore[arg-type, union-attr]
        reply = await station.receive()


async def test_flood_of_malformed_datagrams(tmp_path: Path, proof: Callable[[int, int], int]) -> None:
    """A whole house stands behind the door, so what passes it meets the real services and the real store."""
    number = proof(20_000, 1_000_000)
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    sender = Sender(seed)
    async with living_house(tmp_path) as house:
        await house.add_client(first_factor=FirstFactor.CLIENT, mode="passcode_only")
        await house.add_user("probe")
        known, stranger = Station("127.0.0.1", house.port), Station("127.0.0.1", house.port, "127.0.0.9")
        probe = Probe(house)
        await flood(sender, WARM_UP, known, stranger, probe)  # until all buffers and caches have their size
        gc.collect()
        before = resident_octets()
        await flood(sender, number, known, stranger, probe)
        gc.collect()
        grown = resident_octets() - before
        fates = {fate: count(house, fate) for fate in Fate}
        for station in (known, stranger, probe.concentrator.station):
            station.socket.close()
    print(f"{number} datagrams, {probe.signed_in} sign-ins, {grown / 1024 / 1024:.1f} MiB grown, {fates}")
    assert fates[Fate.FAULT] == 0
    assert sum(fates.values()) >= number + WARM_UP
    assert probe.signed_in >= (number + WARM_UP) // (BATCH * PROBE_EVERY)
    assert grown <= MOST_GROWTH


async def flood(sender: Sender, count: int, known: Station, stranger: Station, probe: Probe) -> None:
    for batch in range(count // BATCH):
        known.send(*(sender.next() for _ in range(BATCH - 2)))
        stranger.send(sender.next(), sender.next())
        await all_taken(known, batch)
        if batch % PROBE_EVERY == 0:
            await probe.sign_in()
