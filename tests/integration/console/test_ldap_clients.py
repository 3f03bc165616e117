"""LDAP clients at the desk and over the API: added, changed, refused, removed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.houses import TENANT
from tests.integration.console.desk import ConsoleWindow, words
from tests.integration.http_api.house import API, HttpHouse
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.model.application import Application, Client, ClientKind, DirectoryConfiguration, FirstFactor

EXEMPT = "192.0.2.20 cn=wiki,ou=services,dc=example,dc=org"
FORM = {
    "name": "wiki",
    "address": "192.0.2.20",
    "passcodes": "appended",
    "passcode_length": "8",
    "response_seconds": "55",
    "demand_tls": "yes",
    "require_user_match": "yes",
    "is_enabled": "yes",
}


@pytest.fixture
async def wiki(house: HttpHouse) -> Application:
    """An application that has a directory."""
    applications = house.inside.services.applications
    settings = {"urls": ["ldaps://ldap.example.org"], "base_dn": "dc=example,dc=org"}
    directory = DirectoryConfiguration(
        tenant_id=TENANT, directory_id="corp", kind="ldap", name="Corp", settings=settings, created_at=1
    )
    await applications.put_directory(SYSTEM, directory, Secret(""))
    return await applications.add_application(
        SYSTEM, TENANT, "Wiki", first_factor=FirstFactor.DIRECTORY, directory_id="corp"
    )


def clients(house: HttpHouse) -> tuple[Client, ...]:
    return house.inside.services.applications.clients(SYSTEM, TENANT, ClientKind.LDAP)


async def test_an_ldap_client_comes_changes_and_goes_at_the_desk(
    house: HttpHouse, console: ConsoleWindow, wiki: Application
) -> None:
    """What is the default is not written, so a better default reaches everybody."""
    assert "closed at once" in words(await console.get("ldap-clients"))
    typed = {**FORM, "application_id": wiki.application_id, "exempt_binds": f"{EXEMPT}\r\n\r\n"}
    added = await console.post("ldap-clients", typed)
    assert "wiki" in words(added)
    (client,) = clients(house)
    assert client.settings == {"passcodes": "appended", "passcode_length": 8, "exempt_binds": [EXEMPT]}
    shown = await console.get(f"ldap-clients/{client.client_id}")
    assert EXEMPT in shown.text

    open_door = {**typed, "demand_tls": "", "exempt_binds": "", "version": str(client.version)}
    assert "In the clear" in words(await console.post(f"ldap-clients/{client.client_id}", open_door))
    (changed,) = clients(house)
    assert changed.settings == {"passcodes": "appended", "passcode_length": 8, "demand_tls": False}
    stale = await console.post(f"ldap-clients/{client.client_id}", open_door)
    assert stale.status_code == 409
    await console.post(f"ldap-clients/{client.client_id}/remove", {})
    assert clients(house) == ()


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "", "This is needed"),
        ("address", "nowhere", "neither an IP address nor a network"),
        ("exempt_binds", "cn=wiki,dc=example,dc=org", "no address or network"),
        ("response_seconds", "1", "response_seconds"),
        ("application_id", "vpn", "has no directory behind it"),
    ],
)
async def test_what_cannot_be_used_is_said_and_kept(
    house: HttpHouse, console: ConsoleWindow, wiki: Application, field: str, typed: str, said: str
) -> None:
    await house.inside.services.applications.add_application(SYSTEM, TENANT, "VPN", application_id="vpn")
    answer = await console.post("ldap-clients", {**FORM, "application_id": wiki.application_id, field: typed})
    assert answer.status_code == 422
    assert said in words(answer)
    assert typed in answer.text
    assert clients(house) == ()


async def test_an_ldap_client_over_the_api(house: HttpHouse, wiki: Application) -> None:
    key = await house.add_key("admin")
    async with house.caller(key) as caller:
        new: dict[str, Any] = {
            "application_id": wiki.application_id,
            "name": "wiki",
            "address": "192.0.2.0/24",
            "settings": {"exempt_binds": [EXEMPT], "demand_tls": False},
        }
        added = await caller.post(f"{API}/ldap-clients", json=new)
        assert added.status_code == 201
        one = f"{API}/ldap-clients/{added.json()['id']}"
        assert (await caller.get(one)).json()["settings"] == new["settings"]
        assert (await caller.post(f"{API}/ldap-clients", json=new)).json()["code"] == "address_taken"
        wrong = await caller.patch(one, json={"settings": {"demand_tsl": True}})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "setting_invalid")
        changed = await caller.patch(one, json={"is_enabled": False, "settings": {}})
        assert (changed.json()["is_enabled"], changed.json()["settings"]) == (False, {})
        assert (await caller.get(f"{API}/radius-clients/{added.json()['id']}")).status_code == 404
        assert (await caller.delete(one)).status_code == 204
        assert (await caller.get(f"{API}/ldap-clients")).json()["items"] == []
