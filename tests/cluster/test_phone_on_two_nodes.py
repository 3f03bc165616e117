"""Start here, finish there: two nodes on one database, and what happens when one of them is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.integration.phone.conftest import NUMBER, PhoneHouse, phone_house
from tests.integration.phone.test_texts import passcode_in
from vestibule.interfaces.gateway import Reply
from vestibule.model.call import CallEvent, CallEventKind
from vestibule.model.verification import Reason

HERE = {"user_address": "192.0.2.7"}


@pytest.fixture
async def nodes(tmp_path: Path, postgres_url: str) -> AsyncIterator[tuple[PhoneHouse, PhoneHouse]]:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(phone_house(tmp_path / "one", postgres_url))
        (tmp_path / "two").mkdir()
        (tmp_path / "two" / "master.key").write_bytes((tmp_path / "one" / "master.key").read_bytes())
        (tmp_path / "two" / "master.key").chmod(0o600)
        second = await stack.enter_async_context(phone_house(tmp_path / "two", postgres_url))
        second.house.doors.update(first.house.doors)
        second.far.arrived = first.far.arrived
        yield first, second


async def add_callee(node: PhoneHouse, method: str = "voice", **options: object) -> None:
    alice = await node.house.add_bare_person("Alice")
    await node.house.add_phone(alice, method, number=NUMBER, **options)


async def test_an_answer_on_one_node_wakes_the_other(nodes: tuple[PhoneHouse, PhoneHouse]) -> None:
    here, there = nodes
    await add_callee(here, "sms", two_way=True)
    progress = await here.house.start("alice", idempotency_key="a", **HERE)
    _, text = await here.far.next_text()
    waiting = asyncio.create_task(here.house.wait("alice", progress, idempotency_key="a", **HERE))
    (opened,) = there.house.services.gateways.all("acme")
    reply = Reply(sender=NUMBER, recipient="", body=passcode_in(text))
    await opened.gateway.inbox.reply(reply)  # type: ignore[attr-defined]
    ended = await waiting
    assert ended is not None
    assert ended.is_approved


async def test_a_node_is_lost_between_the_call_and_the_key(nodes: tuple[PhoneHouse, PhoneHouse]) -> None:
    """RA-03, RA-04: the phone rings once, and the client's retry at the other node gets its accept."""
    here, there = nodes
    await add_callee(here)
    progress = await here.house.start("alice", idempotency_key="a", **HERE)
    gateway, call = await here.far.next_call()
    del gateway
    waiting = asyncio.create_task(here.house.wait("alice", progress, idempotency_key="a", **HERE))
    waiting.cancel()
    (opened,) = there.house.services.gateways.all("acme")
    inbox = opened.gateway.inbox  # type: ignore[attr-defined]
    await inbox.on_call(call.delivery_id, CallEvent(CallEventKind.ANSWERED))
    await inbox.on_call(call.delivery_id, CallEvent(CallEventKind.KEYS, "", True))
    retried = await there.house.start("alice", idempotency_key="b", **HERE)
    assert (retried.is_approved, retried.reason) == (True, Reason.CALL_CONFIRMED)
    assert len(here.far.errands) + len(there.far.errands) == 1
    attempts = await there.house.attempts()
    assert len(attempts) == 1, "one attempt, one prompt"


async def test_the_retry_at_the_other_node_waits_for_the_same_call(
    nodes: tuple[PhoneHouse, PhoneHouse],
) -> None:
    """RA-05: the request that came last gets the answer, whichever node hears of it."""
    here, there = nodes
    await add_callee(here)
    first = await here.house.start("alice", idempotency_key="a", **HERE)
    gateway, call = await here.far.next_call()
    old = asyncio.create_task(here.house.wait("alice", first, idempotency_key="a", **HERE))
    second = await there.house.start("alice", idempotency_key="b", **HERE)
    assert second.verification.verification_id == first.verification.verification_id
    new = asyncio.create_task(there.house.wait("alice", second, idempotency_key="b", **HERE))
    await gateway.inbox.on_call(call.delivery_id, CallEvent(CallEventKind.ANSWERED))
    await gateway.inbox.on_call(call.delivery_id, CallEvent(CallEventKind.KEYS, "", True))
    assert await old is None
    ended = await new
    assert ended is not None
    assert ended.is_approved


async def test_the_same_packet_at_both_nodes_is_one_attempt(nodes: tuple[PhoneHouse, PhoneHouse]) -> None:
    """RA-01: a verbatim repeat; exactly one of the two is answered."""
    here, there = nodes
    await add_callee(here)
    both = await asyncio.gather(
        *(node.house.start("alice", idempotency_key="same", **HERE) for node in (here, there))
    )
    assert len({each.verification.verification_id for each in both}) == 1
    gateway, call = await here.far.next_call()
    waits = [
        asyncio.create_task(node.house.wait("alice", each, idempotency_key="same", **HERE))
        for node, each in zip((here, there), both, strict=True)
    ]
    await gateway.inbox.on_call(call.delivery_id, CallEvent(CallEventKind.ANSWERED))
    await gateway.inbox.on_call(call.delivery_id, CallEvent(CallEventKind.KEYS, "", True))
    ended = await asyncio.gather(*waits)
    assert sum(each is not None and each.is_approved for each in ended) == 1
    assert len(here.far.errands) + len(there.far.errands) == 1


async def test_without_wake_ups_a_wait_takes_a_second_at_most(
    nodes: tuple[PhoneHouse, PhoneHouse], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost notification loses nothing: whoever waits looks at the row."""
    here, there = nodes
    monkeypatch.setattr(there.house.store, "wake", lambda verification_id: None)
    await add_callee(here)
    progress = await here.house.start("alice", idempotency_key="a", **HERE)
    _, call = await here.far.next_call()
    waiting = asyncio.create_task(here.house.wait("alice", progress, idempotency_key="a", **HERE))
    (opened,) = there.house.services.gateways.all("acme")
    inbox = opened.gateway.inbox  # type: ignore[attr-defined]
    await inbox.on_call(call.delivery_id, CallEvent(CallEventKind.ANSWERED))
    await inbox.on_call(call.delivery_id, CallEvent(CallEventKind.KEYS, "", True))
    ended = await waiting
    assert ended is not None
    assert ended.is_approved
