"""Language and theme, chosen at the foot of every page: kept in the browser, the language with the person."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect

from vestibule import catalog
from vestibule.frontends.http.door import APPLICATIONS, find_session, make_cookie
from vestibule.frontends.http.pages import LANGUAGE, THEME, THEMES, YEAR_SECONDS
from vestibule.frontends.http.redirects import local_path, see_other
from vestibule.frontends.http.site import Site, site_of


@post("/preferences", include_in_schema=False)
async def preferences(request: Request[Any, Any, Any]) -> Response[Any]:
    site, form = site_of(request), await request.form()
    response: Response[Any] = see_other(local_path(str(form.get("return_to", "/"))))
    language, theme = form.get("language"), form.get("theme")
    if language in catalog.LANGUAGES:
        response.set_cookie(make_cookie(site.options, LANGUAGE, language, max_age=YEAR_SECONDS))
        await _remember(request, site, language)
    if theme in THEMES:
        response.set_cookie(make_cookie(site.options, THEME, theme, max_age=YEAR_SECONDS))
    return response


@get("/", include_in_schema=False)
async def root() -> Redirect:
    return see_other("/portal/")


async def _remember(request: Request[Any, Any, Any], site: Site, language: str) -> None:
    """Write it to whoever is signed in at either door: his own language comes before the browser's."""
    for door in APPLICATIONS:
        signed_in = await find_session(request, door)
        if signed_in is not None and signed_in.user.language != language:
            user = signed_in.user
            await site.services.users.set_languages(user.tenant_id, user.user_id, {"language": language})
