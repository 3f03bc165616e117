"""Verification: one attempt. Challenge: one demand on one channel. Outcome: how it ended.

The tables below are the whole state machine. A verification is decided exactly once, by compare-and-set
from `pending`; a decided one never changes again.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import msgspec

from vestibule.model.app_check import AppCheck


class VerificationState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELED = "canceled"


class ChallengeState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    FAILED = "failed"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


VERIFICATION_TRANSITIONS: dict[VerificationState, frozenset[VerificationState]] = {
    VerificationState.PENDING: frozenset(
        {
            VerificationState.APPROVED,
            VerificationState.DENIED,
            VerificationState.EXPIRED,
            VerificationState.CANCELED,
        }
    ),
    VerificationState.APPROVED: frozenset(),
    VerificationState.DENIED: frozenset(),
    VerificationState.EXPIRED: frozenset(),
    VerificationState.CANCELED: frozenset(),
}

CHALLENGE_TRANSITIONS: dict[ChallengeState, frozenset[ChallengeState]] = {
    ChallengeState.OPEN: frozenset(
        {
            ChallengeState.ANSWERED,
            ChallengeState.FAILED,
            ChallengeState.EXPIRED,
            ChallengeState.SUPERSEDED,
        }
    ),
    ChallengeState.ANSWERED: frozenset(),
    ChallengeState.FAILED: frozenset(),
    ChallengeState.EXPIRED: frozenset(),
    ChallengeState.SUPERSEDED: frozenset(),
}


class Reason(StrEnum):
    """Why an attempt stands where it stands. Texts for people are in the catalog under `reason.…`."""

    PASSCODE_PENDING = "passcode_pending"
    PASSCODE_VERIFIED = "passcode_verified"
    RECOVERY_CODE_VERIFIED = "recovery_code_verified"
    TEMPORARY_PASS_VERIFIED = "temporary_pass_verified"  # noqa: S105 - a reason, no password
    FIRST_FACTOR_SUFFICIENT = "first_factor_sufficient"
    NOT_REQUIRED = "not_required"
    """Neither the door nor the person's state nor a rule asks for a second factor."""
    SKIPPED_BY_RULE = "skipped_by_rule"
    TRUSTED_ADDRESS = "trusted_address"
    REMEMBERED_BROWSER = "remembered_browser"
    CACHED_FOR_USER = "cached_for_user"
    CACHED_FOR_APPLICATION = "cached_for_application"
    CACHED_FOR_ADDRESS = "cached_for_address"
    BYPASSED = "bypassed"
    NOT_MATCHED = "not_matched"
    """Nobody here has the name, the server behind has accepted it, and its client needs no user match."""
    APP_PASSWORD_VERIFIED = "app_password_verified"  # noqa: S105 - a reason, no password

    UNKNOWN_USER = "unknown_user"
    USER_DISABLED = "user_disabled"
    USER_BLOCKED = "user_blocked"
    ACCESS_DENIED = "access_denied"
    """An access rule denies it."""
    REGISTRATION_REQUIRED = "registration_required"
    """He must register his methods first, at the portal."""
    APP_PASSWORD_REQUIRED = "app_password_required"  # noqa: S105 - a reason, no password
    """A legacy client has sent the password; it needs an app password."""
    APPLICATION_DISABLED = "application_disabled"
    EDITION_LACKING = "edition_lacking"
    """The edition of the tenant has not what the application needs: its provider or licences have ended."""
    PASSWORD_MISSING = "password_missing"  # noqa: S105 - a reason, no password
    PASSWORD_WRONG = "password_wrong"  # noqa: S105 - a reason, no password
    PASSWORD_EXPIRED = "password_expired"  # noqa: S105 - a reason, no password
    DIRECTORY_REFUSED = "directory_refused"
    DIRECTORY_UNAVAILABLE = "directory_unavailable"
    NO_AUTHENTICATOR = "no_authenticator"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    PASSCODE_MALFORMED = "passcode_malformed"
    PASSCODE_WRONG = "passcode_wrong"
    PASSCODE_REPLAYED = "passcode_replayed"
    LOCKED_OUT = "locked_out"
    CHALLENGE_UNKNOWN = "challenge_unknown"
    CHALLENGE_FAILED = "challenge_failed"
    CHALLENGE_SUPERSEDED = "challenge_superseded"
    TIMED_OUT = "timed_out"
    CANCELED = "canceled"
    IN_PROGRESS = "in_progress"
    """Somebody else's sign-in of the same person is being answered just now."""

    TEXT_PENDING = "text_pending"
    TEXT_VERIFIED = "text_verified"
    TEXT_NOT_SENT = "text_not_sent"
    TEXT_WRONG = "text_wrong"
    TEXT_PIN_WRONG = "text_pin_wrong"
    TEXT_PIN_EXPIRED = "text_pin_expired"
    TEXT_TRIES_SPENT = "text_tries_spent"
    TEXT_NO_REPLY = "text_no_reply"

    CALL_PENDING = "call_pending"
    CALL_CONFIRMED = "call_confirmed"
    CALL_PIN_ENTERED = "call_pin_entered"
    CALL_PIN_WRONG = "call_pin_wrong"
    CALL_PIN_MISSING = "call_pin_missing"
    CALL_PIN_EXPIRED = "call_pin_expired"
    CALL_NOT_FINISHED = "call_not_finished"
    CALL_SILENCE = "call_silence"
    CALL_INVALID_INPUT = "call_invalid_input"
    CALL_HUNG_UP = "call_hung_up"
    CALL_BUSY = "call_busy"
    CALL_DECLINED = "call_declined"
    CALL_NO_ANSWER = "call_no_answer"
    CALL_UNREACHABLE = "call_unreachable"
    CALL_WRONG_NUMBER = "call_wrong_number"
    CALL_MACHINE = "call_machine"
    CALL_FAILED = "call_failed"
    CALL_TOO_LATE = "call_too_late"
    FRAUD_REPORTED = "fraud_reported"

    APP_PENDING = "app_pending"
    APP_APPROVED = "app_approved"
    APP_DENIED = "app_denied"
    APP_NUMBER_WRONG = "app_number_wrong"
    APP_PIN_WRONG = "app_pin_wrong"
    APP_TRIES_SPENT = "app_tries_spent"
    APP_NO_ANSWER = "app_no_answer"
    APP_NOT_ASKED = "app_not_asked"
    """So many requests had no answer or were denied that no more are shown for a while."""

    QUESTIONS_ANSWERED = "questions_answered"
    QUESTIONS_TIMED_OUT = "questions_timed_out"

    PHONE_PROVEN = "phone_proven"
    """A new phone was proven at its enrollment; this opens no door."""

    PROTOCOL_UNSUPPORTED = "protocol_unsupported"
    EAP_FAILED = "eap_failed"
    """Device and server have not come together in EAP, or the device has broken off."""
    BUSY = "busy"
    FAULT = "fault"


