"""A user who is here already becomes his entry in a directory, and nobody is here twice."""

from __future__ import annotations

import pytest

from tests.houses import TENANT
from tests.integration.synchronisation.conftest import Sync, Unit, everybody
from vestibule.model.actor import SYSTEM, Actor, NotAllowed, Right
from vestibule.services.refusal import Refusal, Refused


async def link(sync: Sync, username: str, name: str) -> None:
    user = (await sync.people())[username]
    links = sync.house.services.directory_links
    await links.link(SYSTEM, TENANT, user.user_id, sync.directory_id, name)


async def test_a_linked_user_is_kept_by_the_next_run_and_not_added_again(sync: Sync, unit: Unit) -> None:
    unit.add("ada-linked", givenName="Ada")
    await sync.set_up(everybody(unit.dn))
    own = (await sync.house.add_person("ada.own")).user
    await link(sync, "ada.own", "ADA-LINKED")
    run = await sync.run()
    assert (run.counts.added, run.counts.changed) == (0, 1)
    (kept,) = (await sync.people()).values()
    assert (kept.user_id, kept.given_name, kept.username) == (own.user_id, "Ada", "ada-linked")
    assert {"ada-linked", "ada.own"} <= set(kept.names)


async def test_an_entry_is_one_user_and_a_user_one_entry(sync: Sync, unit: Unit) -> None:
    unit.add("bert-linked")
    unit.add("cora-linked")
    await sync.set_up(everybody(unit.dn))
    for name in ("own", "other"):
        await sync.house.add_person(name)
    await link(sync, "own", "bert-linked")
    await link(sync, "own", "bert-linked")
    for username, entry, why in (
        ("own", "cora-linked", Refusal.LINKED_ALREADY),
        ("other", "bert-linked", Refusal.ENTRY_LINKED),
        ("other", "nobody-linked", Refusal.ENTRY_UNKNOWN),
    ):
        with pytest.raises(Refused) as refused:
            await link(sync, username, entry)
        assert refused.value.why is why
    await sync.run()
    with pytest.raises(Refused) as refused:
        await link(sync, "other", "cora-linked")
    assert refused.value.why is Refusal.ENTRY_LINKED, "whom a run has added is his entry, too"


async def test_by_name_only_those_are_linked_whom_an_administrator_has_named(sync: Sync, unit: Unit) -> None:
    for name in ("dora-alike", "emil-alike", "fred-alike"):
        unit.add(name)
    await sync.set_up(everybody(unit.dn))
    people = {name: (await sync.house.add_person(name)).user for name in ("dora-alike", "emil-alike")}
    special = await sync.house.add_person("fred-alike")
    await sync.house.change_user(special, is_break_glass=True)
    links = sync.house.services.directory_links
    alike = await links.alike(SYSTEM, TENANT, sync.directory_id)
    assert sorted(each.username for each in alike) == ["dora-alike", "emil-alike"]
    named = [people["dora-alike"].user_id, special.user.user_id]
    linked = await links.link_alike(SYSTEM, TENANT, sync.directory_id, named)
    assert [each.username for each in linked] == ["dora-alike"]
    run = await sync.run()
    assert sorted(problem.name for problem in run.problems) == ["emil-alike", "fred-alike"]
    assert len(await sync.people()) == 3


async def test_who_may_not_change_people_or_directories_links_nobody(sync: Sync, unit: Unit) -> None:
    unit.add("gina-linked")
    own = (await sync.house.add_person("own")).user
    links = sync.house.services.directory_links
    for right in (Right.CHANGE_PEOPLE, Right.DIRECTORIES):
        actor = Actor(actor_id="a", name="a", tenant_id=TENANT, rights=frozenset({right, Right.READ_PEOPLE}))
        with pytest.raises(NotAllowed):
            await links.link(actor, TENANT, own.user_id, sync.directory_id, "gina-linked")
