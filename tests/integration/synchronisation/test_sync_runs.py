"""Runs: what is withheld, what is read between full ones, who may run, and what a failure leaves be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.houses import TENANT, TestHouse, open_house
from tests.integration.synchronisation.conftest import Sync, Unit, add_openldap, everybody
from tests.peers.ldif import entry
from tests.peers.openldap import BASE_DN, OpenLdap, person
from vestibule.directories.ldap.link import Found, Link
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.synchronisation import Leavers, RunState
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sync_changes import LEASE_MS

HOUR = 3600


async def test_who_has_left_is_disabled_and_his_sessions_end(sync: Sync, unit: Unit) -> None:
    ada = unit.add("ada")
    await sync.set_up(everybody(unit.dn))
    await sync.run()

    unit.delete(ada)
    run = await sync.run()

    assert (run.state, run.counts.disabled) == (RunState.DONE, 1)
    assert not (await sync.people())["ada"].is_active
    assert (await sync.run()).counts.disabled == 0


async def test_who_has_left_is_removed_where_that_is_set(sync: Sync, unit: Unit) -> None:
    ada = unit.add("ada")
    await sync.set_up(everybody(unit.dn), leavers=Leavers.REMOVE)
    await sync.run()
    unit.delete(ada)
    assert (await sync.run()).counts.removed == 1
    assert await sync.people() == {}


async def test_more_losses_than_allowed_wait_for_an_administrator(sync: Sync, unit: Unit) -> None:
    people = [unit.add(f"ada{number}") for number in range(3)]
    await sync.set_up(everybody(unit.dn), approval_above=2)
    await sync.run()
    for dn in people:
        unit.delete(dn)
    unit.add("bert")

    run = await sync.run()

    assert (run.state, run.counts.withheld, run.counts.added) == (RunState.WAITING, 3, 1)
    assert all(user.is_active for user in (await sync.people()).values())
    assert await _events(sync.house, "sync.approval_needed") == 1
    await sync.run()
    assert await _events(sync.house, "sync.approval_needed") == 1, "told once"
    await sync.approve()
    run = await sync.run()
    assert (run.state, run.counts.disabled) == (RunState.DONE, 3)
    with pytest.raises(Refused) as refused:
        await sync.approve()
    assert refused.value.why is Refusal.SYNC_NOTHING_WAITS


async def test_consent_is_to_the_very_people_it_was_asked_for(sync: Sync, unit: Unit) -> None:
    people = [unit.add(f"ada{number}") for number in range(4)]
    await sync.set_up(everybody(unit.dn), approval_above=1)
    await sync.run()
    unit.delete(people[0])
    unit.delete(people[1])
    await sync.run()
    await sync.approve()

    unit.delete(people[2])
    run = await sync.run()

    assert (run.state, run.counts.withheld) == (RunState.WAITING, 3)


@pytest.fixture(scope="module")
def old_openldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    """A slapd with people and units of whom nobody has been changed for long."""
    units = [entry(f"ou={name},{BASE_DN}", objectClass="organizationalUnit") for name in ("some", "others")]
    where = {"modified_at": "20240101000000Z", "extra": tuple(units)}
    with OpenLdap(tmp_path_factory.mktemp("old-openldap"), **where) as server:
        yield server


async def test_between_full_runs_only_what_has_changed_is_read(
    house: TestHouse, old_openldap: OpenLdap
) -> None:
    sync = await add_openldap(house, old_openldap)
    people = Unit(old_openldap, f"ou=people,{BASE_DN}")
    await sync.set_up(everybody(people.dn), full_minutes=60)
    await sync.run()
    nothing = await sync.run(wants_all=False)
    assert (nothing.is_full, nothing.counts.read, nothing.state) == (False, 0, RunState.DONE)

    people.change(f"uid=alice,{people.dn}", givenName="Alicia")
    changed = await sync.run(wants_all=False)
    assert (changed.is_full, changed.counts.read, changed.counts.changed) == (False, 1, 1)
    assert (await sync.people())["alice"].given_name == "Alicia"

    people.rename(f"uid=alice,{people.dn}", "alice", under=f"ou=others,{BASE_DN}")
    moved = await sync.run(wants_all=False)
    assert (moved.is_full, moved.counts.disabled) == (False, 1), "who is in no item any more has left"

    people.delete(f"uid=bob,{people.dn}")
    assert (await sync.run(wants_all=False)).counts.disabled == 0
    house.clock.advance(HOUR)
    assert (await sync.run(wants_all=False)).counts.disabled == 1, "a full run is due, and finds who is gone"


async def test_a_unit_that_has_changed_has_everything_read(house: TestHouse, old_openldap: OpenLdap) -> None:
    sync = await add_openldap(house, old_openldap)
    some = Unit(old_openldap, f"ou=some,{BASE_DN}")
    await sync.set_up(everybody(some.dn))
    await sync.run()
    some.change(some.dn, description="another")
    assert (await sync.run(wants_all=False)).is_full


async def test_a_unit_that_is_not_there_is_a_failure_and_takes_nobody(sync: Sync, unit: Unit) -> None:
    people = unit.add_unit("people")
    ada = unit.add("ada", under=people)
    await sync.set_up(everybody(people), leavers=Leavers.REMOVE)
    await sync.run()
    unit.delete(ada)
    unit.delete(people)

    run = await sync.run()

    assert (run.state, run.cause, run.problems[0].name) == (RunState.FAILED, "no_such_entry", people)
    assert (await sync.people())["ada"].is_active
    assert await _events(sync.house, "sync.failed") == 1


async def test_an_answer_that_ends_at_a_limit_takes_nobody(house: TestHouse, tmp_path: Path) -> None:
    with OpenLdap(tmp_path / "limited", most_entries="2") as server:
        sync = await add_openldap(house, server)
        await sync.set_up(everybody(f"ou=people,{BASE_DN}"))
        run = await sync.run()
    assert (run.state, run.cause, await sync.people()) == (RunState.FAILED, "incomplete", {})


@pytest.fixture
def large_openldap(tmp_path_factory: pytest.TempPathFactory, proof) -> Iterator[OpenLdap]:  # type: ignore[no-untyped-def] # the fixture's own type is private
    """A slapd of the test's own with many people: 10,000 under --prove."""
    extra = [person(f"person{number}", "pw") for number in range(proof(400, 10_000))]
    folder = tmp_path_factory.mktemp("openldap")
    with OpenLdap(folder, extra=tuple(extra), modified_at="20240101000000Z") as server:
        yield server


