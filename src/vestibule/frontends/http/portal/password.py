"""Changing one's own password: the old one, and the new one twice; before the sign-in, if it is over."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.fields import Fields, InPath, read_fields
from vestibule.frontends.http.notices import after, noticed_page
from vestibule.frontends.http.portal.cards import Card, Shown
from vestibule.frontends.http.portal.visitor import DOOR, Visitor, portal_of, portal_page, visitor
from vestibule.frontends.http.sign_in import AnyRequest, Entrance
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import Form, refusal_words
from vestibule.services.passwords import NewPassword
from vestibule.services.refusal import Refusal, Refused

_BESIDE: Final = {
    Refusal.PASSWORD_WRONG: "old",
    Refusal.PASSWORD_TOO_SHORT: "new",
    Refusal.PASSWORD_TOO_LONG: "new",
    Refusal.PASSWORD_CONTAINS_NAME: "new",
    Refusal.PASSWORD_UNFIT: "new",
    Refusal.PASSWORD_USED_BEFORE: "new",
    Refusal.PASSWORD_TOO_YOUNG: "new",
    Refusal.PASSWORDS_DIFFER: "again",
}


async def _show(request: AnyRequest, who: Visitor) -> Shown | None:
    return {} if await site_of(request).services.passwords.can_change(who.user) else None


@get("/{tenant:str}/password")
async def show_password_change(request: AnyRequest, tenant: InPath) -> Response[Any]:
    who = await visitor(request, tenant)
    if not await site_of(request).services.passwords.can_change(who.user):
        raise NotFoundException
    return portal_page(request, "portal/password.html", who, form=Form(), begins_anew=True)


@post("/{tenant:str}/password")
async def change_password(request: AnyRequest, tenant: InPath) -> Response[Any]:
    who = await visitor(request, tenant)
    fields = await read_fields(request)
    begins_anew = fields.is_ticked("begins_anew")
    try:
        await site_of(request).services.passwords.change(
            who.signed_in, fields.secret("old"), new_password(fields), begins_anew=begins_anew
        )
    except Refused as refused:
        form = refused_password(refused)
        return portal_page(
            request, "portal/password.html", who, status=422, form=form, begins_anew=begins_anew
        )
    done = "portal.password.changed_anew" if begins_anew else "portal.password.changed"
    return after(request, who.at.security, done)


# --- a password that is over ------------------------------------------------------------------------------


@get("/{tenant:str}/expired")
async def show_expired(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return _expired_page(request, await _changeable(request, tenant), Form())


@post("/{tenant:str}/expired")
async def change_expired(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await _changeable(request, tenant)
    fields = await read_fields(request)
    username = fields.raw("username")
    try:
        await site_of(request).services.passwords.change_expired(
            tenant, username, fields.secret("old"), new_password(fields)
        )
    except Refused as refused:
        return _expired_page(request, at, refused_password(refused, username), 422)
    return after(request, f"{at.root}/sign-in", "portal.password.sign_in_now")


async def _changeable(request: AnyRequest, tenant: str) -> Entrance:
    at = portal_of(request, tenant)
    if await site_of(request).services.passwords.directory(tenant) is None:
        raise NotFoundException
    return at


def _expired_page(request: AnyRequest, at: Entrance, form: Form, status: int = 200) -> Response[Any]:
    return noticed_page(request, "portal/expired.html", door=DOOR, root=at.root, status=status, form=form)


# --- parts ------------------------------------------------------------------------------------------------


def new_password(fields: Fields) -> NewPassword:
    return NewPassword(fields.secret("new"), fields.secret("again"))


def refused_password(refused: Refused, username: str = "") -> Form:
    """Return the form with the refusal beside its field, else above it; a password is never given back."""
    words = refusal_words(refused.why.value, refused.key)
    beside = _BESIDE.get(refused.why)
    values = {"username": username} if username else {}
    return Form(values, {beside: words}) if beside else Form(values, problem=words)


CARD: Final = Card("portal/cards/password.html", _show)
ROUTES: Final = [show_password_change, change_password, show_expired, change_expired]
