"""The bodies that apps send and get, in the shape that docs/protocols/authenticator-app.md gives them."""

from __future__ import annotations

from typing import Annotated

import msgspec

from vestibule.model.app_answer import Decision
from vestibule.model.verification import Reason, VerificationState
from vestibule.services.apps import Activated, Decided, Request, Shown
from vestibule.wire.oath import encode_base32

Short = Annotated[str, msgspec.Meta(max_length=64)]
Long = Annotated[str, msgspec.Meta(max_length=256)]


class Activation(msgspec.Struct, frozen=True):
    code: Short
    public_key: Long
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    signature: Long

    def __repr__(self) -> str:
        return "Activation(…)"


class AnswerBody(msgspec.Struct, frozen=True):
    decision: Decision
    signature: Long
    number: Short = ""
    pin: Short = ""

    def __repr__(self) -> str:
        return "AnswerBody(…)"


class Subscription(msgspec.Struct, frozen=True):
    endpoint: Annotated[str, msgspec.Meta(max_length=2048)]
    p256dh: Long
    auth: Long

    def __repr__(self) -> str:
        return "Subscription(…)"


class Name(msgspec.Struct, frozen=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


def told_activation(done: Activated, push_key: str, now: int) -> dict[str, object]:
    return {
        "tenant": done.user.tenant_id,
        "authenticator": done.authenticator.authenticator_id,
        "user": done.user.user_id,
        "account": done.user.username,
        "issuer": done.issuer,
        "token": done.token.reveal(),
        "passcodes": {
            "secret": encode_base32(done.passcode_secret.reveal()),
            "algorithm": "SHA1",
            "digits": done.authenticator.parameters["digits"],
            "period": done.authenticator.parameters["interval"],
        },
        "push_key": push_key,
        "now": now,
    }


def told_list(shown: Shown) -> dict[str, object]:
    settings, username = shown.settings, shown.account.user.username
    fraud = "off" if not settings.fraud_reports else "blocks" if settings.fraud_blocks else "reports"
    return {
        "version": shown.version,
        "now": shown.at,
        "account": username,
        "issuer": settings.issuer,
        "requests": [_told_request(each, username, fraud, shown.at) for each in shown.requests],
    }


def _told_request(asked: Request, account: str, fraud: str, now: int) -> dict[str, object]:
    challenge, verification = asked.challenge, asked.verification
    return {
        "id": challenge.challenge_id,
        "kind": "activation" if challenge.is_activation else "sign_in",
        "verification": verification.verification_id,
        "application": verification.application_name,
        "application_id": verification.application_id,
        "account": account,
        "place": verification.user_address,
        "country": "",
        "asked_at": challenge.created_at,
        "expires_at": challenge.expires_at,
        "seconds_left": max(0, (challenge.expires_at - now) // 1000),
        "digits": len(challenge.number),
        "tries_left": challenge.tries_left,
        "with_pin": False,
        "fraud": "off" if challenge.is_activation else fraud,
    }


def told_decision(decided: Decided) -> dict[str, object]:
    return {"outcome": _outcome(decided), "tries_left": decided.tries_left, "message": ""}


def _outcome(decided: Decided) -> str:
    verification = decided.progress.verification
    match verification.state, verification.reason:
        case VerificationState.APPROVED, _:
            return "approved"
        case _, Reason.APP_NUMBER_WRONG | Reason.APP_TRIES_SPENT:
            return "number_wrong"
        case _, Reason.APP_DENIED:
            return "denied"
        case _, Reason.FRAUD_REPORTED:
            return "reported"
    return "refused"
