"""Providers and licences: one provider at a time for a tenant, never more licences given than bought."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import START, HandClock, add_people, tenant, user
from vestibule.interfaces.store import AlreadyExists, Conflict, Store
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.day import day_at
from vestibule.model.licence import Coverage, Licence, LicenceKind
from vestibule.model.provider import Provider, UsageModel
from vestibule.model.user import Requirement, UserStatus

A, B = "acme", "other"
TODAY = day_at(START)


def provider(tenant_id: str = A, provider_id: str = "p1", **fields: Any) -> Provider:
    usual = {
        "tenant_id": tenant_id,
        "provider_id": provider_id,
        "name": "Servers",
        "usage_model": UsageModel.PER_USER,
        "is_linked": True,
        "currency": "EUR",
        "created_at": START,
    }
    return Provider(**(usual | fields))


def licence(tenant_id: str = A, licence_id: str = "l1", **fields: Any) -> Licence:
    usual = {
        "tenant_id": tenant_id,
        "licence_id": licence_id,
        "kind": LicenceKind.OWN,
        "quantity": 2,
        "first_day": TODAY,
        "last_day": TODAY,
        "created_at": START,
    }
    return Licence(**(usual | fields))


@pytest.fixture
async def own(own_url: str, opened: Opened) -> Store:
    """Two tenants with three people each, all of whom hold something."""
    store = await opened(own_url)
    for name in (A, B):
        await store.transact(lambda tx, name=name: tx.put(tenant(name)))
        await add_people(store, name, "alice", "bob", "carol")
    return store


async def licensed(store: Store, day: str, tenant_id: str = A) -> set[str]:
    without = await store.read(lambda tx: tx.unlicensed(tenant_id, day, 9))
    return {"alice", "bob", "carol"}.difference(without)


async def test_a_tenant_has_one_provider_at_a_time(own: Store) -> None:
    first, second = provider(), provider(provider_id="p2", usage_model=UsageModel.PER_AUTHENTICATION)
    await own.transact(lambda tx: tx.put(first))
    with pytest.raises(AlreadyExists):
        await own.transact(lambda tx: tx.put(second))
    await own.transact(lambda tx: tx.put(provider(B)))
    await own.transact(lambda tx: tx.put(replace(first, deleted_at=START)))
    with pytest.raises(Conflict):
        await own.transact(lambda tx: tx.put(replace(first, name="Late")))
    await own.transact(lambda tx: tx.put(second))
    assert (await own.read(lambda tx: tx.configuration())).providers == (second, provider(B))
    ended = replace(first, deleted_at=START, version=2)
    assert await own.read(lambda tx: tx.providers(A)) == (ended, second)
    assert await own.read(lambda tx: tx.all_providers()) == (ended, second, provider(B))


async def test_no_more_licences_are_given_than_there_are(own: Store) -> None:
    await own.transact(lambda tx: tx.put_licence(licence()))
    people = ("alice", "bob", "carol")
    given = await asyncio.gather(
        *(own.transact(lambda tx, who=who: tx.assign_licence(A, "l1", who)) for who in people)
    )
    assert sorted(given) == [False, True, True]
    assert not await own.transact(lambda tx: tx.assign_licence(B, "l1", "alice"))
    assert not await own.transact(lambda tx: tx.end_assignment(B, "l1", "alice"))
    assert await own.read(lambda tx: tx.count_assigned(A)) == {"l1": 2}
    lucky = [who for who, was_given in zip(people, given, strict=True) if was_given]
    assert [each.user_id for each in await own.read(lambda tx: tx.assigned(A, "l1", "", 9))] == lucky
    assert [each.licence_id for each in await own.read(lambda tx: tx.licences_of(A, lucky[0]))] == ["l1"]
    assert await own.transact(lambda tx: tx.end_assignment(A, "l1", lucky[0]))
    assert not await own.transact(lambda tx: tx.end_assignment(A, "l1", lucky[0]))
    assert await own.read(lambda tx: tx.count_assigned(A)) == {"l1": 1}


async def test_who_is_licensed_is_known_for_every_day(own: Store, clock: HandClock) -> None:
    """S29: as it stands when the day ends."""
    last = day_at(START + 2 * 86_400_000)
    await own.transact(lambda tx: tx.put_licence(licence(last_day=last)))
    await own.transact(lambda tx: tx.assign_licence(A, "l1", "alice"))
    clock.advance(86_400)
    await own.transact(lambda tx: tx.end_assignment(A, "l1", "alice"))
    await own.transact(lambda tx: tx.assign_licence(A, "l1", "bob"))
    days = [day_at(START + days * 86_400_000) for days in range(-1, 4)]
    found = [await licensed(own, day) for day in days]
    assert found == [set(), {"alice"}, {"bob"}, {"bob"}, set()]
    assert await licensed(own, TODAY, B) == set()
    assert await own.transact(lambda tx: tx.remove_user(A, "bob"))
    assert (await own.read(lambda tx: tx.coverage(A, last))).licensed == 0


async def test_who_is_configured_is_counted(own: Store) -> None:
    """S14, S24: who is active, and holds something or has something required of him."""
    dave = user(A, "dave")
    await own.transact(lambda tx: tx.add_user(dave))
    assert await own.read(lambda tx: tx.coverage(A, TODAY)) == Coverage(3, 0, 0)
    await own.transact(lambda tx: tx.replace_user(replace(dave, requirement=Requirement.ENABLED)))
    for bought in (licence(), licence(licence_id="l2", last_day="2100-01-01"), licence(B, quantity=7)):
        await own.transact(lambda tx, bought=bought: tx.put_licence(bought))
    await own.transact(lambda tx: tx.assign_licence(A, "l1", "dave"))
    covered = await own.read(lambda tx: tx.coverage(A, TODAY))
    assert covered == Coverage(configured=4, licensed=1, licences=4)
    assert (covered.unlicensed, covered.is_complete) == (3, True)
    assert await own.read(lambda tx: tx.unlicensed(A, TODAY, 2)) == ("alice", "bob")
    alice = (await own.read(lambda tx: tx.users_by_id(A, ["alice"])))["alice"]
    await own.transact(lambda tx: tx.replace_user(replace(alice, status=UserStatus.DISABLED)))
    later = await own.read(lambda tx: tx.coverage(A, "2099-01-01"))
    assert later == Coverage(configured=3, licensed=0, licences=2)


async def test_a_bundle_changes_once_and_goes_whole(own: Store) -> None:
    await own.transact(lambda tx: tx.put_licence(licence()))
    await own.transact(lambda tx: tx.put_licence(licence(quantity=5)))
    with pytest.raises(Conflict):
        await own.transact(lambda tx: tx.put_licence(licence(quantity=6)))
    assert await own.read(lambda tx: tx.licence(A, "l1")) == licence(quantity=5, version=2)
    assert await own.read(lambda tx: tx.licence(B, "l1")) is None
    assert await own.read(lambda tx: tx.licensed_tenants()) == (A,)
    await own.transact(lambda tx: tx.assign_licence(A, "l1", "alice"))
    assert not await own.transact(lambda tx: tx.remove_licence(B, "l1"))
    assert await own.transact(lambda tx: tx.remove_licence(A, "l1"))
    assert await own.read(lambda tx: tx.licences(A)) == ()
    assert await own.read(lambda tx: tx.licences_of(A, "alice")) == ()


async def test_a_tenant_ends_alone(own: Store) -> None:
    """S25: nothing that was set up in it is there any more, and nothing of another is touched."""
    for name in (A, B):
        await own.transact(lambda tx, name=name: tx.put(provider(name)))
        await own.transact(lambda tx, name=name: tx.put_licence(licence(name)))
        await own.transact(lambda tx, name=name: tx.assign_licence(name, "l1", "alice"))
    await own.transact(lambda tx: tx.remove_tenant(A))
    left = await own.read(lambda tx: tx.configuration())
    assert [each.tenant_id for each in left.tenants] == [B]
    assert (await own.read(lambda tx: tx.users(A, UserFilter(), Page()))).rows == ()
    assert await own.read(lambda tx: tx.licences(A)) == ()
    assert await own.read(lambda tx: tx.providers(A)) == (provider(A),)
    assert await own.read(lambda tx: tx.count_users(B)) == 3
    assert await licensed(own, TODAY, B) == {"alice"}
