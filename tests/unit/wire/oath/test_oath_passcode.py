"""What counts as a passcode, and where a search for one ends."""

from __future__ import annotations

import pytest

from vestibule.wire.oath import (
    LONGEST_SEARCH,
    MAX_COUNTER,
    HashAlgorithm,
    hotp,
    is_passcode,
    matching_counters,
    totp_step,
)

SECRET = b"12345678901234567890"
SHA1 = HashAlgorithm.SHA1

DECORATED = [
    "",
    " ",
    "7",
    "75522",
    "7552240",
    "755224755",
    " 755224",
    "755224 ",
    "755 224",
    "755-224",
    "755224\n",
    "755224\r\n",
    "755224\0",
    "+755224",
    "-755224",
    "7_55224",
    "0755224",
    "0x755224",
    "755224.0",
    "7.55e5",
    "７５５２２４",
    "٧٥٥٢٢٤",
    "۷۵۵۲۲۴",
    "७५५२२४",
    "755②24",
    "75522⁴",
    "755224\u200b",
    "\ufeff755224",
    "null",
    "[755224]",
    "1" * 100_000,
]


@pytest.mark.parametrize("text", DECORATED, ids=ascii)
def test_only_ascii_digits_of_the_right_number_are_a_passcode(text: str) -> None:
    """OTP-06, OTP-13: 755224 is the passcode of counter 0; nothing that resembles it is."""
    assert not is_passcode(text, 6)
    assert matching_counters(SECRET, text, range(3), 6, SHA1) == []


def test_the_plain_passcode_matches() -> None:
    assert matching_counters(SECRET, "755224", range(3), 6, SHA1) == [0]
    assert matching_counters(SECRET, "969429", range(3), 6, SHA1) == []
    assert matching_counters(SECRET, "969429", range(4), 6, SHA1) == [3]


def test_a_passcode_with_leading_zeros_keeps_them() -> None:
    counter = next(n for n in range(1000) if hotp(SECRET, n).startswith("00"))
    passcode = hotp(SECRET, counter)
    assert len(passcode) == 6
    assert matching_counters(SECRET, passcode, range(counter, counter + 1), 6, SHA1) == [counter]
    assert matching_counters(SECRET, passcode[2:], range(counter, counter + 1), 6, SHA1) == []


def test_every_match_of_a_range_is_found() -> None:
    """OTP-15: two counters of one token can share a passcode; the caller learns of both."""
    seen: dict[str, int] = {}
    for counter in range(5000):
        other = seen.setdefault(hotp(SECRET, counter), counter)
        if other != counter and counter - other < LONGEST_SEARCH:
            break
    else:
        pytest.fail("no collision near enough; take another secret")
    around = range(other, counter + 1)
    assert matching_counters(SECRET, hotp(SECRET, other), around, 6, SHA1) == [other, counter]


def test_a_search_does_not_leave_the_counters() -> None:
    """OTP-12: no wrap, nothing below zero, no exception at the edges."""
    last = hotp(SECRET, MAX_COUNTER)
    around_the_end = range(MAX_COUNTER - 1, MAX_COUNTER + 10)
    assert matching_counters(SECRET, last, around_the_end, 6, SHA1) == [MAX_COUNTER]
    assert matching_counters(SECRET, hotp(SECRET, 0), range(-5, 1), 6, SHA1) == [0]
    assert matching_counters(SECRET, hotp(SECRET, 0), range(-9, -2), 6, SHA1) == []
    assert matching_counters(SECRET, hotp(SECRET, 0), range(0), 6, SHA1) == []


def test_a_search_has_a_bound() -> None:
    """OTP-12."""
    with pytest.raises(ValueError, match="too long"):
        matching_counters(SECRET, "755224", range(LONGEST_SEARCH + 1), 6, SHA1)


@pytest.mark.parametrize("digits", [0, 1, 5, 9, 10])
def test_other_numbers_of_digits_do_not_exist(digits: int) -> None:
    with pytest.raises(KeyError):
        hotp(SECRET, 0, digits)


def test_steps_are_counted_in_milliseconds() -> None:
    assert totp_step(59_999, 30) == 1
    assert totp_step(60_000, 30) == 2
    assert totp_step(20_000_000_000_000, 60) == 333_333_333
