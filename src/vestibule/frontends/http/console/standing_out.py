"""What stands out about one person: browsers in which he is not asked, and being a break-glass account."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, post

from vestibule.frontends.http.console.desk import Desk, desk
from vestibule.frontends.http.console.user import access, administration
from vestibule.frontends.http.fields import InPath
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.model.actor import Right
from vestibule.services.refusal import Refused


@post("/tenants/{tenant:str}/users/{user:str}/browsers/forget", opt=needs(Right.AUTHENTICATORS))
async def forget_browsers(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    await at.services.remembered_browsers.forget_all(at.actor, tenant, user)
    return at.done(at.path("users", user, access.PAGE), "console.standing_out.forgotten")


@post("/tenants/{tenant:str}/users/{user:str}/break-glass/mark", opt=needs(Right.RULES))
async def mark(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    return await _marked(await desk(request, tenant), user, is_break_glass=True)


@post("/tenants/{tenant:str}/users/{user:str}/break-glass/unmark", opt=needs(Right.RULES))
async def unmark(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    return await _marked(await desk(request, tenant), user, is_break_glass=False)


async def _marked(at: Desk, user_id: str, *, is_break_glass: bool) -> Response[Any]:
    try:
        await at.services.break_glass.mark(at.actor, at.tenant_id, user_id, is_break_glass=is_break_glass)
    except Refused as refused:
        return await administration.administration_page(at, user_id, refused)
    return at.done(at.path("users", user_id, administration.PAGE), "form.saved")


ROUTES: Final = [forget_browsers, mark, unmark]
