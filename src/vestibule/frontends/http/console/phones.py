"""Phones of a person, as an administrator adds and tries them, and the method that is asked for first."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, post

from vestibule.frontends.http.console.desk import desk, refused_form
from vestibule.frontends.http.console.user.methods import PAGE, methods_page
from vestibule.frontends.http.fields import InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.model.actor import Right
from vestibule.services.phones import NewPhone
from vestibule.services.refusal import Refusal, Refused

_BESIDE: Final = {
    Refusal.PHONE_INVALID: "number",
    Refusal.PHONE_TOO_SHORT: "number",
    Refusal.PHONE_TOO_LONG: "number",
    Refusal.PHONE_UNASSIGNED: "number",
    Refusal.PHONE_NOT_ALLOWED: "number",
    Refusal.COUNTRY_CLOSED: "number",
    Refusal.EXTENSION_INVALID: "number",
}


@post("/tenants/{tenant:str}/users/{user:str}/phones", opt=needs(Right.AUTHENTICATORS))
async def add_phone(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    """Give a person a phone, ready at once: the administrator answers for the number."""
    at = await desk(request, tenant)
    fields = await read_fields(request)
    method, number = fields.text("phone_method", 64), fields.text("number", 100)
    wanted = NewPhone(
        method=method,
        typed=number,
        two_way=fields.is_ticked("two_way") and method == "sms",
        with_pin=fields.is_ticked("with_pin"),
    )
    try:
        added = await at.services.phones.add(at.actor, tenant, user, wanted)
    except Refused as refused:
        typed = {"number": number, "phone_method": method}
        return await methods_page(at, user, phone_form=refused_form(refused, typed, _BESIDE))
    return at.done(at.path("users", user, PAGE), "console.phone.added", phone=added.phone)


@post(
    "/tenants/{tenant:str}/users/{user:str}/authenticators/{authenticator:str}/test",
    opt=needs(Right.AUTHENTICATORS),
)
async def test_phone(
    request: AnyRequest, tenant: InPath, user: InPath, authenticator: InPath
) -> Response[Any]:
    """Text or call the phone now; the attempt tells how it went."""
    at = await desk(request, tenant)
    try:
        progress = await at.services.activations.test(at.actor, tenant, user, authenticator)
    except Refused as refused:
        return await methods_page(at, user, refused)
    return at.done(at.path("attempts", progress.verification.verification_id), "console.phone.tested")


@post("/tenants/{tenant:str}/users/{user:str}/default-method", opt=needs(Right.AUTHENTICATORS))
async def choose_default(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    method = (await read_fields(request)).text("method", 64)
    try:
        await at.services.users.set_default_method(at.actor, tenant, user, method)
    except Refused as refused:
        return await methods_page(at, user, refused)
    return at.done(at.path("users", user, PAGE), "form.saved")


ROUTES: Final = [add_phone, test_phone, choose_default]
