"""NT hashes: one for each person of a tenant that keeps them, all gone with the switch."""

from __future__ import annotations

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import add_people, tenant
from vestibule.interfaces.store import Store
from vestibule.model.nt_hash import NtHash


def kept(tenant_id: str, sealed: bytes = b"\x00\xff", user_id: str = "alice") -> NtHash:
    return NtHash(tenant_id=tenant_id, user_id=user_id, sealed=sealed)


async def test_the_newest_takes_the_place_of_the_one_before(store: Store, tenant_id: str) -> None:
    await add_people(store, tenant_id, "alice", "bob")
    for mine in (kept(tenant_id), kept(tenant_id, b"newer")):
        await store.transact(lambda tx, mine=mine: tx.put_nt_hash(mine))
        assert await store.read(lambda tx: tx.nt_hash(tenant_id, "alice")) == mine
    assert await store.read(lambda tx: tx.nt_hash(tenant_id, "bob")) is None


async def test_those_of_one_tenant_are_removed(own_url: str, opened: Opened) -> None:
    own = await opened(own_url)
    for each in ("a", "b"):
        await own.transact(lambda tx, each=each: tx.put(tenant(each)))
        await add_people(own, each, "alice", "bob")
        for user_id in ("alice", "bob"):
            await own.transact(
                lambda tx, each=each, user_id=user_id: tx.put_nt_hash(kept(each, user_id=user_id))
            )
    assert await own.transact(lambda tx: tx.remove_nt_hashes("a")) == 2
    assert await own.read(lambda tx: tx.nt_hash("a", "alice")) is None
    assert await own.read(lambda tx: tx.nt_hash("b", "alice")) == kept("b")


async def test_they_go_with_the_person(store: Store, tenant_id: str) -> None:
    await add_people(store, tenant_id, "alice")
    await store.transact(lambda tx: tx.put_nt_hash(kept(tenant_id)))
    await store.transact(lambda tx: tx.remove_user(tenant_id, "alice"))
    assert await store.read(lambda tx: tx.nt_hash(tenant_id, "alice")) is None
