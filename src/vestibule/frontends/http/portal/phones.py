"""Adding a phone: for texts or calls, proven live before it counts, and which way comes first.

Nothing is sent for who may not add anything now: he is led to prove himself first (ENR-02, ENR-07). Only the
session that began sees how it goes on. The number is shown in full to the person himself, and to nobody else.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.door import address_of
from vestibule.frontends.http.fields import Fields, InPath, asked, read_fields
from vestibule.frontends.http.notices import after
from vestibule.frontends.http.portal.visitor import (
    Visitor,
    may_change,
    may_finish,
    portal_page,
    to_confirm,
    visitor,
)
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.second_factor import WAIT_SECONDS, ending_words
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import Form, Words, refusal_words
from vestibule.model.actor import NotAllowed
from vestibule.model.authenticator import Authenticator
from vestibule.services.outcome import Progress
from vestibule.services.phones import METHODS, NewPhone
from vestibule.services.refusal import Refusal, Refused

_BESIDE: Final = {
    Refusal.PHONE_INVALID: "number",
    Refusal.PHONE_TOO_SHORT: "number",
    Refusal.PHONE_TOO_LONG: "number",
    Refusal.PHONE_UNASSIGNED: "number",
    Refusal.PHONE_NOT_ALLOWED: "number",
    Refusal.COUNTRY_CLOSED: "number",
    Refusal.EXTENSION_INVALID: "extension",
}


@get("/{tenant:str}/authenticators/phone")
async def show_phone(request: AnyRequest, tenant: InPath) -> Response[Any]:
    who = await visitor(request, tenant, registering=True)
    method = _method(asked(request, "for"))
    if not await may_change(request, who):
        return to_confirm(who, f"{who.at.root}/authenticators/phone?for={method}")
    return await _form_page(request, who, method, Form())


@post("/{tenant:str}/authenticators/phone/begin")
async def begin_phone(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Send the text or place the call that proves the number."""
    who = await visitor(request, tenant, registering=True)
    fields = await read_fields(request)
    method = _method(fields.text("for"))
    activations = site_of(request).services.activations
    try:
        progress = await activations.begin(who.signed_in, _wanted(fields, method), address_of(request))
    except NotAllowed:
        return to_confirm(who, f"{who.at.root}/authenticators/phone?for={method}")
    except Refused as refused:
        return await _form_page(request, who, method, _refused(fields, refused))
    assert progress.challenge is not None
    return see_other(_proof_path(who, progress.challenge.challenge_id))


@get("/{tenant:str}/authenticators/phone/{challenge:str}")
async def show_proof(request: AnyRequest, tenant: InPath, challenge: InPath) -> Response[Any]:
    """Show where the proof stands; once the phone is proven, home."""
    who = await visitor(request, tenant, registering=True)
    progress = await site_of(request).services.activations.find(who.signed_in, challenge)
    if progress is None:
        return after(request, who.at.home, "portal.add_phone.over", "bad")
    return await _stands(request, who, progress, Form())


@post("/{tenant:str}/authenticators/phone/{challenge:str}")
async def take_proof(request: AnyRequest, tenant: InPath, challenge: InPath) -> Response[Any]:
    """Judge the passcode that was sent to the new phone."""
    who = await visitor(request, tenant, registering=True)
    if not await may_finish(request, who):
        return to_confirm(who, who.at.home)
    passcode = (await read_fields(request)).passcode()
    activations = site_of(request).services.activations
    progress = await activations.answer(who.signed_in, challenge, passcode)
    if progress is None:
        return after(request, who.at.home, "portal.add_phone.over", "bad")
    wrong = Form(errors={"passcode": Words("portal.add_phone.wrong")})
    return await _stands(request, who, progress, wrong if progress.is_pending else Form())


@get("/{tenant:str}/authenticators/phone/{challenge:str}/state")
async def proof_state(request: AnyRequest, tenant: InPath, challenge: InPath) -> dict[str, bool]:
    """Answer as soon as there is something else to show."""
    who = await visitor(request, tenant, registering=True)
    site = site_of(request)
    activations = site.services.activations
    await site.long_polls.wait(
        who.user.user_id, activations.wait(who.signed_in, challenge, WAIT_SECONDS), most=5
    )
    progress = await activations.find(who.signed_in, challenge)
    return {"moved": progress is None or not progress.is_answered_elsewhere}


