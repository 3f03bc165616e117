"""Result constants of the product that Vestibule succeeds, beside our own state and reason.

Report readers and SIEM rules of migrating customers know these names. "Authenticated" is a separate
field there as here: several SUCCESS_… constants stand on denials, because the exchange as such worked.
"""

from __future__ import annotations

from vestibule.model.verification import Reason

LEGACY_RESULTS: dict[Reason, str] = {
    Reason.PASSCODE_PENDING: "SUCCESS_OATH_CODE_PENDING",
    Reason.PASSCODE_VERIFIED: "SUCCESS_OATH_CODE_VERIFIED",
    Reason.RECOVERY_CODE_VERIFIED: "SUCCESS_FALLBACK_OATH_CODE_VERIFIED",
    Reason.PASSCODE_MALFORMED: "FAILED_OATH_CODE_INCORRECT",
    Reason.PASSCODE_WRONG: "FAILED_OATH_CODE_INCORRECT",
    Reason.PASSCODE_REPLAYED: "FAILED_OATH_CODE_DUPLICATE",
    Reason.CHALLENGE_FAILED: "FAILED_OATH_CODE_INCORRECT",
    Reason.CHALLENGE_SUPERSEDED: "FAILED_OATH_TOKEN_TIMEOUT",
    Reason.TIMED_OUT: "FAILED_OATH_TOKEN_TIMEOUT",
    Reason.LOCKED_OUT: "FAILED_AUTHENTICATION_THROTTLED",
}


def legacy_result(reason: Reason) -> str:
    """Return the constant for `reason`, or an empty text where that product knew no such result."""
    return LEGACY_RESULTS.get(reason, "")
