"""Security questions: chosen behind the door, and answered at it in place of the second factor.

They are asked of nobody who has not proven his password in this very browser (CH-07), and of nobody else.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.fields import Fields, InPath, asked, read_fields
from vestibule.frontends.http.notices import after, noticed_page
from vestibule.frontends.http.pages import language_of
from vestibule.frontends.http.portal.cards import Card, Shown
from vestibule.frontends.http.portal.visitor import (
    DOOR,
    Visitor,
    may_change,
    portal_of,
    portal_page,
    to_confirm,
    visitor,
)
from vestibule.frontends.http.sign_in import (
    REFUSED,
    REFUSED_TEXT,
    AnyRequest,
    Entrance,
    destination,
    let_in,
    origin_of,
    start_again,
)
from vestibule.frontends.http.sign_in_cookie import Pending, drop_pending, read_pending
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import Form, Words, refusal_words
from vestibule.services.refusal import Refused
from vestibule.services.security_questions import Answered

_LONGEST_QUESTION: Final = 200


# --- choosing them ----------------------------------------------------------------------------------------


async def _show(request: AnyRequest, who: Visitor) -> Shown | None:
    questions = site_of(request).services.security_questions
    if not questions.offered(who.user.tenant_id, ""):
        return None
    return {"is_answered": bool(await questions.asked(who.user.tenant_id, who.user.user_id))}


@get("/{tenant:str}/questions")
async def show_questions(request: AnyRequest, tenant: InPath) -> Response[Any]:
    who = await _at_questions(request, tenant)
    if not await may_change(request, who):
        return to_confirm(who, f"{who.at.root}/questions")
    return _page(request, who, Form())


@post("/{tenant:str}/questions")
async def keep_questions(request: AnyRequest, tenant: InPath) -> Response[Any]:
    who = await _at_questions(request, tenant)
    if not await may_change(request, who):
        return to_confirm(who, f"{who.at.root}/questions")
    fields, service = await read_fields(request), site_of(request).services.security_questions
    answers = [
        Answered(fields.raw(f"question{number}", _LONGEST_QUESTION), fields.secret(f"answer{number}"))
        for number in range(1, service.to_keep(tenant) + 1)
    ]
    try:
        await service.keep(who.actor, tenant, who.user.user_id, answers)
    except Refused as refused:
        words = refusal_words(refused.why.value, refused.key)
        chosen = {f"question{number}": each.question for number, each in enumerate(answers, 1)}
        return _page(request, who, Form(chosen, problem=words), 422)
    return after(request, who.at.security, "portal.questions.kept")


@post("/{tenant:str}/questions/forget")
async def forget_questions(request: AnyRequest, tenant: InPath) -> Response[Any]:
    who = await visitor(request, tenant)
    if not await may_change(request, who):
        return to_confirm(who, who.at.security)
    await site_of(request).services.security_questions.forget(who.actor, tenant, who.user.user_id)
    return after(request, who.at.security, "portal.questions.forgotten")


async def _at_questions(request: AnyRequest, tenant: str) -> Visitor:
    who = await visitor(request, tenant)
    if not site_of(request).services.security_questions.offered(tenant, ""):
        raise NotFoundException
    return who


def _page(request: AnyRequest, who: Visitor, form: Form, status: int = 200) -> Response[Any]:
    service, tenant_id = site_of(request).services.security_questions, who.at.tenant.tenant_id
    return portal_page(
        request,
        "portal/questions.html",
        who,
        status=status,
        form=form,
        offered=service.offered(tenant_id, language_of(request, who.signed_in)),
        count=service.to_keep(tenant_id),
    )


# --- answering them ---------------------------------------------------------------------------------------


@get("/{tenant:str}/sign-in/questions")
async def ask_questions(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = portal_of(request, tenant)
    following = destination(at, asked(request, "next", 1000))
    pending = read_pending(request, at.root)
    user_id = await _who_waits(request, at, pending)
    if pending is None or not user_id:
        return start_again(request, at, following, "sign_in.too_late")
    return await _ask(request, at, pending, user_id, following)


@post("/{tenant:str}/sign-in/questions")
async def take_answers(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Judge the answers: in, once more, or back to the beginning."""
    at = portal_of(request, tenant)
    fields, services = await read_fields(request), site_of(request).services
    following = destination(at, fields.raw("next", 1000))
    pending = read_pending(request, at.root)
    user_id = await _who_waits(request, at, pending)
    if pending is None or not user_id:
        return start_again(request, at, following, "sign_in.too_late")
    answers = _answers(fields, services.security_questions.to_keep(tenant))
    if not await services.security_questions.check(tenant, user_id, answers):
        return await _ask(request, at, pending, user_id, following, is_wrong=True)
    origin = origin_of(request, at, pending.username, pending.key)
    progress = await services.verifications.answered_by_questions(origin, pending.challenge_id, user_id)
    response = await let_in(request, at, progress, following) if progress.is_approved else None
    if response is None:
        response = start_again(request, at, following, REFUSED_TEXT)
    drop_pending(request, response)
    return response


async def _who_waits(request: AnyRequest, at: Entrance, pending: Pending | None) -> str:
    """Return whose sign-in this browser has begun, while it waits for a second factor; empty if none does."""
    if pending is None:
        return ""
    origin = origin_of(request, at, pending.username, pending.key)
    found = await site_of(request).services.verifications.look(origin, pending.verification_id)
    return found.verification.user_id if found is not None and found.is_pending else ""


async def _ask(
    request: AnyRequest,
    at: Entrance,
    pending: Pending,
    user_id: str,
    following: str,
    *,
    is_wrong: bool = False,
) -> Response[Any]:
    questions = await site_of(request).services.security_questions.asked(at.tenant.tenant_id, user_id)
    if not questions:
        return after(request, f"{at.root}/sign-in/second-factor", "portal.questions.none", "bad")
    return noticed_page(
        request,
        "sign_in/questions.html",
        door=DOOR,
        root=at.root,
        status=REFUSED if is_wrong else 200,
        form=Form(problem=Words(REFUSED_TEXT) if is_wrong else None),
        questions=questions,
        person=pending.username,
        next=following,
    )


def _answers(fields: Fields, count: int) -> list[Any]:
    return [fields.secret(f"answer{number}") for number in range(1, count + 1)]


CARD: Final = Card("portal/cards/questions.html", _show)
ROUTES: Final = [show_questions, keep_questions, forget_questions, ask_questions, take_answers]
