"""A browser without screen or socket: keeps cookies, sends the token of our forms, follows redirects."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpx

from tests.houses import PASSWORD, TENANT, Person
from tests.integration.http_api.house import ORIGIN, HttpHouse
from vestibule.wire.oath import parse_key_uri, totp

ROOT = f"/portal/{TENANT}"


@dataclass(slots=True)
class Browser:
    place: HttpHouse
    client: httpx.AsyncClient

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        guide = await self.client.get("/portal/troubleshooting")
        return await self.client.post(path, data={"csrf_token": hidden(guide.text, "csrf_token"), **fields})

    async def land(self, answer: httpx.Response) -> httpx.Response:
        """Follow where an answer leads, to the page that is shown."""
        while answer.status_code == 303:
            answer = await self.get(answer.headers["location"])
        return answer

    async def sign_in(self, name: str, passcode: str = "") -> httpx.Response:
        """Go in at the portal; return the page that is seen then."""
        answer = await self.post(f"{ROOT}/sign-in", username=name, password=PASSWORD)
        if passcode:
            answer = await self.post(f"{ROOT}/sign-in/second-factor", passcode=passcode, kind="passcode")
        return await self.land(answer)

    async def add_app(self) -> httpx.Response:
        """Register an authenticator app."""
        page = await self.land(await self.post(f"{ROOT}/authenticators/app/begin"))
        uri = hidden(page.text, "otpauth_uri")
        key = parse_key_uri(uri)
        passcode = totp(key.secret, self.place.inside.clock.now())
        authenticator_id = hidden(page.text, "authenticator_id")
        return await self.land(
            await self.post(
                f"{ROOT}/authenticators/app",
                authenticator_id=authenticator_id,
                otpauth_uri=uri,
                passcode=passcode,
            )
        )

    async def keep_codes(self) -> httpx.Response:
        shown = await self.post(f"{ROOT}/register/recovery-codes")
        assert shown.status_code == 200, heading(shown)
        return await self.land(await self.post(f"{ROOT}/register/recovery-codes/kept"))

    async def finish(self, method: str = "totp") -> httpx.Response:
        return await self.land(await self.post(f"{ROOT}/register/finish", method=method))


@asynccontextmanager
async def browsing(
    place: HttpHouse, address: str = "198.51.100.7", language: str = "en"
) -> AsyncIterator[Browser]:
    transport = httpx.ASGITransport(cast("Any", place.app), client=(address, 40_000))
    headers = {"accept-language": language}
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client:
        yield Browser(place, client)


def hidden(page: str, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"the page has no field {name}"
    return html.unescape(found[1])


def words(page: httpx.Response) -> str:
    """Return what is read on a page."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text)))


def heading(page: httpx.Response) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page.text, re.DOTALL)
    return html.unescape(found[1].strip()) if found else page.text[:200]


def passcode_of(place: HttpHouse, person: Person, steps: int = 0) -> str:
    return person.passcode(place.inside.clock.now(), steps).reveal()
