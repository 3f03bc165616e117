"""The state tables: what is decided stays decided (CH-04, PU-09)."""

import pytest

from vestibule.catalog import LANGUAGES, text
from vestibule.model.legacy_result import LEGACY_RESULTS, legacy_result
from vestibule.model.verification import (
    CHALLENGE_TRANSITIONS,
    VERIFICATION_TRANSITIONS,
    ChallengeState,
    Reason,
    VerificationState,
)


def test_every_state_is_in_its_table_and_only_the_first_can_be_left() -> None:
    for table, first in (
        (VERIFICATION_TRANSITIONS, VerificationState.PENDING),
        (CHALLENGE_TRANSITIONS, ChallengeState.OPEN),
    ):
        states = set(type(first))
        assert set(table) == states
        assert table[first] == states - {first}
        assert all(not table[state] for state in states - {first})


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_its_words(reason: Reason) -> None:
    """S9: the reason of a denial is shown; in both languages."""
    for language in LANGUAGES:
        assert text(language, f"reason.{reason.value}")


def test_results_of_the_original_are_constants_its_readers_know() -> None:
    """Settled point 7: SUCCESS_ and FAILED_ constants beside our own reason."""
    assert legacy_result(Reason.PASSCODE_VERIFIED) == "SUCCESS_OATH_CODE_VERIFIED"
    assert legacy_result(Reason.PASSCODE_REPLAYED) == "FAILED_OATH_CODE_DUPLICATE"
    assert legacy_result(Reason.USER_DISABLED) == ""
    usual = ("SUCCESS_", "FAILED_", "CONFIG_ISSUE")
    others = [name for name in LEGACY_RESULTS.values() if not name.startswith(usual)]
    assert others == ["0x800434D4L"], "S75"
