"""Sessions and one-time links: known by a hash, ended and spent once."""

from __future__ import annotations

import pytest

from tests.conformance.stores.records import START, HandClock, add_people, link, session
from vestibule.interfaces.store import AlreadyExists, Conflict, Store


@pytest.fixture
async def alice(store: Store, tenant_id: str) -> str:
    await add_people(store, tenant_id, "alice", "bob")
    return tenant_id


async def test_a_session_is_kept_and_replaced(store: Store, alice: str) -> None:
    token = f"{alice}-1"
    first = session(alice, token)
    await store.transact(lambda tx: tx.add_session(first))
    for run in (store.transact, store.read):
        assert await run(lambda tx: tx.session(token)) == first
        assert await run(lambda tx: tx.session("none")) is None
    moved = session(alice, token, language="de", is_second_factor_proven=False, seen_at=START + 9)
    await store.transact(lambda tx: tx.replace_session(moved))
    assert await store.read(lambda tx: tx.session(token)) == moved


async def test_a_session_ends_once(store: Store, alice: str) -> None:
    token = f"{alice}-1"
    await store.transact(lambda tx: tx.add_session(session(alice, token)))
    assert await store.transact(lambda tx: tx.end_session(token))
    assert not await store.transact(lambda tx: tx.end_session(token))
    assert await store.transact(lambda tx: tx.session(token)) is None


async def test_all_other_sessions_of_a_person_end(store: Store, alice: str) -> None:
    for name, user_id in (("1", "alice"), ("2", "alice"), ("3", "alice"), ("4", "bob")):
        record = session(alice, f"{alice}-{name}", user_id=user_id)
        await store.transact(lambda tx, record=record: tx.add_session(record))
    assert await store.transact(lambda tx: tx.end_sessions_of(alice, "alice", f"{alice}-2")) == 2
    left = [name for name in "1234" if await store.read(lambda tx, name=name: tx.session(f"{alice}-{name}"))]
    assert left == ["2", "4"]
    assert await store.transact(lambda tx: tx.end_sessions_of(alice, "alice")) == 1
    assert await store.transact(lambda tx: tx.end_sessions_of(alice, "alice")) == 0


async def test_the_sessions_of_a_person_are_listed_the_one_used_last_first(store: Store, alice: str) -> None:
    for name, user_id, seen in (("1", "alice", 5), ("2", "alice", 9), ("3", "bob", 7)):
        record = session(alice, f"{alice}-{name}", user_id=user_id, seen_at=START + seen)
        await store.transact(lambda tx, record=record: tx.add_session(record))
    found = await store.read(lambda tx: tx.sessions_of(alice, "alice"))
    assert [each.token_hash for each in found] == [f"{alice}-2", f"{alice}-1"]
    assert await store.read(lambda tx: tx.sessions_of("other", "alice")) == []


async def test_a_session_needs_its_user(store: Store, alice: str) -> None:
    with pytest.raises(Conflict):
        await store.transact(lambda tx: tx.add_session(session(alice, "x", user_id="ghost")))


async def test_a_link_is_spent_once(store: Store, tenant_id: str, clock: HandClock) -> None:
    token = f"{tenant_id}-1"
    record = link(tenant_id, token, subject="alice")
    await store.transact(lambda tx: tx.add_link(record))
    assert await store.read(lambda tx: tx.link(token, "setup")) == record
    assert await store.transact(lambda tx: tx.link(token, "other")) is None
    assert await store.transact(lambda tx: tx.spend_link(token, "other")) is None
    clock.advance(1)
    spent = await store.transact(lambda tx: tx.spend_link(token, "setup"))
    assert spent == link(tenant_id, token, subject="alice", used_at=clock.now())
    assert await store.transact(lambda tx: tx.spend_link(token, "setup")) is None
    assert await store.read(lambda tx: tx.link(token, "setup")) is None


async def test_a_link_is_over_at_its_time(store: Store, tenant_id: str, clock: HandClock) -> None:
    token = f"{tenant_id}-1"
    await store.transact(lambda tx: tx.add_link(link(tenant_id, token)))
    clock.time = START + 59_999
    assert await store.read(lambda tx: tx.link(token, "setup")) is not None
    clock.time += 1
    assert await store.read(lambda tx: tx.link(token, "setup")) is None
    assert await store.transact(lambda tx: tx.spend_link(token, "setup")) is None


async def test_a_token_is_taken_once(store: Store, tenant_id: str) -> None:
    token = f"{tenant_id}-1"
    await store.transact(lambda tx: tx.add_link(link(tenant_id, token)))
    with pytest.raises(AlreadyExists):
        await store.transact(lambda tx: tx.add_link(link(tenant_id, token, purpose="other")))
