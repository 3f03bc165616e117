"""What is not a request of this API is refused, the same way on the short path and through the framework."""

from __future__ import annotations

from itertools import product
from typing import Any

from tests.integration.http_api.house import API, HttpHouse

JSON = {"content-type": "application/json"}
# The first is answered in front of the framework, the second by it.
CHECKS = [f"{API}/check", f"{API}/check/"]

WRONG: list[tuple[bytes, int]] = [
    (b"", 400),
    (b"{", 400),
    (b"[]", 400),
    (b"null", 400),
    (b"true", 400),
    (b'"text"', 400),
    (b"{}", 400),
    (b'{"username":"a","passcode":1}', 400),
    (b'{"username":"a","passcode":true}', 400),
    (b'{"username":"a","passcode":["1"]}', 400),
    (b'{"username":"a","passcode":{"$ne":"1"}}', 400),
    (b'{"username":null,"passcode":"1"}', 400),
    (b'{"username":"","passcode":"1"}', 400),
    (b'{"username":"a","passcode":""}', 400),
    (b'{"username":"a\\u0000b","passcode":"1"}', 400),
    (b'{"username":"a","passcode":"1","tenant_id":"system"}', 400),
    (b'{"username":"a","passcode":"1","is_first_factor_proven":true}', 400),
    (b'{"username":"a","passcode":NaN}', 400),
    (b'\xef\xbb\xbf{"username":"a","passcode":"1"}', 400),
    ('{"username":"a","passcode":"1"}'.encode("utf-16"), 400),
    (b'{"username":"\xff","passcode":"1"}', 400),
    (b'{"username":"\\ud800","passcode":"1"}', 400),
    (b'{"username":"a","passcode":' + b"[" * 15_000, 400),
    (b'{"username":"' + b"a" * 300 + b'","passcode":"1"}', 400),
    (b'{"username":"a","passcode":"' + b"1" * 100 + b'"}', 400),
    (b'{"username":"a","passcode":"1"}' + b" " * 70_000, 413),
]


async def test_bodies_that_are_none(house: HttpHouse) -> None:
    """WEB-12, WEB-13, WEB-14: 4xx with a problem, the same on both ways, and nothing is decided."""
    async with house.caller(await house.add_key("verify")) as shop:
        for path, (body, status) in product(CHECKS, WRONG):
            answer = await shop.post(path, content=body, headers=JSON)
            assert (answer.status_code, body[:60]) == (status, body[:60])
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == status
    assert await house.inside.attempts() == []


NOT_JSON: list[dict[str, str]] = [
    {},
    {"content-type": "text/plain"},
    {"content-type": "application/x-www-form-urlencoded"},
    {"content-type": "application/jsonp"},
    {"content-type": "text/plain; application/json"},
]


async def test_bodies_that_are_not_called_json(house: HttpHouse) -> None:
    body = b'{"username":"a","passcode":"1"}'
    with_charset = {"content-type": "Application/JSON; charset=utf-8"}
    async with house.caller(await house.add_key("verify")) as shop:
        for path, headers in product(CHECKS, NOT_JSON):
            assert (await shop.post(path, content=body, headers=headers)).status_code == 415
        for path in CHECKS:
            assert (await shop.post(path, content=body, headers=with_charset)).status_code == 200


async def test_a_field_given_twice_counts_the_same_everywhere(house: HttpHouse) -> None:
    """WEB-12: the last one counts, for the short path, the framework and the list of attempts."""
    body = b'{"username":"first","username":"second","passcode":"1"}'
    async with house.caller(await house.add_key("verify")) as shop:
        for path in CHECKS:
            await shop.post(path, content=body, headers=JSON)
    assert [attempt.claimed_username for attempt in await house.inside.attempts()] == ["second"] * 2


async def test_parameters_that_there_are_not(house: HttpHouse) -> None:
    """WEB-13"""
    key = await house.add_key("verify", "admin")
    body = {"username": "a", "passcode": "1"}
    async with house.caller(key) as caller:
        for path in CHECKS:
            assert (await caller.post(path, json=body, params={"tenant": "acme"})).status_code == 400
        for query in ("stauts=active", "limit=1&limit=2", "tenant_id=system", f"key={key.text}"):
            answer = await caller.get(f"{API}/users?{query}")
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
            assert key.text not in answer.text


async def test_every_spelling_of_the_path_needs_the_key(house: HttpHouse) -> None:
    """BF-07: a spelling that reaches the route reaches its guard, too."""
    spellings = [f"{API}/check", f"{API}/check/", f"{API}//check", "//api/v1/check", f"{API}/%63heck"]
    async with house.caller() as nobody:
        for path in [*spellings, f"{API}/CHECK", f"{API}/./check", f"{API}/x/../check", f"{API}%2fcheck"]:
            answer = await nobody.request("POST", f"http://vestibule.test{path}", json={})
            assert (answer.status_code in (401, 404), path) == (True, path)


async def test_problems_name_the_place_and_repeat_no_value(house: HttpHouse) -> None:
    canary = "canary-4711"
    bodies: dict[str, dict[str, Any]] = {
        "username": {"username": [canary]},
        "other_names": {"username": "bob", "other_names": canary},
        "status": {"username": "bob", "status": canary},
        "email": {"username": "bob", "email": {"at": canary}},
        "": {"username": "bob", "version": canary},
    }
    async with house.caller(await house.add_key("admin")) as office:
        for where, body in bodies.items():
            answer = await office.post(f"{API}/users", json=body)
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
            assert answer.json()["invalid"][0].get("where", "") == where
            assert canary not in answer.text
