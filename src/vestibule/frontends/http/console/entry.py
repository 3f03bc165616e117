"""The way into the console and out of it. There is one console; its people live in the system tenant."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http import second_factor, sign_in
from vestibule.frontends.http.console.desk import (
    DOOR,
    ROOT,
    administrator,
    base_of,
    tenants_in_reach,
)
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.sign_in import AnyRequest, Entrance, entrance
from vestibule.frontends.http.site import site_of
from vestibule.model.tenant import SYSTEM_TENANT


def console_of(request: AnyRequest) -> Entrance:
    found = entrance(request, DOOR, SYSTEM_TENANT, ROOT)
    if found is None:
        raise NotFoundException
    return found


@get("/")
async def first_page(request: AnyRequest) -> Response[Any]:
    """Lead to the first tenant in reach."""
    site = site_of(request)
    signed_in = await administrator(request)
    tenants = tenants_in_reach(site.services.configuration.current, signed_in.actor)
    return see_other(f"{base_of(tenants[0].tenant_id)}/")


@get("/sign-in")
async def show_password(request: AnyRequest) -> Response[Any]:
    return await sign_in.password_page(request, console_of(request))


@post("/sign-in")
async def take_password(request: AnyRequest) -> Response[Any]:
    return await sign_in.take_password(request, console_of(request))


@get("/sign-in/second-factor")
async def show_passcode(request: AnyRequest) -> Response[Any]:
    return await second_factor.show(request, console_of(request))


@post("/sign-in/second-factor")
async def take_passcode(request: AnyRequest) -> Response[Any]:
    return await second_factor.take(request, console_of(request))


@post("/sign-in/second-factor/way")
async def choose_way(request: AnyRequest) -> Response[Any]:
    return await second_factor.choose(request, console_of(request))


@get("/sign-in/second-factor/state")
async def sign_in_state(request: AnyRequest) -> dict[str, bool]:
    return await second_factor.state(request, console_of(request))


@post("/sign-out")
async def sign_out(request: AnyRequest) -> Response[Any]:
    return await sign_in.sign_out(request, console_of(request))


@get("/signed-out")
async def signed_out(request: AnyRequest) -> Response[Any]:
    return sign_in.signed_out_page(request, console_of(request))
