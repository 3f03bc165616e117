"""Making a page for a request: its language and theme, its form token, who is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from litestar import Request, Response
from litestar.enums import MediaType
from litestar.types import Empty
from litestar.utils.scope.state import ScopeState

from vestibule import catalog
from vestibule.frontends.http.branding import brand_on
from vestibule.frontends.http.door import cookie_name, door_of, known_session, make_cookie, path_of
from vestibule.frontends.http.site import Connection, site_of
from vestibule.frontends.http.templates.views import Allowed, Door, Frame, Notice, Tenancy, Theme, everything
from vestibule.services.sessions import SignedIn

LANGUAGE: Final = "language"
THEME: Final = "theme"
FORM: Final = "form"
THEMES: Final[tuple[Theme, ...]] = ("auto", "light", "dark")
YEAR_SECONDS: Final = 365 * 24 * 3600
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def page(
    request: Request[Any, Any, Any],
    template: str,
    *,
    door: Door | None = None,
    signed_in: SignedIn | None = None,
    notices: tuple[Notice, ...] = (),
    root: str = "",
    base: str = "",
    tenants: tuple[Tenancy, ...] = (),
    lacking: Mapping[str, str] = NOTHING,
    allowed: Allowed = everything,
    status: int = 200,
    **variables: object,
) -> Response[str]:
    """Return the page `template` for this request, e.g. `page(request, "portal/home.html", signed_in=…, …)`.

    The door is told from the path unless given.
    """
    door = door or door_of(request.scope["path"])
    framed = frame(request, door, signed_in, notices, root, base, tenants, lacking, allowed)
    content = site_of(request).pages.render(template, framed, **variables)
    response = Response(content, media_type=MediaType.HTML, status_code=status)
    asked = request.query_params.get("lang")
    if asked in catalog.LANGUAGES:
        options = site_of(request).options
        response.set_cookie(make_cookie(options, LANGUAGE, asked, max_age=YEAR_SECONDS))
    return response


def frame(
    request: Request[Any, Any, Any],
    door: Door,
    signed_in: SignedIn | None = None,
    notices: tuple[Notice, ...] = (),
    root: str = "",
    base: str = "",
    tenants: tuple[Tenancy, ...] = (),
    lacking: Mapping[str, str] = NOTHING,
    allowed: Allowed = everything,
) -> Frame:
    """Return what every page needs to know. `root` and `base` (see `Frame`) unless both are `/<door>`."""
    signed_in = signed_in or known_session(request)
    return Frame(
        language=language_of(request, signed_in),
        csrf_token=form_token(request),
        path=path_of(request),
        door=door,
        root=root or f"/{door}",
        base=base or root or f"/{door}",
        theme=theme_of(request),
        person=signed_in.user.display_name if signed_in else "",
        tenants=tenants,
        allowed=allowed,
        notices=notices,
        lacking=lacking,
        brand=brand_on(request, request.scope["path"]),
    )


def language_of(connection: Connection, signed_in: SignedIn | None = None) -> str:
    """Return the person's own language, else what was chosen here, else the browser's, else the tenant's."""
    site = site_of(connection)
    chosen = connection.query_params.get("lang") or connection.cookies.get(
        cookie_name(site.options, LANGUAGE)
    )
    accepted = connection.headers.get("accept-language", "")[:900]
    tenants = site.services.configuration.current.tenants
    tenant = tenants.get(signed_in.user.tenant_id) if signed_in else None
    if tenant is not None:
        accepted = f"{accepted},{tenant.settings.language};q=0.001"
    own = signed_in.user.language if signed_in else ""
    return catalog.negotiate(accepted, own or chosen)


def theme_of(connection: Connection) -> Theme:
    chosen = connection.cookies.get(cookie_name(site_of(connection).options, THEME))
    return next((theme for theme in THEMES if theme == chosen), "auto")


def form_token(connection: Connection) -> str:
    """Return the token that forms of this page must send back (see forms.py)."""
    token = ScopeState.from_scope(connection.scope).csrf_token
    if token is Empty or not isinstance(token, str):
        return connection.cookies.get(cookie_name(site_of(connection).options, FORM), "")
    return token
