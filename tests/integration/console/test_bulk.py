"""One act for many users: tried first, done for those for whom it can be, and why not for the others."""

from __future__ import annotations

from tests.houses import TENANT
from tests.integration.console.desk import ConsoleWindow, words
from tests.integration.http_api.house import API, SYSTEM_TENANT, HttpHouse
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.actor import SYSTEM


async def disabled(house: HttpHouse, tenant_id: str = TENANT) -> list[str]:
    where = UserFilter(status="disabled")
    listed = await house.inside.store.read(lambda tx: tx.users(tenant_id, where, Page()))
    return [user.username for user in listed.rows]


async def test_many_are_tried_and_then_changed(house: HttpHouse, console: ConsoleWindow) -> None:
    """A trial changes nothing and records nothing; what it says is what then happens."""
    people = [(await house.add_person(name)).user.user_id for name in ("alice", "bob", "carol")]
    ticked = {"act": "disable", "whom": "ticked", "user_id": people[:2]}
    tried = words(await console.post("users/bulk", ticked))
    assert "nothing is changed yet" in tried
    assert "Do it for 2 users" in tried
    assert await disabled(house) == []
    events = await house.inside.store.read(lambda tx: tx.events(TENANT, "user.changed", Page()))
    assert events.rows == ()

    assert "Done" in words(await console.post("users/bulk", ticked | {"step": "do"}))
    assert await disabled(house) == ["alice", "bob"]
    again = words(await console.post("users/bulk", {"act": "disable", "whom": "found"}))
    assert "Chosen 3 Would be changed 1 Stand so already 2" in again
    assert "Tick some users" in words(await console.post("users/bulk", {"act": "disable"}))


async def test_all_that_the_list_finds_are_meant(house: HttpHouse, console: ConsoleWindow) -> None:
    for name in ("alice", "albert", "bob"):
        await house.add_person(name)
    found = {"act": "disable", "whom": "found", "where_text": "al", "step": "do"}
    await console.post("users/bulk", found)
    assert await disabled(house) == ["albert", "alice"]


async def test_who_cannot_be_changed_keeps_nobody_else_from_it(
    house: HttpHouse, console: ConsoleWindow
) -> None:
    """Whoever has a role is never one of many, and the page says so; the others are changed."""
    await house.inside.add_person("helper", tenant_id=SYSTEM_TENANT)
    sent = {"act": "disable", "whom": "found", "step": "do"}
    shown = words(await console.post("users/bulk", sent, SYSTEM_TENANT))
    assert "You may not do this to this user" in shown
    assert await disabled(house, SYSTEM_TENANT) == ["helper"]


async def test_many_are_put_into_a_group_over_the_api(house: HttpHouse) -> None:
    people = [(await house.add_person(name)).user.user_id for name in ("alice", "bob")]
    group = await house.inside.services.groups.add(SYSTEM, TENANT, "Sales")
    await house.add_tenant("umbrella")
    stranger = (await house.add_person("mallory", "umbrella")).user.user_id
    async with house.caller(await house.add_key("admin")) as caller:
        body = {"act": "join", "choice": group.group_id, "user_ids": [*people, stranger]}
        tried = (await caller.post(f"{API}/users/bulk", json=body | {"dry_run": True})).json()
        assert (tried["changed"], tried["chosen"]) == (2, 3)
        done = (await caller.post(f"{API}/users/bulk", json=body)).json()
        assert (done["changed"], done["unchanged"], done["left_out"]) == (2, 0, [])
        members = (await caller.get(f"{API}/groups/{group.group_id}/members")).json()["items"]
        assert [user["username"] for user in members] == ["alice", "bob"]
        unknown = await caller.post(f"{API}/users/bulk", json=body | {"act": "explode"})
        assert unknown.status_code == 404
        nowhere = await caller.post(f"{API}/users/bulk", json=body | {"choice": "x"})
        assert len(nowhere.json()["left_out"]) == 2
