"""A one-time bypass that a person makes for his own next sign-in, where his tenant allows it."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, post

from vestibule.frontends.http.fields import InPath, read_fields
from vestibule.frontends.http.notices import after
from vestibule.frontends.http.portal.cards import Card, Shown
from vestibule.frontends.http.portal.visitor import Visitor, to_confirm, visitor
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import refusal_words
from vestibule.services.bypasses import NewBypass
from vestibule.services.refusal import Refused


async def _show(request: AnyRequest, who: Visitor) -> Shown | None:
    services, tenant = site_of(request).services, who.at.tenant
    if not tenant.settings.own_bypass:
        return None
    return {"bypass": await services.bypasses.of(who.actor, tenant.tenant_id, who.user.user_id)}


@post("/{tenant:str}/bypass")
async def make_bypass(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Make it, right after a second factor; else he confirms first that it is he."""
    who = await visitor(request, tenant)
    if not (who.signed_in.is_fresh and who.signed_in.session.is_second_factor_proven):
        return to_confirm(who, who.at.security)
    fields = await read_fields(request)
    wanted = NewBypass(reason=fields.text("bypass_reason", 500), seconds=fields.whole("seconds") or 0)
    try:
        await site_of(request).services.bypasses.make_own(who.signed_in, wanted)
    except Refused as refused:
        return _refused(request, who, refused)
    return after(request, who.at.security, "portal.bypass.made")


@post("/{tenant:str}/bypass/withdraw")
async def withdraw_bypass(request: AnyRequest, tenant: InPath) -> Response[Any]:
    who = await visitor(request, tenant)
    try:
        await site_of(request).services.bypasses.withdraw(who.actor, tenant, who.user.user_id)
    except Refused as refused:
        return _refused(request, who, refused)
    return after(request, who.at.security, "portal.bypass.withdrawn")


def _refused(request: AnyRequest, who: Visitor, refused: Refused) -> Response[Any]:
    words = refusal_words(refused.why.value, refused.key)
    values = {name: str(value) for name, value in words.values.items()}
    return after(request, who.at.security, words.key, "bad", **values)


CARD: Final = Card("portal/cards/bypass.html", _show)
ROUTES: Final = [make_bypass, withdraw_bypass]