SECOND_FACTOR_NOT_PROVEN: Final = frozenset(
    {
        Reason.FIRST_FACTOR_SUFFICIENT,
        Reason.NOT_REQUIRED,
        Reason.SKIPPED_BY_RULE,
        Reason.TRUSTED_ADDRESS,
        Reason.REMEMBERED_BROWSER,
        Reason.CACHED_FOR_USER,
        Reason.CACHED_FOR_APPLICATION,
        Reason.CACHED_FOR_ADDRESS,
        Reason.BYPASSED,
        Reason.NOT_MATCHED,
        Reason.APP_PASSWORD_VERIFIED,
        Reason.QUESTIONS_ANSWERED,
    }
)
"""Reasons to let somebody in who has proven no second factor: what is done behind the door and wants one asks
for it then."""


class Channel(StrEnum):
    """The road on which the answer to a challenge comes."""

    TYPED = "typed"
    """The person types it at the door where he signs in."""
    REPLY = "reply"
    """A text from his phone."""
    CALL = "call"
    """Keys pressed in a call."""
    APP = "app"
    """A decision that an app of his has signed."""


TAKE_OVER_MS = 30_000
"""How long after an approval a request that waits for it, or its repeat, is let in by it, if nobody was."""

ACTIVATION = "activation"
"""The origin of a challenge that proves a new phone at its enrollment, and answers no sign-in."""


