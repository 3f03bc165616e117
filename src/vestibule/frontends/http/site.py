"""The site: what every handler may ask for, in one value that is made once.

A handler takes `request: Request[Any, Any, Any]` and calls `site_of(request)`; its other parameters are
marked (`FromPath[str]`, `Annotated[str, QueryParameter(…)]`), for Litestar 3 will infer none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from litestar.connection import ASGIConnection

from vestibule.frontends.http.assets import Assets
from vestibule.frontends.http.client_address import Networks
from vestibule.frontends.http.long_polls import LongPolls
from vestibule.frontends.http.options import HttpOptions
from vestibule.frontends.http.templates import Pages
from vestibule.services.services import Services

_MOST_APPS = 20_000
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


def site_of(connection: Connection) -> Site:
    """Return the site that a request came to."""
    return cast(Site, connection.app.state.site)


def origin_of(connection: Connection) -> str:
    """Return the origin of this server as browsers see it."""
    configured = site_of(connection).options.public_url.rstrip("/")
    return configured or f"{connection.url.scheme}://{connection.url.netloc}"
