"""Synchronised from a real Active Directory domain, which Samba serves: what is different there."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.houses import TestHouse
from tests.integration.synchronisation.conftest import Sync, add_directory, everybody
from tests.peers.samba_ad import SambaAd
from vestibule.crypto.tokens import new_id
from vestibule.model.synchronisation import Part, RunState, SyncItem

PASSWORD = "Wonder-land 1"


@dataclass(slots=True)
class Unit:
    """A unit of the domain that no other test has; names in it begin with its own."""

    domain: SambaAd
    name: str
    dn: str

    def add(self, name: str, **more: str) -> str:
        return self.domain.add_person(f"{self.name}-{name}", PASSWORD, under=self.dn, **more)


@pytest.fixture
def unit(samba_ad: SambaAd) -> Unit:
    name = new_id()[:8]
    return Unit(samba_ad, name, samba_ad.add_unit(name))


@pytest.fixture
async def sync(house: TestHouse, samba_ad: SambaAd) -> Sync:
    return await add_directory(house, samba_ad.settings, samba_ad.service_password)


async def test_a_domain_is_followed_change_by_change(house: TestHouse, unit: Unit) -> None:
    """Rename, disabling and removal, each told by DirSync, without everything being read again. To be told
    of removals takes the right "Replicating Directory Changes"."""
    name, password = unit.domain.administrator
    sync = await add_directory(house, unit.domain.settings | {"bind_dn": name}, password)
    domain = unit.domain
    ada = unit.add("ada", mobile="+49 30 1234567")
    bert = unit.add("bert")
    cora = unit.add("cora")
    await sync.set_up(everybody(unit.dn), domain="CORP")
    first = await sync.run()
    assert (first.state, first.counts.added, first.problems) == (RunState.DONE, 3, ())
    before = (await sync.people())[f"{unit.name}-ada"]
    assert before.names == (
        f"{unit.name}-ada",
        f"{unit.name}-ada@corp.example",
        f"corp\\{unit.name}-ada",
    )
    # A unit or group of another test would have everything read anew.
    with domain.turn():
        await sync.run(wants_all=False)
        nothing = await sync.run(wants_all=False)
        domain.change(domain.rename(ada, "Ada Lovelace"), sAMAccountName=f"{unit.name}-lovelace")
        domain.disable(bert)
        domain.delete(cora)
        run = await sync.run(wants_all=False)

    assert (nothing.is_full, nothing.counts.read) == (False, 0)
    assert (run.is_full, run.counts.changed, run.counts.disabled) == (False, 1, 2)
    people = await sync.people()
    assert people[f"{unit.name}-lovelace"].user_id == before.user_id
    assert people[f"{unit.name}-lovelace"].phone == "+49301234567"
    assert not people[f"{unit.name}-bert"].is_active
    assert not people[f"{unit.name}-cora"].is_active


async def test_groups_in_groups_are_resolved_by_the_domain(sync: Sync, unit: Unit) -> None:
    ada, bert = unit.add("ada"), unit.add("bert")
    inner = unit.domain.add_group(f"{unit.name}-inner", ada, under=unit.dn)
    outer = unit.domain.add_group(f"{unit.name}-outer", inner, bert, under=unit.dn)
    await sync.set_up(SyncItem(part=Part.GROUP, name=outer, is_nested=False))
    await sync.run()
    assert (await sync.people()).keys() == {f"{unit.name}-bert"}

    await sync.change(items=(SyncItem(part=Part.GROUP, name=outer),))
    await sync.run()
    assert (await sync.people()).keys() == {f"{unit.name}-ada", f"{unit.name}-bert"}

    unit.domain.set_members(inner)
    run = await sync.run(wants_all=False)
    assert (run.is_full, run.counts.disabled) == (True, 1)


async def test_without_the_right_to_it_removals_are_seen_by_a_full_run(sync: Sync, unit: Unit) -> None:
    ada, bert = unit.add("ada"), unit.add("bert")
    await sync.set_up(everybody(unit.dn))
    # A unit or group of another test would have everything read anew.
    with unit.domain.turn():
        await sync.run()
        unit.domain.delete(ada)
        unit.domain.disable(bert)
        run = await sync.run(wants_all=False)
    assert (run.is_full, run.counts.disabled) == (False, 1)
    assert (await sync.run()).counts.disabled == 1
