"""Changing one's own PIN: the old one, and the new one twice."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.fields import InPath, read_fields
from vestibule.frontends.http.notices import after
from vestibule.frontends.http.pin_words import refused_pin, rule_words
from vestibule.frontends.http.portal.cards import Card, Shown
from vestibule.frontends.http.portal.visitor import Visitor, portal_page, visitor
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import Form, refusal_words
from vestibule.services.refusal import Refused


async def _show(request: AnyRequest, who: Visitor) -> Shown | None:
    pins = site_of(request).services.pins
    status = await pins.status(who.actor, who.at.tenant.tenant_id, who.user.user_id)
    return {"pin": status} if status.is_set else None


@get("/{tenant:str}/pin")
async def show_pin(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _page(request, await visitor(request, tenant), Form())


@post("/{tenant:str}/pin")
async def change_pin(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """The old PIN is counted as everywhere, so this is no better place to guess."""
    pins = site_of(request).services.pins
    who = await visitor(request, tenant)
    fields = await read_fields(request)
    old, new, again = fields.passcode("old"), fields.passcode("pin"), fields.passcode("again")
    try:
        change = await pins.change(who.actor, tenant, who.user.user_id, old, new, again)
    except Refused as refused:
        return await _page(request, who, Form(problem=refusal_words(refused.why.value, refused.key)))
    if not change.is_changed:
        return await _page(request, who, refused_pin(change, pins.rules(tenant)))
    return after(request, who.at.security, "portal.pin.changed")


async def _page(request: AnyRequest, who: Visitor, form: Form) -> Response[Any]:
    services = site_of(request).services
    tenant_id = who.at.tenant.tenant_id
    status = await services.pins.status(who.actor, tenant_id, who.user.user_id)
    if not status.is_set:
        raise NotFoundException
    return portal_page(
        request,
        "portal/pin.html",
        who,
        status=422 if form.errors or form.problem else 200,
        pin=status,
        pin_rules=rule_words(services.pins.rules(tenant_id)),
        form=form,
    )


CARD: Final = Card("portal/cards/pin.html", _show)
ROUTES: Final = [show_pin, change_pin]
