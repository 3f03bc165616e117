"""Hostile messages against a connection of the proxy: each ends in an answer or the end of that connection.

The connection is the real one, with a transport of the test, so that hundreds of thousands take minutes. The
seeds are the conformance vectors. A run is repeatable: the same numbers come out of the same seed.
"""

from __future__ import annotations

import asyncio
import random
import tracemalloc
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from tests.fuzz.ldap.test_ldap_decoder_fuzz import mutated, seeds, wrapped
from vestibule.frontends.ldap.connection import Connection
from vestibule.frontends.ldap.door import Door
from vestibule.frontends.ldap.upstream import Upstream
from vestibule.model.application import Application, Client, ClientKind
from vestibule.services.configuration import EMPTY, Peer
from vestibule.services.metrics import Metrics
from vestibule.wire.ldap import MessageStream, encode
from vestibule.wire.ldap.filters import Present
from vestibule.wire.ldap.messages import (
    Message,
    Result,
    Scope,
    SearchRequest,
    SearchResultDone,
)
from vestibule.wire.ldap.passing import read_envelope


class Wire(asyncio.Transport):
    """Keeps what is written, and whether the end has come."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.is_closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("192.0.2.20", 40_000) if name == "peername" else default

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Nobody:
    """There is no directory, so everything that would reach it is answered with `unavailable`."""

    async def behind(self, application: Application) -> None:
        return None


def open_door() -> Door:
    application = Application(tenant_id="t", application_id="a", name="A", created_at=0)
    client = Client(
        tenant_id="t",
        client_id="c",
        application_id="a",
        kind=ClientKind.LDAP,
        name="C",
        address="192.0.2.0/24",
        settings={"demand_tls": False, "allow_anonymous": True},
        created_at=0,
    )
    snapshot = msgspec.structs.replace(EMPTY, peers={"c": Peer(client, application, ())})
    configuration = SimpleNamespace(current=snapshot)
    return Door(cast("Any", None), cast("Any", Nobody()), cast("Any", configuration), Metrics(), None, 100)


async def said(door: Door, data: bytes) -> Wire:
    """Return what comes of these octets on a connection of their own, once it is quiet."""
    wire = Wire()
    connection = Connection(door)
    connection.connection_made(wire)
    connection.data_received(data)
    while connection.is_busy:  # noqa: ASYNC110 - every piece of work ends in the next turns of the loop
        await asyncio.sleep(0)
    connection.connection_lost(None)
    return wire


def read(octets: bytes | bytearray) -> list[Message]:
    """Return all messages of a peer who keeps to the protocol."""
    stream = MessageStream()
    stream.feed(bytes(octets))
    found = []
    while (message := stream.next_message()) is not None:
        assert isinstance(message, Message), message
        found.append(message)
    assert stream.pending_bytes == 0
    return found


async def test_hostile_requests_end_in_an_answer_or_an_end(proof: Callable[[int, int], int]) -> None:
    """LD-14: no crash, no growth, nothing left under way; every word of ours is LDAP."""
    rounds = proof(1_000, 200_000)
    grown, chance, door = seeds(), random.Random(4512), open_door()
    answered = ended = 0
    tracemalloc.start()
    for number in range(rounds):
        data = mutated(chance.choice(grown), chance, grown)
        wire = await said(door, wrapped(data[5:]) if number % 2 else data)
        answers = read(wire.written)
        answered += bool(answers)
        ended += wire.is_closed
        assert len(answers) < 10
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert not door.connections
    assert not door.tasks
    assert answered > rounds // 20
    assert ended > rounds // 20
    assert peak < 16 * 1024 * 1024


def test_hostile_answers_of_a_directory_reach_nobody(proof: Callable[[int, int], int]) -> None:
    """LD-14: what is no message ends both connections, and what passes is whole messages."""
    rounds = proof(1_000, 200_000)
    grown, chance = seeds(), random.Random(4514)
    request = Message(5, SearchRequest("", Scope.BASE, Present("cn")))
    envelope = read_envelope(encode(request))
    done = encode(Message(5, SearchResultDone(Result(0))))
    lost = 0
    for _ in range(rounds):
        passed, ends = bytearray(), []
        client = SimpleNamespace(language="en", deliver=passed.extend, upstream_lost=ends.append)
        upstream = Upstream()
        upstream.use(Wire())
        upstream.send(encode(request), cast("Any", envelope))
        upstream.belong_to(cast("Any", client))
        upstream.data_received(mutated(chance.choice(grown), chance, grown) + done)
        stream = MessageStream()
        stream.feed(bytes(passed))
        while isinstance(stream.next_frame(), bytes):
            pass
        assert stream.pending_bytes == 0
        lost += bool(ends)
    assert lost > rounds // 20
