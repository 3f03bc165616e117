"""Vouchers: one of each kind for a person, a code used once, all gone with the person."""

from __future__ import annotations

import asyncio

import pytest

from tests.conformance.stores.records import START, add_people, voucher
from tests.houses import HandClock
from vestibule.interfaces.store import Store
from vestibule.model.voucher import Voucher, VoucherKind


@pytest.fixture
async def people(store: Store, tenant_id: str) -> str:
    await add_people(store, tenant_id, "alice", "bob")
    return tenant_id


async def vouchers(store: Store, tenant_id: str, user_id: str = "alice") -> tuple[Voucher, ...]:
    return await store.read(lambda tx: tx.vouchers_of(tenant_id, user_id))


async def test_a_new_one_takes_the_place_of_its_kind(store: Store, people: str) -> None:
    window = voucher(people, kind=VoucherKind.WINDOW, code_hash="")
    for each in (voucher(people, used_at=START, used_by="session"), window, voucher(people, code_hash="new")):
        await store.transact(lambda tx, each=each: tx.put_voucher(each))
    assert set(map(repr, await vouchers(store, people))) == {
        repr(voucher(people, code_hash="new")),
        repr(window),
    }
    assert await vouchers(store, people, "bob") == ()


async def test_a_code_is_used_once_in_time_by_whom_it_is_for(
    store: Store, people: str, clock: HandClock
) -> None:
    await store.transact(lambda tx: tx.put_voucher(voucher(people, expires_at=clock.now() + 1000)))

    async def use(user_id: str = "alice", hashed: str = "hash", session: str = "s1") -> bool:
        return await store.transact(lambda tx: tx.use_code(people, user_id, hashed, session))

    assert not await use(hashed="other")
    assert not await use("bob")
    assert sum(await asyncio.gather(*(use(session=f"s{n}") for n in range(8)))) == 1
    (used,) = await vouchers(store, people)
    assert used.used_at == clock.now()
    assert used.used_by.startswith("s")
    await store.transact(lambda tx: tx.put_voucher(voucher(people, expires_at=clock.now())))
    assert not await use()


async def test_nothing_of_another_tenant_is_read_used_or_removed(store: Store, people: str) -> None:
    """TEN-01."""
    await store.transact(lambda tx: tx.put_voucher(voucher(people)))
    assert await vouchers(store, "elsewhere") == ()
    assert not await store.transact(lambda tx: tx.use_code("elsewhere", "alice", "hash", "s"))
    assert not await store.transact(lambda tx: tx.remove_vouchers("elsewhere", "alice"))
    assert await vouchers(store, people) == (voucher(people),)


async def test_they_are_taken_back_and_go_with_the_person(store: Store, people: str) -> None:
    for user_id in ("alice", "bob"):
        await store.transact(lambda tx, user_id=user_id: tx.put_voucher(voucher(people, user_id)))
    assert await store.transact(lambda tx: tx.remove_vouchers(people, "alice")) == 1
    assert await vouchers(store, people) == ()
    await store.transact(lambda tx: tx.remove_user(people, "bob"))
    assert await vouchers(store, people, "bob") == ()
