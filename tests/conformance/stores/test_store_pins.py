"""PINs: one for each person, changed by whoever saw the newest, gone with the person."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import LIMITS, START, add_people, pin, tenant, user
from vestibule.interfaces.store import Store
from vestibule.model.throttle import Factor, Throttle


@pytest.fixture
async def people(store: Store, tenant_id: str) -> str:
    await add_people(store, tenant_id, "alice", "bob")
    return tenant_id


async def test_a_pin_comes_back_as_it_was_stored(store: Store, people: str) -> None:
    mine = pin(people, sealed=b"\x00\xff", must_change=True, version=7)
    assert await store.transact(lambda tx: tx.add_pin(mine))
    for run in (store.transact, store.read):
        assert await run(lambda tx: tx.pin(people, "alice")) == mine
        assert await run(lambda tx: tx.pin(people, "bob")) is None


async def test_a_person_has_one_pin(store: Store, people: str) -> None:
    assert await store.transact(lambda tx: tx.add_pin(pin(people)))
    assert not await store.transact(lambda tx: tx.add_pin(pin(people, sealed=b"other")))
    found = await store.read(lambda tx: tx.pin(people, "alice"))
    assert found == pin(people)


async def test_a_pin_is_changed_by_who_saw_the_newest(store: Store, people: str) -> None:
    await store.transact(lambda tx: tx.add_pin(pin(people)))
    newer = pin(people, sealed=b"newer", must_change=True, changed_at=START + 1)
    assert await store.transact(lambda tx: tx.replace_pin(newer))
    assert not await store.transact(lambda tx: tx.replace_pin(newer)), "the version has moved on"
    found = await store.read(lambda tx: tx.pin(people, "alice"))
    assert found == msgspec.structs.replace(newer, version=2)


async def test_of_many_changes_at_once_one_is_made(url: str, opened: Opened, people: str) -> None:
    """On two nodes; each has seen the same version."""
    nodes = [await opened(url), await opened(url)]
    await nodes[0].transact(lambda tx: tx.add_pin(pin(people)))

    async def change(number: int) -> bool:
        mine = pin(people, sealed=b"%d" % number)
        return await nodes[number % 2].transact(lambda tx: tx.replace_pin(mine))

    made = await asyncio.gather(*(change(number) for number in range(16)))
    assert sum(made) == 1
    found = await nodes[0].read(lambda tx: tx.pin(people, "alice"))
    assert found == pin(people, sealed=b"%d" % made.index(True), version=2)


async def test_a_pin_is_removed_once(store: Store, people: str) -> None:
    await store.transact(lambda tx: tx.add_pin(pin(people)))
    assert await store.transact(lambda tx: tx.remove_pin(people, "alice"))
    assert not await store.transact(lambda tx: tx.remove_pin(people, "alice"))
    assert not await store.transact(lambda tx: tx.replace_pin(pin(people)))


async def test_the_pin_goes_with_the_person(store: Store, people: str) -> None:
    for name in ("alice", "bob"):
        await store.transact(lambda tx, name=name: tx.add_pin(pin(people, name)))
        await store.transact(lambda tx, name=name: tx.settle_attempt(people, name, Factor.PIN, False, LIMITS))
    await store.transact(lambda tx: tx.remove_user(people, "alice"))
    assert await store.read(lambda tx: tx.pin(people, "alice")) is None
    assert await store.read(lambda tx: tx.pin(people, "bob")) == pin(people, "bob")
    await store.transact(lambda tx: tx.add_user(user(people)))
    assert await store.read(lambda tx: tx.throttles(people, "alice")) == {}
    assert await store.read(lambda tx: tx.pin(people, "alice")) is None


async def test_a_pin_of_another_tenant_is_another(store: Store, people: str) -> None:
    """TEN-01: the same user id in two tenants."""
    other = f"{people}-other"
    await store.transact(lambda tx: tx.put(tenant(other)))
    await add_people(store, other, "alice")
    await store.transact(lambda tx: tx.add_pin(pin(people)))
    assert await store.read(lambda tx: tx.pin(other, "alice")) is None
    assert not await store.transact(lambda tx: tx.remove_pin(other, "alice"))
    assert not await store.transact(lambda tx: tx.replace_pin(pin(other)))
    assert await store.read(lambda tx: tx.pin(people, "alice")) == pin(people)


async def test_the_failures_of_a_pin_are_its_own(store: Store, people: str) -> None:
    """Neither passwords nor passcodes are locked with it, and all three are told."""
    for factor, failures in ((Factor.PASSWORD, 1), (Factor.PASSCODE, 2), (Factor.PIN, 3)):
        for _ in range(failures):
            await store.transact(
                lambda tx, factor=factor: tx.settle_attempt(people, "alice", factor, False, LIMITS)
            )
    for run in (store.transact, store.read):
        assert await run(lambda tx: tx.throttles(people, "alice")) == {
            Factor.PASSWORD: Throttle(Factor.PASSWORD, 1, 0),
            Factor.PASSCODE: Throttle(Factor.PASSCODE, 2, 0),
            Factor.PIN: Throttle(Factor.PIN, 3, START + LIMITS.lock_ms),
        }
        found = await run(lambda tx: tx.subject(people, "alice"))
        assert found is not None
        assert [held.authenticator_id for held in found.authenticators] == ["phone-alice"]
