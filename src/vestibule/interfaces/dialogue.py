"""Dialogue: what a verification call says and understands. Pure; whoever calls it commits and carries out.

Events go in one by one; each comes back with a new state, which is stored in the same transaction as
whatever the step decides, and with instructions, which are carried out after the commit. The state is small
and JSON; any node may go on with it.

A PIN passes through and is kept nowhere: a step that needs one judged `asks` for it, holding the digits as a
`Secret`, and the caller feeds the answer back as an event, best within the same transaction. The one thing
that must outlast a step is a new PIN between its two entries. Its digits do not: the caller answers a
`PinProposal` with what it made of them, an argon2id hash as it would store for good, and is given this back
beside the second entry. So a state in a row is worth no more to a thief than the row of the PIN itself, and
it is emptied as soon as the change is over.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Protocol, runtime_checkable

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.model.call import CallEvent, Instruction, Spoken
from vestibule.model.call_result import CallResult
from vestibule.model.voice_message import MessageType


class CallMode(StrEnum):
    STANDARD = "standard"
    """# confirms."""
    PIN = "pin"
    """The PIN and # confirm."""


class CallPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All a call needs to know, the same from its first event to its last."""

    mode: CallMode = CallMode.STANDARD
    language: str
    application: str
    """The name that is said."""
    texts: dict[MessageType, Spoken] = {}
    """What is said instead of the built-in texts."""
    is_activation: bool = False
    """The call that proves a telephone at its enrollment."""
    extension: str = ""
    """As in `model/phone.py`: keyed after the answer; with `@` a person is asked to put the call through."""
    takes_fraud_reports: bool = False
    blocks_on_fraud: bool = False
    """A report locks the account, so it is confirmed with 1 first."""
    fraud_code: str = "0"
    """Ends with #, as everything. Where it is also somebody's PIN, it reports fraud."""
    tries: Annotated[int, msgspec.Meta(ge=1, le=9)] = 3
    must_change_pin: bool = False
    pin_rules: str = ""
    """Said before a new PIN is asked for."""
    most_seconds: int = 180
    """After the answer; the caller has the clock and says `TimeIsOver`."""


class Stage(StrEnum):
    CALLING = "calling"
    OPERATOR = "operator"
    GREETING = "greeting"
    CHECKING = "checking"
    NEW_PIN = "new_pin"
    PROPOSING = "proposing"
    NEW_PIN_AGAIN = "new_pin_again"
    CHANGING = "changing"
    FRAUD = "fraud"
    ENDED = "ended"


class DialogueState(msgspec.Struct, frozen=True, kw_only=True):
    """Where the call stands. `kept` is what the caller made of a new PIN, never its digits."""

    stage: Stage = Stage.CALLING
    tries_left: int
    is_retry: bool = False
    """Something went wrong before: the retry is said instead of the greeting."""
    was_silent: bool = False
    is_gone: bool = False
    """The person hung up while something was judged: what comes of it counts, but nothing more is said."""
    kept: str = ""

    def __repr__(self) -> str:
        return f"DialogueState({self.stage} tries_left={self.tries_left})"


class PinCheck(msgspec.Struct, frozen=True):
    """Is this the PIN? Answered by `PinChecked`."""

    pin: Secret[str]


class PinProposal(msgspec.Struct, frozen=True):
    """May this become the PIN? Answered by `PinProposed`."""

    pin: Secret[str]


class PinChange(msgspec.Struct, frozen=True):
    """Store what `kept` stands for, if `pin` is the same. Answered by `PinChanged`."""

    kept: str
    pin: Secret[str]

    def __repr__(self) -> str:
        return f"PinChange({self.pin!r})"


Asks = PinCheck | PinProposal | PinChange


class PinChecking(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"
    """Not judged any more, now or until somebody unlocks."""
    MUST_CHANGE = "must_change"
    """Right, and to be replaced before it opens a door."""


class PinChecked(msgspec.Struct, frozen=True):
    found: PinChecking


class PinProposed(msgspec.Struct, frozen=True):
    """`kept` stands for the PIN from here on; empty where rules are broken, and then `why` says which."""

    kept: str = ""
    why: str = ""

    def __repr__(self) -> str:
        return f"PinProposed(is_kept={bool(self.kept)}, {self.why!r})"


class PinChanging(StrEnum):
    CHANGED = "changed"
    DIFFERS = "differs"
    FAILED = "failed"
    """It could not be stored, or the PIN was changed elsewhere meanwhile."""


class PinChanged(msgspec.Struct, frozen=True):
    found: PinChanging


class TimeIsOver(msgspec.Struct, frozen=True):
    """The call, or the verification behind it, has lasted long enough."""


DialogueEvent = CallEvent | PinChecked | PinProposed | PinChanged | TimeIsOver


class Step(msgspec.Struct, frozen=True):
    """`result` is there in exactly one step of a call, the last one that changes anything."""

    state: DialogueState
    instructions: tuple[Instruction, ...] = ()
    asks: Asks | None = None
    result: CallResult | None = None


@runtime_checkable
class Converses(Protocol):
    """A method that is carried out by talking."""

    def begin(self, plan: CallPlan) -> DialogueState:
        """Return the state of a call that has not been answered."""
        ...

    def advance(self, plan: CallPlan, state: DialogueState, event: DialogueEvent) -> Step:
        """Return what follows from `event`. One that does not belong here, or comes late, changes nothing."""
        ...
