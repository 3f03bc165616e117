"""Servers that are activated here: in groups of their tenant, by credentials that one of them uses once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from tests.conformance.stores.records import START, HandClock, activated_server
from vestibule.interfaces.store import AlreadyExists, Store
from vestibule.model.replication import ActivationCredentials, ReplicationGroup

ELSEWHERE = "elsewhere"


def group(tenant_id: str, group_id: str = "g1", **fields: Any) -> ReplicationGroup:
    usual = {
        "tenant_id": tenant_id,
        "group_id": group_id,
        "provider_id": "p1",
        "name": group_id.upper(),
        "created_at": START,
    }
    return ReplicationGroup(**(usual | fields))


def credentials(tenant_id: str, credentials_id: str = "c1", **fields: Any) -> ActivationCredentials:
    usual = {
        "tenant_id": tenant_id,
        "credentials_id": credentials_id,
        "group_id": "g1",
        "secret_hash": f"{tenant_id} {credentials_id}",
        "made_by": "admin",
        "created_at": START,
        "expires_at": START + 1000,
    }
    return ActivationCredentials(**(usual | fields))


@pytest.fixture
async def grouped(store: Store, tenant_id: str) -> str:
    """A tenant with a group."""
    await store.transact(lambda tx: tx.add_replication_group(group(tenant_id)))
    return tenant_id


async def test_a_group_has_a_name_of_its_own(store: Store, grouped: str) -> None:
    with pytest.raises(AlreadyExists):
        await store.transact(lambda tx: tx.add_replication_group(group(grouped, "g2", name="G1")))
    changed = group(grouped, name="Berlin", provider_id="p2", installation="i")
    assert await store.transact(lambda tx: tx.replace_replication_group(changed))
    assert not await store.transact(lambda tx: tx.replace_replication_group(replace(changed, group_id="g9")))
    assert await store.read(lambda tx: tx.replication_group(grouped, "g1")) == changed
    assert await store.read(lambda tx: tx.replication_groups(grouped)) == (changed,)


async def test_servers_go_with_their_group(store: Store, grouped: str, clock: HandClock) -> None:
    await store.transact(lambda tx: tx.add_activated_server(activated_server(grouped)))
    await store.transact(lambda tx: tx.add_activated_server(activated_server(grouped, "s2", name="A")))
    await store.transact(lambda tx: tx.add_activation_credentials(credentials(grouped)))
    changed = activated_server(
        grouped, version="2.0", next_key=b"\x02" * 32, left_at=START, turned_away="wrong_key"
    )
    assert await store.transact(lambda tx: tx.replace_activated_server(changed))
    assert await store.read(lambda tx: tx.activated_server(grouped, "s1")) == changed
    assert await store.transact(lambda tx: tx.note_contacts(grouped, ["s1", "s9"])) == 1
    noted = replace(changed, last_contact_at=clock.now(), left_at=None)
    assert await store.read(lambda tx: tx.activated_servers(grouped)) == (
        activated_server(grouped, "s2", name="A"),
        noted,
    )
    assert await store.transact(lambda tx: tx.remove_activated_server(grouped, "s2"))
    assert await store.transact(lambda tx: tx.remove_replication_group(grouped, "g1"))
    assert await store.read(lambda tx: tx.activated_servers(grouped)) == ()
    assert await store.read(lambda tx: tx.activation_credentials(grouped)) == ()


async def test_credentials_are_used_once_in_time(store: Store, grouped: str, clock: HandClock) -> None:
    good = credentials(grouped, expires_at=clock.now() + 1)
    over = credentials(grouped, "c2", created_at=START - 1, expires_at=clock.now())
    for each in (good, over):
        await store.transact(lambda tx, each=each: tx.add_activation_credentials(each))

    async def use(secret_hash: str, server_id: str) -> bool:
        return await store.transact(lambda tx: tx.use_activation_credentials(secret_hash, server_id))

    assert not await use("other", "s1")
    assert not await use(over.secret_hash, "s1")
    assert sum(await asyncio.gather(*(use(good.secret_hash, f"s{n}") for n in range(8)))) == 1
    used = await store.read(lambda tx: tx.credentials_by_hash(good.secret_hash))
    assert used is not None
    assert used.used_at == clock.now()
    assert await store.read(lambda tx: tx.activation_credentials(grouped)) == (used, over)
    assert await store.transact(lambda tx: tx.withdraw_activation_credentials(grouped, "c2"))
    assert await store.read(lambda tx: tx.credentials_by_hash(over.secret_hash)) is None


async def test_nothing_of_another_tenant_is_read_changed_or_removed(store: Store, grouped: str) -> None:
    """TEN-01."""
    await store.transact(lambda tx: tx.add_activated_server(activated_server(grouped)))
    await store.transact(lambda tx: tx.add_activation_credentials(credentials(grouped)))
    assert await store.read(lambda tx: tx.replication_groups(ELSEWHERE)) == ()
    assert await store.read(lambda tx: tx.replication_group(ELSEWHERE, "g1")) is None
    assert await store.read(lambda tx: tx.activated_servers(ELSEWHERE)) == ()
    assert await store.read(lambda tx: tx.activated_server(ELSEWHERE, "s1")) is None
    assert await store.read(lambda tx: tx.activation_credentials(ELSEWHERE)) == ()
    for change in (
        lambda tx: tx.replace_replication_group(group(ELSEWHERE)),
        lambda tx: tx.remove_replication_group(ELSEWHERE, "g1"),
        lambda tx: tx.replace_activated_server(activated_server(ELSEWHERE)),
        lambda tx: tx.remove_activated_server(ELSEWHERE, "s1"),
        lambda tx: tx.note_contacts(ELSEWHERE, ["s1"]),
        lambda tx: tx.withdraw_activation_credentials(ELSEWHERE, "c1"),
    ):
        assert not await store.transact(change)
    assert await store.read(lambda tx: tx.activated_servers(grouped)) == (activated_server(grouped),)
    assert await store.read(lambda tx: tx.activation_credentials(grouped)) == (credentials(grouped),)
