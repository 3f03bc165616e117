"""The simulated phone: what would go to a phone is kept here, and shown on a page of ours.

For the demonstration and for nothing else, because whoever sees the page sees every passcode: the kind says
so (`shows_passcodes`), and a gateway of it is opened in the demonstration's tenant only. Everything is in the
memory of this process, bounded, and gone with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.gateways.simulator.gateway import Simulator
from vestibule.gateways.simulator.pace import Pace
from vestibule.interfaces.gateway import Gateway, Surroundings
from vestibule.model.delivery import Carries
from vestibule.model.phone import read_phone

MOST_NUMBERS: Final = 20
_NAMED: Final = re.compile(r"(?:field `|\$\.)(\w+)")
"""The setting that a validation names."""


class SimulatorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    numbers: tuple[str, ...] = ()
    """Phones that are shown before anything is sent to them; others appear when something is."""
    sender: str = "+493023125000"
    """Whose number stands on texts, and on calls that name no caller."""
    characters_per_second: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 15.0
    """How fast words are spoken in a call; 0 is at once."""
    receipt_seconds: Annotated[float, msgspec.Meta(ge=0, le=60)] = 1.0
    """How long after a text the network tells that it has arrived."""


class SimulatorKind:
    name = "simulator"
    carries = frozenset({Carries.TEXT, Carries.CALL})
    settings = SimulatorSettings
    shows_passcodes: Literal[True] = True

    def open(self, settings: Mapping[str, Any], secret: Secret[str], surroundings: Surroundings) -> Gateway:
        """`secret` is that of the link under which the phone is shown; who serves the page compares it."""
        del secret
        try:
            read = msgspec.convert(settings, SimulatorSettings)
        except msgspec.ValidationError as wrong:
            named = _NAMED.search(str(wrong))
            raise ValueError(f"{named[1] if named else 'settings'}: {wrong}") from None
        if len(read.numbers) > MOST_NUMBERS:
            raise ValueError(f"numbers: more than {MOST_NUMBERS}")
        numbers = [_number("numbers", typed) for typed in read.numbers]
        pace = Pace(read.characters_per_second, read.receipt_seconds)
        return Simulator(surroundings.inbox, numbers, _number("sender", read.sender), pace)


def _number(setting: str, typed: str) -> str:
    try:
        return read_phone(typed, "").number
    except ValueError:
        raise ValueError(f"{setting}: {typed!r} is no international phone number") from None


GATEWAY = SimulatorKind()
