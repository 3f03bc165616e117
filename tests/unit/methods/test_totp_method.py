"""TOTP as a method: what is in time, what is spent, and how a clock that wanders is followed."""

from __future__ import annotations

import random
from typing import Any

import pytest

from vestibule.interfaces.method import Merges, Resynchronizes
from vestibule.methods._clock import MOST_DRIFT_STEPS, WINDOW_STEPS
from vestibule.methods.totp import METHOD, RESYNCHRONIZATION_STEPS
from vestibule.model.verdict import VerdictKind
from vestibule.wire.oath import HashAlgorithm, KeyUri, decode_base32, hotp, parse_key_uri, totp

SECRET = b"12345678901234567890"
PARAMETERS = {"algorithm": "sha1", "digits": 6, "interval": 30}
NOW = 1_700_000_010_000
STEP = NOW // 30_000


def at_step(step: int) -> int:
    return step * 30_000 + 12_345


def passcode(step: int) -> str:
    return hotp(SECRET, step)


def verify(state: dict[str, Any], answer: str, at: int = NOW) -> tuple[VerdictKind, dict[str, Any]]:
    """Return the verdict and the state that a store would hold after it."""
    verdict = METHOD.verify(PARAMETERS, SECRET, state, answer, at)
    return verdict.kind, state if verdict.state is None else verdict.state


def resynchronize(state: dict[str, Any], *steps: int, at: int = NOW) -> tuple[VerdictKind, dict[str, Any]]:
    first, second = (passcode(step) for step in steps)
    verdict = METHOD.resynchronize(PARAMETERS, SECRET, state, (first, second), at)
    return verdict.kind, state if verdict.state is None else verdict.state


def test_the_window() -> None:
    """S57: one step early or late, and no further."""
    for distance in range(-5, 6):
        expected = VerdictKind.MATCH if abs(distance) <= WINDOW_STEPS else VerdictKind.MISMATCH
        assert verify({}, passcode(STEP + distance))[0] is expected


def test_a_passcode_is_spent_with_all_before_it() -> None:
    """OTP-01, OTP-07: the highest accepted step only grows."""
    kind, state = verify({}, passcode(STEP))
    assert (kind, state["step"]) == (VerdictKind.MATCH, STEP)
    for spent in (STEP, STEP - 1):
        kind, after = verify(state, passcode(spent))
        assert kind is VerdictKind.REPLAY
        assert after == state
    kind, state = verify(state, passcode(STEP + 1))
    assert (kind, state["step"]) == (VerdictKind.MATCH, STEP + 1)


def test_a_clock_that_is_set_back_revives_nothing() -> None:
    """OTP-08: whatever the time is said to be, no step at or below the accepted one."""
    _, state = verify({}, passcode(STEP))
    for earlier in range(1, 20):
        at = at_step(STEP - earlier)
        for step in range(STEP - earlier - 3, STEP + 1):
            assert verify(state, passcode(step), at)[0] is not VerdictKind.MATCH


@pytest.mark.parametrize(
    "decorate",
    [
        lambda code: f" {code}",
        lambda code: f"{code} ",
        lambda code: f"{code}\n",
        lambda code: f"{code[:3]} {code[3:]}",
        lambda code: f"{code[:3]}-{code[3:]}",
        lambda code: f"+{code}",
        lambda code: f"0{code}",
        lambda code: f"00{code}",
        lambda code: f"{code[0]}_{code[1:]}",
        lambda code: code.translate({48 + n: 0xFF10 + n for n in range(10)}),
        lambda code: code.translate({48 + n: 0x660 + n for n in range(10)}),
        lambda code: code + "\0",
        lambda code: code[:5],
        lambda code: code[0],
        lambda code: code + "1",
        lambda code: code * 2,
        lambda code: "",
        lambda code: "null",
        lambda code: f"[{code}]",
        lambda code: "1" * 1_000_000,
    ],
)
def test_only_the_bare_digits_are_judged(decorate: Any) -> None:
    """OTP-06, OTP-13: fresh or used, a decorated passcode is malformed and changes nothing."""
    fresh = passcode(STEP)
    _, used = verify({}, fresh)
    for state in ({}, used):
        assert verify(state, decorate(fresh)) == (VerdictKind.MALFORMED, state)


