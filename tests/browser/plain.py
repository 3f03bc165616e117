"""A browser without a screen: keeps cookies, reads the token out of a page's form, and sends forms."""

from __future__ import annotations

import html
import re
from types import TracebackType
from typing import Self

import httpx

from tests.browser.scene import Phone, Site
from tests.houses import PASSWORD, TENANT


class Plain:
    """`async with Plain(site) as browser: await browser.get("/portal/acme/")`."""

    def __init__(self, site: Site, **headers: str) -> None:
        self.site = site
        self.client = httpx.AsyncClient(base_url=site.url, headers=headers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.aclose()

    async def get(self, path: str, **parameters: str) -> httpx.Response:
        return await self.client.get(path, params=parameters or None)

    async def token(self) -> str:
        """Return a form token, as any page with a form carries it."""
        page = await self.client.get("/portal/troubleshooting")
        return field_of(page.text, "csrf_token")

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """Send a form of ours."""
        return await self.client.post(path, data={"csrf_token": await self.token(), **fields})

    async def sign_in(
        self, username: str, password: str = PASSWORD, phone: Phone | None = None, **fields: str
    ) -> httpx.Response:
        """Go in at the tenant's portal; return the last answer."""
        answer = await self.post(f"/portal/{TENANT}/sign-in", username=username, password=password, **fields)
        if phone is None:
            return answer
        path = f"/portal/{TENANT}/sign-in/second-factor"
        return await self.post(path, passcode=phone.passcode(), kind="passcode", **fields)


def field_of(page: str, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"the page has no field {name}"
    return html.unescape(found[1])


def heading_of(page: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    assert found
    return html.unescape(found[1].strip())
