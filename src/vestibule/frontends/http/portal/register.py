"""The registration: why a person is asked, what vouches for him, his methods, his recovery codes, and the
end.

What stands in the store decides the step, so the pages may be left and come back to at any time. The methods
themselves are added by the pages that add them at any other time; they lead back here until it is finished.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from litestar import Response, get, post

from vestibule.frontends.http.fields import InPath, asked, read_fields
from vestibule.frontends.http.holdings import addable, default_methods, holding_of
from vestibule.frontends.http.notices import after
from vestibule.frontends.http.portal.visitor import (
    Visitor,
    may_change,
    portal_page,
    to_confirm,
    visitor,
)
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import Form, refusal_words
from vestibule.model.voucher import Vouch
from vestibule.services.refusal import Refused
from vestibule.services.registration import Standing

Step = Literal["vouch", "method", "second", "codes", "finish"]
STEPS: Final[tuple[Step, ...]] = ("vouch", "method", "second", "codes", "finish")
_ONE: Final = "one"
"""Said in the address by who wants no second method."""


def step_of(standing: Standing, *, is_proven: bool, one_is_enough: bool) -> Step:
    """Return what is to be done next. `is_proven`: a second factor that counts was proven in this session."""
    if not standing.is_enrolled and not is_proven and standing.vouched_by is None:
        return "vouch"
    if len(standing.registered) < 1:
        return "method"
    if len(standing.registered) < standing.methods_needed:
        return "second"
    if not standing.has_recovery_codes:
        return "codes" if one_is_enough or len(standing.registered) > 1 else "second"
    return "finish"


@get("/{tenant:str}/register")
async def show_registration(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await registration_page(request, await visitor(request, tenant, registering=True))


async def registration_page(
    request: AnyRequest, who: Visitor, refused: Refused | None = None
) -> Response[Any]:
    """Return the next step, with what was refused above it; home if there is none."""
    services = site_of(request).services
    standing = await services.registrations.standing(who.signed_in)
    one_is_enough = asked(request, "methods") == _ONE
    is_proven = who.signed_in.session.is_second_factor_proven
    step = step_of(standing, is_proven=is_proven, one_is_enough=one_is_enough)
    if standing.asked is None and step != "vouch":
        return see_other(who.at.home)
    subject = await services.enrollments.held(who.actor, who.at.tenant.tenant_id, who.user.user_id)
    now = services.clock.now()
    return portal_page(
        request,
        "portal/register.html",
        who,
        status=422 if refused else 200,
        form=Form(problem=refusal_words(refused.why.value, refused.key) if refused else None),
        step=step,
        asked=standing.asked,
        later=standing.asked.until if standing.asked and standing.asked.can_wait(now) else None,
        ways=tuple(way.value for way in who.at.tenant.settings.vouching),
        takes_code=bool({Vouch.LETTER, Vouch.EMAIL} & set(who.at.tenant.settings.vouching)),
        can_prove_old=standing.can_prove_old,
        holdings=tuple(holding_of(held, standing.registered) for held in standing.registered),
        may_skip_second=standing.methods_needed < 2,
        default_methods=default_methods(services.enrollments.methods, standing.registered),
        user=subject.user,
        addable=addable(services.enrollments, who.at.tenant.tenant_id),
    )


@post("/{tenant:str}/register/code")
async def take_code(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Take a registration code; it vouches for this session."""
    who = await visitor(request, tenant, registering=True)
    code = (await read_fields(request)).passcode("code")
    try:
        await site_of(request).services.vouching.use_code(who.signed_in.session, code)
    except Refused as refused:
        return await registration_page(request, who, refused)
    return after(request, _path(who), "registration.vouch.taken")


@post("/{tenant:str}/register/prove")
async def take_old_proof(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Take a passcode of what counts no more: it vouches for this session."""
    who = await visitor(request, tenant, registering=True)
    passcode = (await read_fields(request)).passcode()
    try:
        await site_of(request).services.sessions.step_up(who.signed_in, passcode)
    except Refused as refused:
        return await registration_page(request, who, refused)
    return after(request, _path(who), "registration.vouch.taken")


@post("/{tenant:str}/register/recovery-codes")
async def show_codes(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Make recovery codes and show them, this one time; they count when he says that he has kept them."""
    who = await visitor(request, tenant, registering=True)
    if not await may_change(request, who):
        return to_confirm(who, _path(who))
    enrollments = site_of(request).services.enrollments
    made = await enrollments.new_recovery_codes(who.actor, tenant, who.user.user_id, to_keep=True)
    return portal_page(
        request,
        "sign_in/recovery_codes.html",
        who,
        codes=tuple(code.reveal() for code in made.shown),
        username=who.user.username,
        made_at=made.authenticator.created_at,
        continue_to="",
        keep_at=f"{_path(who)}/recovery-codes/kept",
    )


@get("/{tenant:str}/register/recovery-codes")
async def after_codes(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Codes are shown once: who loads their page again makes new ones."""
    return see_other(_path(await visitor(request, tenant, registering=True)))


@post("/{tenant:str}/register/recovery-codes/kept")
async def keep_codes(request: AnyRequest, tenant: InPath) -> Response[Any]:
    who = await visitor(request, tenant, registering=True)
    enrollments = site_of(request).services.enrollments
    try:
        await enrollments.keep_recovery_codes(who.actor, tenant, who.user.user_id)
    except Refused:
        return after(request, _path(who), "registration.codes.over", "bad")
    return see_other(_path(who))


@post("/{tenant:str}/register/finish")
async def finish(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """End it; who may have app passwords for old programs, and has none, is led to make the first."""
    who = await visitor(request, tenant, registering=True)
    services = site_of(request).services
    method = (await read_fields(request)).text("method", 64)
    try:
        user = await services.registrations.finish(who.signed_in, method)
    except Refused as refused:
        return await registration_page(request, who, refused)
    app_passwords = services.app_passwords
    if app_passwords.choices(user) and not await app_passwords.list(who.actor, tenant, user.user_id):
        return after(request, f"{who.at.root}/app-passwords", "registration.app_passwords")
    return after(request, who.at.home, "registration.finished")


def _path(who: Visitor) -> str:
    return f"{who.at.root}/register"


ROUTES: Final = [
    show_registration,
    take_code,
    take_old_proof,
    show_codes,
    after_codes,
    keep_codes,
    finish,
]
