"""Servers of a service at the console, over REST and at the terminal (inventory 1.29)."""

from __future__ import annotations

from tests.conformance.stores.records import activated_server
from tests.houses import TENANT
from tests.integration.console.desk import ConsoleWindow, words
from tests.integration.http_api.house import API, HttpHouse
from vestibule.model.actor import SYSTEM


async def test_credentials_are_shown_once_and_servers_as_they_stand(
    house: HttpHouse, console: ConsoleWindow
) -> None:
    page = words(await console.get("servers"))
    assert "takes no servers" in page
    assert "No servers yet" in page
    refused = await console.post("servers/credentials", {"group": "Berlin", "hours": "0"})
    assert refused.status_code == 422
    made = await console.post("servers/credentials", {"group": "Berlin", "hours": "24"})
    assert made.headers["cache-control"] == "no-store"
    fleet = await house.inside.services.replication.fleet(SYSTEM, TENANT)
    (waiting,) = fleet.waiting
    assert "this one time" in words(made)
    assert waiting.secret_hash not in made.text
    gone = await console.post(f"servers/credentials/{waiting.credentials_id}/withdraw")
    assert "are withdrawn" in words(gone)
    again = await console.post(f"servers/credentials/{waiting.credentials_id}/withdraw")
    assert again.status_code == 422
    (group,) = fleet.groups
    called = await console.post(f"servers/groups/{group.group_id}/rename", {"name": " Bonn "})
    assert "is called “Bonn” now" in words(called)
    for name in ("", "   ", "Bonn\u2028am Rhein"):
        refused = await console.post(f"servers/groups/{group.group_id}/rename", {"name": name})
        assert refused.status_code == 422
        assert "A replication group has a name" in words(refused)
    other = await house.inside.services.replication.make_credentials(SYSTEM, TENANT, "Berlin")
    taken = await console.post(f"servers/groups/{other.group.group_id}/rename", {"name": "Bonn"})
    assert taken.status_code == 422
    assert "“Bonn” is already taken" in words(taken)
    assert "is removed" in words(await console.post(f"servers/groups/{other.group.group_id}/remove"))
    assert "is removed" in words(await console.post(f"servers/groups/{group.group_id}/remove"))

    made = await house.inside.services.replication.make_credentials(SYSTEM, TENANT, "Berlin")
    now = house.inside.clock.now()
    for server_id, facts in (
        ("mfa-1", {"last_contact_at": now}),
        ("mfa-2", {"last_contact_at": now - 200_000}),
        ("mfa-3", {"last_contact_at": now, "turned_away": "provider_deleted"}),
    ):
        server = activated_server(TENANT, server_id, group_id=made.group.group_id, **facts)
        await house.inside.store.transact(lambda tx, server=server: tx.add_activated_server(server))
    page = words(await console.get("servers"))
    for shown in (
        "MFA-1",
        "192.0.2.1",
        "version 1.0",
        "connected",
        "away",
        "refused",
        "Its provider was deleted",
    ):
        assert shown in page
    assert "is removed" in words(await console.post("servers/mfa-1/remove"))
    async with house.caller(await house.add_key("admin")) as caller:
        listed = (await caller.get(f"{API}/servers")).json()["items"]
        assert [(each["name"], each["status"]) for each in listed] == [
            ("MFA-2", "away"),
            ("MFA-3", "refused"),
        ]
        assert "public_key" not in listed[0]
        (group,) = (await caller.get(f"{API}/replication-groups")).json()["items"]
        assert (group["name"], group["servers"]) == ("Berlin", 2)
        assert (await caller.delete(f"{API}/replication-groups/{group['id']}")).status_code == 409
        renamed = await caller.patch(f"{API}/replication-groups/{group['id']}", json={"name": "Bonn"})
        assert renamed.json()["name"] == "Bonn"
        new = (await caller.post(f"{API}/activation-credentials", json={"group": "Bonn"})).json()
        assert new["group_id"] == group["id"]
        waiting = (await caller.get(f"{API}/activation-credentials")).json()["items"]
        assert {each["id"] for each in waiting} == {new["id"], made.credentials.credentials_id}
        assert new["credentials"] not in str(waiting)
        assert (await caller.delete(f"{API}/activation-credentials/{new['id']}")).status_code == 204
        assert (await caller.delete(f"{API}/servers/{listed[0]['id']}")).status_code == 204