@post("/{tenant:str}/default-method")
async def choose_default(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Choose by what one is asked first."""
    who = await visitor(request, tenant)
    method = (await read_fields(request)).text("method", 64)
    users = site_of(request).services.users
    try:
        await users.set_default_method(who.actor, tenant, who.user.user_id, method)
    except Refused:
        raise NotFoundException from None
    return after(request, who.at.home, "form.saved")


# --- parts ----------------------------------------------------------------------------------------------


def _method(wanted: str) -> str:
    return wanted if wanted in METHODS else METHODS[0]


def _wanted(fields: Fields, method: str) -> NewPhone:
    number, extension = fields.text("number", 64), fields.text("extension", 32)
    return NewPhone(
        method=method,
        typed=f"{number} x{extension}" if extension and method == "voice" else number,
        label=fields.text("label", 64),
        two_way=fields.is_ticked("two_way") and method == "sms",
        with_pin=fields.is_ticked("with_pin"),
    )


def _refused(fields: Fields, refused: Refused) -> Form:
    typed = {name: fields.text(name, 64) for name in ("number", "extension", "label", "two_way", "with_pin")}
    words = refusal_words(refused.why.value, refused.key)
    beside = _BESIDE.get(refused.why)
    return Form(typed, errors={beside: words} if beside else {}, problem=None if beside else words)


async def _form_page(request: AnyRequest, who: Visitor, method: str, form: Form) -> Response[Any]:
    services = site_of(request).services
    tenant = who.at.tenant
    subject = await services.enrollments.held(who.actor, tenant.tenant_id, who.user.user_id)
    pin = await services.pins.status(who.actor, tenant.tenant_id, who.user.user_id)
    return portal_page(
        request,
        "portal/add_phone.html",
        who,
        status=422 if form.errors or form.problem else 200,
        form=form,
        method=method,
        is_backup=any(held.method == method and held.used_at for held in subject.authenticators),
        can_reply=method == "sms" and tenant.settings.two_way_texts,
        has_pin=pin.is_set,
    )


async def _stands(request: AnyRequest, who: Visitor, progress: Progress, form: Form) -> Response[Any]:
    services = site_of(request).services
    if progress.is_approved:
        if await services.activations.claim(who.signed_in, progress):
            return after(request, who.at.home, "portal.add_phone.added", phone=progress.verification.phone)
        return see_other(who.at.home)
    challenge = progress.challenge
    assert challenge is not None
    subject = await services.enrollments.held(who.actor, who.at.tenant.tenant_id, who.user.user_id)
    phone = next(
        (one for one in subject.authenticators if one.authenticator_id == challenge.authenticator_id), None
    )
    if phone is None:
        return after(request, who.at.home, "portal.add_phone.over", "bad")
    problem = None if progress.is_pending else ending_words(progress) or Words("portal.add_phone.over")
    return portal_page(
        request,
        "portal/prove_phone.html",
        who,
        status=422 if form.errors else 200,
        form=Form(errors=form.errors, problem=problem),
        challenge_id=challenge.challenge_id,
        method=phone.method,
        phone=progress.verification.phone,
        is_waiting=progress.is_answered_elsewhere,
        is_over=not progress.is_pending,
        again=_again(phone),
    )


def _again(phone: Authenticator) -> dict[str, str]:
    """Return the fields with which the same phone is asked once more."""
    chosen = {name: "yes" for name in ("two_way", "with_pin") if phone.parameters.get(name)}
    return {
        "for": phone.method,
        "number": str(phone.parameters.get("number", "")),
        "extension": str(phone.parameters.get("extension", "")),
        "label": phone.label,
        **chosen,
    }


def _proof_path(who: Visitor, challenge_id: str) -> str:
    return f"{who.at.root}/authenticators/phone/{challenge_id}"


ROUTES: Final = [show_phone, begin_phone, show_proof, take_proof, proof_state, choose_default]