def test_the_drift_of_a_slow_clock_is_followed_and_bounded() -> None:
    """OTP-16: many accepts at the edge of the window push the drift to two steps, and no further."""
    for direction in (1, -1):
        state: dict[str, Any] = {}
        for turn in range(50):
            now = STEP + turn * 10
            distance = state.get("drift", 0) + direction
            kind, state = verify(state, passcode(now + distance), at_step(now))
            if kind is VerdictKind.MATCH:
                assert abs(state["drift"]) <= MOST_DRIFT_STEPS
        assert state["drift"] == direction * MOST_DRIFT_STEPS
        now = STEP + 1000
        beyond = direction * (MOST_DRIFT_STEPS + WINDOW_STEPS + 1)
        assert verify(state, passcode(now + beyond), at_step(now))[0] is VerdictKind.MISMATCH


def test_drift_moves_only_with_an_accepted_passcode() -> None:
    _, state = verify({}, passcode(STEP + 1))
    assert state == {"step": STEP + 1, "offset": 0, "drift": 1}
    for answer in ("000000", passcode(STEP + 1), "x"):
        assert verify(state, answer, at_step(STEP + 3))[1] == state


def test_no_walk_ever_accepts_a_step_twice() -> None:
    """OTP-01, OTP-07, OTP-16, by random walks of clock, token and attacker, resynchronizations included."""
    chance = random.Random(226)
    for _ in range(15):
        state: dict[str, Any] = {}
        accepted: list[int] = []
        now = STEP
        for _ in range(60):
            now += chance.choice((-3, 0, 0, 1, 1, 2, 40))
            step = now + chance.randint(-6, 6)
            if chance.random() < 0.2:
                kind, state = resynchronize(state, step, step + 1, at=at_step(now))
                if kind is VerdictKind.MATCH:
                    accepted += [step, step + 1]
            else:
                kind, state = verify(state, passcode(step), at_step(now))
                if kind is VerdictKind.MATCH:
                    accepted.append(state["step"])
        assert accepted == sorted(set(accepted))


def test_when_two_steps_share_a_passcode_the_later_one_is_spent() -> None:
    """OTP-15: so the same digits cannot come in a second time."""
    step = 910_737  # The first that shares its passcode with the next one, for this secret.
    assert passcode(step) == passcode(step + 1)
    kind, state = verify({}, passcode(step), at_step(step))
    assert (kind, state["step"]) == (VerdictKind.MATCH, step + 1)
    assert verify(state, passcode(step), at_step(step))[0] is VerdictKind.REPLAY


def test_resynchronization_follows_a_clock_that_is_far_off() -> None:
    for distance in (-RESYNCHRONIZATION_STEPS, -40, 5, RESYNCHRONIZATION_STEPS - 1):
        step = STEP + distance
        kind, state = resynchronize({}, step, step + 1)
        assert (kind, state["step"]) == (VerdictKind.MATCH, step + 1)
        assert verify(state, passcode(step + 1))[0] is VerdictKind.REPLAY
        assert verify(state, passcode(step + 2), at_step(STEP + 1))[0] is VerdictKind.MATCH


@pytest.mark.parametrize(
    "steps",
    [
        (STEP + 1, STEP),
        (STEP, STEP),
        (STEP, STEP + 2),
        (STEP + RESYNCHRONIZATION_STEPS, STEP + RESYNCHRONIZATION_STEPS + 1),
        (STEP - RESYNCHRONIZATION_STEPS - 1, STEP - RESYNCHRONIZATION_STEPS),
    ],
)
def test_resynchronization_needs_two_consecutive_passcodes_within_reach(steps: tuple[int, int]) -> None:
    """OTP-10: and a failed one changes nothing."""
    assert resynchronize({}, *steps) == (VerdictKind.MISMATCH, {})


