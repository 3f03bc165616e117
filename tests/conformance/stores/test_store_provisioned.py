"""Whom a provider has pushed: found by identifier, gone with the person, and never another tenant's."""

from __future__ import annotations

from msgspec.structs import replace

from tests.conformance.stores.records import add_people, tenant
from vestibule.interfaces.store import Store
from vestibule.model.group import Group
from vestibule.model.provisioning import Provisioned, ProvisionedGroup


def _pushed(tenant_id: str, user_id: str, **more: object) -> Provisioned:
    told = {"client_id": "c1", "external_id": f"x-{user_id}", "pushed_at": 7, **more}
    return Provisioned(tenant_id=tenant_id, user_id=user_id, **told)


async def test_people_are_listed_by_identifier_without_those_who_are_gone(
    store: Store, tenant_id: str
) -> None:
    await add_people(store, tenant_id, "alice", "bob", "carol", "dave")
    await store.transact(lambda tx: tx.put_provisioned(_pushed(tenant_id, "bob", is_gone=True)))
    listed = await store.read(lambda tx: tx.people_known(tenant_id, "", 2))
    assert [each.user_id for each in listed] == ["alice", "carol"]
    assert [each.user_id for each in await store.read(lambda tx: tx.people_known(tenant_id, "carol", 9))] == [
        "dave"
    ]
    assert [each.user_id for each in await store.read(lambda tx: tx.people_known(tenant_id, "", 9, 2))] == [
        "dave"
    ]
    assert await store.read(lambda tx: tx.count_known(tenant_id)) == 3


async def test_what_was_pushed_is_replaced_found_and_goes_with_the_person(
    store: Store, tenant_id: str
) -> None:
    await add_people(store, tenant_id, "alice", "bob")
    first = _pushed(tenant_id, "alice", names=("alice",), fields=("email",), told={"displayName": "A"})
    second = replace(first, told={"displayName": "Å", "emails": [{"value": "a@b.c"}]}, pushed_at=9)
    for record in (first, second, _pushed(tenant_id, "bob")):
        await store.transact(lambda tx, record=record: tx.put_provisioned(record))
    assert await store.read(lambda tx: tx.provisioned(tenant_id, ("alice", "nobody"))) == {"alice": second}
    assert await store.read(lambda tx: tx.provisioned_as(tenant_id, "x-alice")) == (second,)
    assert await store.read(lambda tx: tx.last_provisioned(tenant_id, 1)) == (second,)
    await store.transact(lambda tx: tx.remove_user(tenant_id, "alice"))
    assert await store.read(lambda tx: tx.provisioned(tenant_id, ("alice", "bob"))) == {
        "bob": _pushed(tenant_id, "bob")
    }


async def test_groups_that_were_pushed_and_who_is_in_them(store: Store, tenant_id: str) -> None:
    await add_people(store, tenant_id, "alice", "bob")
    group = Group(tenant_id=tenant_id, group_id="g1", name="Staff", created_at=1)
    await store.transact(lambda tx: tx.put(group))
    for user_id in ("bob", "alice"):
        await store.transact(lambda tx, user_id=user_id: tx.add_member(tenant_id, "g1", user_id))
    members = await store.read(lambda tx: tx.members(tenant_id, "g1", "", 9))
    assert members == ("alice", "bob")
    assert await store.read(lambda tx: tx.members(tenant_id, "g1", "alice", 9)) == members[1:]
    assert await store.read(lambda tx: tx.memberships(tenant_id, ("bob", "carol"))) == {
        "bob": frozenset({"g1"})
    }
    pushed = ProvisionedGroup(tenant_id=tenant_id, group_id="g1", client_id="c1", pushed_at=7)
    for record in (pushed, replace(pushed, external_id="x")):
        await store.transact(lambda tx, record=record: tx.put_provisioned_group(record))
    assert await store.read(lambda tx: tx.provisioned_groups(tenant_id)) == {
        "g1": replace(pushed, external_id="x")
    }
    await store.transact(lambda tx: tx.remove(group))
    assert await store.read(lambda tx: tx.provisioned_groups(tenant_id)) == {}


async def test_another_tenant_has_nothing_of_it(store: Store, tenant_id: str) -> None:
    """TEN-01."""
    other = f"{tenant_id}-other"
    await store.transact(lambda tx: tx.put(tenant(other)))
    await add_people(store, tenant_id, "alice")
    await store.transact(lambda tx: tx.put(Group(tenant_id=tenant_id, group_id="g1", name="S", created_at=1)))
    await store.transact(lambda tx: tx.add_member(tenant_id, "g1", "alice"))
    await store.transact(lambda tx: tx.put_provisioned(_pushed(tenant_id, "alice")))
    pushed = ProvisionedGroup(tenant_id=tenant_id, group_id="g1", client_id="c1", pushed_at=7)
    await store.transact(lambda tx: tx.put_provisioned_group(pushed))
    assert await store.read(lambda tx: tx.people_known(other, "", 9)) == ()
    assert await store.read(lambda tx: tx.count_known(other)) == 0
    assert await store.read(lambda tx: tx.provisioned(other, ("alice",))) == {}
    assert await store.read(lambda tx: tx.provisioned_as(other, "x-alice")) == ()
    assert await store.read(lambda tx: tx.last_provisioned(other, 9)) == ()
    assert await store.read(lambda tx: tx.memberships(other, ("alice",))) == {}
    assert await store.read(lambda tx: tx.members(other, "g1", "", 9)) == ()
    assert await store.read(lambda tx: tx.provisioned_groups(other)) == {}
