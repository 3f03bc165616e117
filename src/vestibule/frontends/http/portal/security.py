"""Security: what protects the account besides the methods of signing in, one card for each subject."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get

from vestibule.frontends.http.fields import InPath
from vestibule.frontends.http.portal import (
    app_passwords,
    browsers,
    bypass,
    password,
    pin,
    questions,
    sessions,
)
from vestibule.frontends.http.portal.cards import Card, show_cards
from vestibule.frontends.http.portal.visitor import portal_page, visitor
from vestibule.frontends.http.sign_in import AnyRequest

CARDS: Final[tuple[Card, ...]] = (
    password.CARD,
    pin.CARD,
    questions.CARD,
    app_passwords.CARD,
    browsers.CARD,
    bypass.CARD,
    sessions.CARD,
)


@get("/{tenant:str}/security")
async def security(request: AnyRequest, tenant: InPath) -> Response[Any]:
    who = await visitor(request, tenant)
    return portal_page(request, "portal/security.html", who, cards=await show_cards(request, who, CARDS))


ROUTES: Final = [security]
