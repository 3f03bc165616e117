"""The dialogue of a verification call, as a state machine over `model/call.py`.

It has no clock, sends nothing and stores nothing; it says what follows from an event. Invariants, checked by
random walks (tests/unit/methods/test_voice_dialogue_walks.py):

- A call is approved only by a finished input (#) at its greeting, after it was answered; in PIN mode only
  after the caller has found the PIN right, and where it must be changed, only after it was.
- It has at most one result; after that nothing changes.
- Every question costs a try or leads on, so the number of questions is bounded, whatever is pressed.
- No state, step or event shows digits that were pressed (VOI-10). See `interfaces/dialogue.py` for a new PIN.

Who hangs up while a PIN is judged has said all he can say: the judgment counts. Keys before the answer are
nothing (VOI-02): many networks let tones through while it rings. A `#` at a switchboard is no confirmation.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from vestibule.crypto.secret import Secret
from vestibule.interfaces.dialogue import (
    CallMode,
    CallPlan,
    DialogueEvent,
    DialogueState,
    PinChange,
    PinChanged,
    PinChanging,
    PinCheck,
    PinChecked,
    PinChecking,
    PinProposal,
    PinProposed,
    Stage,
    Step,
    TimeIsOver,
)
from vestibule.methods.voice.words import ask, farewell, opening, pin, say
from vestibule.model.call import CallEvent, CallEventKind, HangUp, Instruction, Spoken
from vestibule.model.call_result import CallResult
from vestibule.model.voice_message import MessageType

_LINE: Final = {
    CallEventKind.HUNG_UP: CallResult.HUNG_UP,
    CallEventKind.BUSY: CallResult.BUSY,
    CallEventKind.DECLINED: CallResult.DECLINED,
    CallEventKind.NO_ANSWER: CallResult.NO_ANSWER,
    CallEventKind.UNREACHABLE: CallResult.UNREACHABLE,
    CallEventKind.WRONG_NUMBER: CallResult.WRONG_NUMBER,
    CallEventKind.MACHINE: CallResult.MACHINE,
    CallEventKind.FAILED: CallResult.FAILED,
}
"""What ends a call from the other side."""

_JUDGING: Final = frozenset({Stage.CHECKING, Stage.PROPOSING, Stage.CHANGING})
_ASKING: Final = frozenset({Stage.OPERATOR, Stage.GREETING, Stage.NEW_PIN, Stage.NEW_PIN_AGAIN, Stage.FRAUD})
_IN_CHANGE: Final = frozenset({Stage.NEW_PIN, Stage.PROPOSING, Stage.NEW_PIN_AGAIN, Stage.CHANGING})


def begin(plan: CallPlan) -> DialogueState:
    return DialogueState(tries_left=plan.tries)


def advance(plan: CallPlan, state: DialogueState, event: DialogueEvent) -> Step:
    """Return what follows from `event`; one that does not belong to the stage changes nothing."""
    match event:
        case _ if state.stage is Stage.ENDED:
            return Step(state)
        case TimeIsOver():
            return _over(state, CallResult.TIME_IS_OVER, HangUp())
        case CallEvent():
            return _on_call(plan, state, event)
        case PinChecked() if state.stage is Stage.CHECKING:
            return _checked(plan, state, event.found)
        case PinProposed() if state.stage is Stage.PROPOSING:
            return _proposed(plan, state, event)
        case PinChanged() if state.stage is Stage.CHANGING:
            return _changed(plan, state, event.found)
        case _:
            return Step(state)


def _on_call(plan: CallPlan, state: DialogueState, event: CallEvent) -> Step:
    if event.kind is CallEventKind.ANSWERED:
        return _answered(plan, state)
    if event.kind is CallEventKind.KEYS and state.stage in _ASKING:
        return _keys(plan, state, event)
    if (result := _LINE.get(event.kind)) is None:
        return Step(state)
    if event.kind is CallEventKind.MACHINE:
        # It is still there to be hung up on; but no machine has entered what is being judged.
        return Step(state) if state.stage in _JUDGING else _over(state, result, HangUp())
    if state.stage in _JUDGING:
        return Step(replace(state, is_gone=True))
    return _over(state, result)


def _answered(plan: CallPlan, state: DialogueState) -> Step:
    if state.stage is Stage.CALLING:
        stage = Stage.OPERATOR if plan.extension.startswith("@") else Stage.GREETING
        state = replace(state, stage=stage)
        return Step(state, opening(plan, state))
    # Told again, because our answer was lost on its way: the same answer, if nothing has happened since.
    is_first = state.stage in {Stage.OPERATOR, Stage.GREETING} and not state.is_retry
    return Step(state, opening(plan, state) if is_first and not plan.extension else ())


def _keys(plan: CallPlan, state: DialogueState, event: CallEvent) -> Step:
    match state.stage:
        case Stage.OPERATOR:
            return _put_through(plan, state, event)
        case Stage.FRAUD:
            if event.keys.startswith("1"):
                return _ends(plan, state, CallResult.FRAUD, MessageType.FRAUD_REPORTED)
            return _again(plan, state, CallResult.INVALID_INPUT)
        case Stage.GREETING if (cause := _missing(event)) is not None:
            return _again(plan, state, cause)
        case Stage.GREETING:
            return _entered(plan, state, event.keys)
        case _:
            return _entered_new(plan, state, event)


def _missing(event: CallEvent) -> CallResult | None:
    """Return what is wrong with a question that # did not end."""
    if event.is_finished:
        return None
    return CallResult.NOT_FINISHED if event.keys else CallResult.SILENCE


