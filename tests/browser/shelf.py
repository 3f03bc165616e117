"""Every page with sample data, in a real browser and without a server.

The pages are served under the product's own Content-Security-Policy; any violation of it is a problem.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from playwright.async_api import Page, Route, ViewportSize

from tests.peers.chromium import Chromium
from vestibule.frontends.http.assets import URL_PREFIX, load_assets
from vestibule.frontends.http.headers import CONTENT_POLICY
from vestibule.frontends.http.templates import make_pages

FRONTEND = Path(__file__).parents[2] / "frontend"
SITE = "http://localhost"
PHONE: ViewportSize = {"width": 390, "height": 844}
SMALLEST: ViewportSize = {"width": 320, "height": 640}
DESK: ViewportSize = {"width": 1280, "height": 900}


def preview() -> Any:
    """Return the module that has the samples, which is no part of the package."""
    sys.path.insert(0, str(FRONTEND))
    try:
        return import_module("preview")
    finally:
        sys.path.remove(str(FRONTEND))


class Shelf:
    """Serves the samples and opens windows on them; collects what goes wrong in any of them."""

    def __init__(self, chromium: Chromium) -> None:
        self.chromium = chromium
        self.preview = preview()
        self.samples = {sample.name: sample for sample in self.preview.samples()}
        self.assets = load_assets()
        self.pages = make_pages(self.assets)
        self.problems: list[str] = []
        self.posted: list[str] = []

    async def open(self, name: str, language: str = "en", **options: Any) -> Page:
        """Open the sample in a window of its own."""
        context = await self.chromium.context(**{"viewport": DESK, "timezone_id": "Europe/Berlin", **options})
        await context.route(f"{SITE}/**", self._answer)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda line: self.problems.append(line.text) if line.type == "error" else None)
        await page.goto(f"{SITE}/{language}/{name}")
        return page

    async def _answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        if route.request.method == "POST":
            self.posted.append(f"{path} {route.request.post_data or ''}")
            await route.fulfill(body="done", content_type="text/plain")
        elif path.startswith(URL_PREFIX):
            asset = self.assets.find(path.removeprefix(URL_PREFIX))
            assert asset is not None, path
            await route.fulfill(body=asset.content, content_type=asset.media_type)
        elif path.startswith("/phone/"):
            return  # The simulated phone waits for news, and none comes.
        elif path.partition("?")[0].endswith("/state"):  # A page that waits asks whether it may go on.
            await route.fulfill(body='{"moved": false}', content_type="application/json")
        else:
            await route.fulfill(
                body=self._html(*path.strip("/").split("/")),
                content_type="text/html; charset=utf-8",
                headers={"Content-Security-Policy": CONTENT_POLICY},
            )

    def _html(self, language: str, name: str) -> str:
        sample = self.samples[name]
        frame = self.preview.frame_of(sample, language)
        return self.pages.render(sample.page, frame, **sample.variables)
