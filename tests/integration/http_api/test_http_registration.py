"""Requirements, demands to register anew, and what vouches for a registration, over the REST API."""

from __future__ import annotations

import httpx
import pytest

from tests.integration.http_api.house import API, PASSWORD, HttpHouse
from vestibule.model.user import Requirement


@pytest.fixture
async def office(house: HttpHouse) -> httpx.AsyncClient:
    return house.caller(await house.add_key("admin"))


async def require(office: httpx.AsyncClient, wanted: str, *names: str, **more: bool) -> httpx.Response:
    body = {"requirement": wanted, "usernames": list(names), **more}
    return await office.post(f"{API}/requirements", json=body)


async def test_many_are_required_together_and_a_rehearsal_changes_nothing(
    house: HttpHouse, office: httpx.AsyncClient
) -> None:
    alice = await house.add_person("Alice")
    await house.inside.add_bare_person("Bob")
    tried = (await require(office, "enforced", "ALICE", "bob", dry_run=True)).json()
    assert tried == {"changed": ["Alice", "Bob"], "unchanged": [], "unregistered": ["Bob"]}
    path = f"{API}/users/{alice.user.user_id}"
    assert (await office.get(path)).json()["requirement"] == "disabled"
    assert (await require(office, "enforced", "ALICE", "bob")).json() == tried
    assert (await office.get(path)).json()["requirement"] == "enforced"
    assert (await require(office, "forced", "alice")).status_code == 400


async def test_nobody_is_changed_where_one_is_nobody(house: HttpHouse, office: httpx.AsyncClient) -> None:
    alice = await house.add_person("Alice")
    refused = await require(office, "enabled", "alice", "nobody")
    assert refused.status_code == 400
    assert [each["where"] for each in refused.json()["invalid"]] == ["usernames[1]"]
    assert (await office.get(f"{API}/users/{alice.user.user_id}")).json()["requirement"] == "disabled"


async def test_one_is_required_by_identifier(house: HttpHouse, office: httpx.AsyncClient) -> None:
    alice = await house.add_person("Alice")
    path = f"{API}/users/{alice.user.user_id}/requirement"
    assert (await office.put(path, json={"requirement": "enabled"})).json()["changed"] == ["Alice"]
    elsewhere = f"{API}/users/nobody/requirement"
    assert (await office.put(elsewhere, json={"requirement": "enabled"})).status_code == 404


async def test_registration_is_demanded_and_forgone(house: HttpHouse, office: httpx.AsyncClient) -> None:
    """S39."""
    alice = await house.add_person("Alice")
    await house.inside.services.setup.ensure_portal(alice.user.tenant_id)
    path = f"{API}/users/{alice.user.user_id}"
    assert (await office.post(f"{path}/registration/demand")).status_code == 204
    assert (await office.get(path)).json()["must_register"] is True
    assert (await office.delete(f"{path}/registration/demand")).status_code == 204
    assert (await office.get(path)).json()["must_register"] is False


async def test_codes_and_windows_are_given_out_and_withdrawn(
    house: HttpHouse, office: httpx.AsyncClient
) -> None:
    """ENR-01: a code is told once; the list holds nothing of it."""
    alice = await house.inside.add_bare_person("Alice")
    path = f"{API}/users/{alice.user.user_id}/registration"
    made = await office.post(f"{path}/code")
    assert made.status_code == 201
    code = made.json()["code"]
    assert len(code) == 11
    assert (await office.post(f"{path}/window", json={"hours": 4})).status_code == 204
    assert (await office.post(f"{path}/window", json={"hours": 100})).status_code == 400
    mailed = await office.post(f"{path}/mail")
    assert (mailed.status_code, mailed.json()["code"]) == (422, "no_mail")
    listed = await office.get(f"{path}/vouchers")
    assert {each["vouch"] for each in listed.json()["items"]} == {"letter", "help_desk"}
    assert code not in listed.text
    assert (await office.delete(f"{path}/vouchers")).status_code == 204
    assert (await office.get(f"{path}/vouchers")).json()["items"] == []


async def test_settings_of_registration_are_checked(office: httpx.AsyncClient) -> None:
    good = {
        "methods": ["totp"],
        "registration_methods": 2,
        "registration_policy": "everybody",
        "registration_skip_days": 0,
        "vouching": ["help_desk"],
        "registration_open_until": "2027-06-30",
        "registration_code_days": 3,
    }
    answer = await office.put(f"{API}/settings", json=good)
    assert answer.status_code == 200
    assert answer.json() == answer.json() | good
    for bad, status in (
        ({"methods": ["carrier-pigeon"]}, 400),
        ({"registration_methods": 3}, 400),
        ({"registration_policy": "some"}, 400),
        ({"vouching": ["anybody"]}, 400),
        ({"registration_open_until": "2027-02-30"}, 422),
        ({"registration_open_until": "soon"}, 400),
        ({"registration_code_days": 0}, 400),
    ):
        assert (await office.put(f"{API}/settings", json=bad)).status_code == status, bad


async def test_an_application_is_told_that_registration_comes_first(
    house: HttpHouse, office: httpx.AsyncClient
) -> None:
    """ENR-03, S66: a program is told by the reason."""
    await house.inside.add_bare_person("Alice", requirement=Requirement.ENABLED)
    shop = house.caller(await house.add_key("verify"))
    body = {"username": "alice", "password": PASSWORD}
    answer = (await shop.post(f"{API}/verifications", json=body)).json()
    assert (answer["state"], answer["reason"]) == ("denied", "registration_required")
