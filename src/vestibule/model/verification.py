"""Verification: one attempt. Challenge: one demand on one channel. Outcome: how it ended.

The tables below are the whole state machine. A verification is decided exactly once, by compare-and-set
from `pending`; a decided one never changes again.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


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
    CALL_VERIFIED = "call_verified"
    FIRST_FACTOR_SUFFICIENT = "first_factor_sufficient"

    UNKNOWN_USER = "unknown_user"
    USER_DISABLED = "user_disabled"
    APPLICATION_DISABLED = "application_disabled"
    PASSWORD_MISSING = "password_missing"  # noqa: S105
    PASSWORD_WRONG = "password_wrong"  # noqa: S105
    PASSWORD_EXPIRED = "password_expired"  # noqa: S105
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
    PROTOCOL_UNSUPPORTED = "protocol_unsupported"
    BUSY = "busy"
    FAULT = "fault"


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


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended: terminal and immutable."""

    state: VerificationState
    reason: Reason
    method: str = ""
    authenticator_id: str = ""
    authenticator_label: str = ""
