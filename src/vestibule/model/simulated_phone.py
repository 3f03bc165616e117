"""A phone that is only simulated, as it is seen: its texts and calls. Values; nothing here acts.

Texts hold passcodes, so a body is a `Secret` and is revealed by the page that shows it and nowhere else. Of
the keys that were pressed only their number is here: they may be a PIN (VOI-10).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.model.call import Spoken


class PhoneText(msgspec.Struct, frozen=True, kw_only=True):
    """A text that the phone has received, or one that was written on it."""

    at: int
    other: str
    """Who has sent it, or to whom it went."""
    body: Secret[str]
    is_written_here: bool = False


class CallStage(StrEnum):
    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"


class CallEnding(StrEnum):
    """How a call ended, as the owner of the phone would tell it."""

    FINISHED = "finished"
    """The caller said goodbye."""
    HUNG_UP = "hung_up"
    """The owner hung up."""
    DECLINED = "declined"
    MISSED = "missed"
    """Nobody answered."""
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    CANCELED = "canceled"
    """The caller gave up: the sign-in was over."""
    TOO_LONG = "too_long"


class PhoneCall(msgspec.Struct, frozen=True, kw_only=True):
    call_id: str
    caller: str
    stage: CallStage
    at: int
    answered_at: int | None = None
    spoken: tuple[Spoken, ...] = ()
    """All that was said so far, the newest last."""
    forgotten: int = 0
    """How much was said before that; `forgotten + 1` is the number of the first in `spoken`."""
    awaits_keys: bool = False
    keys: int = 0
    """How many were pressed since they are awaited."""
    dialed: str = ""
    """What the caller keyed after the answer: an extension."""
    ending: CallEnding | None = None

    @property
    def is_up(self) -> bool:
        return self.stage is not CallStage.ENDED


class SimulatedPhone(msgspec.Struct, frozen=True, kw_only=True):
    number: str
    texts: tuple[PhoneText, ...] = ()
    """The newest first."""
    call: PhoneCall | None = None
    """The one that rings or is up."""
    past_calls: tuple[PhoneCall, ...] = ()
    """The newest first."""
    is_busy: bool = False
    is_unreachable: bool = False
