"""App passwords: a person makes one for each of his old programs, sees it once, and revokes it."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.fields import Fields, InPath, read_fields
from vestibule.frontends.http.notices import after
from vestibule.frontends.http.portal.cards import Card, Shown
from vestibule.frontends.http.portal.visitor import Visitor, portal_page, to_confirm, visitor
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import Choice, Form, refusal_words
from vestibule.model.actor import NotAllowed
from vestibule.model.app_password import LONGEST_NAME
from vestibule.services.refusal import Refusal, Refused

_BESIDE: Final = {
    Refusal.APP_PASSWORD_NAME: "name",
    Refusal.APP_PASSWORD_APPLICATION: "applications",
}


async def _show(request: AnyRequest, who: Visitor) -> Shown | None:
    passwords = site_of(request).services.app_passwords
    held = await passwords.list(who.actor, who.at.tenant.tenant_id, who.user.user_id)
    return {"count": len(held)} if held or passwords.choices(who.user) else None


@get("/{tenant:str}/app-passwords")
async def show_app_passwords(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _page(request, await visitor(request, tenant), Form())


@post("/{tenant:str}/app-passwords")
async def make_app_password(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Make an app password; it is on this one page and nowhere else: loaded again, it is the list."""
    who = await visitor(request, tenant)
    fields = await read_fields(request)
    name, chosen = fields.text("name", LONGEST_NAME), fields.many("applications")
    try:
        made = await site_of(request).services.app_passwords.make(who.signed_in, name, chosen)
    except NotAllowed:
        return to_confirm(who, _path(who))
    except Refused as refused:
        return await _page(request, who, _refused(fields, refused), chosen)
    return portal_page(
        request,
        "portal/new_app_password.html",
        who,
        app_password=made.app_password,
        shown=made.shown.reveal(),
        continue_to=_path(who),
    )


@post("/{tenant:str}/app-passwords/{app_password:str}/revoke")
async def revoke_app_password(request: AnyRequest, tenant: InPath, app_password: InPath) -> Response[Any]:
    who = await visitor(request, tenant)
    passwords = site_of(request).services.app_passwords
    revoked = await passwords.revoke(who.actor, tenant, who.user.user_id, app_password)
    return after(request, _path(who), "portal.app_passwords.revoked", name=revoked.name)


@post("/{tenant:str}/app-passwords/revoke-all")
async def revoke_app_passwords(request: AnyRequest, tenant: InPath) -> Response[Any]:
    who = await visitor(request, tenant)
    passwords = site_of(request).services.app_passwords
    await passwords.revoke_all(who.actor, tenant, who.user.user_id)
    return after(request, _path(who), "portal.app_passwords.all_revoked")


def _path(who: Visitor) -> str:
    return f"{who.at.root}/app-passwords"


def _refused(fields: Fields, refused: Refused) -> Form:
    words = refusal_words(refused.why.value, refused.key)
    beside = _BESIDE.get(refused.why)
    return Form(
        {"name": fields.text("name", LONGEST_NAME)},
        errors={beside: words} if beside else {},
        problem=None if beside else words,
    )


async def _page(request: AnyRequest, who: Visitor, form: Form, chosen: tuple[str, ...] = ()) -> Response[Any]:
    site = site_of(request)
    passwords, tenant_id = site.services.app_passwords, who.at.tenant.tenant_id
    choices = passwords.choices(who.user)
    return portal_page(
        request,
        "portal/app_passwords.html",
        who,
        status=422 if form.errors or form.problem else 200,
        app_passwords=await passwords.list(who.actor, tenant_id, who.user.user_id),
        choices=tuple(Choice(one.application_id, one.name) for one in choices),
        names=passwords.application_names(tenant_id),
        chosen=chosen or tuple(one.application_id for one in choices if len(choices) == 1),
        form=form,
    )


CARD: Final = Card("portal/cards/app_passwords.html", _show)
ROUTES: Final = [
    show_app_passwords,
    make_app_password,
    revoke_app_password,
    revoke_app_passwords,
]
