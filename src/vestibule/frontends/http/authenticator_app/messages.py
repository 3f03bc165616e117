"""The bodies that apps send and get, in the shape that docs/protocols/authenticator-app.md gives them."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from vestibule.catalog import text
from vestibule.crypto.device_unlock import Assertion, Made
from vestibule.crypto.secret import Secret
from vestibule.model.app_answer import Decision, Old
from vestibule.model.pin import wording
from vestibule.model.verification import Reason, VerificationState
from vestibule.services.app_activations import Activated, Stage
from vestibule.services.app_checks import Given, WantsNewPin, move_credential, wanted
from vestibule.services.app_moves import Move
from vestibule.services.apps import Decided, Request, Shown
from vestibule.wire.oath import encode_base32

Short = Annotated[str, msgspec.Meta(max_length=64)]
Long = Annotated[str, msgspec.Meta(max_length=256)]
Octets = Annotated[str, msgspec.Meta(max_length=2048)]
MOST_ACCOUNTS: Final = 50


class Activation(msgspec.Struct, frozen=True):
    code: Short
    public_key: Long
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    signature: Long

    def __repr__(self) -> str:
        return "Activation(…)"


class Unlock(msgspec.Struct, frozen=True):
    """A use of the device's credential, or, with `attestation`, a new one."""

    client_data: Octets
    credential: Octets = ""
    attestation: Octets = ""
    authenticator_data: Octets = ""
    signature: Octets = ""

    @property
    def proof(self) -> Assertion | Made:
        if self.attestation:
            return Made(self.credential, self.client_data, self.attestation)
        return Assertion(self.client_data, self.authenticator_data, self.signature)


class AnswerBody(msgspec.Struct, frozen=True):
    decision: Decision
    signature: Long
    number: Short = ""
    pin: Short = ""
    new_pin: Short = ""
    unlock: Unlock | None = None

    def given(self, origin: str) -> Given:
        """Return what it brings besides the number, to a server with this origin."""
        proof = self.unlock.proof if self.unlock else None
        return Given(pin=Secret(self.pin), new_pin=Secret(self.new_pin), unlock=proof, origin=origin)

    def __repr__(self) -> str:
        return "AnswerBody(…)"


class Asked(msgspec.Struct, frozen=True):
    """An account whose list is asked for, and the version of it that is known."""

    token: Long
    seen: Short = ""

    def __repr__(self) -> str:
        return "Asked(…)"


class AskedLists(msgspec.Struct, frozen=True):
    accounts: Annotated[list[Asked], msgspec.Meta(min_length=1, max_length=MOST_ACCOUNTS)]
    wait: Annotated[int, msgspec.Meta(ge=0)] = 0


class MoveBody(msgspec.Struct, frozen=True):
    old: Old
    at: Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
    signature: Long
    unlock: Unlock | None = None

    def given(self, origin: str) -> Given:
        return Given(unlock=self.unlock.proof if self.unlock else None, origin=origin)

    def __repr__(self) -> str:
        return "MoveBody(…)"


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
        "push": shown.account.is_woken,
        "push_key": shown.push_key,
        "other_way": shown.has_other_way,
        "move_credential": move_credential(settings.app_check, shown.account.authenticator),
        "requests": [_told_request(each, shown, fraud) for each in shown.requests],
    }


def _told_request(asked: Request, shown: Shown, fraud: str) -> dict[str, object]:
    challenge, verification = asked.challenge, asked.verification
    needs = wanted(challenge, shown.account.authenticator, shown.pin)
    return {
        "id": challenge.challenge_id,
        "kind": "activation" if challenge.is_activation else "sign_in",
        "verification": verification.verification_id,
        "application": verification.application_name,
        "application_id": verification.application_id,
        "account": shown.account.user.username,
        "place": verification.user_address,
        "country": asked.country,
        "asked_at": challenge.created_at,
        "expires_at": challenge.expires_at,
        "seconds_left": max(0, (challenge.expires_at - shown.at) // 1000),
        "digits": len(challenge.number),
        "tries_left": challenge.tries_left,
        "with_pin": needs.with_pin,
        "pin_due": needs.is_pin_due,
        "unlock": "make" if needs.makes_credential else "use" if needs.credential_id else "",
        "credential": needs.credential_id,
        "hindrance": needs.hindrance or "",
        "fraud": "off" if challenge.is_activation else fraud,
    }


def told_move(move: Move) -> dict[str, object]:
    return {"move": move.token.reveal(), "code": move.code.reveal()}


def told_stage(stage: Stage) -> dict[str, object]:
    return {"stage": stage_name(stage), "device": stage.device, "number": stage.number}


def stage_name(stage: Stage) -> str:
    if stage.is_active:
        return "active"
    return "over" if stage.is_over else "number" if stage.number else "code"


def told_decision(decided: Decided | WantsNewPin, language: str) -> dict[str, object]:
    outcome, message = "pin_expired", ""
    if isinstance(decided, Decided):
        outcome = _outcome(decided)
    elif decided.problem is not None:
        key, values = wording(decided.problem, decided.rules)
        outcome, message = "pin_unsuitable", text(language, key, **values)
    return {"outcome": outcome, "tries_left": decided.tries_left, "message": message}


def _outcome(decided: Decided) -> str:
    verification = decided.progress.verification
    match verification.state, verification.reason:
        case VerificationState.APPROVED, _:
            return "approved"
        case _, Reason.APP_NUMBER_WRONG | Reason.APP_TRIES_SPENT:
            return "number_wrong"
        case _, Reason.APP_PIN_WRONG:
            return "pin_wrong"
        case _, Reason.APP_DENIED:
            return "denied"
        case _, Reason.FRAUD_REPORTED:
            return "reported"
    return "refused"
