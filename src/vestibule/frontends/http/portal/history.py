"""A person's own history: where, when and how he signed in, or somebody as him; and "this was not me".

Nobody else's data is in it: neither the machine that asked, nor why a rule said what it said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import ClientException

from vestibule.frontends.http.fields import InPath, asked
from vestibule.frontends.http.portal.visitor import portal_page, visitor
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import site_of
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.verification import (
    SECOND_FACTOR_NOT_PROVEN,
    Reason,
    Verification,
    VerificationState,
)

_ROWS: Final = 20
_WORDS: Final[dict[str, frozenset[Reason]]] = {
    "app_password": frozenset({Reason.APP_PASSWORD_VERIFIED}),
    "needs_app_password": frozenset({Reason.APP_PASSWORD_REQUIRED}),
    "first_factor": SECOND_FACTOR_NOT_PROVEN - {Reason.APP_PASSWORD_VERIFIED},
    "questions": frozenset({Reason.QUESTIONS_ANSWERED}),
    "password": frozenset({Reason.PASSWORD_WRONG, Reason.PASSWORD_MISSING, Reason.DIRECTORY_REFUSED}),
    "password_expired": frozenset({Reason.PASSWORD_EXPIRED}),
    "passcode": frozenset(
        {
            Reason.PASSCODE_WRONG,
            Reason.PASSCODE_MALFORMED,
            Reason.PASSCODE_REPLAYED,
            Reason.CHALLENGE_FAILED,
            Reason.TEXT_WRONG,
            Reason.TEXT_TRIES_SPENT,
            Reason.APP_NUMBER_WRONG,
            Reason.APP_TRIES_SPENT,
        }
    ),
    "pin": frozenset(
        {
            Reason.TEXT_PIN_WRONG,
            Reason.TEXT_PIN_EXPIRED,
            Reason.CALL_PIN_WRONG,
            Reason.CALL_PIN_MISSING,
            Reason.CALL_PIN_EXPIRED,
            Reason.APP_PIN_WRONG,
        }
    ),
    "declined": frozenset({Reason.APP_DENIED, Reason.CALL_DECLINED, Reason.CALL_HUNG_UP}),
    "fraud": frozenset({Reason.FRAUD_REPORTED}),
    "locked": frozenset({Reason.LOCKED_OUT}),
    "disabled": frozenset({Reason.USER_DISABLED, Reason.USER_BLOCKED}),
    "nothing_registered": frozenset({Reason.NO_AUTHENTICATOR, Reason.REGISTRATION_REQUIRED}),
    "phone_proven": frozenset({Reason.PHONE_PROVEN}),
}
_BY_REASON: Final = {reason: word for word, reasons in _WORDS.items() for reason in reasons}
_BY_STATE: Final = {
    VerificationState.APPROVED: "approved",
    VerificationState.PENDING: "pending",
    VerificationState.EXPIRED: "too_late",
    VerificationState.CANCELED: "too_late",
}


@dataclass(frozen=True, slots=True)
class OwnAttempt:
    """What a person is told of an attempt; `words` is the text `portal.history.outcome.<words>`."""

    verification_id: str
    at: int
    application: str
    address: str
    country: str
    method: str
    device: str
    words: str
    is_approved: bool
    is_this: bool
    """The one with which he came in now."""


@get("/{tenant:str}/history")
async def history(request: AnyRequest, tenant: InPath) -> Response[Any]:
    who = await visitor(request, tenant)
    cursor = asked(request, "cursor", 1000)
    attempts = site_of(request).services.attempts
    try:
        found = await attempts.own(who.actor, tenant, who.user.user_id, Page(_ROWS, cursor))
    except ValueError:
        raise ClientException("not a cursor of this list") from None
    return portal_page(
        request,
        "portal/history.html",
        who,
        attempts=tuple(_told(request, row, who.signed_in.session.verification_id) for row in found.rows),
        next_cursor=found.next_cursor,
        cursor=cursor,
    )


@get("/{tenant:str}/history/{attempt:str}/not-me")
async def ask_disown(request: AnyRequest, tenant: InPath, attempt: InPath) -> Response[Any]:
    """Say what will happen, and ask."""
    who = await visitor(request, tenant)
    found = await site_of(request).services.disowning.find(who.signed_in, attempt)
    return portal_page(
        request,
        "portal/not_me.html",
        who,
        attempt=_told(request, found, ""),
        blocks=who.at.tenant.settings.disowning_blocks,
    )


@post("/{tenant:str}/history/{attempt:str}/not-me")
async def disown(request: AnyRequest, tenant: InPath, attempt: InPath) -> Response[Any]:
    who = await visitor(request, tenant)
    was_blocked = await site_of(request).services.disowning.disown(who.signed_in, attempt)
    if was_blocked:
        return see_other(f"{who.at.root}/help")
    return portal_page(request, "portal/disowned.html", who, contact=who.at.tenant.settings.help_contact)


def _told(request: AnyRequest, row: Verification, present: str) -> OwnAttempt:
    words = _BY_REASON.get(row.reason) or _BY_STATE.get(row.state, "denied")
    return OwnAttempt(
        verification_id=row.verification_id,
        at=row.started_at,
        application=row.application_name,
        address=row.user_address,
        country=site_of(request).services.countries.of(row.user_address),
        method=row.method,
        device=row.device or row.authenticator_label or row.phone,
        words=words,
        is_approved=row.state is VerificationState.APPROVED,
        is_this=row.verification_id == present,
    )


ROUTES: Final = [history, ask_disown, disown]
