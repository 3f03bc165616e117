"""Blocks, one-time bypasses and temporary access passes over the API."""

from __future__ import annotations

from tests.integration.http_api.house import API, PASSWORD, HttpHouse
from vestibule.model.verification import Reason


async def test_a_user_is_blocked_listed_and_unblocked(house: HttpHouse) -> None:
    alice = await house.add_person("alice")
    user = f"{API}/users/{alice.user.user_id}"
    async with house.caller(await house.add_key("admin")) as office:
        made = await office.post(f"{user}/block", json={"reason": "Phone stolen", "days": 7})
        assert made.status_code == 201
        block = made.json()
        assert (block["state"], block["cause"], block["reason"]) == ("active", "hand", "Phone stolen")
        assert block["until"] - block["begun_at"] == 7 * 86_400_000
        assert (await office.get(user)).json()["blocked_until"] == block["until"]
        again = await office.post(f"{user}/block", json={"reason": "x"})
        assert (again.status_code, again.json()["code"]) == (409, "already_blocked")
        listed = await office.get(f"{API}/blocks", params={"active": "true", "text": "ALI"})
        assert [item["id"] for item in listed.json()["items"]] == [block["id"]]
        lifted = await office.post(f"{user}/unblock", json={"reason": "found"})
        assert (lifted.status_code, lifted.json()["state"]) == (200, "lifted")
        assert (await office.get(f"{API}/blocks", params={"active": "true"})).json()["items"] == []
        once_more = await office.post(f"{user}/unblock", json={"reason": "found"})
        assert (once_more.status_code, once_more.json()["code"]) == (409, "not_blocked")
        for wrong in ({}, {"reason": ""}, {"reason": "x", "days": 0}, {"reason": "x", "weeks": 1}):
            assert (await office.post(f"{user}/block", json=wrong)).status_code == 400
        blank = await office.post(f"{user}/block", json={"reason": "   "})
        assert (blank.status_code, blank.json()["code"]) == (422, "reason_missing")


async def test_an_application_reads_that_he_is_blocked(house: HttpHouse) -> None:
    alice = await house.add_person("alice")
    async with house.caller(await house.add_key("admin")) as office:
        await office.post(f"{API}/users/{alice.user.user_id}/block", json={"reason": "x"})
    async with house.caller(await house.add_key("verify")) as shop:
        answer = (await shop.post(f"{API}/verifications", json=house.typed(alice))).json()
    assert (answer["approved"], answer["reason"]) == (False, "user_blocked")


async def test_a_bypass_is_made_used_and_listed(house: HttpHouse) -> None:
    alice = await house.add_person("alice")
    user = f"{API}/users/{alice.user.user_id}"
    typed = {"username": "alice", "password": PASSWORD}
    async with (
        house.caller(await house.add_key("admin")) as office,
        house.caller(await house.add_key("verify")) as shop,
    ):
        made = await office.post(f"{user}/bypass", json={"reason": "Phone forgotten", "seconds": 600})
        assert (made.status_code, made.json()["state"], made.json()["is_used"]) == (201, "waiting", False)
        assert (await office.delete(f"{user}/bypass")).status_code == 204
        gone = await office.delete(f"{user}/bypass")
        assert (gone.status_code, gone.json()["code"]) == (404, "no_bypass")
        await office.post(f"{user}/bypass", json={"reason": "Phone forgotten"})
        answer = (await shop.post(f"{API}/verifications", json=typed)).json()
        assert (answer["approved"], answer["reason"]) == (True, "bypassed")
        assert (await shop.post(f"{API}/verifications", json=typed)).json()["state"] == "pending"
        items = (await office.get(f"{API}/bypasses", params={"user_id": alice.user.user_id})).json()["items"]
        assert sorted(item["state"] for item in items) == ["used", "withdrawn"]
        used = next(item for item in items if item["is_used"])
        assert used["verification_id"] == answer["id"]
        unknown = await office.post(f"{user}/bypass", json={"reason": "x", "application_id": "nowhere"})
        assert unknown.status_code == 404


async def test_a_pass_is_shown_once_and_opens_the_door(house: HttpHouse) -> None:
    alice = await house.add_person("alice")
    path = f"{API}/users/{alice.user.user_id}/temporary-pass"
    async with (
        house.caller(await house.add_key("admin")) as office,
        house.caller(await house.add_key("verify")) as shop,
    ):
        made = (await office.post(path, json={"minutes": 30})).json()
        assert made["not_after"] - house.inside.clock.now() == 30 * 60_000
        typed = {"username": "alice", "password": PASSWORD, "passcode": made["passcode"]}
        answer = (await shop.post(f"{API}/verifications", json=typed)).json()
        assert (answer["approved"], answer["reason"]) == (True, Reason.TEMPORARY_PASS_VERIFIED)
        shown = await office.get(f"{API}/users/{alice.user.user_id}")
        assert made["passcode"] not in shown.text
        assert (await office.delete(path)).status_code == 204
        gone = await office.delete(path)
        assert (gone.status_code, gone.json()["code"]) == (404, "no_pass")
        assert (await office.post(path, json={"minutes": 5})).status_code == 400


async def test_another_tenant_has_no_such_user(house: HttpHouse) -> None:
    """TEN-01, BYP-02."""
    alice = await house.add_person("alice")
    user = f"{API}/users/{alice.user.user_id}"
    await house.add_tenant("globex")
    async with house.caller(await house.add_key("admin", tenant_id="globex")) as stranger:
        for path in ("block", "unblock", "bypass"):
            assert (await stranger.post(f"{user}/{path}", json={"reason": "x"})).status_code == 404
        assert (await stranger.post(f"{user}/temporary-pass", json={})).status_code == 404
        for listing in ("blocks", "bypasses"):
            assert (await stranger.get(f"{API}/{listing}")).json()["items"] == []


async def test_the_page_of_a_user_tells_from_where_somebody_guesses(house: HttpHouse) -> None:
    """BF-09."""
    alice = await house.add_person("alice")
    async with (
        house.caller(await house.add_key("admin")) as office,
        house.caller(await house.add_key("verify")) as shop,
    ):
        wrong = {
            "username": "alice",
            "password": PASSWORD,
            "passcode": "000000",
            "user_address": "198.51.100.9",
        }
        for _ in range(6):
            await shop.post(f"{API}/verifications", json=wrong)
        (source,) = (await office.get(f"{API}/users/{alice.user.user_id}")).json()["sources"]
    assert (source["source"], source["factor"], source["failures"]) == ("198.51.100.9", "passcode", 5)
    assert source["locked_until"] is not None
