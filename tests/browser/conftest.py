"""A house with its HTTP front end on a real port, and windows that report every error a page makes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import patch

import pytest
import pytest_asyncio

from tests.browser.scene import Site, Window
from tests.houses import TENANT, open_house
from tests.integration.http_api.house import usual_app
from tests.peers.chromium import Chromium
from vestibule.frontends.http import frontend as frontend_module
from vestibule.frontends.http.frontend import HttpFrontend
from vestibule.frontends.http.options import HttpOptions

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser belongs to the loop of the session, and with it all that speaks with it."""
    for item in items:
        if HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    """A house with one tenant and its portal, over HTTP; its clock stands still until a test moves it."""
    async with open_house(tmp_path / "state") as house:
        await house.services.setup.ensure_portal(TENANT)
        with usual_app(house.services) as app, patch.object(frontend_module, "build_app", lambda *_: app):
            frontend = HttpFrontend(house.services, HttpOptions(listen=(("127.0.0.1", 0),)))
            await frontend.start()
            try:
                takes_all = bool(request.config.getoption("--prove"))
                yield Site(house, frontend.addresses()[0], tmp_path / "pictures", takes_all)
            finally:
                await frontend.stop(1)


@pytest_asyncio.fixture(loop_scope="session")
async def window(site: Site, chromium: Chromium) -> AsyncIterator[Window]:
    """A browser window on the site, in English, wide. Fails the test if a page of it made an error."""
    opened = Window(site, await chromium.page(viewport={"width": 1280, "height": 900}, locale="en-US"))
    yield opened
    assert opened.problems == []
