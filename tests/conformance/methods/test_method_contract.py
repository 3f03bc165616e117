"""What every method promises, whatever it is: over all that are found, as the composition root finds them."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from vestibule import catalog
from vestibule.interfaces.method import (
    Generates,
    Merges,
    Method,
    NewAuthenticator,
    OpensChallenge,
    Resynchronizes,
)
from vestibule.model.tenant import TenantSettings
from vestibule.model.verdict import Verdict, VerdictKind
from vestibule.runtime import registry

METHODS = registry.methods()
NOW = 1_700_000_010_000
NO_ANSWERS = [
    "",
    " ",
    "\0",
    "0",
    "null",
    "[]",
    "１２３４５６",
    "123456\n",
    "+12345",
    "0x1234",
    "é" * 16,
    "9" * 100_000,
]


@pytest.fixture(params=METHODS.values(), ids=METHODS.keys())
def method(request: pytest.FixtureRequest) -> Method:
    found: Method = request.param
    return found


def enroll(method: Method) -> NewAuthenticator:
    options = {"issuer": "Example", "account": "alice@example.com"}
    if isinstance(method, OpensChallenge) and not method.descriptor.asks_all:
        options["number"] = "+4930123456"
    return method.enroll(options, os.urandom)


def stored(value: Any) -> Any:
    """Return what comes back from the database, where parameters and state are JSON."""
    return json.loads(json.dumps(value))


def verify(method: Method, new: NewAuthenticator, state: Any, answer: str, at: int = NOW) -> Verdict:
    return method.verify(stored(new.parameters), new.secret, stored(state), answer, at)


def right_answer(method: Method, new: NewAuthenticator, at: int = NOW) -> str | None:
    """Return an answer that must match, as far as one can be had without the person."""
    if isinstance(method, Generates):
        return method.passcode(new.parameters, new.secret, new.state, at)
    return new.shown[0] if method.descriptor.is_recovery else None


def test_it_describes_itself(method: Method) -> None:
    descriptor = method.descriptor
    assert METHODS[descriptor.name] is method
    assert descriptor.name.isidentifier()
    assert descriptor.amr
    assert catalog.has(f"method.{descriptor.name}.name")
    assert catalog.has(f"reason.{descriptor.verified_reason}")
    assert isinstance(method, Method)
    if descriptor.can_be_hardware:
        assert isinstance(method, Merges)
        assert isinstance(method, Resynchronizes)


def test_no_two_enrollments_are_alike(method: Method) -> None:
    secrets = {enroll(method).secret for _ in range(50)}
    assert len(secrets) == 50
    assert min(map(len, secrets)) * 8 >= 128


def test_nothing_secret_is_stored_unsealed(method: Method) -> None:
    """KEY-01: parameters and state are not sealed."""
    new = enroll(method)
    unsealed = json.dumps([new.parameters, new.state])
    assert new.secret.hex() not in unsealed
    for shown in new.shown:
        assert shown not in unsealed


def test_what_asks_on_another_road_says_what_to_do(method: Method) -> None:
    if not isinstance(method, OpensChallenge):
        assert not method.descriptor.out_of_band
        return
    opening = method.open(stored(enroll(method).parameters), TenantSettings(), os.urandom)
    assert method.descriptor.out_of_band
    if opening.carries is None:
        assert opening.number.isdigit()
        assert opening.address == opening.passcode == ""
    else:
        assert opening.address == "+4930123456"
    assert opening.seconds > 0
    assert bool(opening.passcode) is bool(opening.text_key)
    assert not opening.text_key or catalog.has(opening.text_key)
    assert method.descriptor.keywords, "a person can ask for it by a word"


def test_unknown_options_are_refused(method: Method) -> None:
    with pytest.raises(ValueError, match="option"):
        method.enroll({"no_such_option": 1}, os.urandom)


@pytest.mark.parametrize("answer", NO_ANSWERS, ids=lambda answer: ascii(answer[:12]))
def test_what_is_no_answer_is_malformed_and_changes_nothing(method: Method, answer: str) -> None:
    """OTP-06, OTP-13: neither a match nor an exception."""
    new = enroll(method)
    verdict = verify(method, new, new.state, answer)
    assert verdict.kind is VerdictKind.MALFORMED
    assert verdict.state is None


def test_a_match_carries_a_state_and_is_spent(method: Method) -> None:
    """OTP-01, OTP-05: after a restart, from what was stored."""
    new = enroll(method)
    answer = right_answer(method, new)
    if answer is None:
        assert not method.descriptor.self_enrolled
        return
    verdict = verify(method, new, new.state, answer)
    assert verdict.is_match
    assert verdict.state is not None
    again = verify(method, new, verdict.state, answer)
    assert again.kind is VerdictKind.REPLAY
    assert again.state is None


def test_the_answer_of_one_is_nothing_to_another(method: Method) -> None:
    """OTP-14."""
    mine, other = enroll(method), enroll(method)
    answer = right_answer(method, other)
    if answer is not None and answer != right_answer(method, mine):
        verdict = verify(method, mine, mine.state, answer)
        assert not verdict.is_match
        assert verdict.state is None


def test_merging_with_what_is_stored_never_falls_back(method: Method) -> None:
    """TOK-05: a used token that is imported again refuses what it has accepted."""
    if not isinstance(method, Merges):
        assert not method.descriptor.can_be_hardware
        return
    new = enroll(method)
    answer = right_answer(method, new)
    state = new.state
    if answer is not None:
        state = verify(method, new, state, answer).state or {}
    merged = method.merge(stored(state), stored(new.state))
    assert method.merge(stored(merged), stored(new.state)) == merged
    if answer is not None:
        assert verify(method, new, merged, answer).kind is VerdictKind.REPLAY
