"""RA-23: however its octets arrive, a stream is the same packets, or it is over; what it costs is bounded."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.houses import PASSWORD
from tests.integration.radius_tls.conftest import SECRET, Peer, Scene
from tests.until import until
from vestibule.frontends import _tls_accepting
from vestibule.frontends.radius import tls_connection
from vestibule.wire.radius import SharedSecret
from vestibule.wire.radius.numbers import ACCESS_REQUEST, STATUS_SERVER

REJECT = 3
MOST_GROWTH = 32 * 1024 * 1024
"""Of this process, which is also who sends."""


async def joined(scene: Scene) -> Peer:
    return await scene.connect(await scene.issue(await scene.add_client()))


def connections(scene: Scene) -> set[tls_connection.TlsConnection]:
    held: set[tls_connection.TlsConnection] = scene.frontend._tls._connections
    return held


async def test_ra_23_octet_by_octet(scene: Scene) -> None:
    peer = await joined(scene)
    for octet in peer.request("alice", PASSWORD):
        peer.writer.write(bytes((octet,)))
        await peer.writer.drain()
        await asyncio.sleep(0)
    assert (await peer.read()).code == REJECT
    await peer.close()


async def test_ra_23_a_hundred_packets_at_once(scene: Scene) -> None:
    peer = await joined(scene)
    peer.writer.write(b"".join([peer.request(f"nobody-{number}", "none") for number in range(100)]))
    answered = [await peer.read() for _ in range(100)]
    assert {each.identifier for each in answered} == set(range(100))
    assert {each.code for each in answered} == {REJECT}
    await peer.close()


@pytest.mark.parametrize("length", [0, 19, 4097, 65535])
async def test_ra_23_a_length_that_no_packet_has(scene: Scene, length: int) -> None:
    peer = await joined(scene)
    peer.writer.write(bytes((ACCESS_REQUEST, 0)) + length.to_bytes(2, "big") + bytes(16))
    assert await peer.is_closed()
    await peer.close()


async def test_ra_23_what_is_no_request_ends_the_stream(scene: Scene) -> None:
    """RFC 6613 §2.6.4: a broken attribute, a code that nobody sends to a server."""
    for broken in (bytes((ACCESS_REQUEST, 0, 0, 22)) + bytes(16) + b"\1\0", bytes((2, 0, 0, 20)) + bytes(16)):
        peer = await joined_again(scene)
        peer.writer.write(broken)
        assert await peer.is_closed()
        await peer.close()


async def joined_again(scene: Scene) -> Peer:
    """One more client: the names of clients are taken once."""
    return await scene.connect(await scene.issue(await scene.add_client(f"vpn-{os.urandom(4).hex()}")))


async def test_ra_23_idle_for_ten_minutes(scene: Scene) -> None:
    peer = await joined(scene)
    assert (await peer.ask("alice", PASSWORD)).code == REJECT
    (connection,) = connections(scene)
    now = asyncio.get_running_loop().time()
    connection.review(now + tls_connection.IDLE_SECONDS - 1)
    assert (await peer.ask("alice", PASSWORD)).code == REJECT
    connection.review(now + tls_connection.IDLE_SECONDS + 60)
    assert await peer.is_closed()
    await until(lambda: not connections(scene))
    await peer.close()


async def test_ra_23_a_packet_that_does_not_end(scene: Scene) -> None:
    peer = await joined(scene)
    peer.writer.write(peer.request("alice", PASSWORD) + peer.request("alice", PASSWORD)[:10])
    assert (await peer.read()).code == REJECT
    (connection,) = connections(scene)
    connection.review(asyncio.get_running_loop().time() + tls_connection.PACKET_SECONDS + 1)
    assert await peer.is_closed()
    await peer.close()


async def test_ra_23_who_does_not_begin_tls_is_cut_off(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tls_accepting, "HANDSHAKE_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", scene.port)
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    await until(lambda: not connections(scene))
    await Peer(reader, writer).close()


async def test_ra_23_a_thousand_connections(
    scene: Scene, proof: Callable[[int, int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that there is room for are served; one more is turned away, and nobody else suffers."""
    most = proof(20, 1000)
    monkeypatch.setattr(scene.frontend._tls, "_most", 2 * most)  # one source takes half of it
    issued = await scene.issue(await scene.add_client())
    peers = [await scene.connect(issued) for _ in range(most)]
    with pytest.raises((ConnectionError, ssl.SSLError, asyncio.IncompleteReadError)):
        await scene.connect(issued)
    assert len(connections(scene)) == most
    for peer in peers:
        assert (await peer.ask("alice", PASSWORD)).code == REJECT
        await peer.close()
    await until(lambda: not connections(scene))


