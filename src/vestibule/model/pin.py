"""PIN: the digits that a person keys beside a passcode, in a call or at a prompt, and what it must not be.

Pure: chance and the memory of earlier PINs are passed in. A PIN is ASCII digits only, because a telephone has
no other keys. It is judged here and never stored, shown or compared here.

The rules are those that people know from such systems; each keeps out guesses that come first (threats
VOI-10): three equal digits, a run of three, a piece of the person's own number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from itertools import pairwise
from typing import Final

import msgspec

from vestibule.crypto.secret import Secret

DAY_MS: Final = 86_400_000
PIECE: Final = 4
"""Digits in a row of a phone number that make a PIN easy to guess."""
USUAL_DIGITS: Final = 6
"""Length of a PIN that is made here, if the rules allow it (NIST SP 800-63B-4 §3.2.10)."""
_TRIES: Final = 10_000


class PinProblem(StrEnum):
    """What is wrong with a PIN, in the order in which it is told; texts are under `pin.problem.…`."""

    NOT_DIGITS = "not_digits"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    REPEATS = "repeats"
    RUN = "run"
    PHONE = "phone"
    DIFFERENT = "different"
    USED_BEFORE = "used_before"


class PinState(StrEnum):
    """What came of checking a PIN. Only RIGHT opens a door; MUST_CHANGE and EXPIRED are right PINs that open
    nothing until the person has chosen another one."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"
    NONE_SET = "none_set"
    EXPIRED = "expired"
    MUST_CHANGE = "must_change"

    @property
    def is_proven(self) -> bool:
        """Whether the person has shown that he knows the PIN."""
        return self in (PinState.RIGHT, PinState.EXPIRED, PinState.MUST_CHANGE)


class PinRules(msgspec.Struct, frozen=True, kw_only=True):
    least_digits: int = 4
    most_digits: int = 20
    refuses_simple: bool = True
    """Three equal digits in a row, or a run of three such as 123 or 987."""
    refuses_phone: bool = True
    """Four digits in a row of the person's own phone numbers."""
    history: int = 5
    """How many PINs are remembered, with the present one; it is refused whatever this says."""
    expiry_days: int = 0
    """Days until a PIN must be changed; 0: never."""

    def is_expired(self, changed_at: int, now: int) -> bool:
        return self.expiry_days > 0 and now >= changed_at + self.expiry_days * DAY_MS


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """A person's PIN as it is stored; changes only by compare-and-set on `version`.

    `sealed` holds argon2id hashes, bound to tenant and person: of so few digits a bare hash would soon be
    guessed by whoever reads the database.
    """

    tenant_id: str
    user_id: str
    sealed: bytes
    must_change: bool
    changed_at: int
    version: int = 1

    def __repr__(self) -> str:
        return f"Pin({self.tenant_id}/{self.user_id} version {self.version})"


class PinStatus(msgspec.Struct, frozen=True):
    """How it stands with a person's PIN, for pages. Without one all is false."""

    is_set: bool = False
    must_change: bool = False
    is_expired: bool = False
    changed_at: int | None = None

    @property
    def wants_change(self) -> bool:
        return self.must_change or self.is_expired


def problems(
    pin: Secret[str],
    confirmation: Secret[str] | None,
    phones: Iterable[str],
    was_used: Callable[[str], bool],
    rules: PinRules,
) -> tuple[PinProblem, ...]:
    """Return all that is wrong with a new PIN, in the order of `PinProblem`; nothing: it can be used.

    `confirmation` is the same PIN typed once more, None where nobody types it twice. `was_used` tells whether
    the person has had it before; it is slow, so it is asked only about a PIN that is otherwise good.
    """
    digits = pin.reveal()
    if not is_digits(digits):
        return (PinProblem.NOT_DIGITS,)
    found = list(_problems_of(digits, phones, rules))
    if confirmation is not None and confirmation != pin:
        found.append(PinProblem.DIFFERENT)
    if not found and was_used(digits):
        found.append(PinProblem.USED_BEFORE)
    return tuple(found)


def generated(rules: PinRules, phones: Iterable[str], below: Callable[[int], int]) -> Secret[str]:
    """Return a PIN within the rules; `below(n)` is a random number from 0 to n - 1."""
    length = min(max(rules.least_digits, USUAL_DIGITS), rules.most_digits)
    known = tuple(phones)
    for _ in range(_TRIES):
        digits = "".join(str(below(10)) for _ in range(length))
        if not any(_problems_of(digits, known, rules)):
            return Secret(digits)
    raise ValueError("the rules leave no PIN")  # For chance alone this is next to impossible.


def wording(problem: PinProblem, rules: PinRules) -> tuple[str, dict[str, int]]:
    """Return the name of the text for a problem, and the values of its placeholders."""
    bounds = {
        PinProblem.TOO_SHORT: {"least": rules.least_digits},
        PinProblem.TOO_LONG: {"most": rules.most_digits},
    }
    return f"pin.problem.{problem.value}", bounds.get(problem, {})


def is_digits(text: str) -> bool:
    # `isdigit` by itself takes digits of every script.
    return text.isascii() and text.isdigit()


def _problems_of(digits: str, phones: Iterable[str], rules: PinRules) -> Iterable[PinProblem]:
    if len(digits) < rules.least_digits:
        yield PinProblem.TOO_SHORT
    if len(digits) > rules.most_digits:
        yield PinProblem.TOO_LONG
        return  # However long it is, no more is done for it.
    if rules.refuses_simple and _has_step(digits, 0):
        yield PinProblem.REPEATS
    if rules.refuses_simple and (_has_step(digits, 1) or _has_step(digits, -1)):
        yield PinProblem.RUN
    if rules.refuses_phone and any(_shares_piece(digits, phone) for phone in phones):
        yield PinProblem.PHONE


def _has_step(digits: str, step: int) -> bool:
    """Tell whether three digits in a row each differ by `step` from the one before."""
    steps = [int(after) - int(before) for before, after in pairwise(digits)]
    return (step, step) in pairwise(steps)


def _shares_piece(digits: str, phone: str) -> bool:
    number = "".join(each for each in phone if is_digits(each))
    pieces = (digits[start : start + PIECE] for start in range(len(digits) - PIECE + 1))
    return any(piece in number for piece in pieces)
