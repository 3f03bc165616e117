"""What a PIN must not be, and PINs that are made here."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.catalog import LANGUAGES, text
from vestibule.crypto.secret import Secret
from vestibule.model.pin import (
    DAY_MS,
    Pin,
    PinProblem,
    PinRules,
    PinState,
    generated,
    problems,
    wording,
)

RULES = PinRules()


def never(_digits: str) -> bool:
    return False


def wrong_with(
    digits: str,
    *,
    again: str | None = None,
    phones: tuple[str, ...] = (),
    before: tuple[str, ...] = (),
    rules: PinRules = RULES,
) -> list[str]:
    confirmation = None if again is None else Secret(again)
    return [
        found.value for found in problems(Secret(digits), confirmation, phones, before.__contains__, rules)
    ]


@pytest.mark.parametrize("digits", ["8305", "113355", "102938", "9021", "13579", "24683", "90909"])
def test_a_good_pin_has_no_problem(digits: str) -> None:
    assert wrong_with(digits) == []
    assert wrong_with(digits, again=digits) == []


@pytest.mark.parametrize("digits", ["", "83a5", "83 05", "٨٣٠٥", "８３０５", "83*5", "-8305", "83.05"])
def test_a_pin_has_the_digits_of_a_telephone_only(digits: str) -> None:
    """1.3: a star in it makes the entry invalid; other scripts have digits that no telephone sends."""
    assert wrong_with(digits, again="else") == ["not_digits"]


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("830", ["too_short"]),
        ("111", ["too_short", "repeats"]),
        ("8" + "30" * 10, ["too_long"]),
        ("8111", ["repeats"]),
        ("1112", ["repeats"]),
        ("8123", ["run"]),
        ("3218", ["run"]),
        ("7890", ["run"]),
        ("111234", ["repeats", "run"]),
        ("000", ["too_short", "repeats"]),
    ],
)
def test_what_is_guessed_first_is_refused(digits: str, expected: list[str]) -> None:
    """1.8: at least four digits, no digit three times in a row, no run of three."""
    assert wrong_with(digits) == expected


def test_a_run_does_not_go_around_the_corner() -> None:
    assert wrong_with("8908") == []


@pytest.mark.parametrize(
    ("digits", "phone", "is_refused"),
    [
        ("3027", "+49 30 2748650", True),
        ("4930", "+49301274865", True),
        ("593027", "+49302748650", True),
        ("3018", "+49301274865", False),
        ("0274", "030/2748650", True),
        ("8901", "+1 (555) 089-0188 x4711", True),
        ("8305", "830", False),
        ("8305", "", False),
    ],
)
def test_a_piece_of_the_own_number_is_refused(digits: str, phone: str, is_refused: bool) -> None:
    """1.8: no four-digit piece of a phone, however the number is written."""
    assert wrong_with(digits, phones=("+441632960960", phone)) == (["phone"] if is_refused else [])


def test_what_is_typed_twice_is_the_same() -> None:
    assert wrong_with("8305", again="8306") == ["different"]
    assert wrong_with("811", again="811 ") == ["too_short", "different"]


def test_a_pin_of_before_is_refused_and_only_a_good_one_is_looked_for() -> None:
    assert wrong_with("8305", before=("1470", "8305")) == ["used_before"]
    assert wrong_with("8305", again="8306", before=("8305",)) == ["different"]

    def fail(_digits: str) -> bool:
        raise AssertionError("it is slow, and was asked for nothing")

    assert problems(Secret("111"), None, (), fail, RULES) != ()


def test_a_tenant_may_allow_more_and_ask_for_more() -> None:
    rules = PinRules(least_digits=6, most_digits=8, refuses_simple=False, refuses_phone=False)
    assert wrong_with("123456", phones=("123456789",), rules=rules) == []
    assert wrong_with("8305", rules=rules) == ["too_short"]
    assert wrong_with("830583058", rules=rules) == ["too_long"]


@given(st.text(max_size=40))
def test_whatever_is_typed_gets_an_answer_in_the_order_of_the_list(typed: str) -> None:
    found = problems(Secret(typed), Secret(typed), ("+49301274865",), never, RULES)
    assert list(found) == sorted(found, key=list(PinProblem).index)
    if not found:
        assert typed.isascii()
        assert typed.isdigit()


@given(st.integers(), st.integers(4, 20), st.integers(0, 16))
def test_a_pin_that_is_made_is_within_the_rules(seed: int, least: int, more: int) -> None:
    chance = random.Random(seed)
    rules = PinRules(least_digits=least, most_digits=min(least + more, 20))
    made = generated(rules, ("+4930127486", "0891"), chance.randrange)
    assert problems(made, None, ("+4930127486", "0891"), never, rules) == ()
    assert len(made) == max(least, min(6, rules.most_digits))


def test_rules_that_leave_no_pin_are_told() -> None:
    with pytest.raises(ValueError, match="no PIN"):
        generated(RULES, (), lambda _most: 0)


def test_a_pin_expires_by_days_or_never() -> None:
    assert not PinRules().is_expired(0, 10**15)
    rules = PinRules(expiry_days=30)
    assert not rules.is_expired(1000, 1000 + 30 * DAY_MS - 1)
    assert rules.is_expired(1000, 1000 + 30 * DAY_MS)


def test_every_problem_and_state_has_its_words() -> None:
    """For a page and for being spoken: whole sentences without quotation marks or parentheses."""
    for language in LANGUAGES:
        told = [text(language, key, **values) for key, values in (wording(p, RULES) for p in PinProblem)]
        told += [text(language, f"pin.state.{state.value}") for state in PinState]
        assert [words for words in told if not words.endswith(".") or set(words) & set('“”„"()/–')] == []
    assert (
        text("en", *wording(PinProblem.TOO_SHORT, RULES)[:1], least=4) == "The PIN needs at least 4 digits."
    )


def test_a_proven_pin_is_right_or_wants_to_be_changed() -> None:
    assert [state.value for state in PinState if state.is_proven] == ["right", "expired", "must_change"]


def test_a_pin_shows_nothing_of_itself() -> None:
    pin = Pin(tenant_id="acme", user_id="alice", sealed=b"canary", must_change=False, changed_at=0)
    assert "canary" not in repr(pin)
