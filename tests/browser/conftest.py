"""A house with its HTTP front end on a real port, and windows that report every error a page makes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import pytest_asyncio

from tests.browser.app_scene import NO_WORKER, Device, MakeDevice
from tests.browser.app_scene import PHONE as APP_SIZE
from tests.browser.scene import Site, Window
from tests.browser.shelf import Shelf
from tests.houses import TENANT, TestHouse, open_house
from tests.integration.apps.conftest import AppHouse
from tests.integration.http_api.house import usual_app
from tests.peers.chromium import Chromium
from vestibule.frontends.http import frontend as frontend_module
from vestibule.frontends.http.app import HttpApp
from vestibule.frontends.http.frontend import HttpFrontend
from vestibule.frontends.http.options import HttpOptions

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser belongs to the loop of the session, and with it all that speaks with it."""
    for item in items:
        if HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(loop_scope="session")
async def site_house(tmp_path: Path) -> AsyncIterator[TestHouse]:
    """A house with one tenant and its portal; its clock stands still until a test moves it."""
    async with open_house(tmp_path / "state") as house:
        await house.services.setup.ensure_portal(TENANT)
        yield house


@pytest.fixture
def site_app(site_house: TestHouse) -> Iterator[HttpApp]:
    with usual_app(site_house.services) as app:
        yield app


@pytest_asyncio.fixture(loop_scope="session")
async def site(
    site_house: TestHouse, site_app: HttpApp, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Site]:
    """The house over HTTP, on a real port."""
    with patch.object(frontend_module, "build_app", lambda *_: site_app):
        frontend = HttpFrontend(site_house.services, HttpOptions(listen=(("127.0.0.1", 0),)))
    await frontend.start()
    takes_pictures = bool(request.config.getoption("--prove"))
    yield Site(site_house, frontend.addresses()[0], tmp_path / "pictures", takes_pictures)
    await frontend.stop(1)


@pytest_asyncio.fixture(loop_scope="session")
async def window(site: Site, chromium: Chromium) -> AsyncIterator[Window]:
    """A browser window on the site, in English, wide. Fails the test if a page of it made an error."""
    opened = Window(site, await chromium.page(viewport={"width": 1280, "height": 900}, locale="en-US"))
    yield opened
    assert opened.problems == []


@pytest_asyncio.fixture(loop_scope="session")
async def shelf(chromium: Chromium) -> AsyncIterator[Shelf]:
    """Every page with sample data. Fails the test if one of them made an error."""
    shelf = Shelf(chromium)
    yield shelf
    assert shelf.problems == []


@pytest_asyncio.fixture(loop_scope="session")
async def make_device(site: Site, site_app: HttpApp, chromium: Chromium) -> AsyncIterator[MakeDevice]:
    """`await make_device("de", worker=True, …)`: a phone at a house with a VPN. Without `worker` its app is
    not installed, which takes less time. A device fails the test if its page made an error."""
    await site.house.add_application("vpn")
    apps = AppHouse(site.house, site_app)
    made: list[Device] = []

    async def make(language: str = "en", worker: bool = False, **options: Any) -> Device:
        workers = "allow" if worker else "block"
        usual = {"viewport": APP_SIZE, "locale": language, "service_workers": workers}
        page = await chromium.page(**{**usual, **options})
        await page.clock.set_fixed_time(site.house.clock.now() / 1000)
        window = Window(site, page, expected_statuses=(401, 404, 409, 422))
        made.append(Device(site, apps, window, language, [] if worker else [NO_WORKER]))
        return made[-1]

    yield make
    for client in apps.clients:
        await client.aclose()
    for device in made:
        await device.context.unroute_all(behavior="ignoreErrors")
        expected = re.compile("|".join(device.expected or ["^$"]))
        assert [each for each in device.window.problems if not expected.search(each)] == []


@pytest_asyncio.fixture(loop_scope="session")
async def device(make_device: MakeDevice) -> Device:
    return await make_device()
