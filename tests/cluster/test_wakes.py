"""Wake-ups between nodes: nothing depends on them, and a connection that was cut is made again unasked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.cluster.phones import Node, several
from tests.peers.far_end import FarEndKind
from vestibule.model.call import CallEvent, CallEventKind
from vestibule.services.outcome import Progress

CONNECTED = """
    select pid from pg_stat_activity
     where datname = current_database() and application_name = 'vestibule wakes' and wait_event = 'ClientRead'
"""
CUT = "select pg_terminate_backend(pid) from pg_stat_activity where pid = any($1)"


@pytest.fixture
async def server(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    server = await asyncpg.connect(postgres_url)
    yield server
    await server.close()


async def listeners(server: asyncpg.Connection, count: int, but: set[int]) -> set[int]:
    """Wait until so many nodes listen, on other connections than these."""
    async with asyncio.timeout(20):
        while True:
            found = {row[0] for row in await server.fetch(CONNECTED)} - but
            if len(found) == count:
                return found


async def call(nodes: list[Node], far: FarEndKind, place: str) -> tuple[asyncio.Task[Progress | None], str]:
    """Begin a sign-in on the first node, which waits for the answer and looks at nothing by itself."""
    house = nodes[0].house
    origin = house.origin("alice", "acme", user_address=place)
    progress = await house.services.verifications.start(origin)
    await nodes[0].send_due()
    _, placed = await far.next_call()
    waiting = asyncio.create_task(house.services.verifications.wait(origin, progress, 3600))
    return waiting, placed.delivery_id


async def confirm(node: Node, delivery_id: str) -> None:
    inbox = node.gateway("acme", "first").inbox
    await inbox.on_call(delivery_id, CallEvent(CallEventKind.ANSWERED))
    await inbox.on_call(delivery_id, CallEvent(CallEventKind.KEYS, "", True))


async def add_alice(node: Node) -> None:
    alice = await node.house.add_bare_person("Alice")
    await node.house.add_phone(alice, "voice", number="+4930123456")


async def test_a_node_that_only_listens_finds_out_that_nobody_can_be_heard(
    tmp_path: Path, postgres_url: str, server: asyncpg.Connection
) -> None:
    """Its connection is cut while it has nothing to tell; afterwards it hears again, without any look."""
    far = FarEndKind()
    async with several(tmp_path, postgres_url, 2, far) as (nodes, _):
        await add_alice(nodes[0])
        before = await listeners(server, 2, set())
        await server.execute(CUT, list(before))
        await listeners(server, 2, before)
        waiting, delivery_id = await call(nodes, far, "192.0.2.1")
        await confirm(nodes[1], delivery_id)
        ended = await asyncio.wait_for(waiting, 20)
    assert ended is not None
    assert ended.is_approved


async def test_while_the_connection_is_cut_a_look_is_enough(
    tmp_path: Path, postgres_url: str, server: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = FarEndKind()
    async with several(tmp_path, postgres_url, 2, far) as (nodes, _):
        await add_alice(nodes[0])
        waiting, delivery_id = await call(nodes, far, "192.0.2.1")
        monkeypatch.setattr(nodes[1].house.store, "wake", lambda verification_id: None)
        await confirm(nodes[1], delivery_id)
        await server.execute(CUT, list(await listeners(server, 2, set())))
        await nodes[0].look()
        ended = await asyncio.wait_for(waiting, 20)
    assert ended is not None
    assert ended.is_approved
