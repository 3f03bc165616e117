"""Access rules over the API: the whole list at once, its versions, and a rehearsal."""

from __future__ import annotations

from tests.integration.http_api.house import API, HttpHouse

PATH = f"{API}/access-rules"


async def test_life_of_the_rules(house: HttpHouse) -> None:
    alice = await house.add_person("alice")
    key = await house.add_key("admin")
    async with house.caller(key) as office:
        empty = (await office.get(PATH)).json()
        assert (empty["version"], empty["rules"]) == (0, [])
        rules = [
            {"name": "Guests", "effect": "deny", "users": [alice.user.user_id], "places": ["192.0.2.0/24"]},
            {"name": "All", "effect": "require", "methods": [alice.method], "within_minutes": 0},
        ]
        sent = {"rules": rules, "version": 0, "note": "first"}
        written = await office.put(PATH, json=sent)
        assert written.status_code == 200
        made = written.json()
        assert (made["version"], [rule["name"] for rule in made["rules"]]) == (1, ["Guests", "All"])
        assert made["rules"][1]["methods"] == [alice.method]
        assert (await office.get(PATH)).json() == made
        # What was read can be written again, with the same identifiers.
        again = await office.put(PATH, json={"rules": made["rules"][:1], "version": 1})
        assert again.json()["rules"] == made["rules"][:1]
        assert (await office.put(PATH, json=sent)).status_code == 409
        versions = (await office.get(f"{PATH}/versions")).json()["items"]
        assert [version["version"] for version in versions] == [2, 1]
        assert versions[1] == made

        question = {"username": "Alice", "application_id": key.application_id, "address": "192.0.2.1"}
        found = (await office.post(f"{PATH}/rehearsal", json=question)).json()
        assert (found["outcome"], found["reason"]) == ("deny", "access_denied")
        trial = await office.post(f"{PATH}/rehearsal", json=question | {"rules": rules[1:]})
        assert (trial.json()["outcome"], trial.json()["methods"]) == ("require", [alice.method])
        assert (await office.get(PATH)).json()["version"] == 2


async def test_what_is_refused_says_why(house: HttpHouse) -> None:
    async with house.caller(await house.add_key("admin")) as office:
        broken = {"rules": [{"name": "R", "effect": "deny", "groups": ["g9"]}], "version": 0}
        refused = await office.put(PATH, json=broken)
        assert (refused.status_code, refused.json()["code"]) == (422, "rule_invalid")
        assert "R: groups: g9" in refused.json()["detail"]
        for wrong in ({}, {"rules": []}, {"rules": [{"name": "R", "effect": "maybe"}], "version": 0}):
            assert (await office.put(PATH, json=wrong)).status_code == 400
        unknown = {"username": "nobody", "application_id": "nowhere"}
        assert (await office.post(f"{PATH}/rehearsal", json=unknown)).status_code == 404


async def test_remembered_browsers_and_break_glass(house: HttpHouse) -> None:
    alice = await house.add_person("alice")
    path = f"{API}/users/{alice.user.user_id}"
    async with house.caller(await house.add_key("admin")) as office:
        assert (await office.get(f"{path}/remembered-browsers")).json()["items"] == []
        assert (await office.delete(f"{path}/remembered-browsers")).status_code == 204
        assert (await office.delete(f"{path}/remembered-browsers/b1")).status_code == 404
        refused = await office.put(f"{path}/break-glass", json={"is_break_glass": True})
        assert refused.json()["code"] == "not_possible"


async def test_rules_of_another_tenant_are_out_of_reach(house: HttpHouse) -> None:
    """TEN-01"""
    await house.add_tenant("other")
    async with house.caller(await house.add_key("admin", tenant_id="other")) as other:
        written = await other.put(PATH, json={"rules": [{"name": "R", "effect": "deny"}], "version": 0})
        assert written.json()["version"] == 1
    async with house.caller(await house.add_key("admin")) as office:
        assert (await office.get(PATH)).json()["version"] == 0
        assert (await office.get(f"{PATH}/versions")).json()["items"] == []
