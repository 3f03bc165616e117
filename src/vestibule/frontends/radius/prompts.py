"""What a person reads in the window of his VPN when an answer is wanted of him.

Short: some clients show one line of it. The ways he may choose instead are numbered in the order in which
the service knows them, so that a typed number means the same to both.
"""

from __future__ import annotations

from vestibule.catalog import text
from vestibule.model.phone import Phone
from vestibule.model.verification import Challenge, Reason
from vestibule.services.outcome import Progress
from vestibule.services.ways import Way

_WRONG = frozenset(
    {Reason.PASSCODE_WRONG, Reason.PASSCODE_REPLAYED, Reason.PASSCODE_MALFORMED, Reason.TEXT_WRONG}
)


def prompt(language: str, progress: Progress, *, is_again: bool) -> str:
    """Return the question, and what else may be typed where there is a choice."""
    challenge = progress.challenge
    assert challenge is not None
    question = text(language, _question(progress, challenge, is_again=is_again), **_facts(challenge))
    menu = _menu(language, progress.choices, challenge)
    return f"{question.removesuffix(':').removesuffix('.')}. {menu}" if menu else question


def _question(progress: Progress, challenge: Challenge, *, is_again: bool) -> str:
    if challenge.number:
        return "radius.app_again" if is_again else "radius.app"
    if challenge.is_out_of_band:
        return "radius.still_waiting"
    if challenge.address:
        return "radius.text_again" if progress.reason in _WRONG else "radius.text_sent"
    if progress.reason.name.startswith(("CALL_", "TEXT_")):
        return "radius.phone_failed"
    trace = progress.verification.trace
    was_chosen_now = bool(trace) and trace[-1].step == "way"
    return "radius.passcode_again" if is_again and not was_chosen_now else "radius.passcode"


def _facts(challenge: Challenge) -> dict[str, str]:
    if challenge.number:
        return {"number": challenge.number}
    is_text = bool(challenge.address) and not challenge.is_out_of_band
    return {"phone": Phone(challenge.address).masked} if is_text else {}


def _menu(language: str, choices: tuple[Way, ...], challenge: Challenge) -> str:
    if len(choices) < 2:
        return ""
    offers = [
        text(language, "radius.choice", number=number, way=_words(language, way))
        for number, way in enumerate(choices, 1)
        if way.method != challenge.method or (way.method == "sms" and challenge.address)
    ]
    return text(language, "radius.choose", choices=", ".join(offers)) if offers else ""


def _words(language: str, way: Way) -> str:
    return text(language, f"method.{way.method}.way", phone=Phone(way.address).masked if way.address else "")