def _entered(plan: CallPlan, state: DialogueState, keys: str) -> Step:
    """Something was entered at the greeting and ended by #."""
    if plan.takes_fraud_reports and keys and keys == plan.fraud_code:
        if not plan.blocks_on_fraud:
            return _ends(plan, state, CallResult.FRAUD, MessageType.FRAUD_REPORTED)
        state = replace(state, stage=Stage.FRAUD, was_silent=False)
        return Step(state, ask(plan, state))
    if keys and not _is_digits(keys):
        return _again(plan, state, CallResult.INVALID_INPUT)
    if plan.mode is CallMode.STANDARD:
        if keys:
            return _again(plan, state, CallResult.PIN_IN_STANDARD_MODE)
        return _approved(plan, state)
    if not keys:
        return _again(plan, state, CallResult.HASH_ONLY_IN_PIN_MODE)
    return Step(replace(state, stage=Stage.CHECKING, was_silent=False), asks=PinCheck(Secret(keys)))


def _put_through(plan: CallPlan, state: DialogueState, event: CallEvent) -> Step:
    """Whoever presses # at the switchboard is there; from here on the greeting's own tries count."""
    if event.is_finished:
        state = replace(state, stage=Stage.GREETING, tries_left=plan.tries)
        return Step(state, ask(plan, state))
    if state.tries_left <= 1:
        return _ends(plan, state, CallResult.SILENCE, MessageType.DENIED_RETRY)
    state = replace(state, tries_left=state.tries_left - 1)
    return Step(state, ask(plan, state))


def _again(plan: CallPlan, state: DialogueState, cause: CallResult) -> Step:
    """Ask anew while there are tries; nobody who says nothing twice is there, except behind an extension."""
    is_silent = cause is CallResult.SILENCE
    if state.tries_left <= 1 or (is_silent and state.was_silent and not plan.extension):
        return _ends(plan, state, cause, MessageType.DENIED_RETRY)
    state = replace(
        state,
        stage=Stage.GREETING,
        tries_left=state.tries_left - 1,
        is_retry=True,
        was_silent=is_silent,
    )
    return Step(state, ask(plan, state))


# --- the PIN ------------------------------------------------------------------------------------------


