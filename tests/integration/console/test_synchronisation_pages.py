"""Synchronisation at both desks without a terminal: the console's page and the API."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.houses import TENANT
from tests.integration.console.desk import ConsoleWindow, words
from tests.integration.http_api.house import API, HttpHouse
from tests.peers.openldap import BASE_DN, OpenLdap, person
from tests.until import until_read
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.actor import SYSTEM
from vestibule.model.application import DirectoryConfiguration

PEOPLE_DN = f"ou=people,{BASE_DN}"
STORED = {"interval_minutes": "15", "full_minutes": "60", "approval_above": "1", "page_size": "500"}


@pytest.fixture
def ldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    extra = (person("mallory", "pw", givenName="<script>"),)
    with OpenLdap(tmp_path_factory.mktemp("console-openldap"), extra=extra) as server:
        yield server


@pytest.fixture
async def directory_id(house: HttpHouse, ldap: OpenLdap) -> str:
    directory = DirectoryConfiguration(
        tenant_id=TENANT,
        directory_id=new_id(),
        kind="ldap",
        name="Staff",
        settings={
            "urls": [ldap.url],
            "base_dn": BASE_DN,
            "bind_dn": ldap.service_dn,
            "start_tls": False,
            "timeout_seconds": 20,
        },
        created_at=0,
    )
    applications = house.inside.services.applications
    await applications.put_directory(SYSTEM, directory, Secret(ldap.service_password))
    return directory.directory_id


async def people(house: HttpHouse) -> dict[str, bool]:
    listed = await house.inside.store.read(lambda tx: tx.users(TENANT, UserFilter(), Page(100)))
    return {user.username: user.is_active for user in listed.rows}


async def idle(house: HttpHouse, directory_id: str) -> None:
    """Wait until no run is at work; the next one begins later than this one did."""
    services = house.inside.services.synchronisations

    await until_read(
        lambda: services.status(SYSTEM, TENANT, directory_id),
        lambda status: status is not None and status.running is None,
    )
    house.inside.clock.advance(1)


async def test_an_administrator_sets_up_tries_runs_and_approves_at_the_console(
    house: HttpHouse, console: ConsoleWindow, ldap: OpenLdap, directory_id: str
) -> None:
    page = f"directories/{directory_id}/synchronisation"
    assert "Synchronise users" in words(await console.get(f"directories/{directory_id}"))
    assert "Nobody yet" in words(await console.get(page))
    wrong = await console.post(
        f"{page}/items",
        {"part": "unit", "name": PEOPLE_DN, "filter": "(uid=", "requirement": "disabled", "version": "0"},
    )
    assert (wrong.status_code, "cannot be used" in words(wrong)) == (422, True)
    added = {"part": "unit", "name": PEOPLE_DN, "is_nested": "yes", "requirement": "enabled", "version": "0"}
    assert PEOPLE_DN in words(await console.post(f"{page}/items", added))
    stored = STORED | {
        "bare_names": "yes",
        "usernames": "uid mail",
        "given_name": "givenName",
        "version": "1",
    }
    await console.post(page, stored)
    stale = await console.post(page, stored)
    assert (stale.status_code, "Somebody else has changed" in words(stale)) == (422, True)

    tried = await console.post(f"{page}/try")
    assert "4 people read, 0 unchanged, 4 changes" in words(tried)
    assert "<script>" not in tried.text.partition("What would change")[2].partition("Who is taken")[0]
    assert await people(house) == {}
    assert "has begun" in words(await console.post(f"{page}/run"))
    await idle(house, directory_id)
    assert set(await people(house)) == {"alice", "bob", "carol", "mallory"}

    for name in ("bob", "carol"):
        ldap.apply(f"dn: uid={name},{PEOPLE_DN}\nchangetype: delete\n")
    await console.post(f"{page}/run")
    await idle(house, directory_id)
    assert "2 users would be disabled or removed" in words(await console.get(page))
    assert (await people(house))["bob"]
    await console.post(f"{page}/approve")
    await idle(house, directory_id)
    assert not (await people(house))["bob"]

    ldap.stop()
    await console.post(f"{page}/run")
    await idle(house, directory_id)
    assert "The directory cannot be reached" in words(await console.get(page))
    assert "cannot be reached" in words(await console.post(f"{page}/try"))
    await console.post(f"{page}/items/0/remove", {"version": "2"})
    assert "Nobody yet" in words(await console.get(page))
    assert "synchronised no more" in words(await console.post(f"{page}/remove"))


async def test_a_program_does_the_same(house: HttpHouse, ldap: OpenLdap, directory_id: str) -> None:
    async with house.caller(await house.add_key("admin")) as office:
        own = f"{API}/directories/{directory_id}/synchronisation"
        assert (await office.get(own)).status_code == 404
        item = {"part": "unit", "name": PEOPLE_DN}
        misspelled = await office.put(own, json={"settings": {"items": [item | {"filtre": "x"}]}})
        assert misspelled.status_code == 400
        wrong = await office.put(own, json={"settings": {"items": [item | {"filter": "(x"}]}})
        assert wrong.json()["invalid"][0]["where"] == "settings.items"
        put = await office.put(own, json={"settings": {"items": [item]}, "version": 0})
        assert (put.status_code, put.json()["version"]) == (200, 1)
        again = await office.put(own, json={"settings": {"items": [item]}, "version": 0})
        assert again.status_code == 409

        trial = (await office.post(f"{own}/trial")).json()
        assert (trial["read"], trial["losses"], len(trial["changes"])) == (4, 0, 4)
        begun = await office.post(f"{own}/runs", json={})
        assert (begun.status_code, begun.json()["state"]) == (202, "reading")
        await idle(house, directory_id)
        runs = (await office.get(f"{own}/runs")).json()["items"]
        assert (runs[0]["state"], runs[0]["counts"]["added"]) == ("done", 4)
        assert (await office.get(own)).json()["users"] == 4
        assert (await office.post(f"{own}/approval")).json()["code"] == "sync_nothing_waits"
        assert (await office.delete(own)).status_code == 204


async def test_a_user_is_linked_to_his_entry_over_the_api_and_at_the_console(
    house: HttpHouse, console: ConsoleWindow, directory_id: str
) -> None:
    """Nobody is here twice: the entries of alice and bob are linked, and a run adds the two others only."""
    alice, bob = [(await house.add_person(name)).user.user_id for name in ("alice", "robert")]
    async with house.caller(await house.add_key("admin")) as office:
        own = f"{API}/directories/{directory_id}/synchronisation"
        item = {"part": "unit", "name": PEOPLE_DN}
        assert (await office.put(own, json={"settings": {"items": [item]}})).status_code == 200
        listed = (await office.get(f"{own}/links")).json()["items"]
        assert [each["user_id"] for each in listed] == [alice]
        linked = await office.post(f"{own}/links", json={"user_ids": [alice, bob]})
        assert [each["user_id"] for each in linked.json()["items"]] == [alice]
        taken = {"directory_id": directory_id, "name": "alice"}
        refused = await office.post(f"{API}/users/{bob}/directory-link", json=taken)
        assert (refused.status_code, refused.json()["code"]) == (409, "entry_linked")
        unknown = await console.post(f"users/{bob}/link", {"directory_id": directory_id, "name": "nobody"})
        assert unknown.status_code == 422
        assert "knows nobody" in words(unknown)
        done = await console.post(f"users/{bob}/link", {"directory_id": directory_id, "name": "bob"})
        assert "The user is linked" in words(done)
        await office.post(f"{own}/runs", json={})
        await idle(house, directory_id)
        runs = (await office.get(f"{own}/runs")).json()["items"]
        assert (runs[0]["counts"]["added"], runs[0]["counts"]["changed"]) == (2, 2)


async def test_another_tenant_s_synchronisation_is_not_there(house: HttpHouse, directory_id: str) -> None:
    """TEN-02."""
    await house.inside.services.applications.add_tenant(SYSTEM, "umbrella", "Umbrella")
    async with house.caller(await house.add_key("admin", tenant_id="umbrella")) as stranger:
        own = f"{API}/directories/{directory_id}/synchronisation"
        answers = [
            await stranger.get(own),
            await stranger.put(own, json={"settings": {}}),
            await stranger.post(f"{own}/trial"),
            await stranger.post(f"{own}/runs", json={}),
            await stranger.post(f"{own}/approval"),
            await stranger.delete(own),
        ]
        assert {answer.status_code for answer in answers} == {404}


async def test_users_of_a_file_are_tried_and_added_in_the_console(
    house: HttpHouse, console: ConsoleWindow
) -> None:
    async def send(text: str, act: str = "add") -> httpx.Response:
        return await console.post("users/import", {"act": act}, files={"file": ("users.csv", text.encode())})

    assert "Import users" in words(await console.get("users"))
    wrong = await send("username,email\nada,<b>\n")
    assert (wrong.status_code, "&lt;b&gt;” is no e-mail address" in wrong.text) == (422, True)
    assert "there is no column “e-mail”. Columns: username" in words(await send("username,e-mail\nada,\n"))
    assert "One user would be added" in words(await send("username\nada\n", "try"))
    assert await people(house) == {}
    assert "Users added: 1." in words(await send("username\nada\n"))
    assert await people(house) == {"ada": True}
    assert (await console.post("users/import", {"act": "add"})).status_code == 422
