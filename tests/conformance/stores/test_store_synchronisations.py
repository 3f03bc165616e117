"""Synchronisations: whose turn it is, what came of each run, who is bound to whom, and many users at once."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.conformance.stores.records import add_people, directory, event, tenant, user
from vestibule.interfaces.store import AlreadyExists, Conflict, Store
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.synchronisation import (
    Bond,
    Counts,
    Problem,
    RunState,
    Synchronisation,
    SyncRun,
    SyncSettings,
)

MINUTE = 60_000


@pytest.fixture
async def synchronised(store: Store, tenant_id: str) -> Synchronisation:
    await store.transact(lambda tx: tx.put(directory(tenant_id, "d1")))
    new = Synchronisation(tenant_id=tenant_id, directory_id="d1", created_at=1)
    await store.transact(lambda tx: tx.put_synchronisation(new))
    return new


def _run(tenant_id: str, run_id: str, **more: object) -> SyncRun:
    told = {"is_full": True, "started_by": "", "node": "n", "started_at": 1, "moved_at": 1, **more}
    return SyncRun(tenant_id=tenant_id, run_id=run_id, directory_id="d1", **told)


async def test_settings_are_replaced_by_version_and_have_everything_read_anew(
    store: Store, tenant_id: str, synchronised: Synchronisation
) -> None:
    held = await store.transact(lambda tx: tx.take_synchronisation(tenant_id, "d1", "n", MINUTE))
    assert held is not None
    ended = replace(held, token="t", full_at=5, due_at=7)
    assert await store.transact(lambda tx: tx.end_synchronisation(ended))
    changed = replace(synchronised, settings=SyncSettings(interval_minutes=5))
    await store.transact(lambda tx: tx.put_synchronisation(changed))
    stored = await store.read(lambda tx: tx.synchronisation(tenant_id, "d1"))
    assert stored is not None
    assert (stored.settings.interval_minutes, stored.version) == (5, 2)
    assert (stored.token, stored.full_at, stored.due_at, stored.fence) == ("", 0, 0, 1)
    with pytest.raises(Conflict):
        await store.transact(lambda tx: tx.put_synchronisation(replace(changed, version=7)))


async def test_one_at_a_time_and_nothing_behind_the_fence(
    store: Store, tenant_id: str, synchronised: Synchronisation
) -> None:
    async def take(lease: int) -> Synchronisation | None:
        return await store.transact(lambda tx: tx.take_synchronisation(tenant_id, "d1", "n", lease))

    held = await take(-1)
    assert held is not None
    assert await store.transact(lambda tx: tx.hold_synchronisation(held, -1)), "nobody has taken it"
    newer = await take(MINUTE)
    assert newer is not None
    assert newer.fence == held.fence + 1
    assert not await store.transact(lambda tx: tx.hold_synchronisation(held, MINUTE))
    assert not await store.transact(lambda tx: tx.end_synchronisation(held))
    await store.transact(lambda tx: tx.release_synchronisation(held))
    assert await take(MINUTE) is None
    await store.transact(lambda tx: tx.release_synchronisation(newer))
    assert not await store.transact(lambda tx: tx.hold_synchronisation(newer, MINUTE)), "given back"
    assert await take(MINUTE) is not None


async def test_runs_are_kept_newest_first_and_no_more_than_asked(
    store: Store, tenant_id: str, synchronised: Synchronisation
) -> None:
    for run_id in ("01", "02", "03"):
        await store.transact(lambda tx, run_id=run_id: tx.put_sync_run(_run(tenant_id, run_id), 2))
    ended = _run(
        tenant_id, "03", state=RunState.WAITING, ended_at=9, counts=Counts(added=3), total=4, done=4,
        problems=(Problem("name_taken", "r", "ada", "ada"),), leavers=("u1", "u2"), approved_by="root",
    )  # fmt: skip
    await store.transact(lambda tx: tx.put_sync_run(ended, 2))
    runs = await store.read(lambda tx: tx.sync_runs(tenant_id, "d1", 10))
    assert runs == (ended, _run(tenant_id, "02"))
    assert await store.read(lambda tx: tx.sync_runs("other", "d1", 10)) == ()
    assert await store.transact(lambda tx: tx.remove_synchronisation(tenant_id, "d1"))
    assert await store.read(lambda tx: tx.sync_runs(tenant_id, "d1", 10)) == ()


async def test_a_bond_goes_with_its_user(store: Store, tenant_id: str, synchronised: Synchronisation) -> None:
    await add_people(store, tenant_id, "alice", "bob")
    bonds = [
        Bond(tenant_id=tenant_id, directory_id="d1", reference=f"r-{name}", user_id=name, names=(name,))
        for name in ("alice", "bob")
    ]
    await store.transact(lambda tx: tx.put_bonds(bonds))
    changed = replace(bonds[0], fields=("email",), groups=("g",), is_disabled=True)
    await store.transact(lambda tx: tx.put_bonds([changed]))
    assert await store.read(lambda tx: tx.bonds(tenant_id, "d1", "", 10)) == (changed, bonds[1])
    assert await store.read(lambda tx: tx.bonds(tenant_id, "d1", "r-alice", 10)) == (bonds[1],)
    assert await store.read(lambda tx: tx.bonds_of(tenant_id, "d1", ["r-bob", "r-x"])) == (bonds[1],)
    assert await store.read(lambda tx: tx.bonds("other", "d1", "", 10)) == ()
    await store.transact(lambda tx: tx.remove_user(tenant_id, "alice"))
    assert await store.read(lambda tx: tx.count_bonds(tenant_id, "d1")) == 1


async def test_many_users_let_go_of_their_names_before_any_takes_a_new_one(
    store: Store, tenant_id: str
) -> None:
    alice, bob = (user(tenant_id, name, directory_reference=f"r-{name}") for name in ("alice", "bob"))
    await store.transact(lambda tx: tx.add_users([alice, bob]))
    swapped = [replace(alice, names=("bob",)), replace(bob, names=("alice",))]
    await store.transact(lambda tx: tx.replace_users(swapped))
    found = await store.read(lambda tx: tx.users_by_reference(tenant_id, ["r-alice", "r-nobody"]))
    assert [(each.user_id, each.names) for each in found] == [("alice", ("bob",))]
    with pytest.raises(AlreadyExists):
        await store.transact(lambda tx: tx.add_users([user(tenant_id, "carol", names=("bob",))]))
    assert await store.read(lambda tx: tx.count_users(tenant_id)) == 2
    with pytest.raises(AlreadyExists):
        await store.transact(lambda tx: tx.replace_users([replace(found[0], names=("alice",))]))
    ids = await store.read(lambda tx: tx.user_ids_by_names(tenant_id, ["alice", "bob"]))
    assert ids == {"bob": "alice", "alice": "bob"}


async def test_of_two_tenants_each_has_its_own(
    store: Store, tenant_id: str, synchronised: Synchronisation
) -> None:
    """The other tenant's directory, user and references have the same names."""
    other = f"{tenant_id}-other"
    await store.transact(lambda tx: tx.put(tenant(other)))
    await store.transact(lambda tx: tx.put(directory(other, "d1")))
    await store.transact(lambda tx: tx.put_synchronisation(replace(synchronised, tenant_id=other)))
    await add_people(store, tenant_id, "alice")
    await add_people(store, other, "alice")
    for each in (tenant_id, other):
        bond = Bond(tenant_id=each, directory_id="d1", reference="r", user_id="alice", names=(each,))
        await store.transact(lambda tx, bond=bond: tx.put_bonds([bond]))
        run = _run(each, f"run-of-{each}")
        await store.transact(lambda tx, run=run: tx.put_sync_run(run, 9))
    held = await store.transact(lambda tx: tx.take_synchronisation(other, "d1", "n", MINUTE))
    assert held is not None
    assert await store.transact(lambda tx: tx.end_synchronisation(replace(held, due_at=99)))
    assert await store.transact(lambda tx: tx.take_synchronisation(tenant_id, "d1", "n", MINUTE)) is not None
    await store.transact(lambda tx: tx.make_synchronisation_due(other, "d1"))
    assert await store.transact(lambda tx: tx.remove_synchronisation(tenant_id, "d1"))

    all_of_them = {each.tenant_id: each for each in await store.read(lambda tx: tx.synchronisations())}
    assert tenant_id not in all_of_them
    assert all_of_them[other].due_at == 0
    assert [run.run_id for run in await store.read(lambda tx: tx.sync_runs(other, "d1", 9))] == [
        f"run-of-{other}"
    ]
    (bond,) = await store.read(lambda tx: tx.bonds_of(other, "d1", ["r"]))
    assert bond.names == (other,)
    assert await store.read(lambda tx: tx.users_by_reference(other, ["r-alice"])) == ()


async def test_many_events_are_one_by_one(store: Store, tenant_id: str) -> None:
    events = [event(tenant_id, f"e{number}") for number in range(3)]
    await store.transact(lambda tx: tx.add_events(events))
    listed = await store.read(lambda tx: tx.events(tenant_id, "", Page()))
    assert sorted(each.event_id for each in listed.rows) == ["e0", "e1", "e2"]
    assert (await store.read(lambda tx: tx.events(f"{tenant_id}-other", "", Page()))).rows == ()
