"""App passwords: found by person and hash, used while they are there, gone with the person."""

from __future__ import annotations

import msgspec
import pytest

from tests.conformance.stores.records import START, HandClock, add_people, app_password, tenant, user
from vestibule.interfaces.store import AlreadyExists, Store


@pytest.fixture
async def people(store: Store, tenant_id: str) -> str:
    await add_people(store, tenant_id, "alice", "bob")
    return tenant_id


async def test_one_comes_back_as_it_was_stored(store: Store, people: str) -> None:
    first = app_password(people, applications=("mail", "calendar"), name="Büro „Nord“")
    second = app_password(people, "second", created_at=START - 1, used_at=START)
    for made in (first, second):
        await store.transact(lambda tx, made=made: tx.add_app_password(made))
    for run in (store.transact, store.read):
        assert await run(lambda tx: tx.app_passwords(people, "alice")) == (second, first)
        assert await run(lambda tx: tx.app_passwords(people, "bob")) == ()
        assert await run(lambda tx: tx.app_password_by_hash(people, "alice", "hash of second")) == second


async def test_a_hash_is_of_one_person(store: Store, people: str) -> None:
    """APP-01: the app password of somebody else is a wrong one."""
    await store.transact(lambda tx: tx.add_app_password(app_password(people)))
    for tenant_id, user_id, token_hash in (
        (people, "bob", "hash of first"),
        ("other", "alice", "hash of first"),
        (people, "alice", "hash of nothing"),
        (people, "alice", ""),
    ):
        found = await store.read(lambda tx, of=(tenant_id, user_id, token_hash): tx.app_password_by_hash(*of))
        assert found is None
    with pytest.raises(AlreadyExists):
        await store.transact(
            lambda tx: tx.add_app_password(app_password(people, "again", token_hash="hash of first"))
        )


async def test_one_is_used_while_it_is_there(store: Store, people: str, clock: HandClock) -> None:
    await store.transact(lambda tx: tx.add_app_password(app_password(people)))
    assert await store.transact(lambda tx: tx.use_app_password(people, "first"))
    assert not await store.transact(lambda tx: tx.use_app_password("other", "first"))
    held = await store.read(lambda tx: tx.app_passwords(people, "alice"))
    assert held == (msgspec.structs.replace(app_password(people), used_at=clock.now()),)
    assert not await store.transact(lambda tx: tx.remove_app_password(people, "bob", "first"))
    assert await store.transact(lambda tx: tx.remove_app_password(people, "alice", "first"))
    assert not await store.transact(lambda tx: tx.remove_app_password(people, "alice", "first"))
    assert not await store.transact(lambda tx: tx.use_app_password(people, "first"))


async def test_those_made_before_a_time_are_removed_together(store: Store, people: str) -> None:
    for name, at in (("old", START - 2), ("middle", START - 1), ("new", START)):
        made = app_password(people, name, created_at=at)
        await store.transact(lambda tx, made=made: tx.add_app_password(made))
    await store.transact(lambda tx: tx.add_app_password(app_password(people, "other", user_id="bob")))
    assert await store.transact(lambda tx: tx.remove_app_passwords(people, "alice", START)) == 2
    assert await store.transact(lambda tx: tx.remove_app_passwords(people, "alice", START)) == 0
    left = await store.read(lambda tx: tx.app_passwords(people, "alice"))
    assert [each.app_password_id for each in left] == ["new"]
    assert len(await store.read(lambda tx: tx.app_passwords(people, "bob"))) == 1


async def test_they_go_with_the_person(store: Store, people: str) -> None:
    await store.transact(lambda tx: tx.add_app_password(app_password(people)))
    await store.transact(lambda tx: tx.remove_user(people, "alice"))
    await store.transact(lambda tx: tx.add_user(user(people)))
    assert await store.read(lambda tx: tx.app_passwords(people, "alice")) == ()


async def test_those_of_another_tenant_are_others(store: Store, people: str) -> None:
    """TEN-01: the same user id in two tenants."""
    other = f"{people}-other"
    await store.transact(lambda tx: tx.put(tenant(other)))
    await add_people(store, other, "alice")
    await store.transact(lambda tx: tx.add_app_password(app_password(people)))
    assert await store.read(lambda tx: tx.app_passwords(other, "alice")) == ()
    assert not await store.transact(lambda tx: tx.remove_app_password(other, "alice", "first"))
    assert await store.transact(lambda tx: tx.remove_app_passwords(other, "alice", START + 1)) == 0
    assert len(await store.read(lambda tx: tx.app_passwords(people, "alice"))) == 1


async def test_that_a_person_has_made_one_is_kept(store: Store, people: str) -> None:
    await store.transact(lambda tx: tx.replace_user(user(people, has_made_app_password=True)))
    subject = await store.read(lambda tx: tx.subject(people, "alice"))
    assert subject is not None
    assert subject.user.has_made_app_password