class TraceLine(msgspec.Struct, frozen=True, array_like=True):
    """One step of the why-trace: which rule or check, what it found, and facts for its text."""

    step: str
    result: str
    facts: dict[str, str] = {}


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt, from the first request to its outcome. Never holds a password or passcode."""

    tenant_id: str
    verification_id: str
    started_at: int
    decided_at: int | None = None
    expires_at: int
    application_id: str
    application_name: str
    client_id: str
    client_name: str = ""
    client_address: str = ""
    """Address of the network peer that asked."""
    user_address: str = ""
    """Address of the person, if the client told it; else empty."""
    channel: str
    """The front end: `radius`, `api`, `portal`, `console`."""
    claimed_username: str
    user_id: str = ""
    username: str = ""
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    method: str = ""
    authenticator_id: str = ""
    authenticator_label: str = ""
    phone: str = ""
    device: str = ""
    state: VerificationState
    reason: Reason
    legacy_result: str = ""
    """The result constant of the product that readers of reports know; see model/legacy_result.py."""
    is_first_factor_proven: bool = False
    is_authenticated: bool = False
    node_name: str
    node_address: str
    idempotency_key: str | None = None
    trace: tuple[TraceLine, ...] = ()
    version: int = 1


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    challenge_id: str
    verification_id: str
    user_id: str
    application_id: str
    client_id: str
    method: str
    state: ChallengeState
    tries_left: int
    expires_at: int
    created_at: int
    channel: Channel = Channel.TYPED
    authenticator_id: str = ""
    """Whose answer is awaited; empty where any passcode will do."""
    address: str = ""
    """The number that was called or texted, as it was then."""
    expected: bytes = b""
    """Keyed hash of the passcode that was sent; empty if none was."""
    origin: str = ""
    """Who asked for it, client and place in one hash: a repeat from there joins, all others are refused."""
    waiter: str = ""
    """The newest request that waits for the decision; only that one is let in."""
    taken_at: int | None = None
    """When that request was let in: an approval opens one door, once."""
    progress: dict[str, Any] = {}
    """How far a dialogue has come; never secret."""
    version: int = 1

    @property
    def is_open(self) -> bool:
        return self.state is ChallengeState.OPEN

    @property
    def is_out_of_band(self) -> bool:
        return self.channel is not Channel.TYPED

    @property
    def is_activation(self) -> bool:
        return self.origin == ACTIVATION

    @property
    def number(self) -> str:
        """What the door shows and the person types in his app; empty if none is asked for."""
        return str(self.progress.get("shown_number", ""))

    @property
    def is_plain(self) -> bool:
        """Whether it is approved in the app without a number, because the door can show none."""
        return self.progress.get("shown_number") == ""

    @property
    def app_check(self) -> AppCheck:
        """What an approval in the app needs besides the number, as it was when it was asked for."""
        return AppCheck(self.progress.get("app_check", AppCheck.NOTHING))

    @property
    def digits_before_pin(self) -> int:
        """How many digits of the answer are the passcode, where the PIN follows it; 0: no PIN does."""
        return int(self.progress.get("digits_before_pin", 0))


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended: terminal and immutable."""

    state: VerificationState
    reason: Reason
    method: str = ""
    authenticator_id: str = ""
    authenticator_label: str = ""
