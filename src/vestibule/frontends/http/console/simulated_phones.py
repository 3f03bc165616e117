"""The simulated phones of the demonstration, for an administrator who works on its tenant."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.console.desk import Desk, administrator, base_of, desk
from vestibule.frontends.http.fields import InPath
from vestibule.frontends.http.phone import acting, showing
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.interfaces.gateway import Simulates
from vestibule.model.actor import Right
from vestibule.model.tenant import DEMONSTRATION_TENANT


@get("/phones", opt=needs(Right.SECRETS))
async def to_phones(request: AnyRequest) -> Response[Any]:
    """Lead to the phones of the demonstration, which are the only ones that are simulated."""
    await administrator(request)
    return see_other(f"{base_of(DEMONSTRATION_TENANT)}/simulated-phones")


@get("/tenants/{tenant:str}/simulated-phones", opt=needs(Right.SECRETS))
async def show(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    return at.page(showing.PAGE, **showing.page_of(request, _phones(at), _place(at)))


@get("/tenants/{tenant:str}/simulated-phones/screen", opt=needs(Right.SECRETS))
async def screen(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    return await showing.screen_of(request, _phones(at), _place(at))


@post("/tenants/{tenant:str}/simulated-phones/act", opt=needs(Right.SECRETS))
async def act(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    return await acting.act(request, _phones(at), _place(at))


def _phones(at: Desk) -> Simulates:
    found = at.services.simulated_phones.of_tenant(at.actor, at.tenant_id)
    if found is None:
        raise NotFoundException
    return found


def _place(at: Desk) -> str:
    return at.path("simulated-phones")


ROUTES = (to_phones, show, screen, act)
