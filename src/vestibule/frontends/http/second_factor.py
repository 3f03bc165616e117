"""The second step of a sign-in at either door: a passcode is typed, or the answer comes from a phone.

What stands in the store decides what is shown; this only shows it, so a page may be loaded again at any time.
Only the browser that began sees it, and only one request of it gets the session (CH-07, CH-08). While an
answer is awaited the page asks every few seconds, or, with a script, waits in one request (waiting.ts).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response

from vestibule.frontends.http.fields import asked, read_fields
from vestibule.frontends.http.notices import noticed_page
from vestibule.frontends.http.phone_words import offers, question
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.sign_in import (
    REFUSED,
    REFUSED_TEXT,
    AnyRequest,
    Entrance,
    destination,
    let_in,
    origin_of,
    start_again,
    with_next,
)
from vestibule.frontends.http.sign_in_cookie import Pending, drop_pending, keep_pending, read_pending
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.model.verification import Challenge, Reason
from vestibule.services.outcome import Progress
from vestibule.services.ways import PASSCODE

KINDS: Final = ("passcode", "recovery_code")
WAIT_SECONDS: Final = 25.0
_ENDINGS: Final = {
    Reason.CALL_DECLINED: "declined",
    Reason.CALL_HUNG_UP: "declined",
    Reason.FRAUD_REPORTED: "fraud",
    Reason.APP_DENIED: "declined",
    Reason.APP_TRIES_SPENT: "declined",
    Reason.APP_NO_ANSWER: "too_late",
    Reason.APP_PIN_WRONG: "pin",
    Reason.CALL_PIN_WRONG: "pin",
    Reason.CALL_PIN_MISSING: "pin",
    Reason.CALL_PIN_EXPIRED: "pin_expired",
    Reason.TIMED_OUT: "too_late",
    Reason.CALL_TOO_LATE: "too_late",
    Reason.TEXT_NOT_SENT: "unreachable",
    Reason.CALL_BUSY: "unreachable",
    Reason.CALL_NO_ANSWER: "unreachable",
    Reason.CALL_UNREACHABLE: "unreachable",
    Reason.CALL_WRONG_NUMBER: "unreachable",
    Reason.CALL_FAILED: "unreachable",
    Reason.CALL_MACHINE: "unreachable",
    Reason.CALL_SILENCE: "unreachable",
    Reason.CALL_NOT_FINISHED: "unreachable",
    Reason.CALL_INVALID_INPUT: "unreachable",
}
"""What may be told of a phone that did not confirm: whoever reads it has proven the password."""


async def show(request: AnyRequest, at: Entrance) -> Response[Any]:
    """Show where the sign-in stands: a question, a wait, the session, or its end."""
    following = destination(at, asked(request, "next", 1000))
    pending = read_pending(request, at.root)
    if pending is None:
        return see_other(with_next(f"{at.root}/sign-in", at, following))
    progress = await _look(request, at, pending)
    if progress is None:
        return _over(request, at, following, "sign_in.too_late")
    if progress.is_pending:
        return _page(request, at, pending, progress, asked(request, "with"), following)
    return await _decided(request, at, pending, progress, following)


async def take(request: AnyRequest, at: Entrance) -> Response[Any]:
    """Judge what was typed: in, once more, or back to the beginning."""
    fields = await read_fields(request)
    following = destination(at, fields.raw("next", 1000))
    pending = read_pending(request, at.root)
    if pending is None:
        return start_again(request, at, following, "sign_in.too_late")
    passcode = fields.passcode()
    if not passcode:
        return see_other(with_next(f"{at.root}/sign-in/second-factor", at, following))
    progress = await site_of(request).services.verifications.answer(
        _origin(request, at, pending), pending.challenge_id, passcode
    )
    if progress.is_pending:
        is_same = progress.challenge is not None and progress.challenge.challenge_id == pending.challenge_id
        return _page(request, at, pending, progress, fields.raw("kind"), following, wrong=is_same)
    if not progress.is_approved:
        return _over(request, at, following, REFUSED_TEXT)
    response = await let_in(request, at, progress, following, remembers=pending.remembers)
    if response is None:
        return _over(request, at, following, REFUSED_TEXT)
    drop_pending(request, response)
    return response


async def choose(request: AnyRequest, at: Entrance) -> Response[Any]:
    """Ask on another way, or send again."""
    fields = await read_fields(request)
    following = destination(at, fields.raw("next", 1000))
    pending = read_pending(request, at.root)
    if pending is None:
        return start_again(request, at, following, "sign_in.too_late")
    progress = await site_of(request).services.verifications.choose(
        _origin(request, at, pending), pending.challenge_id, fields.raw("way", 64)
    )
    if not progress.is_pending or progress.challenge is None:
        return _over(request, at, following, REFUSED_TEXT)
    response: Response[Any] = see_other(with_next(f"{at.root}/sign-in/second-factor", at, following))
    challenge_id = progress.challenge.challenge_id
    keep_pending(request, response, msgspec.structs.replace(pending, challenge_id=challenge_id))
    return response


async def state(request: AnyRequest, at: Entrance) -> dict[str, bool]:
    """Answer as soon as there is something else to show, after WAIT_SECONDS at the latest."""
    pending = read_pending(request, at.root)
    progress = await _look(request, at, pending) if pending is not None else None
    if pending is None or progress is None or not _is_same_wait(pending, progress):
        return {"moved": True}
    site = site_of(request)
    waiting = site.services.verifications.moved(progress, WAIT_SECONDS)
    if await site.long_polls.wait(pending.verification_id, waiting, most=5):
        progress = await _look(request, at, pending)
    return {"moved": progress is None or not _is_same_wait(pending, progress)}


def _is_same_wait(pending: Pending, progress: Progress) -> bool:
    challenge = progress.challenge
    return (
        progress.is_answered_elsewhere
        and challenge is not None
        and challenge.challenge_id == pending.challenge_id
    )


async def _decided(
    request: AnyRequest, at: Entrance, pending: Pending, progress: Progress, following: str
) -> Response[Any]:
    """Let the one request in that gets the approval; say to any other how it ended."""
    verifications = site_of(request).services.verifications
    if progress.is_approved:
        challenge = progress.challenge
        # What was typed had its answer in the request that typed it.
        if challenge is not None and challenge.is_out_of_band:
            taken = await verifications.wait(_origin(request, at, pending), progress, 0)
            if taken is not None:
                response = await let_in(request, at, taken, following, remembers=pending.remembers)
                if response is not None:
                    drop_pending(request, response)
                    return response
        return _over(request, at, following, "sign_in.ended.elsewhere")
    ending = _ENDINGS.get(progress.reason)
    return _over(request, at, following, f"sign_in.ended.{ending}" if ending else REFUSED_TEXT)


def _page(
    request: AnyRequest,
    at: Entrance,
    pending: Pending,
    progress: Progress,
    kind: str,
    following: str,
    *,
    wrong: bool = False,
) -> Response[Any]:
    challenge = progress.challenge
    assert challenge is not None
    is_waiting = progress.is_answered_elsewhere
    response = noticed_page(
        request,
        "sign_in/waiting.html" if is_waiting else "sign_in/second_factor.html",
        door=at.door,
        root=at.root,
        status=REFUSED if wrong else 200,
        form=Form(problem=Words(REFUSED_TEXT) if wrong else _problem(progress)),
        person=pending.username,
        next=following,
        question=question(challenge),
        offers=offers(progress),
        has_questions=at.door == "portal" and bool(at.tenant.settings.security_questions),
        **({"number": challenge.number} if is_waiting else _field(progress, challenge, kind)),
    )
    if challenge.challenge_id != pending.challenge_id:
        # It went on by itself, e.g. to the backup phone.
        newer = msgspec.structs.replace(pending, challenge_id=challenge.challenge_id)
        keep_pending(request, response, newer)
    return response


def _field(progress: Progress, challenge: Challenge, kind: str) -> dict[str, Any]:
    """Return what the page needs where something can be typed, or chosen only."""
    can_type = bool(challenge.address) or any(way.key == PASSCODE for way in progress.choices)
    return {
        "kind": kind if kind in KINDS else KINDS[0],
        "kinds": KINDS if can_type and not challenge.address else (KINDS[0],),
        "purpose": "sign_in",
        "can_type": can_type,
        "with_pin": bool(challenge.digits_before_pin),
    }


def _problem(progress: Progress) -> Words | None:
    """Return why the way before this one did not lead anywhere, if there was one."""
    last = progress.verification.trace[-1] if progress.verification.trace else None
    if last is not None and (last.step, last.result) == ("way", "not_allowed"):
        return Words("refusal.nothing_sent")
    return ending_words(progress)


def ending_words(progress: Progress) -> Words | None:
    """Return what may be told of how a phone did not confirm."""
    ending = _ENDINGS.get(progress.reason)
    return Words(f"sign_in.ended.{ending}") if ending else None


async def _look(request: AnyRequest, at: Entrance, pending: Pending) -> Progress | None:
    verifications = site_of(request).services.verifications
    return await verifications.look(_origin(request, at, pending), pending.verification_id)


def _origin(request: AnyRequest, at: Entrance, pending: Pending) -> Any:
    return origin_of(request, at, pending.username, pending.key)


def _over(request: AnyRequest, at: Entrance, following: str, key: str) -> Response[Any]:
    response = start_again(request, at, following, key)
    drop_pending(request, response)
    return response
