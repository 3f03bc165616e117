"""First run: a one-time link makes an administrator, on one page, and is spent by it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.console.desk import DOOR, ROOT, refused_form
from vestibule.frontends.http.enrollment import enrollment_view
from vestibule.frontends.http.fields import LONG, InPath, read_fields
from vestibule.frontends.http.notices import noticed_page
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import Site, site_of
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.model.actor import Actor, Right
from vestibule.model.user import User
from vestibule.services.refusal import Refusal, Refused
from vestibule.wire.oath.key_uri import LONGEST_KEY_URI

_FIELDS = {
    Refusal.NAME_INVALID: "username",
    Refusal.NAME_TAKEN: "username",
    Refusal.PASSWORD_TOO_SHORT: "password",
    Refusal.PASSWORD_TOO_LONG: "password",
    Refusal.PASSWORD_CONTAINS_NAME: "password",
    Refusal.PASSCODE_WRONG: "passcode",
}


class LinkOver(NotFoundException):
    """The link has been used, is too old, or never was one."""

    code = "link_over"


@get("/setup/{token:str}")
async def show(request: AnyRequest, token: InPath) -> Response[Any]:
    site = site_of(request)
    prepared = await site.services.setup.prepare(token, "")
    if prepared is None:
        raise LinkOver
    return _page(request, token, prepared.sealed, prepared.shown[0].reveal(), Form())


@post("/setup")
async def finish(request: AnyRequest) -> Response[Any]:
    site = site_of(request)
    fields = await read_fields(request)
    token, sealed = fields.raw("link_token"), fields.raw("sealed", LONG)
    uri, username = fields.raw("otpauth_uri", LONGEST_KEY_URI), fields.text("username")
    password = fields.secret("password")
    if password != fields.secret("password_again"):
        form = Form({"username": username}, {"password_again": Words("form.passwords_differ")})
        return _page(request, token, sealed, uri, form, 422)
    passcode = fields.passcode()
    try:
        user = await site.services.setup.complete(token, sealed, username, password, passcode)
    except Refused as refused:
        if refused.why is Refusal.NOT_FOUND:
            raise LinkOver from None
        form = refused_form(refused, {"username": username}, _FIELDS)
        return _page(request, token, sealed, uri, form, 422)
    return await _recovery_codes(request, site, user)


async def _recovery_codes(request: AnyRequest, site: Site, user: User) -> Response[Any]:
    """Who has just proven an authenticator gets recovery codes for it; the app needs a moment anyway until
    it shows the next passcode."""
    himself = Actor(
        actor_id=user.user_id,
        name=user.username,
        tenant_id=user.tenant_id,
        rights=frozenset({Right.SELF}),
    )
    made = await site.services.enrollments.new_recovery_codes(himself, user.tenant_id, user.user_id)
    return noticed_page(
        request,
        "sign_in/recovery_codes.html",
        door=DOOR,
        root=ROOT,
        codes=tuple(code.reveal() for code in made.shown),
        username=user.username,
        made_at=made.authenticator.created_at,
        continue_to=f"{ROOT}/sign-in",
        keep_at="",
    )


def _page(
    request: AnyRequest, token: str, sealed: str, uri: str, form: Form, status: int = 200
) -> Response[Any]:
    view = enrollment_view(uri)
    if view is None:
        raise LinkOver
    return noticed_page(
        request,
        "console/set_up.html",
        door=DOOR,
        root=ROOT,
        status=status,
        form=form,
        link_token=token,
        sealed=sealed,
        **view,
    )
