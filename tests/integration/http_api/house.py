"""The house of the tests behind an HTTP door: its application, API keys, and callers that need no socket."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import httpx

from tests.houses import PASSWORD, TENANT, Person, TestHouse, open_house
from vestibule.crypto.tokens import new_id
from vestibule.frontends.http import HttpFrontend, frontend
from vestibule.frontends.http.app import HttpApp, build_app
from vestibule.frontends.http.client_address import parse_networks
from vestibule.frontends.http.options import HttpOptions
from vestibule.frontends.http.site import Site
from vestibule.model.actor import SYSTEM
from vestibule.model.app_password import AppPassword
from vestibule.model.application import ClientKind, FirstFactor
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.services.services import Services

API = "/api/v1"
ORIGIN = "http://vestibule.test"


@dataclass(frozen=True, slots=True)
class Key:
    """An API key and where it belongs."""

    tenant_id: str
    application_id: str
    client_id: str
    text: str = field(repr=False)


@dataclass(slots=True)
class HttpHouse:
    """The house, its application, and short ways to speak to it."""

    inside: TestHouse
    app: HttpApp

    def caller(
        self, key: Key | str | None = None, *, address: str = "127.0.0.1", **headers: str
    ) -> httpx.AsyncClient:
        """Return a client that sends this key, from this address."""
        transport = httpx.ASGITransport(cast("Any", self.app), client=(address, 40_000))
        if key is not None:
            headers["authorization"] = f"Bearer {key.text if isinstance(key, Key) else key}"
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)

    async def add_tenant(self, tenant_id: str) -> None:
        await self.inside.services.applications.add_tenant(SYSTEM, tenant_id, tenant_id.title())
        await self.inside.services.setup.ensure_portal(tenant_id)

    async def add_key(
        self,
        *scopes: str,
        tenant_id: str = TENANT,
        address: str = "",
        first_factor: FirstFactor = FirstFactor.LOCAL,
    ) -> Key:
        """Add an application with one API client and its key."""
        applications = self.inside.services.applications
        name = f"Shop {new_id()[:8]}"
        application = await applications.add_application(SYSTEM, tenant_id, name, first_factor=first_factor)
        client = await applications.add_client(
            SYSTEM,
            tenant_id,
            application.application_id,
            ClientKind.API,
            name,
            address=address,
            scopes=scopes,
        )
        key = await applications.add_api_key(SYSTEM, tenant_id, client.client_id)
        return Key(tenant_id, application.application_id, client.client_id, key.reveal())

    async def add_person(self, username: str, tenant_id: str = TENANT) -> Person:
        """Add a user with PASSWORD and a counter-based token: as many fresh passcodes as a test likes."""
        return await self.inside.add_person(username, "hotp", tenant_id)

    async def add_app_password(self, person: Person, name: str = "Mail") -> AppPassword:
        """Give somebody an app password that opens no door of today."""
        made = AppPassword(
            tenant_id=person.user.tenant_id,
            app_password_id=new_id(),
            user_id=person.user.user_id,
            name=name,
            applications=("mail",),
            token_hash=new_id(),
            created_at=self.inside.clock.now(),
        )
        await self.inside.store.transact(lambda tx: tx.add_app_password(made))
        return made

    def passcode(self, person: Person) -> str:
        return person.passcode(self.inside.clock.now()).reveal()

    def typed(self, person: Person, **more: Any) -> dict[str, Any]:
        """Return what this person types: name, password and the next passcode."""
        return {
            "username": person.user.username,
            "password": PASSWORD,
            "passcode": self.passcode(person),
            **more,
        }


@asynccontextmanager
async def http_house(folder: Path, options: HttpOptions | None = None) -> AsyncIterator[HttpHouse]:
    async with open_house(folder) as inside:
        with usual_app(inside.services, options) as app:
            yield HttpHouse(inside, app)


@contextmanager
def usual_app(services: Services, options: HttpOptions | None = None) -> Iterator[HttpApp]:
    """Lend an application with such options, else the usual ones, in front of these services."""
    wanted = options or HttpOptions()
    idle = _idle[wanted.is_https, wanted.max_body_bytes]
    app = idle.pop() if idle else build_app(services, wanted)
    site = Site(
        services,
        options=replace(wanted, form_key=app.site.options.form_key),
        pages=app.site.pages,
        assets=app.site.assets,
        proxies=parse_networks(wanted.trusted_proxies),
    )
    app.serve(site)
    yield app
    idle.append(app)


@contextmanager
def usual_frontend(services: Services, options: HttpOptions) -> Iterator[HttpFrontend]:
    """Lend an application, and return the front end that opens a door to it."""
    with usual_app(services, options) as app, patch.object(frontend, "build_app", lambda *_: app):
        yield HttpFrontend(services, options)


_idle: defaultdict[tuple[bool, int], list[HttpApp]] = defaultdict(list)
"""Applications whose house is gone, by what is built into them of their options: building one takes much
longer than a test."""


__all__ = ["API", "ORIGIN", "PASSWORD", "SYSTEM_TENANT", "TENANT", "HttpHouse", "Key", "http_house"]
