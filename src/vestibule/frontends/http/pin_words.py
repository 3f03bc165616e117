"""What a page says about a PIN: the rules there are, and what was wrong with one that was typed."""

from __future__ import annotations

from typing import Final

from vestibule.frontends.http.templates.views import Form, Words
from vestibule.model.pin import PinProblem, PinRules, PinState, wording
from vestibule.services.pins import PinChange

_FIELDS: Final = {PinProblem.DIFFERENT: "again"}


def rule_words(rules: PinRules) -> tuple[Words, ...]:
    """Return the rules that hold, as a person reads them before he chooses."""
    least, most = rules.least_digits, rules.most_digits
    length = Words("pin.rule.exact_length", {"least": least})
    if least != most:
        length = Words("pin.rule.length", {"least": least, "most": most})
    told = [length]
    if rules.refuses_simple:
        told.append(Words("pin.rule.simple"))
    if rules.refuses_phone:
        told.append(Words("pin.rule.phone"))
    return (*told, Words("pin.rule.history", {"count": max(rules.history, 1)}))


def refused_pin(change: PinChange, rules: PinRules, field: str = "pin") -> Form:
    """Return the form of a PIN that was refused: for each field the first that is wrong with it."""
    if not change.state.is_proven:
        words = Words(f"pin.state.{change.state.value}")
        is_typed = change.state is PinState.WRONG
        return Form(errors={"old": words} if is_typed else {}, problem=None if is_typed else words)
    errors: dict[str, Words] = {}
    for problem in change.problems:
        errors.setdefault(_FIELDS.get(problem, field), Words(*wording(problem, rules)))
    return Form(errors=errors)
