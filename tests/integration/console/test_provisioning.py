"""Keys that push people, at the desk."""

from __future__ import annotations

import re

from tests.houses import TENANT
from tests.integration.console.desk import ConsoleWindow, words
from tests.integration.http_api.house import HttpHouse
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind


async def test_a_key_is_shown_once_pushes_and_is_revoked(house: HttpHouse, console: ConsoleWindow) -> None:
    await house.inside.services.setup.ensure_portal(TENANT)
    page = await console.get("provisioning")
    assert "http://vestibule.test/scim/v2" in page.text
    nameless = await console.post("provisioning", {"when_deleted": "remove"})
    assert nameless.status_code == 422
    form = {"name": "Entra ID", "when_deleted": "remove", "takes_over": "yes", "requirement": "enabled"}
    made = await console.post("provisioning", form)
    (key,) = re.findall(r"vst_[\w-]{20,}", made.text)
    assert made.headers["cache-control"] == "no-store"
    (client,) = house.inside.services.applications.clients(SYSTEM, TENANT, ClientKind.API)
    assert client.scopes == ("scim",)
    assert client.settings == {"when_deleted": "remove", "takes_over": True, "requirement": "enabled"}
    async with house.caller(key) as provider:
        pushed = await provider.post("/scim/v2/Users", json={"userName": "alice", "externalId": "x-7"})
        assert pushed.status_code == 201
        shown = await console.get("provisioning")
        assert key not in shown.text
        for told in ("Entra ID", "Takes over what was added by hand", "alice", "x-7"):
            assert told in words(shown), told
        await console.post(f"provisioning/{client.client_id}/revoke")
        assert (await provider.get("/scim/v2/Users")).status_code == 401
    assert "Revoked key" in words(await console.get("provisioning"))


async def test_only_keys_that_push_are_revoked_here(house: HttpHouse, console: ConsoleWindow) -> None:
    other = await house.add_key("admin")
    assert (await console.post(f"provisioning/{other.client_id}/revoke")).status_code == 404