def hostile(chance: random.Random, identifier: int) -> bytes:
    """Octets of a stream: packets with something wrong, or something that is none."""
    attributes = [
        (chance.randrange(1, 256), chance.randbytes(chance.randrange(60))) for _ in range(chance.randrange(5))
    ]
    code = chance.choice((ACCESS_REQUEST, STATUS_SERVER, chance.randrange(256)))
    good = SharedSecret(SECRET).encode_request(code, identifier % 256, chance.randbytes(16), attributes)
    match chance.randrange(5):
        case 0:
            return chance.randbytes(chance.randrange(1, 80))
        case 1:  # A signature that is none: taken in silence.
            return good[:22] + chance.randbytes(16) + good[38:]
        case 2:  # A length that does not fit.
            return good[:2] + chance.randrange(65536).to_bytes(2, "big") + good[4:]
        case 3:
            at = chance.randrange(len(good))
            return good[:at] + chance.randbytes(1) + good[at + 1 :]
        case _:
            return good


async def flood(scene: Scene, context: ssl.SSLContext, chance: random.Random, count: int) -> None:
    """Send so many hostile records, on one connection as long as the server leaves it open."""
    while count > 0:
        peer = await scene.knock(context)
        for record in range(min(count, 50)):
            if peer.writer.is_closing():
                break
            peer.writer.write(hostile(chance, record))
            await asyncio.sleep(0)
            count -= 1
        peer.writer.transport.abort()
    await until(lambda: not connections(scene) and not scene.frontend._tls._acceptor._handshakes)


def resident_octets() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def test_ra_23_hostile_records(scene: Scene, proof: Callable[[int, int], int]) -> None:
    """Each record holds something hostile; nothing breaks, nothing grows, and the next client is served."""
    seed = int.from_bytes(os.urandom(4), "big")
    chance = random.Random(seed)
    context = scene.context(scene.file_of(await scene.issue(await scene.add_client())))
    await flood(scene, context, chance, 200)  # until all buffers and caches have their size
    gc.collect()
    before = resident_octets()
    await flood(scene, context, chance, proof(500, 100_000))
    gc.collect()
    grown = resident_octets() - before
    peer = await scene.knock(context)
    assert (await peer.ask("nobody", "none")).code == REJECT, f"seed {seed}"
    assert scene.house.services.metrics.faults.labels("radius")._value.get() == 0, f"seed {seed}"
    assert grown < MOST_GROWTH, f"seed {seed}"
    await peer.close()


async def test_ra_23_hostile_octets_before_the_handshake(
    scene: Scene, proof: Callable[[int, int], int]
) -> None:
    chance = random.Random(int.from_bytes(os.urandom(4), "big"))
    for _ in range(proof(20, 5000)):
        reader, writer = await asyncio.open_connection("127.0.0.1", scene.port)
        head = chance.choice((b"\x16\x03\x01", b"\x16\x03\x03\x02\x00\x01\x00\x01\xfc", b""))
        writer.write(head + chance.randbytes(chance.randrange(1, 600)))
        writer.write_eof()
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(10):
                await reader.read()
        await Peer(reader, writer).close()
    await until(lambda: not connections(scene))
    peer = await joined(scene)
    assert (await peer.ask("alice", PASSWORD)).code == REJECT
    await peer.close()
