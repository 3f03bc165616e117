"""Groups: who is in them by name, by list and by file, and nothing half done."""

from __future__ import annotations

import pytest

from tests.houses import TENANT
from tests.integration.console.desk import ConsoleWindow, words
from tests.integration.http_api.house import API, HttpHouse
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.actor import SYSTEM
from vestibule.services import groups
from vestibule.services.name_list import NamedLine

OTHER = "umbrella"


async def people_of(house: HttpHouse, group_id: str) -> list[str]:
    listed = await house.inside.store.read(lambda tx: tx.users(TENANT, UserFilter(group_id=group_id), Page()))
    return [user.username for user in listed.rows]


async def kinds(house: HttpHouse) -> list[str]:
    listed = await house.inside.store.read(lambda tx: tx.events(TENANT, "group", Page()))
    return sorted(event.kind for event in listed.rows)


async def test_a_group_is_added_filled_renamed_and_removed(house: HttpHouse, console: ConsoleWindow) -> None:
    """Its people stay; the list of people can be narrowed to it; every step is recorded."""
    for name in ("alice", "bob", "carol"):
        await house.add_person(name)
    shown = await console.post("groups", {"name": "Sales"})
    assert "The group Sales was added" in words(shown)
    group_id = str(shown.url).rpartition("/")[2]
    added = await console.post(f"groups/{group_id}/members", {"names": "ALICE\n\n# a remark\nbob\n"})
    assert "People added: 2." in words(added)
    assert await people_of(house, group_id) == ["alice", "bob"]

    narrowed = words(await console.get(f"users?group_id={group_id}"))
    assert ("alice" in narrowed, "carol" in narrowed) == (True, False)
    alice = await house.inside.services.users.find_by_name(SYSTEM, TENANT, "alice")
    assert alice is not None
    assert "Sales" in words(await console.get(f"users/{alice.user.user_id}"))

    await console.post(f"groups/{group_id}/members/remove", {"user_id": [alice.user.user_id]})
    assert await people_of(house, group_id) == ["bob"]
    renamed = await console.post(f"groups/{group_id}", {"name": "Field sales", "version": "1"})
    assert "Field sales" in words(renamed)
    stale = await console.post(f"groups/{group_id}", {"name": "Late", "version": "1"})
    assert (stale.status_code, "Somebody else has changed" in words(stale)) == (422, True)
    assert "was removed" in words(await console.post(f"groups/{group_id}/remove"))
    found = await house.inside.services.users.list(SYSTEM, TENANT, UserFilter(), Page())
    assert len(found.rows) == 3
    assert await kinds(house) == [
        "group.added", "group.member_added", "group.member_added", "group.member_removed",
        "group.removed", "group.renamed",
    ]  # fmt: skip


async def test_a_page_counts_no_further_than_it_says(
    house: HttpHouse, console: ConsoleWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small groups are counted to the last; of a large one the page says that it has more than so many."""
    services = house.inside.services.groups
    for number in range(11):
        await house.add_person(f"person{number}")
    for name, count in (("All", 11), ("Ten", 10)):
        group = await services.add(SYSTEM, TENANT, name)
        names = [NamedLine(number, f"person{number}") for number in range(count)]
        await services.add_members(SYSTEM, TENANT, group.group_id, names)
    shown = words(await console.get("groups"))
    assert ("11" in shown, "more than" in shown) == (True, False)
    monkeypatch.setattr(groups, "MOST_COUNTED", 29)  # for two groups: ten of each
    shown = words(await console.get("groups"))
    assert ("more than 10" in shown, shown.count("more than"), "11" in shown) == (True, 1, False)
    sizes = await services.sizes(SYSTEM, TENANT, services.list(SYSTEM, TENANT))
    assert sorted(sizes.values()) == [10, 11]
    largest = services.list(SYSTEM, TENANT)[0].group_id
    assert "More than 10 people" in words(await console.get(f"groups/{largest}"))


async def test_a_file_with_one_unknown_name_changes_nothing_and_names_its_line(
    house: HttpHouse, console: ConsoleWindow
) -> None:
    """All or nothing: the broken row names its line."""
    await house.add_person("alice")
    group = await house.inside.services.groups.add(SYSTEM, TENANT, "Sales")
    path = f"groups/{group.group_id}/members"
    broken = {"file": ("names.txt", b"alice\nnobody\n", "text/plain")}
    refused = await console.post(path, files=broken)
    assert (refused.status_code, "Line 2: nobody" in words(refused)) == (422, True)
    assert await people_of(house, group.group_id) == []

    sound = {"file": ("names.txt", "\ufeffalice\r\n".encode(), "text/plain")}
    tried = await console.post(path, {"act": "try"}, files=sound)
    assert "1 would be added" in words(tried)
    assert await people_of(house, group.group_id) == []
    await console.post(path, {"act": "add"}, files=sound)
    assert await people_of(house, group.group_id) == ["alice"]
    again = await console.post(path, {"act": "try"}, files=sound)
    assert "0 would be added, 1 are in the group already" in words(again)

    not_text = {"file": ("names.txt", b"\xff\xfe\x00", "text/plain")}
    assert "not text in UTF-8" in words(await console.post(path, files=not_text))


async def test_a_name_of_another_tenant_is_nobodys(house: HttpHouse) -> None:
    """TEN-01: whoever is elsewhere is not there, by name and by identifier."""
    await house.add_tenant(OTHER)
    stranger = await house.add_person("stranger", OTHER)
    group = await house.inside.services.groups.add(SYSTEM, TENANT, "Sales")
    foreign = await house.inside.services.groups.add(SYSTEM, OTHER, "Sales")
    async with house.caller(await house.add_key("admin")) as caller:
        home = f"{API}/groups/{group.group_id}/members"
        answer = (await caller.post(home, json={"usernames": ["stranger"]})).json()
        assert (answer["added"], answer["unknown"]) == (0, [{"line": 1, "name": "stranger"}])
        assert (await caller.delete(f"{home}/{stranger.user.user_id}")).status_code == 404
        for path in (f"{API}/groups/{foreign.group_id}", f"{API}/groups/{foreign.group_id}/members"):
            assert (await caller.get(path)).status_code == 404
        assert (await caller.get(f"{API}/users?group_id={foreign.group_id}")).json()["items"] == []


async def test_a_program_keeps_groups_over_the_api(house: HttpHouse) -> None:
    for name in ("alice", "bob"):
        await house.add_person(name)
    async with house.caller(await house.add_key("admin")) as caller:
        group = (await caller.post(f"{API}/groups", json={"name": "Sales"})).json()
        taken = await caller.post(f"{API}/groups", json={"name": "Sales"})
        assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
        home = f"{API}/groups/{group['id']}"
        names = {"usernames": ["alice", "bob"]}
        tried = (await caller.post(f"{home}/members", json=names | {"dry_run": True})).json()
        assert (tried["added"], (await caller.get(home)).json()["members"]) == (2, 0)
        await caller.post(f"{home}/members", json=names)
        members = (await caller.get(f"{home}/members")).json()["items"]
        assert [user["username"] for user in members] == ["alice", "bob"]
        renamed = await caller.patch(home, json={"name": "Field sales", "version": group["version"]})
        assert (renamed.json()["name"], renamed.json()["members"]) == ("Field sales", 2)
        assert (await caller.delete(f"{home}/members/{members[0]['id']}")).status_code == 204
        assert (await caller.delete(home)).status_code == 204
        assert (await caller.get(home)).status_code == 404
