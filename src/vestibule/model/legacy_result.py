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
    Reason.IN_PROGRESS: "FAILED_PHONE_BUSY",
    Reason.TEXT_PENDING: "SUCCESS_SMS_SENT",
    Reason.TEXT_VERIFIED: "SUCCESS_SMS_AUTHENTICATED",
    Reason.TEXT_NOT_SENT: "FAILED_SMS_NOT_SENT",
    Reason.TEXT_WRONG: "FAILED_SMS_OTP_INCORRECT",
    Reason.TEXT_PIN_WRONG: "FAILED_SMS_OTP_PIN_INCORRECT",
    Reason.TEXT_PIN_EXPIRED: "FAILED_SMS_OTP_PIN_INCORRECT",
    Reason.TEXT_TRIES_SPENT: "FAILED_SMS_MAX_OTP_RETRY_REACHED",
    Reason.TEXT_NO_REPLY: "FAILED_AUTH_RESULT_TIMEOUT",
    Reason.CALL_CONFIRMED: "SUCCESS_NO_PIN",
    Reason.CALL_PIN_ENTERED: "SUCCESS_WITH_PIN",
    Reason.CALL_PIN_WRONG: "SUCCESS_WITH_PIN",
    Reason.CALL_PIN_MISSING: "SUCCESS_NO_PIN",
    Reason.CALL_PIN_EXPIRED: "SUCCESS_PIN_EXPIRED",
    Reason.CALL_NOT_FINISHED: "SUCCESS_WITH_PIN_BUT_TIMEOUT",
    Reason.CALL_SILENCE: "SUCCESS_NO_PIN_BUT_TIMEOUT",
    Reason.CALL_INVALID_INPUT: "SUCCESS_INVALID_INPUT",
    Reason.CALL_HUNG_UP: "FAILED_USER_HUNGUP_ON_US",
    Reason.CALL_BUSY: "CONFIG_ISSUE",
    Reason.CALL_DECLINED: "CONFIG_ISSUE",
    Reason.CALL_NO_ANSWER: "CONFIG_ISSUE",
    Reason.CALL_UNREACHABLE: "CONFIG_ISSUE",
    Reason.CALL_WRONG_NUMBER: "FAILED_INVALID_PHONENUMBER",
    Reason.CALL_MACHINE: "SUCCESS_NO_PIN_BUT_TIMEOUT",
    Reason.CALL_FAILED: "FAILED_SERVER_ERROR",
    Reason.CALL_TOO_LATE: "FAILED_AUTH_RESULT_TIMEOUT",
    Reason.FRAUD_REPORTED: "FAILED_FRAUD_CODE_ENTERED",
    Reason.LOCKED_OUT: "FAILED_AUTHENTICATION_THROTTLED",
}


def legacy_result(reason: Reason) -> str:
    """Return the constant for `reason`, or an empty text where that product knew no such result."""
    return LEGACY_RESULTS.get(reason, "")
