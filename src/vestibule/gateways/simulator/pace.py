"""How long things take that take no time in a program: to say something, to tell that a text has arrived."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from vestibule.model.call import Spoken

_PAUSE_SECONDS = 0.4
"""Before each thing that is said."""


class Pace(msgspec.Struct, frozen=True):
    characters_per_second: float
    """0: everything is said at once."""
    receipt_seconds: float

    def seconds_to_say(self, spoken: Iterable[Spoken]) -> float:
        if not self.characters_per_second:
            return 0.0
        return sum(_PAUSE_SECONDS + len(each.text) / self.characters_per_second for each in spoken)

    def seconds_to_dial(self, keys: str) -> float:
        """A comma is a pause of a second; a key takes a fifth of one."""
        if not self.characters_per_second:
            return 0.0
        return sum(1.0 if key == "," else 0.2 for key in keys)
