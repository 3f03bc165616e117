"""One user: what he signs in with; assigning hardware tokens, removing authenticators."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.console.desk import Desk, desk, refused_form
from vestibule.frontends.http.console.user.subject import page_of, subject_of
from vestibule.frontends.http.fields import InPath, read_fields
from vestibule.frontends.http.holdings import default_methods, holding_of
from vestibule.frontends.http.pin_words import rule_words
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form
from vestibule.interfaces.transaction.sign_in import Person
from vestibule.model.actor import Right
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.services.refusal import Refusal, Refused

PAGE: Final = "methods"
_BESIDE: Final = {Refusal.SERIAL_UNKNOWN: "serial"}


@get("/tenants/{tenant:str}/users/{user:str}/methods", opt=needs(Right.READ_PEOPLE))
async def show_methods(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    return await methods_page(await desk(request, tenant), user)


async def methods_page(
    at: Desk,
    user_id: str,
    refused: Refused | None = None,
    *,
    token_form: Form | None = None,
    phone_form: Form | None = None,
    pin_form: Form | None = None,
    new_pin: str = "",
) -> Response[Any]:
    """Return the page, with what was refused above it or in one of its forms."""
    services, subject = at.services, await subject_of(at, user_id)
    shown = shown_of(at, subject)
    return page_of(
        at,
        subject,
        PAGE,
        refused,
        token_form,
        phone_form,
        pin_form,
        holdings=tuple(holding_of(held, shown) for held in shown),
        recovery_codes_left=services.enrollments.recovery_codes_left(subject),
        default_methods=default_methods(services.enrollments.methods, shown),
        token_form=token_form or Form(),
        phone_form=phone_form or Form(),
        pin=await services.pins.status(at.actor, at.tenant_id, user_id),
        pin_rules=rule_words(services.pins.rules(at.tenant_id)),
        pin_form=pin_form or Form(),
        new_pin=new_pin,
        app_passwords=await services.app_passwords.list(at.actor, at.tenant_id, user_id),
        application_names=services.app_passwords.application_names(at.tenant_id),
    )


def shown_of(at: Desk, subject: Person) -> tuple[Authenticator, ...]:
    """Return what the user holds and has not lost, without what he has not chosen, such as recovery codes."""
    methods = at.services.enrollments.methods
    return tuple(
        held
        for held in subject.authenticators
        if held.status is not AuthenticatorStatus.REVOKED
        and not (held.method in methods and not methods[held.method].descriptor.is_own)
    )


@post("/tenants/{tenant:str}/users/{user:str}/tokens", opt=needs(Right.TOKENS))
async def assign_token(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    serial = (await read_fields(request)).text("serial", 64)
    try:
        token = await at.services.enrollments.assign(at.actor, tenant, user, serial)
    except Refused as refused:
        form = refused_form(refused, {"serial": serial}, _BESIDE)
        return await methods_page(at, user, token_form=form)
    return at.done(at.path("users", user, PAGE), "console.user.assigned", serial=token.serial or "")


@post(
    "/tenants/{tenant:str}/users/{user:str}/authenticators/{authenticator:str}/remove",
    opt=needs(Right.AUTHENTICATORS, Right.TOKENS),
)
async def remove_authenticator(
    request: AnyRequest, tenant: InPath, user: InPath, authenticator: InPath
) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        await at.services.enrollments.remove(at.actor, tenant, user, authenticator)
    except Refused as refused:
        return await methods_page(at, user, refused)
    return at.done(at.path("users", user, PAGE), "console.user.removed")


ROUTES: Final = [show_methods, assign_token, remove_authenticator]
