"""How pages speak of phones: what was asked where, and on which other ways a person may be asked.

A number is shown by its last two digits, except to whom it belongs and to administrators.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vestibule.frontends.http.templates.views import Words
from vestibule.model.verification import Challenge, Channel
from vestibule.services.outcome import Progress
from vestibule.services.ways import Way

_ICONS: Final = {"sms": "text", "voice": "call", "passcode": "app"}


@dataclass(frozen=True, slots=True)
class Offer:
    """A button with which a person chooses another way."""

    key: str
    words: Words
    symbol: str


def hint_of(number: str) -> str:
    """Return what tells a person which of his phones is meant."""
    return f"•••{number[-2:]}" if number else ""


def question(challenge: Challenge) -> Words | None:
    """Return what was done and what to do now; None where any passcode is asked for. The number for the app
    stands beside it."""
    if challenge.number:
        return Words("sign_in.asked.app")
    if not challenge.address:
        return None
    with_pin = "_pin" if challenge.digits_before_pin else ""
    asked = {
        Channel.CALL: "call",
        Channel.REPLY: f"reply{with_pin}",
        Channel.TYPED: f"typed{with_pin}",
    }[challenge.channel]
    return Words(f"sign_in.asked.{asked}", {"phone": hint_of(challenge.address)})


def offers(progress: Progress) -> tuple[Offer, ...]:
    """Return the ways that a person may choose now; the present one is offered as sending again."""
    challenge = progress.challenge
    if challenge is None:
        return ()
    present = challenge.authenticator_id
    is_typed = not challenge.address and not challenge.is_out_of_band
    return tuple(
        _offer(way, is_again=way.key == present)
        for way in progress.choices
        if not (way.authenticator is None and is_typed)
    )


def _offer(way: Way, *, is_again: bool) -> Offer:
    key = f"sign_in.way.{way.method}{'_again' if is_again else ''}"
    values = {"phone": hint_of(way.address)} if way.address else {}
    return Offer(way.key, Words(key, values), _ICONS.get(way.method, "app"))
