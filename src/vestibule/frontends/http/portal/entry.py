"""The way into a portal and out of it."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http import second_factor, sign_in
from vestibule.frontends.http.door import session_token
from vestibule.frontends.http.fields import InPath, asked, read_fields
from vestibule.frontends.http.notices import after, noticed_page
from vestibule.frontends.http.portal.visitor import DOOR, Visitor, portal_of, portals, visitor
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.sign_in import AnyRequest, destination
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import Form, Words, refusal_words
from vestibule.interfaces.method import MethodDescriptor
from vestibule.services.refusal import Refused


@get("/")
async def any_portal(request: AnyRequest) -> Response[Any]:
    """Lead to the only portal there is. Where there are several, nobody is told which (TEN-01)."""
    found = portals(request)
    if len(found) == 1:
        return see_other(f"{found[0]}/")
    return noticed_page(request, "portal/which.html", door=DOOR)


@get("/{tenant:str}/sign-in")
async def show_password(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await sign_in.password_page(request, portal_of(request, tenant))


@post("/{tenant:str}/sign-in")
async def take_password(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await sign_in.take_password(request, portal_of(request, tenant))


@get("/{tenant:str}/sign-in/second-factor")
async def show_passcode(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await second_factor.show(request, portal_of(request, tenant))


@post("/{tenant:str}/sign-in/second-factor")
async def take_passcode(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await second_factor.take(request, portal_of(request, tenant))


@post("/{tenant:str}/sign-in/second-factor/way")
async def choose_way(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await second_factor.choose(request, portal_of(request, tenant))


@get("/{tenant:str}/sign-in/second-factor/state")
async def sign_in_state(request: AnyRequest, tenant: InPath) -> dict[str, bool]:
    return await second_factor.state(request, portal_of(request, tenant))


@post("/{tenant:str}/sign-out")
async def sign_out(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await sign_in.sign_out(request, portal_of(request, tenant))


@get("/{tenant:str}/signed-out")
async def signed_out(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return sign_in.signed_out_page(request, portal_of(request, tenant))


# --- proving oneself once more --------------------------------------------------------------------------


@get("/{tenant:str}/confirm")
async def show_confirm(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Ask for a passcode before authenticators change. Who has none, or a phone only, signs in again."""
    site = site_of(request)
    who = await visitor(request, tenant, registering=True)
    following = destination(who.at, asked(request, "next", 1000))
    if await site.services.sessions.may_enroll(who.signed_in):
        return see_other(following)
    if who.signed_in.is_fresh and await _lacks_voucher(request, who):
        return see_other(f"{who.at.root}/register")
    if not await _holds_something(request, who):
        await site.services.sessions.end(session_token(request, DOOR))
        return after(request, f"{who.at.root}/sign-in", "portal.confirm.sign_in_again", "info")
    return _confirm_page(request, who, asked(request, "with"), following)


@post("/{tenant:str}/confirm")
async def take_confirm(request: AnyRequest, tenant: InPath) -> Response[Any]:
    site = site_of(request)
    who = await visitor(request, tenant, registering=True)
    fields = await read_fields(request)
    following = destination(who.at, fields.raw("next", 1000))
    try:
        await site.services.sessions.step_up(who.signed_in, fields.passcode())
    except Refused as refused:
        problem = refusal_words(refused.why.value, refused.key)
        return _confirm_page(request, who, fields.raw("kind"), following, problem)
    return see_other(following)


def _confirm_page(
    request: AnyRequest, who: Visitor, kind: str, following: str, problem: Words | None = None
) -> Response[Any]:
    return noticed_page(
        request,
        "sign_in/second_factor.html",
        door=DOOR,
        root=who.at.root,
        signed_in=who.signed_in,
        status=sign_in.REFUSED if problem else 200,
        form=Form(problem=problem),
        kind=kind if kind in second_factor.KINDS else second_factor.KINDS[0],
        kinds=second_factor.KINDS,
        purpose="confirm",
        person=who.user.username,
        next=following,
        question=None,
        offers=(),
        has_questions=False,
        can_type=True,
        with_pin=False,
    )


async def _lacks_voucher(request: AnyRequest, who: Visitor) -> bool:
    """Tell whether he has nothing that counts to prove, and nothing vouches for him beside his password."""
    standing = await site_of(request).services.registrations.standing(who.signed_in)
    return not standing.is_enrolled and standing.vouched_by is None


async def _holds_something(request: AnyRequest, who: Visitor) -> bool:
    services = site_of(request).services
    subject = await services.enrollments.held(who.actor, who.at.tenant.tenant_id, who.user.user_id)
    now = services.clock.now()
    methods = services.enrollments.methods
    return any(
        held.is_usable(now) and held.method in methods and _shows_passcodes(methods[held.method].descriptor)
        for held in subject.authenticators
    )


def _shows_passcodes(method: MethodDescriptor) -> bool:
    """Recovery codes are too good for this: who has only those beside a phone signs in again instead."""
    return method.takes_passcode and method.is_own


ROUTES: Final = [
    any_portal,
    show_password,
    take_password,
    show_passcode,
    take_passcode,
    choose_way,
    sign_in_state,
    sign_out,
    signed_out,
    show_confirm,
    take_confirm,
]