def test_resynchronization_takes_no_used_passcode() -> None:
    """OTP-09: neither both, nor the first of the two."""
    _, state = verify({}, passcode(STEP))
    for first in (STEP - 5, STEP - 1, STEP):
        assert resynchronize(state, first, first + 1) == (VerdictKind.REPLAY, state)
    assert resynchronize(state, STEP + 1, STEP + 2)[0] is VerdictKind.MATCH


def test_resynchronization_judges_only_bare_digits() -> None:
    for answers in (("", ""), (passcode(STEP), " " + passcode(STEP + 1)), ("12345", "123456")):
        assert METHOD.resynchronize(PARAMETERS, SECRET, {}, answers, NOW).kind is VerdictKind.MALFORMED


@pytest.mark.parametrize("algorithm", HashAlgorithm)
@pytest.mark.parametrize("digits", [6, 7, 8])
@pytest.mark.parametrize("interval", [30, 60])
def test_parameters_are_honored(algorithm: HashAlgorithm, digits: int, interval: int) -> None:
    """OTP-17: a passcode of other parameters is not one."""
    parameters = {"algorithm": algorithm.value, "digits": digits, "interval": interval}
    right = totp(SECRET, NOW, interval, digits, algorithm)
    assert METHOD.verify(parameters, SECRET, {}, right, NOW).is_match
    for other in ({"digits": 13 - digits or 6}, {"interval": 90 - interval}, {"algorithm": "sha1"}):
        changed = parameters | other
        if changed == parameters or changed["digits"] not in (6, 7, 8):
            continue
        wrong = totp(SECRET, NOW, changed["interval"], changed["digits"], HashAlgorithm(changed["algorithm"]))
        assert not METHOD.verify(parameters, SECRET, {}, wrong, NOW).is_match


def test_enrolling_for_an_app() -> None:
    new = METHOD.enroll({"issuer": "Example", "account": "alice"}, lambda size: bytes(range(size)))
    assert (new.parameters, new.state) == (PARAMETERS, {})
    assert new.secret == bytes(range(20))
    uri, letters = new.shown
    read = parse_key_uri(uri)
    assert isinstance(read, KeyUri)
    assert (read.secret, read.issuer, read.account) == (new.secret, "Example", "alice")
    assert decode_base32(letters) == new.secret


def test_enrolling_a_token_that_has_its_secret() -> None:
    """S57, OTP-18: nothing of it is shown to anybody."""
    options = {"secret": SECRET, "algorithm": "sha256", "digits": 8, "interval": 60, "drift": -3}
    new = METHOD.enroll(options, lambda size: pytest.fail("needs no chance"))
    assert new.secret == SECRET
    assert new.parameters == {"algorithm": "sha256", "digits": 8, "interval": 60}
    assert (new.state, new.shown) == ({"offset": -3}, ())


@pytest.mark.parametrize(
    "options",
    [
        *({"digits": digits} for digits in (5, 9, "6", None)),
        *({"interval": interval} for interval in (0, -30, 31, 10**9)),
        *({"algorithm": algorithm} for algorithm in ("md5", "SHA1", None)),
        {"period": 30},
        {"counter": 0},
        {"secret": SECRET, "digits": 11},
    ],
)
def test_options_that_do_not_exist_or_do_not_suit(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="option"):
        METHOD.enroll(options, bytes)


def test_merging_keeps_what_was_learned_in_use() -> None:
    """TOK-05."""
    used = {"step": STEP, "offset": 4, "drift": 1}
    assert METHOD.merge(used, {}) == used
    assert METHOD.merge(used, {"offset": 9}) == used
    assert METHOD.merge({}, {"offset": 9}) == {"offset": 9}
    assert METHOD.merge({}, {}) == {}


def test_abilities() -> None:
    assert isinstance(METHOD, Resynchronizes)
    assert isinstance(METHOD, Merges)
