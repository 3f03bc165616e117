"""What happens in a call and what is to be done in it, whichever gateway carries it.

A gateway tells events and carries out instructions; the dialogue (methods/voice) turns the one into the
other and decides nothing but what is said next.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class CallEventKind(StrEnum):
    ANSWERED = "answered"
    """Picked up: from here on somebody, or a machine, listens."""
    KEYS = "keys"
    """An `Ask` has ended: `keys` are what was pressed, `is_finished` whether # ended it or time did."""
    SAID = "said"
    """All instructions are carried out and none of them was an `Ask`."""
    HUNG_UP = "hung_up"
    """By the person, after the call was answered."""
    BUSY = "busy"
    DECLINED = "declined"
    """The person refused the call while it rang."""
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    """Switched off, no such subscriber, network failure at the far end."""
    WRONG_NUMBER = "wrong_number"
    """The carrier says that this is no number it can call."""
    MACHINE = "machine"
    """The carrier has recognized a voicemail."""
    FAILED = "failed"
    """The call could not be placed or broke down on our side."""


class CallEvent(msgspec.Struct, frozen=True):
    kind: CallEventKind
    keys: str = ""
    """Of KEYS: digits and `*`, without the # that ended it."""
    is_finished: bool = False
    """Of KEYS: ended by #."""
    number: int = 0
    """Which event of this call it is, counted by the gateway from 1, where one might be told twice: a repeat
    gets the same instructions and moves nothing. 0: this gateway tells everything once."""
    detail: str = ""
    """For the trace: the carrier's own word, e.g. `486 Busy Here`."""

    def __repr__(self) -> str:
        # The keys may be a PIN (VOI-10): how many there are is all that may be seen.
        keys = f" {len(self.keys)} keys" if self.keys else ""
        return f"CallEvent({self.kind}{keys}{' #' if self.is_finished else ''} {self.detail!r})"


class Spoken(msgspec.Struct, frozen=True):
    """One thing that is said: a text in a language (`de`, `en`), or a recording where `sound_id` names one;
    the text then is what stands in for it."""

    language: str
    text: str
    sound_id: str = ""


class Say(msgspec.Struct, frozen=True, tag=True):
    """Say this from beginning to end; keys that are pressed meanwhile are forgotten."""

    spoken: tuple[Spoken, ...]


class Ask(msgspec.Struct, frozen=True, tag=True):
    """Say this and listen for keys until #, `most_keys` keys, or `seconds` without a key after the last
    word. A key that is pressed ends the speech."""

    spoken: tuple[Spoken, ...]
    most_keys: int = 20
    seconds: float = 10.0


class Press(msgspec.Struct, frozen=True, tag=True):
    """Send keys to the far end, each comma a pause of a second: an extension."""

    keys: str


class HangUp(msgspec.Struct, frozen=True, tag=True):
    """End the call."""


Instruction = Say | Ask | Press | HangUp
