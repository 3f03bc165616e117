"""Groups: records of the configuration, and who is in them, each in its own tenant."""

from __future__ import annotations

import pytest

from tests.conformance.stores.records import add_people, group, tenant
from vestibule.interfaces.store import AlreadyExists, Store
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter

ALL = Page()


@pytest.fixture
async def people(store: Store, tenant_id: str) -> str:
    await add_people(store, tenant_id, "alice", "bob")
    await store.transact(lambda tx: tx.put(group(tenant_id)))
    return tenant_id


async def _members(store: Store, tenant_id: str, page: Page = ALL) -> list[str]:
    listed = await store.read(lambda tx: tx.users(tenant_id, UserFilter(group_id="g1"), page))
    return [user.user_id for user in listed.rows]


async def test_a_person_is_in_a_group_once(store: Store, people: str) -> None:
    assert await store.transact(lambda tx: tx.add_member(people, "g1", "alice"))
    assert not await store.transact(lambda tx: tx.add_member(people, "g1", "alice"))
    assert await store.read(lambda tx: tx.groups_of(people, "alice")) == {"g1"}
    assert await store.read(lambda tx: tx.groups_of(people, "bob")) == frozenset()
    assert await store.read(lambda tx: tx.count_members(people, ["g1"], 9)) == {"g1": 1}
    assert await store.transact(lambda tx: tx.remove_member(people, "g1", "alice"))
    assert not await store.transact(lambda tx: tx.remove_member(people, "g1", "alice"))
    assert await store.read(lambda tx: tx.groups_of(people, "alice")) == frozenset()


async def test_members_come_by_name_page_by_page(store: Store, people: str) -> None:
    for user_id in ("bob", "alice"):
        await store.transact(lambda tx, user_id=user_id: tx.add_member(people, "g1", user_id))
    where = UserFilter(group_id="g1")
    first = await store.read(lambda tx: tx.users(people, where, Page(limit=1)))
    assert [user.user_id for user in first.rows] == ["alice"]
    rest = await _members(store, people, Page(limit=1, cursor=first.next_cursor))
    assert rest == ["bob"]


async def test_members_are_counted_up_to_a_number(store: Store, people: str) -> None:
    """Only in groups that were asked for and are there."""
    await store.transact(lambda tx: tx.put(group(people, "g2")))
    for user_id in ("alice", "bob"):
        await store.transact(lambda tx, user_id=user_id: tx.add_member(people, "g1", user_id))
    await store.transact(lambda tx: tx.add_member(people, "g2", "bob"))
    for most, counted in ((9, {"g1": 2}), (2, {"g1": 2}), (1, {"g1": 1})):
        found = await store.read(lambda tx, most=most: tx.count_members(people, ["g1", "nowhere"], most))
        assert found == counted


async def test_a_group_goes_with_its_memberships_and_a_person_with_his(store: Store, people: str) -> None:
    await store.transact(lambda tx: tx.put(group(people, "g2")))
    for group_id in ("g1", "g2"):
        await store.transact(lambda tx, group_id=group_id: tx.add_member(people, group_id, "alice"))
    await store.transact(lambda tx: tx.remove(group(people, "g2")))
    assert await store.read(lambda tx: tx.groups_of(people, "alice")) == {"g1"}
    await store.transact(lambda tx: tx.remove_user(people, "alice"))
    assert await _members(store, people) == []


async def test_a_name_is_that_of_one_group(store: Store, people: str) -> None:
    with pytest.raises(AlreadyExists):
        await store.transact(lambda tx: tx.put(group(people, "other", name="G1")))


async def test_members_of_one_tenant_are_none_of_another(store: Store, people: str) -> None:
    other = people + "-other"
    await store.transact(lambda tx: tx.put(tenant(other)))
    await add_people(store, other, "alice")
    await store.transact(lambda tx: tx.put(group(other)))
    await store.transact(lambda tx: tx.add_member(other, "g1", "alice"))
    assert await store.read(lambda tx: tx.groups_of(people, "alice")) == frozenset()
    assert await _members(store, people) == []
    assert await store.read(lambda tx: tx.count_members(people, ["g1"], 9)) == {"g1": 0}
    assert not await store.transact(lambda tx: tx.remove_member(people, "g1", "alice"))
    assert await store.read(lambda tx: tx.groups_of(other, "alice")) == {"g1"}
