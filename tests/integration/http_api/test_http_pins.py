"""PINs over the API: set, generate, renew, clear, and what a PIN that is refused says."""

from __future__ import annotations

from tests.integration.http_api.house import API, TENANT, HttpHouse
from vestibule.crypto.secret import Secret
from vestibule.model.pin import PinState


async def test_life_of_a_pin(house: HttpHouse) -> None:
    alice = await house.add_person("alice")
    pins, user_id = house.inside.services.pins, alice.user.user_id
    path = f"{API}/users/{user_id}/pin"
    async with house.caller(await house.add_key("admin")) as office:
        none = {"is_set": False, "must_change": False, "is_expired": False, "changed_at": None}
        assert (await office.get(path)).json() == none
        made = await office.put(path, json={})
        assert made.status_code == 200
        pin = Secret(made.json()["pin"])
        assert (await pins.check(TENANT, user_id, pin)).state is PinState.MUST_CHANGE
        shown = (await office.get(path)).json()
        assert (shown["is_set"], shown["must_change"]) == (True, True)
        assert pin.reveal() not in str(shown)

        given = await office.put(path, json={"pin": "830519", "must_change": False})
        assert given.json() == {"pin": "830519"}
        assert (await pins.check(TENANT, user_id, Secret("830519"))).state is PinState.RIGHT
        assert (await office.post(f"{path}/require-change")).status_code == 204
        assert (await pins.check(TENANT, user_id, Secret("830519"))).state is PinState.MUST_CHANGE

        assert (await office.delete(path)).status_code == 204
        assert (await office.get(path)).json() == none
        for answer in (await office.delete(path), await office.post(f"{path}/require-change")):
            assert (answer.status_code, answer.json()["code"]) == (404, "no_pin")


async def test_a_pin_that_is_refused_says_why(house: HttpHouse) -> None:
    alice = await house.add_person("alice")
    path = f"{API}/users/{alice.user.user_id}/pin"
    async with house.caller(await house.add_key("admin")) as office:
        refused = await office.put(path, json={"pin": "1112"})
        assert (refused.status_code, refused.json()["code"]) == (422, "pin_refused")
        assert refused.json()["detail"] == "The PIN cannot be used: repeats."
        for wrong in ({"pin": ""}, {"pin": "83a5"}, {"pin": 8305}, {"digits": "8305"}):
            answer = await office.put(path, json=wrong)
            assert answer.status_code == 400
            assert "83a5" not in answer.text
        assert not (await office.get(path)).json()["is_set"]


async def test_a_locked_pin_is_told_and_lifted(house: HttpHouse) -> None:
    """An administrator sees the failures of a PIN beside the others, and unlocks it with them."""
    await house.inside.change_settings(lockout_threshold=2)
    alice = await house.add_person("alice")
    pins, user_id = house.inside.services.pins, alice.user.user_id
    async with house.caller(await house.add_key("admin")) as office:
        await office.put(f"{API}/users/{user_id}/pin", json={"pin": "830519", "must_change": False})
        for _ in range(2):
            await pins.check(TENANT, user_id, Secret("1470"))
        person = (await office.get(f"{API}/users/{user_id}")).json()
        assert [(one["factor"], one["failures"]) for one in person["throttles"]] == [("pin", 2)]
        assert person["throttles"][0]["locked_until"] > house.inside.clock.now()
        assert (await office.post(f"{API}/users/{user_id}/unlock")).status_code == 204
        assert (await pins.check(TENANT, user_id, Secret("830519"))).state is PinState.RIGHT


async def test_a_pin_of_another_tenant_is_out_of_reach(house: HttpHouse) -> None:
    """TEN-01"""
    await house.add_tenant("other")
    alice = await house.add_person("alice")
    path = f"{API}/users/{alice.user.user_id}/pin"
    async with house.caller(await house.add_key("admin", tenant_id="other")) as foreign:
        for answer in (
            await foreign.get(path),
            await foreign.put(path, json={}),
            await foreign.post(f"{path}/require-change"),
            await foreign.delete(path),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    async with house.caller(await house.add_key("verify")) as shop:
        assert (await shop.put(path, json={})).status_code == 403
