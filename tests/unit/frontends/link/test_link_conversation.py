"""What a link promises: the one over frames and the one that tests of others use keep the same promises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.links import PEER, Pair
from vestibule.frontends._link_conversation import MOST_AT_WORK, Conversation
from vestibule.frontends.link.dialing import FIRST_PAUSE, LONGEST_PAUSE, pauses
from vestibule.interfaces.link import MAX_BODY, Handlers, Link, LinkDown, Peer, Refused
from vestibule.wire.link import Answer, Ask, TurnedAway, encode

SOON = 30.0


@dataclass(frozen=True, slots=True)
class Ends:
    service: Link
    server: Link
    cut: Callable[[], None]


class Pipe:
    """Octets from one end to the other; `None` is its end."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def send(self, octets: bytes) -> None:
        self.queue.put_nowait(octets)

    async def receive(self) -> bytes:
        octets = await self.queue.get()
        if octets is None:
            raise ConnectionResetError
        return octets


@asynccontextmanager
async def conversations(at_service: Handlers, at_server: Handlers) -> AsyncIterator[Ends]:
    there, back = Pipe(), Pipe()
    service = Conversation(PEER, at_service, there.send, back.receive)
    server = Conversation(PEER, at_server, back.send, there.receive)

    def cut() -> None:
        for pipe in (there, back):
            pipe.queue.put_nowait(None)

    async with asyncio.TaskGroup() as running:
        running.create_task(service.run())
        running.create_task(server.run())
        yield Ends(service, server, cut)
        cut()


@asynccontextmanager
async def pair(at_service: Handlers, at_server: Handlers) -> AsyncIterator[Ends]:
    ends = Pair(at_service, at_server)
    yield Ends(ends.service, ends.server, ends.cut)


both = pytest.mark.parametrize("linked", [conversations, pair])


async def shout(peer: Peer, body: bytes) -> bytes:
    return peer.server_name.encode() + b" " + body.upper()


async def refuse(_peer: Peer, _body: bytes) -> bytes:
    raise Refused("not_today")


async def fail(_peer: Peer, _body: bytes) -> bytes:
    raise ZeroDivisionError


async def say_much(_peer: Peer, _body: bytes) -> bytes:
    return bytes(MAX_BODY + 1)


@both
async def test_each_end_asks_and_answers(linked: Callable[..., object]) -> None:
    async with linked({"shout": shout}, {"shout": shout}) as ends:
        asked = [end.ask("shout", b"a", SOON) for end in (ends.service, ends.server) for _ in range(20)]
        assert set(await asyncio.gather(*asked)) == {b"node-1 A"}
        assert ends.service.is_up


@both
@pytest.mark.parametrize(
    ("kind", "why"), [("refuse", "not_today"), ("fail", "failed"), ("none", "unknown_kind")]
)
async def test_a_refusal_says_why(linked: Callable[..., object], kind: str, why: str) -> None:
    async with linked({"refuse": refuse, "fail": fail}, {}) as ends:
        with pytest.raises(Refused) as refused:
            await ends.server.ask(kind, b"", SOON)
        assert refused.value.kind == why


@both
async def test_a_body_is_bounded(linked: Callable[..., object]) -> None:
    async with linked({"shout": shout}, {}) as ends:
        assert len(await ends.server.ask("shout", bytes(MAX_BODY - 7), SOON)) == MAX_BODY
        with pytest.raises(Refused) as refused:
            await ends.server.ask("shout", bytes(MAX_BODY + 1), SOON)
        assert refused.value.kind == "too_large"


@both
async def test_no_answer_in_time_or_no_connection_is_no_answer(linked: Callable[..., object]) -> None:
    heard = asyncio.Event()

    async def hang(_peer: Peer, _body: bytes) -> bytes:
        heard.set()
        return await asyncio.get_running_loop().create_future()

    async with linked({"hang": hang}, {}) as ends:
        with pytest.raises(LinkDown):
            await ends.server.ask("hang", b"", 0.001)
        assert heard.is_set()
        ends.cut()
        with pytest.raises(LinkDown):
            await ends.server.ask("hang", b"", SOON)
        assert not ends.server.is_up


async def test_an_answer_that_is_too_large_is_refused() -> None:
    async with conversations({"much": say_much}, {}) as ends:
        with pytest.raises(Refused) as refused:
            await ends.server.ask("much", b"", SOON)
        assert refused.value.kind == "too_large"


async def test_an_end_works_at_so_much_and_refuses_more() -> None:
    """An end that floods is refused; it slows nobody else down."""
    begun = asyncio.Event()

    async def hang(_peer: Peer, _body: bytes) -> bytes:
        begun.set()
        return await asyncio.get_running_loop().create_future()

    async with conversations({"hang": hang}, {}) as ends, asyncio.TaskGroup() as asking:
        flood = [asking.create_task(ends.server.ask("hang", b"", SOON)) for _ in range(MOST_AT_WORK)]
        await begun.wait()
        with pytest.raises(Refused) as refused:
            await ends.server.ask("hang", b"", SOON)
        assert refused.value.kind == "busy"
        for each in flood:
            each.cancel()


@pytest.mark.parametrize("octets", [b"\xc1", encode(TurnedAway("unknown_server"))])
async def test_what_cannot_be_understood_ends_it(octets: bytes) -> None:
    pipe = Pipe()
    conversation = Conversation(PEER, {}, Pipe().send, pipe.receive)
    await pipe.send(octets)
    assert await conversation.run() == ("" if octets == b"\xc1" else "unknown_server")
    assert not conversation.is_up
    with pytest.raises(LinkDown):
        await conversation.ask("shout", b"", SOON)


async def test_an_answer_nobody_waits_for_is_passed_over() -> None:
    there, back = Pipe(), Pipe()
    conversation = Conversation(PEER, {"shout": shout}, back.send, there.receive)
    await there.send(encode(Answer(99, b"")))
    await there.send(encode(Ask(1, "shout", b"b")))
    there.queue.put_nowait(None)
    running = asyncio.create_task(conversation.run())
    await running
    assert running.result() == ""


def test_pauses_grow_up_to_a_minute() -> None:
    growing = pauses()
    found = [next(growing) for _ in range(12)]
    assert FIRST_PAUSE / 2 <= found[0] <= FIRST_PAUSE
    assert all(LONGEST_PAUSE / 2 <= each <= LONGEST_PAUSE for each in found[7:])
