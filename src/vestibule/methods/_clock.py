"""Passcodes that move with a clock (RFC 6238), as several methods judge them.

State: `step`, the highest step ever accepted; `offset`, where a resynchronization found the clock, in steps;
`drift`, how far it has wandered from there. Invariants: `step` only grows and nothing at or below it is
accepted again; `drift` moves only with an accepted passcode and stays within two steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vestibule.model.verdict import MALFORMED, MISMATCH, REPLAY, Verdict, VerdictKind
from vestibule.wire.oath import HashAlgorithm, is_passcode, matching_counters, totp_step

WINDOW_STEPS = 1
"""How many steps early or late a passcode may be (docs/adr/0007)."""
MOST_DRIFT_STEPS = 2


def judged(
    secret: bytes,
    state: Mapping[str, Any],
    answer: str,
    at: int,
    *,
    digits: int,
    interval: int,
    algorithm: HashAlgorithm,
) -> Verdict:
    """Judge a passcode at `at` (epoch ms); a match carries the new state."""
    if not is_passcode(answer, digits):
        return MALFORMED
    now = totp_step(at, interval)
    offset: int = state.get("offset", 0)
    center = now + offset + state.get("drift", 0)
    steps = range(center - WINDOW_STEPS, center + WINDOW_STEPS + 1)
    found = matching_counters(secret, answer, steps, digits, algorithm)
    if not found:
        return MISMATCH
    step = found[-1]
    if step <= state.get("step", -1):
        return REPLAY
    drift = max(-MOST_DRIFT_STEPS, min(MOST_DRIFT_STEPS, step - now - offset))
    return Verdict(VerdictKind.MATCH, {"step": step, "offset": offset, "drift": drift})