@pytest.mark.prove
async def test_a_server_that_dies_in_the_middle_changes_nothing(
    house: TestHouse, large_openldap: OpenLdap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read by then is not taken for all there is, so nobody is removed; the next run goes on."""
    sync = await add_openldap(house, large_openldap)
    await sync.set_up(everybody(f"ou=people,{BASE_DN}"), page_size=50, leavers=Leavers.REMOVE)
    added = (await sync.run()).counts.added
    assert added >= 400
    pages = 0
    search = Link.search

    async def dying(link: Link, *asked: Any, **more: Any) -> Found:
        nonlocal pages
        found = await search(link, *asked, **more)
        pages += len(found.entries) == 50
        if pages == 3:
            large_openldap.kill()
        return found

    with monkeypatch.context() as patched:
        patched.setattr(Link, "search", dying)
        ended = await sync.run()

    assert (ended.state, ended.counts.read, ended.counts.removed) == (RunState.FAILED, 150, 0)
    assert await house.store.read(lambda tx: tx.count_users(TENANT)) == added
    large_openldap.start()
    again = await sync.run()
    assert (again.state, again.counts.unchanged, again.counts.removed) == (RunState.DONE, added, 0)


async def test_postgresql_takes_the_same_changes(
    tmp_path: Path, postgres_url: str, openldap: OpenLdap, unit: Unit
) -> None:
    ada, bert = unit.add("ada", mail="ada@example.org"), unit.add("bert")
    async with open_house(tmp_path / "house", postgres_url) as house:
        sync = await add_openldap(house, openldap)
        group_id = await sync.add_group("Staff")
        await sync.set_up(everybody(unit.dn, groups=(group_id,)), leavers=Leavers.REMOVE)
        assert (await sync.run()).counts.added == 2
        unit.change(ada, mail="ada@elsewhere.example")
        unit.delete(bert)
        run = await sync.run()
        assert (run.state, run.counts.changed, run.counts.removed) == (RunState.DONE, 1, 1)
        people = await sync.people()
        assert people["ada"].email == "ada@elsewhere.example"
        assert await sync.groups_of(people["ada"]) == {group_id}


async def test_one_run_at_a_time_and_an_old_holder_writes_nothing(sync: Sync, unit: Unit) -> None:
    unit.add("ada")
    await sync.set_up(everybody(unit.dn))
    synchronising = sync.house.services.synchronisations._synchronising
    held, run = await synchronising.begin(TENANT, sync.directory_id, "", wants_all=True)
    with pytest.raises(Refused) as refused:
        await sync.run()
    assert refused.value.why is Refusal.SYNC_RUNNING

    sync.house.clock.advance(LEASE_MS / 1000 + 1)
    newer, again = await synchronising.begin(TENANT, sync.directory_id, "", wants_all=True)
    old = await synchronising.run(held, run)

    assert (old.state, old.cause) == (RunState.FAILED, "lost")
    assert await sync.people() == {}
    assert (await synchronising.run(newer, again)).state is RunState.DONE
    status = await sync.house.services.synchronisations.status(SYSTEM, TENANT, sync.directory_id)
    assert status is not None
    assert [each.state for each in status.runs] == [RunState.DONE, RunState.FAILED]


async def test_it_runs_by_itself_at_its_interval(sync: Sync, unit: Unit) -> None:
    unit.add("ada")
    await sync.set_up(everybody(unit.dn), is_enabled=True, interval_minutes=15)
    services = sync.house.services.synchronisations

    async def runs() -> int:
        await services.start_due()
        await asyncio.gather(*services._at_work.values())
        status = await services.status(SYSTEM, TENANT, sync.directory_id)
        assert status is not None
        return len(status.runs)

    assert await runs() == 1
    assert await runs() == 1
    sync.house.clock.advance(15 * 60)
    assert await runs() == 2


async def test_every_change_is_an_event_of_the_directory(sync: Sync, unit: Unit) -> None:
    ada = unit.add("ada", mail="ada@example.org")
    await sync.set_up(everybody(unit.dn))
    await sync.run()
    unit.change(ada, mail="ada@elsewhere.example")
    await sync.run()

    listed = await sync.house.store.read(lambda tx: tx.events(TENANT, "user.", Page(10)))

    told = [(event.kind, event.actor, event.actor_name, event.facts) for event in listed.rows]
    assert told == [
        ("user.changed", sync.directory_id, "LDAP", {"fields": ["email"]}),
        ("user.added", sync.directory_id, "LDAP", {}),
    ]


async def test_settings_that_cannot_work_are_refused_by_name(sync: Sync, unit: Unit) -> None:
    for changes, named in (
        ({"interval_minutes": 0}, "interval_minutes"),
        ({"interval_minutes": 1441}, "interval_minutes"),
        ({"approval_above": 1000}, "approval_above"),
        ({"person_filter": "(uid="}, "person_filter"),
        ({"bare_names": False}, "bare_names"),
    ):
        with pytest.raises(Refused) as refused:
            await sync.set_up(everybody(unit.dn), **changes)
        assert refused.value.key.startswith(named)


async def _events(house: TestHouse, kind: str) -> int:
    return len((await house.store.read(lambda tx: tx.events(TENANT, kind, Page(50)))).rows)
