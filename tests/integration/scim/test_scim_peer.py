"""An independent client and checker of SCIM (scim2-client, scim2-tester), over a real connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from scim2_client.client import BaseSyncSCIMClient
from scim2_tester import Status, check_server

from tests.integration.http_api.house import HttpHouse
from tests.integration.scim.conftest import ROOT
from vestibule.frontends.http import HttpFrontend, HttpOptions


class _Client(BaseSyncSCIMClient):
    """The client, with the HTTP library that is here."""

    def __init__(self, http: httpx.Client) -> None:
        super().__init__()
        self._http = http

    def request(self, method: str, url: str, **more: Any) -> Any:
        return self._http.request(method, url, **more)

    def _parse_json(self, response: Any) -> Any:
        return response.json()

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return str(self._http.build_request("GET", endpoint).url).startswith(str(self._http.base_url))


@pytest.mark.prove
async def test_a_checker_by_others_finds_nothing_wrong(
    house: HttpHouse, proof: Callable[[int, int], int]
) -> None:
    """Groups, for which people are added, too; with --prove all of people as well."""
    kinds = ["Group", "User"][: proof(1, 2)]
    key = await house.add_key("scim")
    frontend = HttpFrontend(house.inside.services, HttpOptions(listen=(("127.0.0.1", 0),)))
    await frontend.start()
    headers = {"authorization": f"Bearer {key.text}"}

    def check() -> list[Any]:
        with httpx.Client(base_url=f"{frontend.addresses()[0]}{ROOT}", headers=headers, timeout=30) as http:
            return check_server(_Client(http), resource_types=kinds)

    try:
        results = await asyncio.to_thread(check)
    finally:
        await frontend.stop(5)
    assert len(results) > 30
    good = (Status.SUCCESS, Status.SKIPPED)
    wrong = [f"{each.title}: {each.reason}" for each in results if each.status not in good]
    assert wrong == [], "\n".join(wrong)
