"""Where a person is signed in, and ending it elsewhere."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, post

from vestibule.frontends.http.fields import InPath
from vestibule.frontends.http.notices import after
from vestibule.frontends.http.portal.cards import Card, Shown
from vestibule.frontends.http.portal.visitor import Visitor, visitor
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import site_of


async def _show(request: AnyRequest, who: Visitor) -> Shown:
    return {"sessions": await site_of(request).services.sessions.places(who.signed_in)}


@post("/{tenant:str}/other-sessions/end")
async def end_other_sessions(request: AnyRequest, tenant: InPath) -> Response[Any]:
    site = site_of(request)
    who = await visitor(request, tenant)
    await site.services.sessions.end_others(who.signed_in)
    return after(request, who.at.security, "portal.sessions.others_ended")


CARD: Final = Card("portal/cards/sessions.html", _show)
ROUTES: Final = [end_other_sessions]
