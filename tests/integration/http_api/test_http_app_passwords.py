"""App passwords over the API: listed and revoked; the API itself, and what asks through it, is a door too."""

from __future__ import annotations

from tests.houses import PASSWORD, TENANT
from tests.integration.app_passwords.scene import MAIL, add_alice, furnish, make
from tests.integration.http_api.house import API, HttpHouse, Key
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind


async def key_of(house: HttpHouse, application_id: str) -> Key:
    """Return a key that asks on behalf of an application there is."""
    applications = house.inside.services.applications
    client = await applications.add_client(
        SYSTEM, TENANT, application_id, ClientKind.API, "program", scopes=("verify",)
    )
    key = await applications.add_api_key(SYSTEM, TENANT, client.client_id)
    return Key(TENANT, application_id, client.client_id, key.reveal())


async def test_s40_they_are_listed_and_revoked(house: HttpHouse) -> None:
    """S40: one by one, and all at once; the passwords themselves are nowhere."""
    await furnish(house.inside)
    alice = await add_alice(house.inside)
    shown = [(await make(house.inside, alice, name)).reveal() for name in ("Laptop", "Phone", "Tablet")]
    path = f"{API}/users/{alice.user.user_id}/app-passwords"
    async with house.caller(await house.add_key("admin")) as office:
        listed = await office.get(path)
        items = listed.json()["items"]
        assert [(one["name"], one["applications"], one["used_at"]) for one in items] == [
            ("Laptop", [MAIL], None),
            ("Phone", [MAIL], None),
            ("Tablet", [MAIL], None),
        ]
        assert not any(password in listed.text for password in shown)
        assert "hash" not in listed.text
        assert (await office.delete(f"{path}/{items[0]['id']}")).status_code == 204
        gone = await office.delete(f"{path}/{items[0]['id']}")
        assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
        assert (await office.delete(path)).status_code == 204
        assert (await office.get(path)).json()["items"] == []


async def test_s43_a_program_that_asks_over_the_api(house: HttpHouse) -> None:
    """S42, S43: by `check`, and by a verification."""
    await furnish(house.inside)
    alice = await add_alice(house.inside)
    shown = (await make(house.inside, alice)).reveal()
    async with house.caller(await key_of(house, MAIL)) as program:
        for typed, expected in ((PASSWORD, "app_password_required"), (shown, "app_password_verified")):
            body = {"username": "alice", "password": typed}
            checked = (await program.post(f"{API}/check", json=body)).json()
            assert (checked["reason"], checked["approved"]) == (expected, typed == shown)
            begun = (await program.post(f"{API}/verifications", json=body)).json()
            assert (begun["reason"], begun["approved"]) == (expected, typed == shown)


async def test_app01_one_is_no_key_and_opens_no_other_door(house: HttpHouse) -> None:
    """APP-01: neither as a key of the API, nor at an application that can ask for more."""
    await furnish(house.inside)
    alice = await add_alice(house.inside)
    shown = (await make(house.inside, alice)).reveal()
    async with house.caller(shown) as stranger:
        assert (await stranger.get(f"{API}/users")).status_code == 401
        assert (await stranger.post(f"{API}/check", json={"username": "alice"})).status_code == 401
    async with house.caller(await house.add_key("verify")) as modern:
        for body in (
            {"username": "alice", "password": shown},
            {"username": "alice", "password": PASSWORD, "passcode": shown},
        ):
            assert not (await modern.post(f"{API}/check", json=body)).json()["approved"]


async def test_an_application_is_marked_over_the_api(house: HttpHouse) -> None:
    async with house.caller(await house.add_key("admin")) as office:
        made = (await office.post(f"{API}/applications", json={"name": "Mail", "is_legacy": True})).json()
        assert made["is_legacy"] is True
        path = f"{API}/applications/{made['id']}"
        assert (await office.patch(path, json={"is_legacy": False})).json()["is_legacy"] is False
        refused = await office.patch(path, json={"is_legacy": True, "first_factor": "client"})
        assert (refused.status_code, refused.json()["code"]) == (422, "legacy_unchecked")
        settings = (await office.get(f"{API}/settings")).json()
        assert settings["app_passwords"] is False
        changed = await office.put(f"{API}/settings", json={**settings, "app_passwords": True})
        assert changed.json()["app_passwords"] is True
