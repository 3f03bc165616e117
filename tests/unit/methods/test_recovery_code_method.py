"""Recovery codes: ten, each once."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from vestibule.interfaces.method import NewAuthenticator
from vestibule.methods.recovery_code import CODES, METHOD
from vestibule.model.verdict import VerdictKind


def enroll(seed: int = 1) -> NewAuthenticator:
    return METHOD.enroll({}, random.Random(seed).randbytes)


def verify(new: NewAuthenticator, state: dict[str, Any], answer: str) -> tuple[VerdictKind, dict[str, Any]]:
    verdict = METHOD.verify(new.parameters, new.secret, state, answer, 0)
    return verdict.kind, state if verdict.state is None else verdict.state


def test_ten_codes_of_eighty_bits() -> None:
    """NIST SP 800-63B-4 §3.1.2: and no two alike, in one set or in two."""
    sets = [METHOD.enroll({}, os.urandom).shown for _ in range(20)]
    assert {len(codes) for codes in sets} == {CODES} == {10}
    every = [code for codes in sets for code in codes]
    assert len(set(every)) == len(every)
    assert all(len(code.replace("-", "")) * 5 == 80 for code in every)


def test_each_code_opens_once() -> None:
    new = enroll()
    state = new.state
    for position, code in enumerate(random.Random(2).sample(new.shown, CODES)):
        kind, state = verify(new, state, code)
        assert kind is VerdictKind.MATCH
        assert len(state["left"]) == CODES - position - 1
        assert verify(new, state, code) == (VerdictKind.REPLAY, state)
    assert all(verify(new, state, code)[0] is VerdictKind.REPLAY for code in new.shown)


def test_ways_people_type_a_code() -> None:
    new = enroll()
    code = new.shown[0]
    for typed in (code, code.upper(), code.replace("-", ""), code.replace("-", " "), f" {code} "):
        assert verify(new, new.state, typed)[0] is VerdictKind.MATCH


@pytest.mark.parametrize(
    "typed",
    [
        *("", "123456", "12345678", "aaaa-aaaa-aaaa", "aaaa-aaaa-aaaa-aaa1", "aaaa_aaaa_aaaa_aaaa", "a" * 17),
        *("ａaaa-aaaa-aaaa-aaaa", "aaaa-aaaa-aaaa-aaaa\n", "ſaaa-aaaa-aaaa-aaaa", "a" * 1_000_000, "\0" * 16),
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_what_is_no_code(typed: str) -> None:
    """OTP-06, OTP-13: passcodes of other methods among them."""
    new = enroll()
    assert verify(new, new.state, typed) == (VerdictKind.MALFORMED, new.state)


def test_a_code_of_somebody_else_is_wrong() -> None:
    """OTP-14."""
    new, other = enroll(1), enroll(2)
    assert verify(new, new.state, other.shown[0]) == (VerdictKind.MISMATCH, new.state)


def test_the_state_tells_nothing() -> None:
    """KEY-01: what is stored unsealed is useless without the sealed key, even for one who guesses codes."""
    new = enroll()
    stored = repr(new.state)
    for code in new.shown:
        assert code not in stored
        assert code.replace("-", "") not in stored
    changed_key = METHOD.verify({}, bytes(32), new.state, new.shown[0], 0)
    assert changed_key.kind is VerdictKind.MISMATCH


def test_it_takes_no_options_of_its_own() -> None:
    with pytest.raises(ValueError, match="unknown options"):
        METHOD.enroll({"codes": 3}, os.urandom)
