"""Lists of beginnings of numbers, and the breaker of a range."""

from __future__ import annotations

import msgspec
import pytest

from vestibule.model.number_range import fitting_digits, range_of, read_beginnings, written_beginnings
from vestibule.model.range_breaker import BreakerState, opened
from vestibule.model.sending_limit import DAY_MS, HOUR_MS

NOW = 1_800_000_000_000


@pytest.mark.parametrize(
    ("written", "number", "digits"),
    [
        ("", "+4930123456", 0),
        ("49 4930, +43", "+4930123456", 4),
        ("43", "+4930123456", None),
        ("43 *", "+4930123456", 0),
        ("49 *", "+4930123456", 2),
        ("49", "", None),
    ],
)
def test_the_longest_beginning_counts(written: str, number: str, digits: int | None) -> None:
    assert fitting_digits(read_beginnings(written), number) == digits


def test_a_list_has_one_spelling_and_what_is_none_is_named() -> None:
    assert written_beginnings(read_beginnings(" +49;43,* 49 ")) == "* 43 49"
    for wrong in ("0049", "4x", "49-30", "**"):
        with pytest.raises(ValueError, match="^" + wrong.replace("*", r"\*")):
            read_beginnings(f"43 {wrong}")
    assert range_of("+4930123456") == "+493012"


def test_a_breaker_rests_is_tried_and_rests_longer() -> None:
    one = opened("acme", "+493012", NOW, unanswered=20, cost=14_000)
    assert one.limit(NOW).most_count == 0
    later = one.rests_until
    assert (later, one.state(later), one.limit(later).most_count) == (
        NOW + HOUR_MS,
        BreakerState.HALF_OPEN,
        3,
    )
    rests = [
        msgspec.structs.replace(one, trials_failed=failed).next_rest(NOW) - NOW for failed in (0, 1, 4, 50)
    ]
    assert rests == [2 * HOUR_MS, 4 * HOUR_MS, DAY_MS, DAY_MS]
    assert msgspec.structs.replace(one, closed_at=NOW).state(NOW) is BreakerState.CLOSED
