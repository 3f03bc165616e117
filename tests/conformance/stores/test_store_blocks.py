"""Blocks and bypasses: one that holds for each person, ended once, and the user says the same."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import START, HandClock, add_people, group, tenant, verification
from vestibule.interfaces.store import AlreadyExists, Conflict, Store
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.blocks import BlockFilter, BypassFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.block import Block, BlockCause
from vestibule.model.bypass import Bypass, BypassState


@pytest.fixture
async def people(store: Store, tenant_id: str) -> str:
    await add_people(store, tenant_id, "alice", "bob")
    return tenant_id


def block(tenant_id: str, block_id: str = "one", user_id: str = "alice", **fields: Any) -> Block:
    usual = {
        "tenant_id": tenant_id,
        "block_id": block_id,
        "user_id": user_id,
        "username": user_id.title(),
        "cause": BlockCause.HAND,
        "reason": "stolen",
        "actor": "root",
        "actor_name": "root",
        "begun_at": START,
        "until": START + 1000,
    }
    return Block(**(usual | fields))


def bypass(tenant_id: str, bypass_id: str = "one", user_id: str = "alice", **fields: Any) -> Bypass:
    usual = {
        "tenant_id": tenant_id,
        "bypass_id": bypass_id,
        "user_id": user_id,
        "username": user_id.title(),
        "seconds": 300,
        "reason": "forgotten",
        "actor": "root",
        "actor_name": "root",
        "made_at": START,
        "expires_at": START + 300_000,
    }
    return Bypass(**(usual | fields))


async def marks(store: Store, tenant_id: str, user_id: str = "alice") -> tuple[int, int]:
    found = await store.read(lambda tx: tx.subject(tenant_id, user_id))
    assert found is not None
    return found.user.blocked_until, found.user.bypass_until


async def test_a_block_comes_back_as_it_was_stored_and_marks_the_user(store: Store, people: str) -> None:
    made = block(people, phone="+4930123456", language="de", verification_id="v1", cause=BlockCause.FRAUD)
    await store.transact(lambda tx: tx.add_block(made))
    for run in (store.transact, store.read):
        assert await run(lambda tx: tx.block_of(people, "alice")) == made
        assert await run(lambda tx: tx.block_of(people, "bob")) is None
        assert await run(lambda tx: tx.is_number_blocked(people, "+4930123456"))
        assert not await run(lambda tx: tx.is_number_blocked(people, "+4930123457"))
        assert not await run(lambda tx: tx.is_number_blocked(people, ""))
    assert await marks(store, people) == (START + 1000, 0)
    assert await marks(store, people, "bob") == (0, 0)


async def test_a_person_has_one_block_that_holds(store: Store, people: str, clock: HandClock) -> None:
    await store.transact(lambda tx: tx.add_block(block(people)))
    with pytest.raises(AlreadyExists):
        await store.transact(lambda tx: tx.add_block(block(people, "two")))
    clock.time += 1000
    assert await store.read(lambda tx: tx.block_of(people, "alice")) is None
    second = block(people, "two", begun_at=clock.time, until=clock.time + 5)
    await store.transact(lambda tx: tx.add_block(second))
    rows = (await store.read(lambda tx: tx.blocks(people, BlockFilter(), Page()))).rows
    assert [(row.block_id, row.ended_at) for row in rows] == [("two", None), ("one", START + 1000)]


async def test_a_block_is_lifted_once(url: str, opened: Opened, people: str) -> None:
    nodes = [await opened(url), await opened(url)]
    await nodes[0].transact(lambda tx: tx.add_block(block(people)))
    lifted = await asyncio.gather(
        *(
            nodes[n % 2].transact(lambda tx: tx.lift_block(people, "alice", "root", "Root", "found"))
            for n in range(8)
        )
    )
    (made,) = [each for each in lifted if each is not None]
    assert (made.ended_by, made.ended_by_name, made.end_reason) == ("root", "Root", "found")
    assert await marks(nodes[1], people) == (0, 0)


async def test_a_change_of_the_user_does_not_undo_a_block(store: Store, people: str) -> None:
    """Whoever read the person before the block must read him again."""
    before = await store.read(lambda tx: tx.subject(people, "alice"))
    assert before is not None
    await store.transact(lambda tx: tx.add_block(block(people)))
    assert not await store.transact(lambda tx: tx.replace_user(before.user))
    assert await marks(store, people) == (START + 1000, 0)


async def test_blocks_are_listed_newest_first_page_by_page(store: Store, people: str) -> None:
    for number, name in enumerate(("alice", "bob")):
        made = block(people, f"b{number}", name, begun_at=START + number)
        await store.transact(lambda tx, made=made: tx.add_block(made))
    first = await store.read(lambda tx: tx.blocks(people, BlockFilter(), Page(limit=1)))
    rest = await store.read(lambda tx: tx.blocks(people, BlockFilter(), Page(5, first.next_cursor)))
    assert [row.username for row in (*first.rows, *rest.rows)] == ["Bob", "Alice"]
    for where, names in (
        (BlockFilter(text="AL"), ["Alice"]),
        (BlockFilter(text="alice"), ["Alice"]),
        (BlockFilter(text="alicf"), []),
        (BlockFilter(user_id="bob"), ["Bob"]),
        (BlockFilter(is_active=True), ["Bob", "Alice"]),
    ):
        found = await store.read(lambda tx, where=where: tx.blocks(people, where, Page()))
        assert [row.username for row in found.rows] == names


async def test_what_was_blocked_stays_when_its_person_is_gone(store: Store, people: str) -> None:
    await store.transact(lambda tx: tx.add_block(block(people)))
    await store.transact(lambda tx: tx.add_bypass(bypass(people)))
    await store.transact(lambda tx: tx.remove_user(people, "alice"))
    assert (await store.read(lambda tx: tx.blocks(people, BlockFilter(), Page()))).rows
    assert (await store.read(lambda tx: tx.bypasses(people, BypassFilter(), Page()))).rows


async def test_a_bypass_is_consumed_once_in_the_world(url: str, opened: Opened, people: str) -> None:
    """BYP-01."""
    nodes = [await opened(url), await opened(url)]
    for number in range(10):
        made = bypass(people, f"y{number}")
        await nodes[0].transact(lambda tx, made=made: tx.add_bypass(made))
        assert await marks(nodes[1], people) == (0, START + 300_000)
        consumed = await asyncio.gather(
            *(nodes[n % 2].transact(lambda tx: tx.consume_bypass(people, "alice", "vpn")) for n in range(16))
        )
        (used,) = [each for each in consumed if each is not None]
        assert (used.bypass_id, used.state) == (f"y{number}", BypassState.USED)
        assert await marks(nodes[1], people) == (0, 0)


async def test_a_bypass_is_for_its_time_its_place_and_its_person(
    store: Store, people: str, clock: HandClock
) -> None:
    await store.transact(lambda tx: tx.add_bypass(bypass(people, application_id="vpn")))
    for who, where in (("alice", "mail"), ("bob", "vpn")):
        assert await store.transact(lambda tx, w=who, a=where: tx.consume_bypass(people, w, a)) is None
    assert await store.transact(lambda tx: tx.consume_bypass(f"{people}-other", "alice", "vpn")) is None
    for outside in (-1, 300_000):
        clock.time = START + outside
        assert await store.transact(lambda tx: tx.consume_bypass(people, "alice", "vpn")) is None
        assert await store.read(lambda tx: tx.waiting_bypass(people, "alice")) is None
    clock.time = START + 299_999
    assert await store.transact(lambda tx: tx.consume_bypass(people, "alice", "vpn")) is not None


async def test_a_person_has_one_bypass_that_waits(store: Store, people: str) -> None:
    await store.transact(lambda tx: tx.add_bypass(bypass(people)))
    with pytest.raises(Conflict):
        await store.transact(lambda tx: tx.add_bypass(bypass(people, "two")))
    ended = await store.transact(lambda tx: tx.end_bypass(people, "alice"))
    assert ended is not None
    assert ended.state is BypassState.WITHDRAWN
    assert await store.transact(lambda tx: tx.end_bypass(people, "alice")) is None
    await store.transact(lambda tx: tx.add_bypass(bypass(people, "two")))
    assert await store.read(lambda tx: tx.waiting_bypass(people, "alice")) == bypass(people, "two")


async def test_what_is_over_is_written_as_over(own_url: str, opened: Opened, clock: HandClock) -> None:
    store = await opened(own_url)
    await store.transact(lambda tx: tx.put(tenant("acme")))
    await add_people(store, "acme", "alice", "bob")
    for name in ("alice", "bob"):
        made = bypass("acme", name, name)
        await store.transact(lambda tx, made=made: tx.add_bypass(made))
    assert await store.transact(lambda tx: tx.expire_bypasses(10)) == 0
    clock.time += 300_000
    assert [await store.transact(lambda tx: tx.expire_bypasses(1)) for _ in range(3)] == [1, 1, 0]
    rows = (await store.read(lambda tx: tx.bypasses("acme", BypassFilter(), Page()))).rows
    assert {row.state for row in rows} == {BypassState.EXPIRED}
    assert await marks(store, "acme") == (0, 0)


@pytest.mark.parametrize("groups", [("sales",), ("legal", "sales"), ("legal",)])
async def test_lists_are_of_people_within_some_groups(
    store: Store, people: str, groups: tuple[str, ...]
) -> None:
    """TEN-05: nobody who is in none of them, and nothing that is nobody's, whatever else is sought."""
    await store.transact(lambda tx: tx.put(group(people, "sales", name="Sales")))
    await store.transact(lambda tx: tx.add_member(people, "sales", "alice"))
    for user_id in ("alice", "bob", ""):
        seen = {"verification_id": user_id or "nobody", "user_id": user_id, "claimed_username": "al"}
        await store.transact(lambda tx, seen=seen: tx.add_verification(verification(people, **seen)))
    for user_id in ("alice", "bob"):
        await store.transact(lambda tx, user_id=user_id: tx.add_block(block(people, user_id, user_id)))
        await store.transact(lambda tx, user_id=user_id: tx.add_bypass(bypass(people, user_id, user_id)))
    expected = ["alice"] if "sales" in groups else []
    for text in ("", "al"):
        attempts, blocks, bypasses = (
            VerificationFilter(text=text, within=groups),
            BlockFilter(text=text, within=groups),
            BypassFilter(text=text, within=groups),
        )
        for listed in (
            await store.read(lambda tx, where=attempts: tx.verifications(people, where, Page())),
            await store.read(lambda tx, where=blocks: tx.blocks(people, where, Page())),
            await store.read(lambda tx, where=bypasses: tx.bypasses(people, where, Page())),
        ):
            assert [row.user_id for row in listed.rows] == expected
