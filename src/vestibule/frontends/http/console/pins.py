"""The PIN of a person, as an administrator sets, makes, renews and clears it; seen on the person's page."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.crypto.secret import Secret
from vestibule.frontends.http.console.desk import Desk, desk
from vestibule.frontends.http.console.user.methods import PAGE, methods_page
from vestibule.frontends.http.fields import InPath, read_fields
from vestibule.frontends.http.pin_words import refused_pin
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.model.actor import Right
from vestibule.services.refusal import Refused


@post("/tenants/{tenant:str}/users/{user:str}/pin", opt=needs(Right.PINS))
async def set_pin(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    return await _given(at, user, fields.passcode("pin"), must_change=not fields.is_ticked("keep"))


@post("/tenants/{tenant:str}/users/{user:str}/pin/generate", opt=needs(Right.PINS))
async def generate_pin(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    """Make a random PIN; it is on this one page and nowhere else."""
    return await _given(await desk(request, tenant), user, None, must_change=True)


@get(
    ["/tenants/{tenant:str}/users/{user:str}/pin", "/tenants/{tenant:str}/users/{user:str}/pin/generate"],
    opt=needs(Right.PINS),
)
async def after_pin(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    """A PIN is shown once: who loads its page again comes to the person's."""
    return see_other((await desk(request, tenant)).path("users", user, PAGE))


@post("/tenants/{tenant:str}/users/{user:str}/pin/require-change", opt=needs(Right.PINS))
async def require_change(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        await at.services.pins.require_change(at.actor, tenant, user)
    except Refused as refused:
        return await methods_page(at, user, refused)
    return at.done(at.path("users", user, PAGE), "console.pin.change_required")


@post("/tenants/{tenant:str}/users/{user:str}/pin/clear", opt=needs(Right.PINS))
async def clear_pin(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        await at.services.pins.clear(at.actor, tenant, user)
    except Refused as refused:
        return await methods_page(at, user, refused)
    return at.done(at.path("users", user, PAGE), "console.pin.cleared")


async def _given(at: Desk, user: str, pin: Secret[str] | None, *, must_change: bool) -> Response[Any]:
    pins = at.services.pins
    try:
        made = await pins.set(at.actor, at.tenant_id, user, pin, must_change=must_change)
    except Refused as refused:
        return await methods_page(at, user, refused)
    if not made.is_changed:
        return await methods_page(at, user, pin_form=refused_pin(made, pins.rules(at.tenant_id)))
    if pin is None:
        return await methods_page(at, user, new_pin=made.shown.reveal())
    return at.done(at.path("users", user, PAGE), "console.pin.set")


ROUTES: Final = [set_pin, generate_pin, after_pin, require_change, clear_pin]
