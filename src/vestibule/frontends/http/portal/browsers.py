"""Browsers in which one is not asked for a second factor, and having them forgotten."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.fields import InPath
from vestibule.frontends.http.notices import after
from vestibule.frontends.http.portal.cards import Card, Shown
from vestibule.frontends.http.portal.visitor import Visitor, visitor
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import site_of
from vestibule.services.refusal import Refused


async def _show(request: AnyRequest, who: Visitor) -> Shown | None:
    services, tenant_id = site_of(request).services, who.at.tenant.tenant_id
    browsers = await services.remembered_browsers.list(who.actor, tenant_id, who.user.user_id)
    return {"browsers": browsers} if browsers else None


@post("/{tenant:str}/browsers/{browser:str}/forget")
async def forget_browser(request: AnyRequest, tenant: InPath, browser: InPath) -> Response[Any]:
    who = await visitor(request, tenant)
    browsers = site_of(request).services.remembered_browsers
    try:
        await browsers.forget(who.actor, tenant, who.user.user_id, browser)
    except Refused:
        raise NotFoundException from None
    return after(request, who.at.security, "portal.browsers.forgotten")


@post("/{tenant:str}/browsers/forget")
async def forget_browsers(request: AnyRequest, tenant: InPath) -> Response[Any]:
    who = await visitor(request, tenant)
    await site_of(request).services.remembered_browsers.forget_all(who.actor, tenant, who.user.user_id)
    return after(request, who.at.security, "portal.browsers.all_forgotten")


CARD: Final = Card("portal/cards/browsers.html", _show)
ROUTES: Final = [forget_browsers, forget_browser]
