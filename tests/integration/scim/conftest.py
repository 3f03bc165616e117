from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.integration.http_api.house import TENANT, HttpHouse, Key, http_house
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.event import Event
from vestibule.model.user import User

ROOT = "/scim/v2"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


@dataclass(slots=True)
class Provider:
    """An identity provider with its key, and what became of what it pushed."""

    house: HttpHouse
    key: Key
    http: httpx.AsyncClient

    async def add(self, username: str, **more: Any) -> dict[str, Any]:
        answer = await self.http.post(f"{ROOT}/Users", json={"schemas": [USER], "userName": username, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def add_group(self, name: str, *members: str, **more: Any) -> dict[str, Any]:
        said = {"schemas": [GROUP], "displayName": name, "members": [{"value": each} for each in members]}
        answer = await self.http.post(f"{ROOT}/Groups", json=said | more)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> httpx.Response:
        body = {"schemas": [PATCH], "Operations": list(operations)}
        return await self.http.patch(f"{ROOT}/{path}", json=body, headers=headers)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.http.get(f"{ROOT}/{path}", params=params)

    async def found(self, kind: str, wanted: str, **params: Any) -> list[dict[str, Any]]:
        answer = await self.get(kind, filter=wanted, **params)
        assert answer.status_code == 200, answer.text
        assert answer.json()["totalResults"] == len(answer.json()["Resources"])
        return answer.json()["Resources"]

    async def user(self, user_id: str) -> User | None:
        users = self.house.inside.store.read(lambda tx: tx.users_by_id(TENANT, (user_id,)))
        return (await users).get(user_id)

    async def events(self) -> list[Event]:
        listed = self.house.inside.store.read(lambda tx: tx.events(TENANT, "", Page(limit=200)))
        return [each for each in (await listed).rows if each.actor == self.key.client_id]

    async def recorded(self) -> Counter[str]:
        """Return how often which kind of event was recorded of this key's."""
        return Counter(each.kind for each in await self.events())

    async def configure(self, **settings: Any) -> None:
        """Set what an administrator may set for the key."""
        applications = self.house.inside.services.applications
        client = applications.snapshot.peers[self.key.client_id].client
        await applications.change_client(SYSTEM, msgspec.structs.replace(client, settings=settings))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[HttpHouse]:
    async with http_house(tmp_path) as living:
        yield living


@pytest.fixture
async def provider(house: HttpHouse) -> AsyncIterator[Provider]:
    key = await house.add_key("scim")
    async with house.caller(key) as http:
        yield Provider(house, key, http)
