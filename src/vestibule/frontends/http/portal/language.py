"""The languages in which a person is spoken to: one for pages, and others for all else, if he likes."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.door import make_cookie
from vestibule.frontends.http.fields import InPath, chosen_language, read_fields
from vestibule.frontends.http.notices import after
from vestibule.frontends.http.pages import LANGUAGE, YEAR_SECONDS
from vestibule.frontends.http.portal.visitor import portal_page, visitor
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import Form
from vestibule.services.users import LANGUAGES_ELSEWHERE


@get("/{tenant:str}/language")
async def show_language(request: AnyRequest, tenant: InPath) -> Response[Any]:
    who = await visitor(request, tenant)
    return portal_page(request, "portal/language.html", who, user=who.user, form=Form())


@post("/{tenant:str}/language")
async def choose_language(request: AnyRequest, tenant: InPath) -> Response[Any]:
    site = site_of(request)
    who = await visitor(request, tenant)
    fields = await read_fields(request)
    chosen = {name: chosen_language(fields, name) for name in ("language", *LANGUAGES_ELSEWHERE)}
    await site.services.users.set_languages(tenant, who.user.user_id, chosen)
    response = after(request, f"{who.at.root}/language", "form.saved")
    if chosen["language"]:
        response.set_cookie(make_cookie(site.options, LANGUAGE, chosen["language"], max_age=YEAR_SECONDS))
    return response


ROUTES: Final = [show_language, choose_language]
