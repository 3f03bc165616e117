"""Ways: by what a person may be asked, and which comes first. Pure.

A way is "any passcode he can type", or one out-of-band authenticator of his. At a door where something can
be typed he may name another way, by its keyword or by its number in the list he was shown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from vestibule.interfaces.method import Method
from vestibule.model.authenticator import Authenticator
from vestibule.model.user import User

PASSCODE = "passcode"
"""The method of a challenge that any passcode may answer."""
_PASSCODE_WORDS = ("passcode", "code")


class Way(msgspec.Struct, frozen=True):
    """`authenticator` is None where any passcode will do."""

    method: str
    authenticator: Authenticator | None
    keywords: tuple[str, ...]
    rank: int = 0

    @property
    def key(self) -> str:
        """What names this way among the others of its person."""
        return self.authenticator.authenticator_id if self.authenticator else PASSCODE

    @property
    def address(self) -> str:
        """The number that would be texted or called."""
        return str(self.authenticator.parameters.get("number", "")) if self.authenticator else ""


def ways(user: User, usable: Collection[Authenticator], methods: Mapping[str, Method]) -> tuple[Way, ...]:
    """Return every way to ask this person, the one to begin with first. `usable` are what he holds and
    policy allows."""
    found = [
        Way(held.method, held, descriptor.keywords, descriptor.rank)
        for held in _to_ask(usable, methods)
        if (descriptor := methods[held.method].descriptor).out_of_band
    ]
    if any(methods[held.method].descriptor.takes_passcode for held in usable):
        found.append(Way(PASSCODE, None, _PASSCODE_WORDS))
    chosen = user.default_method

    def order(way: Way) -> tuple[bool, int, int]:
        is_chosen = way.method == chosen or (way.authenticator is None and _is_typed(chosen, methods))
        return (not is_chosen, way.rank, way.authenticator.created_at if way.authenticator else 0)

    return tuple(sorted(found, key=order))


def _to_ask(usable: Collection[Authenticator], methods: Mapping[str, Method]) -> list[Authenticator]:
    """Return whom a way begins with: each phone, but only the first of those that are all asked at once."""
    asked: dict[str, Authenticator] = {}
    for held in usable:
        asks_all = methods[held.method].descriptor.asks_all
        asked.setdefault(held.method if asks_all else held.authenticator_id, held)
    return list(asked.values())


def named(typed: str, choices: tuple[Way, ...]) -> Way | None:
    """Return the way that was named, by keyword or by its place in `choices` (from 1); None if none was."""
    word = typed.strip().casefold()
    for number, way in enumerate(choices, 1):
        if word in way.keywords or word == str(number):
            return way
    return None


def _is_typed(name: str, methods: Mapping[str, Method]) -> bool:
    method = methods.get(name)
    return method is not None and method.descriptor.takes_passcode
