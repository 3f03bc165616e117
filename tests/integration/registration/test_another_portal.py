"""Who is signed in at the portal of one tenant is nobody at that of another (TEN-01, TEN-02, TEN-03)."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from litestar.routes import HTTPRoute

from tests.houses import PASSWORD, TENANT
from tests.integration.console.test_console_isolation import rows
from tests.integration.http_api.house import HttpHouse, http_house
from tests.integration.registration.browser import ROOT, Browser, browsing, passcode_of
from vestibule.frontends.http.sign_in_cookie import Pending

OTHER = "umbrella"
OPEN = (
    "/sign-in",
    "/sign-out",
    "/signed-out",
    "/expired",
    "/reset",
    "/language",
    "/help",
    "/troubleshooting",
)
"""Beginnings of what everybody may see and ask for at a portal."""


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[HttpHouse]:
    async with http_house(tmp_path) as living:
        await living.inside.services.setup.ensure_portal(TENANT)
        await living.add_tenant(OTHER)
        yield living


@pytest.fixture
async def browser(place: HttpHouse) -> AsyncIterator[Browser]:
    async with browsing(place) as opened:
        yield opened


def routes(place: HttpHouse, ids: dict[str, str]) -> list[tuple[str, str]]:
    """Return method and path of whatever is behind the door of the other tenant's portal."""
    found = []
    for route in place.app.routes:
        beginning = "/portal/{tenant}"
        if not isinstance(route, HTTPRoute) or not route.path_format.startswith(beginning):
            continue
        rest = route.path_format.removeprefix(beginning)
        if not rest.startswith(OPEN):
            path = f"/portal/{OTHER}" + re.sub(r"\{(\w+)\}", lambda name: ids.get(name[1], "x"), rest)
            found += [(method, path) for method in ("GET", "POST") if method in route.route_handler_map]
    return found


async def test_a_session_is_worth_nothing_at_another_portal(place: HttpHouse, browser: Browser) -> None:
    """Nor with identifiers of who has the same name there: each page sends to the sign-in of that portal."""
    alice, theirs = await place.add_person("alice"), await place.add_person("alice", OTHER)
    assert (await browser.sign_in("alice", passcode_of(place, alice))).status_code == 200
    ids = {"authenticator": theirs.authenticator_id, "tenant": OTHER}
    before = {each: await asyncio.to_thread(rows, place, each) for each in (OTHER, TENANT)}
    tried = routes(place, ids)
    for method, path in tried:
        answer = await (browser.get(path) if method == "GET" else browser.post(path, passcode="000000"))
        if answer.status_code == 303:
            assert answer.headers["location"].startswith(f"/portal/{OTHER}/sign-in"), (method, path)
        else:
            assert answer.status_code in (403, 404), (method, path, answer.status_code)
    assert len(tried) > 40
    assert await asyncio.to_thread(rows, place, OTHER) == before[OTHER]
    assert (await browser.get(f"{ROOT}/")).status_code == 200, "and is good where it began"


async def test_a_sign_in_that_began_here_ends_nowhere_else(place: HttpHouse, browser: Browser) -> None:
    """CH-07: the browser may write into its own cookie what it likes."""
    alice, theirs = await place.add_person("alice"), await place.add_person("alice", OTHER)
    await browser.post(f"{ROOT}/sign-in", username="alice", password=PASSWORD)
    (name,) = [each for each in browser.client.cookies if each.endswith("sign-in")]
    value = browser.client.cookies[name]
    pending = msgspec.json.decode(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)), type=Pending)
    forged = msgspec.structs.replace(pending, root=f"/portal/{OTHER}")
    browser.client.cookies.clear()
    browser.client.cookies.set(
        name, base64.urlsafe_b64encode(msgspec.json.encode(forged)).decode().rstrip("=")
    )
    for person in (alice, theirs):
        typed = {"passcode": passcode_of(place, person), "kind": "passcode"}
        await browser.post(f"/portal/{OTHER}/sign-in/second-factor", **typed)
        shut = await browser.get(f"/portal/{OTHER}/")
        assert (shut.status_code, "/sign-in" in shut.headers.get("location", "")) == (303, True)
    browser.client.cookies.set(name, value)
    typed = {"passcode": passcode_of(place, alice), "kind": "passcode"}
    await browser.post(f"{ROOT}/sign-in/second-factor", **typed)
    assert (await browser.get(f"{ROOT}/")).status_code == 200, "nothing of it was spent"
