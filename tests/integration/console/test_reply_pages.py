"""Reply attributes and dictionaries at the desk and over the API: added, tried, refused, removed."""

from __future__ import annotations

from typing import Any

from tests.houses import TENANT
from tests.integration.console.desk import ConsoleWindow, words
from tests.integration.http_api.house import API, HttpHouse
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind
from vestibule.model.reply_attribute import ReplyAttribute

ACME = "VENDOR Acme 9999\nATTRIBUTE Acme-Role 1 integer Acme\nVALUE Acme-Role Staff 7\n"
BROKEN = f"{ACME}ATTRIBUTE Acme-Rest 2 text Acme\n"


async def asa(house: HttpHouse) -> None:
    applications = house.inside.services.applications
    await applications.add_application(SYSTEM, TENANT, "VPN", application_id="vpn")
    await applications.add_client(
        SYSTEM, TENANT, "vpn", ClientKind.RADIUS, "asa", client_id="asa", address="192.0.2.1"
    )


async def lines(house: HttpHouse, user_id: str = "") -> tuple[ReplyAttribute, ...]:
    return await house.inside.services.reply_attributes.list(SYSTEM, TENANT, user_id)


async def test_attributes_come_and_go_at_the_desk(house: HttpHouse, console: ConsoleWindow) -> None:
    """A secret value is shown nowhere; what is wrong is said beside its field, and the value is not kept."""
    await asa(house)
    alice = await house.inside.add_person("alice")
    staff = await house.inside.services.groups.add(SYSTEM, TENANT, "<Staff>")
    form = {"attribute": "Class", "value": "x", "client_id": "asa"}
    await console.post("reply-attributes", {**form, "group_id": staff.group_id})
    await console.post("reply-attributes", {**form, "attribute": "Tunnel-Password", "value": "canary-7"})
    await console.post("reply-attributes", {"attribute": "Class", "value": "own", "username": "ALICE"})
    shown = await console.get("reply-attributes")
    assert "Group &lt;Staff&gt;, RADIUS client asa" in shown.text
    assert "canary-7" not in shown.text
    tried = words(await console.get("reply-attributes?client_id=asa&username=alice"))
    assert "For the user alone" in tried
    assert "own" in tried

    unknown = await console.post("reply-attributes", {**form, "attribute": "Acme-Role", "value": "canary-8"})
    assert unknown.status_code == 422
    assert "No dictionary names the attribute Acme-Role" in words(unknown)
    assert "canary-8" not in unknown.text
    nobody = await console.post("reply-attributes", {**form, "username": "nobody"})
    assert "No user has this name" in words(nobody)
    assert (await console.get("reply-attributes?client_id=asa&username=nobody")).status_code == 422
    assert (await console.get("reply-attributes?client_id=elsewhere")).status_code == 404

    for line in (*await lines(house), *await lines(house, alice.user.user_id)):
        await console.post(f"reply-attributes/{line.reply_id}/remove", {})
    assert await lines(house) == await lines(house, alice.user.user_id) == ()


async def test_dictionaries_come_and_go_at_the_desk(house: HttpHouse, console: ConsoleWindow) -> None:
    dictionaries = house.inside.services.dictionaries

    async def load(text: str, **fields: str) -> str:
        files = {"file": ("dictionary.acme", text.encode(), "text/plain")}
        return words(await console.post("radius-dictionaries", {"name": "", **fields}, files=files))

    assert "The type in line 4 (text) is unknown." in await load(BROKEN)
    assert "Attributes that can be sent: 1." in await load(ACME, try_only="yes")
    assert await dictionaries.list(SYSTEM, TENANT) == ()
    assert "acme" in await load(ACME)
    (loaded,) = await dictionaries.list(SYSTEM, TENANT)
    assert (loaded.name, loaded.attributes) == ("acme", 1)
    assert "cannot be the name" in await load(ACME, name="../x")
    await console.post("radius-dictionaries/acme/remove", {})
    assert await dictionaries.list(SYSTEM, TENANT) == ()


async def test_the_api_gives_tries_and_takes_away(house: HttpHouse) -> None:
    await asa(house)
    alice = await house.inside.add_person("alice")
    async with house.caller(await house.add_key("admin")) as caller:

        async def post(path: str, status: int = 201, **body: Any) -> Any:
            answer = await caller.post(f"{API}/{path}", json=body)
            assert answer.status_code == status, answer.text
            return answer.json()

        wrong = await post("radius-dictionaries", 422, name="acme", text=BROKEN)
        assert "line 4 (text)" in wrong["detail"]
        tried = await post("radius-dictionaries", name="acme", text=ACME, dry_run=True)
        assert tried["attributes"] == ["Acme-Role"]
        await post("radius-dictionaries", name="acme", text=ACME)
        assert (await caller.get(f"{API}/radius-dictionaries")).json()["items"][0]["name"] == "acme"

        await post("reply-attributes", 422, attribute="Acme-Role", value="Guest")
        await post("reply-attributes", 404, attribute="Acme-Role", value="Staff", group_id="nobody")
        await post("reply-attributes", attribute="Acme-Role", value="Staff", dry_run=True)
        shared = await post("reply-attributes", attribute="Acme-Role", value="Staff", client_id="asa")
        own = await post("reply-attributes", attribute="Class", value="x", user_id=alice.user.user_id)
        secret = await post("reply-attributes", attribute="Tunnel-Password", value="canary-9")
        assert (secret["value"], secret["is_secret"]) == ("", True)
        query = {"user_id": alice.user.user_id}
        preview = await caller.get(f"{API}/radius-clients/asa/reply-attributes", params=query)
        assert {each["id"] for each in preview.json()["items"]} == {
            each["id"] for each in (shared, own, secret)
        }
        listed = await caller.get(f"{API}/reply-attributes")
        assert {each["id"] for each in listed.json()["items"]} == {shared["id"], secret["id"]}
        for gone in (f"reply-attributes/{own['id']}", "radius-dictionaries/acme"):
            assert (await caller.delete(f"{API}/{gone}")).status_code == 204
            assert (await caller.delete(f"{API}/{gone}")).status_code == 404