def _checked(plan: CallPlan, state: DialogueState, found: PinChecking) -> Step:
    if found is PinChecking.WRONG:
        if state.is_gone:
            return _over(state, CallResult.PIN_WRONG)
        return _again(plan, state, CallResult.PIN_WRONG)
    if found is PinChecking.LOCKED:
        return _ends(plan, state, CallResult.PIN_WRONG, MessageType.DENIED)
    if found is PinChecking.RIGHT and not plan.must_change_pin:
        return _approved(plan, state)
    state = replace(state, stage=Stage.NEW_PIN, tries_left=plan.tries)
    if state.is_gone:
        return _over(state, CallResult.PIN_EXPIRED_NOT_CHANGED)
    return Step(state, ask(plan, state, pin(plan, "expired")))


def _entered_new(plan: CallPlan, state: DialogueState, event: CallEvent) -> Step:
    if not event.is_finished or not _is_digits(event.keys):
        return _new_again(plan, state, pin(plan, "unusable"))
    entered = Secret(event.keys)
    if state.stage is Stage.NEW_PIN:
        return Step(replace(state, stage=Stage.PROPOSING), asks=PinProposal(entered))
    return Step(replace(state, stage=Stage.CHANGING, kept=""), asks=PinChange(state.kept, entered))


def _proposed(plan: CallPlan, state: DialogueState, event: PinProposed) -> Step:
    if state.is_gone:
        return _over(state, CallResult.PIN_EXPIRED_NOT_CHANGED)
    if not event.kept:
        why = Spoken(plan.language, event.why) if event.why else pin(plan, "unusable")
        return _new_again(plan, state, why)
    state = replace(state, stage=Stage.NEW_PIN_AGAIN, kept=event.kept)
    return Step(state, ask(plan, state))


def _changed(plan: CallPlan, state: DialogueState, found: PinChanging) -> Step:
    if found is PinChanging.CHANGED:
        return _approved(plan, state, pin(plan, "changed"))
    if found is PinChanging.DIFFERS and not state.is_gone:
        return _new_again(plan, state, pin(plan, "differs"))
    return _ends(plan, state, CallResult.PIN_EXPIRED_NOT_CHANGED, MessageType.DENIED_RETRY)


def _new_again(plan: CallPlan, state: DialogueState, why: Spoken) -> Step:
    """Ask for the new PIN from its beginning, saying why, while there are tries."""
    if state.tries_left <= 1:
        return _ends(plan, state, CallResult.PIN_EXPIRED_NOT_CHANGED, MessageType.DENIED_RETRY)
    state = replace(state, stage=Stage.NEW_PIN, tries_left=state.tries_left - 1, kept="")
    return Step(state, ask(plan, state, why))


# --- the end ------------------------------------------------------------------------------------------


def _approved(plan: CallPlan, state: DialogueState, *before: Spoken) -> Step:
    with_pin = plan.mode is CallMode.PIN
    result = CallResult.APPROVED_WITH_PIN if with_pin else CallResult.APPROVED
    message = MessageType.ACTIVATION if plan.is_activation else MessageType.SUCCESSFUL
    return _ends(plan, state, result, message, *before)


def _ends(
    plan: CallPlan, state: DialogueState, result: CallResult, message: MessageType, *before: Spoken
) -> Step:
    """Say goodbye and hang up, with the one result of this call."""
    return _over(state, result, *(() if state.is_gone else farewell(*before, say(plan, message))))


def _over(state: DialogueState, result: CallResult, *instructions: Instruction) -> Step:
    """End with no more than `instructions`. A forced change left unfinished is named so, whatever ends it."""
    if state.stage in _IN_CHANGE and not result.is_authenticated and result is not CallResult.TIME_IS_OVER:
        result = CallResult.PIN_EXPIRED_NOT_CHANGED
    ended = DialogueState(stage=Stage.ENDED, tries_left=0)
    return Step(ended, instructions, result=result)


def _is_digits(keys: str) -> bool:
    return keys.isascii() and keys.isdigit()
