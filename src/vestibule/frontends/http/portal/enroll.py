"""Registering an authenticator app or a hardware token, proven with a live passcode before it counts."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.enrollment import enrollment_view
from vestibule.frontends.http.fields import Fields, InPath, read_fields
from vestibule.frontends.http.notices import after
from vestibule.frontends.http.portal.home import landing
from vestibule.frontends.http.portal.visitor import (
    Visitor,
    may_change,
    may_finish,
    portal_page,
    to_confirm,
    visitor,
)
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import Form, Words, refusal_words
from vestibule.model.authenticator import Authenticator
from vestibule.services.refusal import Refusal, Refused
from vestibule.wire.oath.key_uri import LONGEST_KEY_URI


def _method_name(request: AnyRequest) -> str:
    methods = site_of(request).services.enrollments.methods
    return next(name for name in sorted(methods) if methods[name].descriptor.self_enrolled)


@get("/{tenant:str}/authenticators/app")
async def to_app(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Nothing begins by following a link: a new secret is made by a form of ours."""
    return see_other((await visitor(request, tenant, registering=True)).at.home)


@post("/{tenant:str}/authenticators/app/begin")
async def begin_app(request: AnyRequest, tenant: InPath) -> Response[Any]:
    site = site_of(request)
    who = await visitor(request, tenant, registering=True)
    if not await may_change(request, who):
        return to_confirm(who, who.at.home)
    enrollments = site.services.enrollments
    try:
        made = await enrollments.begin(who.actor, tenant, who.user.user_id, _method_name(request))
    except Refused as refused:
        return await landing(request, who, refused)
    uri = made.shown[0].reveal()
    return _app_page(request, who, made.authenticator.authenticator_id, uri, Form())


@post("/{tenant:str}/authenticators/app")
async def confirm_app(request: AnyRequest, tenant: InPath) -> Response[Any]:
    site = site_of(request)
    who = await visitor(request, tenant, registering=True)
    if not await may_finish(request, who):
        return to_confirm(who, who.at.home)
    fields = await read_fields(request)
    authenticator_id, label = fields.text("authenticator_id"), fields.text("label", 64)
    enrollments = site.services.enrollments
    user_id = who.user.user_id
    try:
        added = await enrollments.confirm(who.actor, tenant, user_id, authenticator_id, fields.passcode())
    except Refused as refused:
        if refused.why is Refusal.NOT_FOUND:
            return after(request, who.at.home, "portal.add_app.over", "bad")
        return _app_again(request, who, authenticator_id, fields, refused)
    if label:
        await enrollments.rename(who.actor, tenant, user_id, added.authenticator_id, label)
    return await _registered(request, who, added, label)


async def _registered(
    request: AnyRequest, who: Visitor, added: Authenticator, label: str = ""
) -> Response[Any]:
    """The proof counts for this session too; then home, where recovery codes wait."""
    await site_of(request).services.sessions.mark_proven(who.signed_in)
    if added.serial is not None:
        return after(request, who.at.home, "portal.home.token_added", serial=added.serial)
    if label:
        return after(request, who.at.home, "portal.home.app_added", name=label)
    return after(request, who.at.home, "portal.home.unnamed_app_added")


def _app_again(
    request: AnyRequest, who: Visitor, authenticator_id: str, fields: Fields, refused: Refused
) -> Response[Any]:
    words = refusal_words(refused.why.value, refused.key)
    is_locked = refused.why is Refusal.LOCKED_OUT
    form = Form(
        {"label": fields.text("label", 64)},
        errors={} if is_locked else {"passcode": words},
        problem=words if is_locked else None,
    )
    uri = fields.raw("otpauth_uri", LONGEST_KEY_URI)
    return _app_page(request, who, authenticator_id, uri, form, 422)


def _app_page(
    request: AnyRequest, who: Visitor, authenticator_id: str, uri: str, form: Form, status: int = 200
) -> Response[Any]:
    view = enrollment_view(uri)
    if view is None:
        return after(request, who.at.home, "portal.add_app.over", "bad")
    return portal_page(
        request,
        "portal/add_app.html",
        who,
        status=status,
        form=form,
        authenticator_id=authenticator_id,
        **view,
    )


# --- hardware tokens ------------------------------------------------------------------------------------


@get("/{tenant:str}/authenticators/token")
async def show_token(request: AnyRequest, tenant: InPath) -> Response[Any]:
    who = await visitor(request, tenant, registering=True)
    if not await may_change(request, who):
        return to_confirm(who, f"{who.at.root}/authenticators/token")
    return portal_page(request, "portal/add_token.html", who, form=Form())


@post("/{tenant:str}/authenticators/token")
async def register_token(request: AnyRequest, tenant: InPath) -> Response[Any]:
    site = site_of(request)
    who = await visitor(request, tenant, registering=True)
    if not await may_change(request, who):
        return to_confirm(who, f"{who.at.root}/authenticators/token")
    fields = await read_fields(request)
    serial = fields.text("serial", 64)
    try:
        added = await site.services.enrollments.register_hardware(
            who.actor, tenant, who.user.user_id, serial, fields.passcode()
        )
    except Refused as refused:
        # Whether serial or passcode was wrong is not told: it would say which serials exist.
        words = (
            Words("portal.add_token.refused")
            if refused.why is Refusal.PASSCODE_WRONG
            else refusal_words(refused.why.value, refused.key)
        )
        form = Form({"serial": serial}, problem=words)
        return portal_page(request, "portal/add_token.html", who, status=422, form=form)
    return await _registered(request, who, added)


ROUTES: Final = [to_app, begin_app, confirm_app, show_token, register_token]
