"""The site: what every handler may ask for, in one value that is made once.

A handler takes `request: Request[Any, Any, Any]` and calls `site_of(request)`; its other parameters are
marked (`FromPath[str]`, `Annotated[str, QueryParameter(…)]`), for Litestar 3 will infer none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from litestar.connection import ASGIConnection

from vestibule.frontends.http.assets import Assets
from vestibule.frontends.http.client_address import Networks
from vestibule.frontends.http.long_polls import LongPolls
from vestibule.frontends.http.options import HttpOptions
from vestibule.frontends.http.templates import Pages
from vestibule.services.services import Services

_MOST_APPS = 20_000
SERVICE: Final = "vestibule.service"
"""In the scope of a request that came over the link: the service's origin, where the app's page is."""
MAY_WAIT: Final = "vestibule.may_wait"
"""Whether such a request may be answered later."""
Connection = ASGIConnection[Any, Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Site:
    services: Services
    options: HttpOptions
    pages: Pages
    assets: Assets
    proxies: Networks
    """The peers whose `X-Forwarded-For` is believed."""
    long_polls: LongPolls = field(default_factory=LongPolls)
    app_polls: LongPolls = field(default_factory=lambda: LongPolls(_MOST_APPS))
    """Apps that are open and wait: of these there are many, and each waits most of the time."""
    relay_polls: LongPolls = field(default_factory=lambda: LongPolls(_MOST_APPS))
    """What apps ask servers behind this service."""


def site_of(connection: Connection) -> Site:
    """Return the site that a request came to."""
    return cast(Site, connection.app.state.site)


def origin_of(connection: Connection) -> str:
    """Return the origin of this server as the browser sees it that asks; the service's, if it asks there."""
    scope: Mapping[str, Any] = connection.scope
    if service := scope.get(SERVICE):
        return str(service)
    configured = site_of(connection).options.public_url.rstrip("/")
    return configured or f"{connection.url.scheme}://{connection.url.netloc}"


def may_wait(connection: Connection) -> bool:
    scope: Mapping[str, Any] = connection.scope
    return bool(scope.get(MAY_WAIT, True))


async def app_address(connection: Connection) -> str:
    """Return where the apps of this server's people are, without a slash at the end."""
    return await site_of(connection).services.relayed_apps.address() or origin_of(connection)
