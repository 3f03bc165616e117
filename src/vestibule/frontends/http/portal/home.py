"""Additional security verification: what a person has registered, and what he may do with it."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.fields import InPath, asked, read_fields
from vestibule.frontends.http.holdings import addable, default_methods, holding_of
from vestibule.frontends.http.notices import after
from vestibule.frontends.http.portal.register import registration_page
from vestibule.frontends.http.portal.visitor import (
    Visitor,
    may_change,
    portal_page,
    registering_now,
    to_confirm,
    visitor,
)
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import Notice, refusal_words
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.services.phones import phone_of
from vestibule.services.refusal import Refused

LATER: Final = "later"
"""Said in the address by who does not want to register, or to change his PIN, now."""


@get("/{tenant:str}")
async def home(request: AnyRequest, tenant: InPath) -> Response[Any]:
    who = await visitor(request, tenant)
    if asked(request, "register") != LATER and await _is_asked(request, who):
        return see_other(f"{who.at.root}/register")
    if asked(request, "pin") != LATER and await _wants_new_pin(request, who):
        return see_other(f"{who.at.root}/pin")
    return await home_page(request, who)


async def _is_asked(request: AnyRequest, who: Visitor) -> bool:
    """Tell whether he is asked to register, though it can wait."""
    return (await site_of(request).services.registrations.standing(who.signed_in)).must_register


async def _wants_new_pin(request: AnyRequest, who: Visitor) -> bool:
    """Tell whether he should choose another PIN first. Who has nothing to sign in with does that before."""
    services = site_of(request).services
    tenant_id, user_id = who.at.tenant.tenant_id, who.user.user_id
    if not (await services.pins.status(who.actor, tenant_id, user_id)).wants_change:
        return False
    subject = await services.enrollments.held(who.actor, tenant_id, user_id)
    now = services.clock.now()
    return any(held.is_usable(now) for held in subject.authenticators)


async def landing(request: AnyRequest, who: Visitor, refused: Refused) -> Response[Any]:
    """Return the page on which something was begun that was refused: the registration for who must register,
    home for all others."""
    if await registering_now(request, who.signed_in) is not None:
        return await registration_page(request, who, refused)
    return await home_page(request, who, refused, 422)


async def home_page(
    request: AnyRequest, who: Visitor, refused: Refused | None = None, status: int = 200
) -> Response[Any]:
    """Return the home page, with what was refused above it."""
    services = site_of(request).services
    subject = await services.enrollments.held(who.actor, who.at.tenant.tenant_id, who.user.user_id)
    methods = services.enrollments.methods
    shown = tuple(
        held
        for held in subject.authenticators
        if held.status in (AuthenticatorStatus.ACTIVE, AuthenticatorStatus.SUSPENDED)
        and not (held.method in methods and not methods[held.method].descriptor.is_own)
    )
    notices = (Notice("bad", refusal_words(refused.why.value, refused.key)),) if refused else ()
    return portal_page(
        request,
        "portal/home.html",
        who,
        status=status,
        notices=notices,
        user=subject.user,
        recovery_codes_left=services.enrollments.recovery_codes_left(subject),
        holdings=tuple(holding_of(held, shown) for held in shown),
        default_methods=default_methods(methods, shown),
        addable=addable(services.enrollments, who.at.tenant.tenant_id),
        must_register=not any(held.is_usable(services.clock.now()) for held in shown),
    )


@post("/{tenant:str}/authenticators/{authenticator:str}/rename")
async def rename(request: AnyRequest, tenant: InPath, authenticator: InPath) -> Response[Any]:
    site = site_of(request)
    who = await visitor(request, tenant)
    label = (await read_fields(request)).text("label", 64)
    await site.services.enrollments.rename(who.actor, tenant, who.user.user_id, authenticator, label)
    return after(request, who.at.home, "form.saved")


@post("/{tenant:str}/authenticators/{authenticator:str}/remove")
async def remove(request: AnyRequest, tenant: InPath, authenticator: InPath) -> Response[Any]:
    site = site_of(request)
    who = await visitor(request, tenant)
    if not await may_change(request, who):
        return to_confirm(who, who.at.home)
    enrollments = site.services.enrollments
    subject = await enrollments.held(who.actor, tenant, who.user.user_id)
    held = next((one for one in subject.authenticators if one.authenticator_id == authenticator), None)
    try:
        await enrollments.remove(who.actor, tenant, who.user.user_id, authenticator)
    except Refused as refused:
        return await home_page(request, who, refused, 422)
    return after(request, who.at.home, "portal.home.removed", name=_called(held))


@post("/{tenant:str}/recovery-codes")
async def new_recovery_codes(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Make new recovery codes and show them, this one time."""
    site = site_of(request)
    who = await visitor(request, tenant)
    if not await may_change(request, who):
        return to_confirm(who, who.at.home)
    made = await site.services.enrollments.new_recovery_codes(who.actor, tenant, who.user.user_id)
    return portal_page(
        request,
        "sign_in/recovery_codes.html",
        who,
        codes=tuple(code.reveal() for code in made.shown),
        username=who.user.username,
        made_at=made.authenticator.created_at,
        continue_to=who.at.home,
        keep_at="",
    )


@get("/{tenant:str}/recovery-codes")
async def after_recovery_codes(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Codes are shown once: who loads their page again comes home."""
    return see_other((await visitor(request, tenant)).at.home)


def _called(held: Authenticator | None) -> str:
    if held is None:
        return ""
    phone = phone_of(held)
    return held.label or held.serial or (str(phone) if phone else held.method)


ROUTES: Final = [home, rename, remove, new_recovery_codes, after_recovery_codes]
