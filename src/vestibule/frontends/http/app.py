"""The application: every route of the HTTP front end behind one set of headers, limits and error answers."""

from __future__ import annotations

from typing import cast

from litestar import Litestar
from litestar.middleware import DefineMiddleware
from litestar.types import (
    ControllerRouterHandler,
    HTTPScope,
    LifeSpanReceive,
    LifeSpanScope,
    LifeSpanSend,
    Receive,
    Scope,
    Send,
    WebSocketScope,
)

from vestibule.frontends.http import api, authenticator_app, console, phone, portal, scim
from vestibule.frontends.http.api.check import PATH as CHECK_PATH
from vestibule.frontends.http.api.check import QuickCheck
from vestibule.frontends.http.api.request import ApiRequest
from vestibule.frontends.http.assets import Assets, load_assets
from vestibule.frontends.http.brand_files import brand_logo, brand_style
from vestibule.frontends.http.callbacks import callback
from vestibule.frontends.http.client_address import parse_networks
from vestibule.frontends.http.errors import answer_failure
from vestibule.frontends.http.forms import FormCheck, form_config
from vestibule.frontends.http.headers import NOT_CACHED, always_sent, security_headers
from vestibule.frontends.http.link import LinkDoor
from vestibule.frontends.http.options import HttpOptions
from vestibule.frontends.http.preferences import preferences, root
from vestibule.frontends.http.probes import Readiness, health, metrics, ready
from vestibule.frontends.http.site import Site
from vestibule.frontends.http.static import asset
from vestibule.frontends.http.templates import make_pages
from vestibule.services.services import Services

MAX_FORM_PARTS = 64


class HttpApp(Litestar):
    """Litestar, with what need not go through it in front: a route that is too short, and links."""

    quick_check: QuickCheck
    link_door: LinkDoor
    site: Site

    async def __call__(
        self,
        scope: Scope | LifeSpanScope,
        receive: Receive | LifeSpanReceive,
        send: Send | LifeSpanSend,
    ) -> None:
        kind: str = scope["type"]
        if kind == "http":
            http = cast("HTTPScope", scope)
            if http["path"] == CHECK_PATH and http["method"] == "POST":
                await self.quick_check(http, cast("Receive", receive), cast("Send", send))
                return
        if kind == "websocket":
            await self.link_door(cast("WebSocketScope", scope), cast("Receive", receive), cast("Send", send))
            return
        await super().__call__(scope, receive, send)

    def serve(self, site: Site) -> None:
        """Answer for `site` from now on."""
        self.site = self.state.site = site
        self.state.readiness = Readiness()
        self.link_door = LinkDoor(
            site.services.links, site.services.public_url, site.services.replication.own_pin
        )
        self.quick_check = QuickCheck(site, (*always_sent(site.options), NOT_CACHED), self.fail)

    async def fail(self, error: Exception, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer `error` as the framework would have done."""
        scope["app"] = scope["litestar_app"] = self
        request = ApiRequest(scope, receive, send)
        answer = answer_failure(request, error).to_asgi_response(app=None, request=request)
        await answer(scope, receive, self._wrap_send(send=send, scope=scope))


def build_app(services: Services, options: HttpOptions, assets: Assets | None = None) -> HttpApp:
    """Return the application; raises AssetsMissing if the styles and scripts have not been built."""
    loaded = assets or load_assets()
    site = Site(
        services=services,
        options=options,
        pages=make_pages(loaded),
        assets=loaded,
        proxies=parse_networks(options.trusted_proxies),
    )
    app = HttpApp(
        route_handlers=_routes(),
        exception_handlers={Exception: answer_failure},
        middleware=[DefineMiddleware(FormCheck, config=form_config(options))],
        before_send=[security_headers(options)],
        request_max_body_size=options.max_body_bytes,
        multipart_form_part_limit=MAX_FORM_PARTS,
        openapi_config=api.describe(),
        logging_config=None,
        debug=False,
    )
    app.serve(site)
    return app


def _routes() -> list[ControllerRouterHandler]:
    doors = (api, scim, portal, console, phone, authenticator_app)
    own = [health, ready, metrics, callback, asset, brand_style, brand_logo, preferences, root]
    return [*own, *(door.router() for door in doors), authenticator_app.relay_router()]
