"""Routes: which gateway carries to a number and why, and ranges of numbers that rest."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.console.desk import Desk, desk, refused_words
from vestibule.frontends.http.fields import InPath, asked, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form
from vestibule.model.actor import Right
from vestibule.model.delivery import TO_PHONES, Carries
from vestibule.policy.routing import Route
from vestibule.services.range_breakers import shown_range
from vestibule.services.refusal import Refused


@get("/tenants/{tenant:str}/routes", opt=needs(Right.READ_CONFIGURATION))
async def routes(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _page(await desk(request, tenant))


@post("/tenants/{tenant:str}/routes/close", opt=needs(Right.GATEWAYS))
async def close_range(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    prefix = (await read_fields(request)).text("prefix", 20)
    await at.services.range_breakers.close(at.actor, tenant, prefix)
    return at.done(at.path("routes"), "routing.closed", range=shown_range(prefix))


async def _page(at: Desk) -> Response[Any]:
    number, carries = asked(at.request, "number", 64), asked(at.request, "carries")
    wanted = Carries.CALL if carries == Carries.CALL else Carries.TEXT
    form, read = Form({"number": number}), ""
    found: tuple[Route, ...] = ()
    if number:
        try:
            read, found = at.services.gateway_settings.routes(at.actor, at.tenant_id, number, wanted)
        except Refused as refused:
            form = Form({"number": number}, {"number": refused_words(refused)})
    breakers, now = await at.services.range_breakers.all(at.actor, at.tenant_id)
    return at.page(
        "console/routes.html",
        status=422 if form.errors else 200,
        form=form,
        number=read,
        carries=wanted.value,
        kinds=tuple(sorted((each.value for each in TO_PHONES), reverse=True)),
        routes=found,
        breakers=breakers,
        now=now,
    )


ROUTES: Final = [routes, close_range]
