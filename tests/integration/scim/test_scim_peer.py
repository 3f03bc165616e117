"""An independent client and checker of SCIM (scim2-client, scim2-tester), over a real connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest

from tests.integration.http_api.house import HttpHouse, usual_frontend
from tests.integration.scim.conftest import ROOT
from vestibule.frontends.http import HttpOptions


@pytest.mark.prove
async def test_a_checker_by_others_finds_nothing_wrong(
    house: HttpHouse, proof: Callable[[int, int], int]
) -> None:
    """Groups, for which people are added, too; with --prove all of people as well."""
    kinds = ["Group", "User"][: proof(1, 2)]
    key = await house.add_key("scim")
    options = HttpOptions(listen=(("127.0.0.1", 0),))
    headers = {"authorization": f"Bearer {key.text}"}

    def check(url: str) -> tuple[int, list[str]]:
        # Takes long to load, so not whenever tests are collected.
        from tests.peers.scim_tester import checked  # noqa: PLC0415

        with httpx.Client(base_url=f"{url}{ROOT}", headers=headers, timeout=30) as http:
            return checked(http, kinds)

    with usual_frontend(house.inside.services, options) as frontend:
        await frontend.start()
        try:
            checks, wrong = await asyncio.to_thread(check, frontend.addresses()[0])
        finally:
            await frontend.stop(5)
    assert checks > 30
    assert wrong == [], "\n".join(wrong)
