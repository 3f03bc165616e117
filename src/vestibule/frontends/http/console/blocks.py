"""Who is blocked and was; and blocking a person, which is done on his page."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.console.desk import desk, listed, refused_form, wanted_page
from vestibule.frontends.http.console.user.access import PAGE, access_page
from vestibule.frontends.http.fields import InPath, asked, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.interfaces.transaction.blocks import BlockFilter
from vestibule.model.actor import Right
from vestibule.services.refusal import Refusal, Refused

_BESIDE: Final = {
    Refusal.REASON_MISSING: "reason",
    Refusal.OUT_OF_BOUNDS: "days",
    Refusal.PHONE_NOT_HELD: "phone",
}


@get("/tenants/{tenant:str}/blocks", opt=needs(Right.READ_PEOPLE))
async def blocks(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    where = BlockFilter(
        text=asked(request, "text"),
        user_id=asked(request, "user_id"),
        is_active=bool(asked(request, "active")),
    )
    page = wanted_page(request)
    found = await listed(at.services.blocks.list(at.actor, tenant, where, page))
    now = at.services.clock.now()
    return at.page("console/blocks.html", listed=found, where=where, cursor=page.cursor, now=now)


@post("/tenants/{tenant:str}/users/{user:str}/block", opt=needs(Right.BLOCKS))
async def block(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    typed = {name: fields.text(name, 500) for name in ("reason", "days", "phone")}
    try:
        await at.services.blocks.block(
            at.actor, tenant, user, typed["reason"], fields.whole("days") or 0, typed["phone"]
        )
    except Refused as refused:
        return await access_page(at, user, block_form=refused_form(refused, typed, _BESIDE))
    return at.done(at.path("users", user, PAGE), "console.block.blocked")


@post("/tenants/{tenant:str}/users/{user:str}/unblock", opt=needs(Right.BLOCKS))
async def unblock(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    reason = (await read_fields(request)).text("reason", 500)
    try:
        await at.services.blocks.lift(at.actor, tenant, user, reason)
    except Refused as refused:
        return await access_page(at, user, block_form=refused_form(refused, {"reason": reason}, _BESIDE))
    return at.done(at.path("users", user, PAGE), "console.block.lifted")


ROUTES: Final = [blocks, block, unblock]
