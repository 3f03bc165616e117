"""HOTP as a method: a counter that only grows."""

from __future__ import annotations

from typing import Any

import pytest

from vestibule.methods.hotp import LOOK_AHEAD, METHOD, RESYNCHRONIZATION_LOOK_AHEAD
from vestibule.model.verdict import VerdictKind
from vestibule.wire.oath import MAX_COUNTER, KeyUri, hotp, parse_key_uri

SECRET = b"12345678901234567890"
PARAMETERS = {"algorithm": "sha1", "digits": 6}


def verify(counter: int, answer: str) -> tuple[VerdictKind, int]:
    """Return the verdict and the counter that a store would hold after it."""
    verdict = METHOD.verify(PARAMETERS, SECRET, {"counter": counter}, answer, 0)
    return verdict.kind, counter if verdict.state is None else verdict.state["counter"]


def resynchronize(counter: int, first: int, second: int) -> tuple[VerdictKind, int]:
    answers = (hotp(SECRET, first), hotp(SECRET, second))
    verdict = METHOD.resynchronize(PARAMETERS, SECRET, {"counter": counter}, answers, 0)
    return verdict.kind, counter if verdict.state is None else verdict.state["counter"]


def test_the_look_ahead() -> None:
    """OTP-12, RFC 4226 §7.4: ten passcodes, and the eleventh is too far."""
    for ahead in range(LOOK_AHEAD):
        assert verify(100, hotp(SECRET, 100 + ahead)) == (VerdictKind.MATCH, 101 + ahead)
    assert verify(100, hotp(SECRET, 100 + LOOK_AHEAD)) == (VerdictKind.MISMATCH, 100)


def test_a_passcode_is_spent_with_all_before_it() -> None:
    """OTP-01, OTP-07."""
    assert verify(5, hotp(SECRET, 8)) == (VerdictKind.MATCH, 9)
    for spent in range(9):
        assert verify(9, hotp(SECRET, spent)) == (VerdictKind.REPLAY, 9)


@pytest.mark.parametrize("counter", [MAX_COUNTER - 3, MAX_COUNTER, MAX_COUNTER + 1])
def test_the_counter_ends_and_does_not_wrap(counter: int) -> None:
    """OTP-12."""
    kind, after = verify(counter, hotp(SECRET, MAX_COUNTER))
    if counter <= MAX_COUNTER:
        assert (kind, after) == (VerdictKind.MATCH, MAX_COUNTER + 1)
    else:
        assert kind is VerdictKind.REPLAY
    assert verify(MAX_COUNTER + 1, hotp(SECRET, 0)) == (VerdictKind.MISMATCH, MAX_COUNTER + 1)


@pytest.mark.parametrize(
    "answer",
    ["", "1", "12345", "1234567", "123456789", " 755224", "755224\n", "７５５２２４", "+755224", "75_5224"],
)
def test_only_the_bare_digits_are_judged(answer: str) -> None:
    """OTP-06, OTP-13."""
    assert verify(0, answer) == (VerdictKind.MALFORMED, 0)


def test_resynchronization_finds_a_token_that_was_played_with() -> None:
    """Both passcodes are spent, and all before them."""
    last = 100 + RESYNCHRONIZATION_LOOK_AHEAD - 2
    for first in (100, 150, last):
        assert resynchronize(100, first, first + 1) == (VerdictKind.MATCH, first + 2)
    assert verify(152, hotp(SECRET, 151)) == (VerdictKind.REPLAY, 152)


@pytest.mark.parametrize("pair", [(98, 99), (99, 100), (101, 100), (100, 100), (100, 102), (600, 601)])
def test_resynchronization_refuses_used_and_unrelated_passcodes(pair: tuple[int, int]) -> None:
    """OTP-09, OTP-10: and changes nothing."""
    assert resynchronize(100, *pair) == (VerdictKind.MISMATCH, 100)


def test_enrolling() -> None:
    new = METHOD.enroll({"issuer": "Example", "account": "alice", "digits": 8}, bytes)
    assert (new.parameters, new.state) == ({"algorithm": "sha1", "digits": 8}, {"counter": 0})
    read = parse_key_uri(new.shown[0])
    assert isinstance(read, KeyUri)
    assert (read.counter, read.digits) == (0, 8)
    token = METHOD.enroll({"secret": SECRET, "counter": 77}, lambda size: pytest.fail("needs no chance"))
    assert (token.secret, token.state, token.shown) == (SECRET, {"counter": 77}, ())


@pytest.mark.parametrize(
    "options", [{"interval": 30}, {"digits": 5}, {"algorithm": "md5"}, {"counter": -1}, {"counter": 2**63}]
)
def test_options_that_do_not_exist_or_do_not_suit(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="option"):
        METHOD.enroll(options, bytes)


def test_merging_keeps_the_higher_counter() -> None:
    """TOK-05."""
    assert METHOD.merge({"counter": 50}, {"counter": 0}) == {"counter": 50}
    assert METHOD.merge({"counter": 50}, {"counter": 60}) == {"counter": 60}
