"""CallResult: how a verification call ended, one value for each ending, and its name in older reports.

Invariants: a result says whether the person was authenticated, and only two of them do; every result has a
constant that readers of reports know. "Authenticated" is a field of its own there as here: `SUCCESS_…`
means that the call went through, and stands on denials, too.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class CallResult(StrEnum):
    APPROVED = "approved"
    APPROVED_WITH_PIN = "approved_with_pin"
    HASH_ONLY_IN_PIN_MODE = "hash_only_in_pin_mode"
    PIN_IN_STANDARD_MODE = "pin_in_standard_mode"
    """Digits and # where # alone was asked for."""
    NOT_FINISHED = "not_finished"
    """Keys were pressed, # was not."""
    SILENCE = "silence"
    PIN_WRONG = "pin_wrong"
    PIN_EXPIRED_NOT_CHANGED = "pin_expired_not_changed"
    INVALID_INPUT = "invalid_input"
    FRAUD = "fraud"
    HUNG_UP = "hung_up"
    BUSY = "busy"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    WRONG_NUMBER = "wrong_number"
    MACHINE = "machine"
    FAILED = "failed"
    TIME_IS_OVER = "time_is_over"

    @property
    def is_authenticated(self) -> bool:
        return self in AUTHENTICATED

    @property
    def legacy(self) -> str:
        """The constant of the product that readers of reports know."""
        return LEGACY_CALL_RESULTS[self]


AUTHENTICATED: Final = frozenset({CallResult.APPROVED, CallResult.APPROVED_WITH_PIN})

LEGACY_CALL_RESULTS: Final[dict[CallResult, str]] = {
    CallResult.APPROVED: "SUCCESS_NO_PIN",
    CallResult.APPROVED_WITH_PIN: "SUCCESS_WITH_PIN",
    CallResult.HASH_ONLY_IN_PIN_MODE: "SUCCESS_NO_PIN",
    CallResult.PIN_IN_STANDARD_MODE: "SUCCESS_WITH_PIN",
    CallResult.NOT_FINISHED: "SUCCESS_WITH_PIN_BUT_TIMEOUT",
    CallResult.SILENCE: "SUCCESS_NO_PIN_BUT_TIMEOUT",
    CallResult.PIN_WRONG: "SUCCESS_WITH_PIN",
    CallResult.PIN_EXPIRED_NOT_CHANGED: "SUCCESS_PIN_EXPIRED",
    CallResult.INVALID_INPUT: "SUCCESS_INVALID_INPUT",
    CallResult.FRAUD: "FAILED_FRAUD_CODE_ENTERED",
    CallResult.HUNG_UP: "FAILED_USER_HUNGUP_ON_US",
    CallResult.BUSY: "CONFIG_ISSUE",
    CallResult.DECLINED: "CONFIG_ISSUE",
    CallResult.NO_ANSWER: "CONFIG_ISSUE",
    CallResult.UNREACHABLE: "CONFIG_ISSUE",
    CallResult.WRONG_NUMBER: "FAILED_INVALID_PHONENUMBER",
    CallResult.MACHINE: "SUCCESS_NO_PIN_BUT_TIMEOUT",
    CallResult.FAILED: "FAILED_SERVER_ERROR",
    CallResult.TIME_IS_OVER: "FAILED_AUTH_RESULT_TIMEOUT",
}
"""`CONFIG_ISSUE` is what those reports call a phone that could not be reached, whatever the cause."""
