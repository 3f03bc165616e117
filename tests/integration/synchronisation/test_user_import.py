"""Users from a CSV file: all of them, or nobody."""

from __future__ import annotations

import pytest

from tests.houses import TENANT, TestHouse
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.actor import SYSTEM, Actor, NotAllowed, Right
from vestibule.services.user_import import UserImportReport


async def run(house: TestHouse, text: str, **more: bool) -> UserImportReport:
    return await house.services.user_imports.run(SYSTEM, TENANT, text, **more)


async def names(house: TestHouse) -> list[str]:
    listed = await house.store.read(lambda tx: tx.users(TENANT, UserFilter(), Page(50)))
    return [user.username for user in listed.rows]


async def test_a_file_is_tried_and_then_taken_whole(house: TestHouse) -> None:
    group = await house.services.groups.add(SYSTEM, TENANT, "Staff")
    text = "username,groups\nada,Staff\nbert,\n"
    tried = await run(house, text, is_dry_run=True)
    assert (tried.read, tried.added, await names(house)) == (2, ("ada", "bert"), [])
    assert (await run(house, text)).added == ("ada", "bert")
    assert await names(house) == ["ada", "bert"]
    members = await house.services.groups.members(SYSTEM, TENANT, group.group_id, Page())
    assert [user.username for user in members.rows] == ["ada"]
    events = await house.store.read(lambda tx: tx.events(TENANT, "user.added", Page(10)))
    assert len(events.rows) == 2


async def test_one_wrong_line_and_nobody_is_added(house: TestHouse) -> None:
    await house.add_person("bert")
    report = await run(house, "username,groups\nada,Nobody's\nBERT,\ncora,\n")
    assert [(problem.line, problem.why) for problem in report.problems] == [(2, "group"), (3, "name_taken")]
    assert (report.added, await names(house)) == ((), ["bert"])


async def test_who_may_not_change_people_or_groups_imports_nobody(house: TestHouse) -> None:
    await house.services.groups.add(SYSTEM, TENANT, "Staff")
    actor = Actor(actor_id="a", name="a", tenant_id=TENANT, rights=frozenset({Right.CHANGE_PEOPLE}))
    with pytest.raises(NotAllowed):
        await house.services.user_imports.run(actor, TENANT, "username,groups\nada,Staff\n")
    assert await names(house) == []
