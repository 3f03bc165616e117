"""How a tenant shows itself to its people: name, colour, logo."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.branding import brand_of
from vestibule.frontends.http.console.desk import Desk, desk, refused_form
from vestibule.frontends.http.fields import InPath, read_fields
from vestibule.frontends.http.options import MIB
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.model.actor import Right
from vestibule.model.branding import LONGEST_NAME, MOST_LOGO_BYTES
from vestibule.services.refusal import Refusal, Refused

_HOME: Final = "/tenants/{tenant:str}/settings/branding"
_SETTINGS: Final = needs(Right.SETTINGS)
_BESIDE: Final = {
    Refusal.BRAND_NAME: "name",
    Refusal.BRAND_COLOR: "color",
    Refusal.BRAND_COLOR_LIGHT: "color",
    Refusal.BRAND_LOGO: "file",
}


@get(_HOME, opt=needs(Right.READ_CONFIGURATION))
async def show_branding(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return _page(await desk(request, tenant))


@post(_HOME, opt=_SETTINGS)
async def change_branding(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    typed = {"name": fields.text("name", LONGEST_NAME + 1), "color": fields.text("color", 20)}
    try:
        await at.services.brandings.change(at.actor, tenant, typed["name"], typed["color"])
    except Refused as refused:
        return _page(at, refused_form(refused, typed, _BESIDE))
    return at.done(at.path("settings", "branding"), "form.saved")


@post(f"{_HOME}/logo", request_max_body_size=MOST_LOGO_BYTES + MIB, opt=_SETTINGS)
async def put_logo(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    file = (await read_fields(request)).files.get("file")
    content = await file.read(MOST_LOGO_BYTES + 1) if file is not None else b""
    if not content:
        return _page(at, Form(errors={"file": Words("form.no_file")}))
    try:
        await at.services.brandings.put_logo(at.actor, tenant, content)
    except Refused as refused:
        return _page(at, refused_form(refused, {}, _BESIDE))
    return at.done(at.path("settings", "branding"), "form.saved")


@post(f"{_HOME}/logo/remove", opt=_SETTINGS)
async def remove_logo(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    await at.services.brandings.remove_logo(at.actor, tenant)
    return at.done(at.path("settings", "branding"), "form.saved")


def _page(at: Desk, form: Form | None = None) -> Response[Any]:
    return at.page(
        "console/branding.html",
        status=422 if form else 200,
        branding=at.services.brandings.read(at.actor, at.tenant_id),
        logo=brand_of(at.request, at.tenant_id).logo,
        form=form or Form(),
        longest_name=LONGEST_NAME,
    )


ROUTES: Final = [show_branding, change_branding, put_logo, remove_logo]
