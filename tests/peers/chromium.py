"""Debian's Chromium, headless, driven by Playwright.

The headless shell is the same engine without what surrounds a page, and takes half the processor time; only
the whole browser shows notifications. Either shows only what the test serves: every request that leaves this
machine is refused by the browser itself.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright

from tests.peers.program import find_program

FLAGS = [
    "--no-sandbox",  # its sandbox refuses to run as root, and a container rarely allows another
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",  # /dev/shm is tiny in many containers
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


SHELL = "chromium-headless-shell"
WHOLE_BROWSER = "chromium"


class Chromium:
    """`async with Chromium() as chromium: page = await chromium.page()`."""

    _playwright: Playwright
    browser: Browser

    def __init__(self, program: str = SHELL) -> None:
        self._program = program

    async def __aenter__(self) -> Self:
        self._playwright = await async_playwright().start()
        self.browser = await self._playwright.chromium.launch(
            executable_path=find_program(self._program), args=FLAGS, chromium_sandbox=False
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.browser.close()
        await self._playwright.stop()

    async def context(self, **options: Any) -> BrowserContext:
        """A profile of its own: cookies, language (`locale="de-DE"`), size of the window (`viewport=...`)."""
        context = await self.browser.new_context(**{"ignore_https_errors": True, **options})
        context.set_default_timeout(10_000)
        return context

    async def close_windows(self) -> None:
        """Leave nothing open, and no profile."""
        for context in list(self.browser.contexts):
            await context.close()

    async def page(self, **options: Any) -> Page:
        """A page in a profile of its own."""
        return await (await self.context(**options)).new_page()
