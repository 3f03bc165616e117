"""One-time bypasses: the list of them, and making one on a person's page; temporary access passes as well."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.console.desk import desk, listed, refused_form, wanted_page
from vestibule.frontends.http.console.user.access import PAGE, access_page
from vestibule.frontends.http.fields import InPath, asked, read_fields
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.interfaces.transaction.blocks import BypassFilter
from vestibule.model.actor import Right
from vestibule.services.bypasses import NewBypass
from vestibule.services.refusal import Refusal, Refused

_BESIDE: Final = {
    Refusal.REASON_MISSING: "bypass_reason",
    Refusal.OUT_OF_BOUNDS: "seconds",
    Refusal.NOT_FOUND: "application",
}


@get("/tenants/{tenant:str}/bypasses", opt=needs(Right.READ_PEOPLE))
async def bypasses(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    where = BypassFilter(text=asked(request, "text"), user_id=asked(request, "user_id"))
    page = wanted_page(request)
    found = await listed(at.services.bypasses.list(at.actor, tenant, where, page))
    now = at.services.clock.now()
    return at.page("console/bypasses.html", listed=found, where=where, cursor=page.cursor, now=now)


@post("/tenants/{tenant:str}/users/{user:str}/bypass", opt=needs(Right.BYPASSES))
async def make_bypass(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    typed = {name: fields.text(name, 500) for name in ("bypass_reason", "seconds", "application")}
    wanted = NewBypass(
        reason=typed["bypass_reason"],
        seconds=fields.whole("seconds") or 0,
        application_id=typed["application"],
    )
    try:
        await at.services.bypasses.make(at.actor, tenant, user, wanted)
    except Refused as refused:
        return await access_page(at, user, bypass_form=refused_form(refused, typed, _BESIDE))
    return at.done(at.path("users", user, PAGE), "console.bypass.made")


@post("/tenants/{tenant:str}/users/{user:str}/bypass/withdraw", opt=needs(Right.BYPASSES))
async def withdraw_bypass(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        await at.services.bypasses.withdraw(at.actor, tenant, user)
    except Refused as refused:
        return await access_page(at, user, refused)
    return at.done(at.path("users", user, PAGE), "console.bypass.withdrawn")


@post("/tenants/{tenant:str}/users/{user:str}/pass", opt=needs(Right.BYPASSES))
async def make_pass(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    """Make a temporary access pass; it is on this one page and nowhere else."""
    at = await desk(request, tenant)
    fields = await read_fields(request)
    try:
        made = await at.services.passes.make(
            at.actor,
            tenant,
            user,
            fields.whole("minutes") or 0,
            is_reusable=fields.is_ticked("reusable"),
        )
    except Refused as refused:
        return await access_page(at, user, refused)
    return await access_page(at, user, new_pass=made.shown[0].reveal())


@get("/tenants/{tenant:str}/users/{user:str}/pass", opt=needs(Right.BYPASSES))
async def after_pass(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    """A pass is shown once: who loads its page again comes to the person's."""
    return see_other((await desk(request, tenant)).path("users", user, PAGE))


@post("/tenants/{tenant:str}/users/{user:str}/pass/withdraw", opt=needs(Right.BYPASSES))
async def withdraw_pass(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        await at.services.passes.withdraw(at.actor, tenant, user)
    except Refused as refused:
        return await access_page(at, user, refused)
    return at.done(at.path("users", user, PAGE), "console.pass.withdrawn")


ROUTES: Final = [bypasses, make_bypass, withdraw_bypass, make_pass, after_pass, withdraw_pass]
