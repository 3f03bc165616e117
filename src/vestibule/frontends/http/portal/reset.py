"""Resetting a forgotten password: one form and one answer for everybody, whoever is known (BF-15)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.fields import InPath, read_fields
from vestibule.frontends.http.notices import after, noticed_page
from vestibule.frontends.http.portal.password import new_password, refused_password
from vestibule.frontends.http.portal.visitor import DOOR, portal_of
from vestibule.frontends.http.sign_in import AnyRequest, Entrance
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import Form
from vestibule.services.refusal import Refused


@get("/{tenant:str}/reset")
async def show_reset(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return _page(request, _offered(request, tenant), Form())


@post("/{tenant:str}/reset")
async def take_reset(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = _offered(request, tenant)
    fields = await read_fields(request)
    username = fields.raw("username")
    passcodes = (fields.passcode("passcode"), fields.passcode("second_passcode"))
    try:
        await site_of(request).services.password_resets.reset(
            tenant, username, passcodes, new_password(fields)
        )
    except Refused as refused:
        return _page(request, at, refused_password(refused, username), 422)
    return after(request, f"{at.root}/sign-in", "portal.password.sign_in_now")


def _offered(request: AnyRequest, tenant: str) -> Entrance:
    at = portal_of(request, tenant)
    if not site_of(request).services.password_resets.is_offered(tenant):
        raise NotFoundException
    return at


def _page(request: AnyRequest, at: Entrance, form: Form, status: int = 200) -> Response[Any]:
    by_phone = bool(site_of(request).services.resets_by_phone.ways(at.tenant.tenant_id))
    return noticed_page(
        request, "portal/reset.html", door=DOOR, root=at.root, status=status, form=form, by_phone=by_phone
    )


ROUTES: Final = [show_reset, take_reset]
