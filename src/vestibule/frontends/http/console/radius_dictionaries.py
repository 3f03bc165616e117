"""Dictionaries of RADIUS attributes: loaded, tried and removed."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.console.desk import Desk, desk, refused_words
from vestibule.frontends.http.fields import InPath, read_fields
from vestibule.frontends.http.options import MIB
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, Notice, Words
from vestibule.model.actor import Right
from vestibule.model.reply_attribute import MOST_DICTIONARY_BYTES
from vestibule.services.refusal import Refusal, Refused


@get("/tenants/{tenant:str}/radius-dictionaries", opt=needs(Right.READ_CONFIGURATION))
async def radius_dictionaries(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _page(await desk(request, tenant))


@post(
    "/tenants/{tenant:str}/radius-dictionaries",
    request_max_body_size=MOST_DICTIONARY_BYTES + MIB,
    opt=needs(Right.APPLICATIONS),
)
async def load_radius_dictionary(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    file, typed = fields.files.get("file"), {"name": fields.text("name")}
    content = await file.read(MOST_DICTIONARY_BYTES + 1) if file is not None else b""
    if file is None or not content:
        return await _page(at, Form(typed, {"file": Words("form.no_file")}))
    name = typed["name"] or file.filename.removeprefix("dictionary.")
    is_dry_run = fields.is_ticked("try_only")
    try:
        loaded = await at.services.dictionaries.load(at.actor, tenant, name, content, is_dry_run=is_dry_run)
    except Refused as refused:
        field = "name" if refused.why is Refusal.DICTIONARY_NAME else "file"
        return await _page(at, Form(typed, {field: refused_words(refused)}))
    if not is_dry_run:
        return at.done(at.path("radius-dictionaries"), "form.saved")
    counts = {"count": len(loaded.read.attributes), "left_out": len(loaded.read.left_out)}
    tried = Words("console.dictionaries.tried", counts)
    return await _page(at, Form(typed), (Notice("good", tried),))


@post("/tenants/{tenant:str}/radius-dictionaries/{name:str}/remove", opt=needs(Right.APPLICATIONS))
async def remove_radius_dictionary(request: AnyRequest, tenant: InPath, name: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    await at.services.dictionaries.remove(at.actor, tenant, name)
    return at.done(at.path("radius-dictionaries"), "console.dictionaries.removed")


async def _page(at: Desk, form: Form | None = None, notices: tuple[Notice, ...] = ()) -> Response[Any]:
    return at.page(
        "console/radius_dictionaries.html",
        status=422 if form and form.errors else 200,
        dictionaries=await at.services.dictionaries.list(at.actor, at.tenant_id),
        form=form or Form(),
        notices=notices,
    )


ROUTES: Final = [radius_dictionaries, load_radius_dictionary, remove_radius_dictionary]
