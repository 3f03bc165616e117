"""The dialogue under any sequence of events: what its module promises, checked by random walks."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec
from hypothesis import given
from hypothesis import strategies as st

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
    TimeIsOver,
)
from vestibule.methods.voice.dialogue import advance, begin
from vestibule.model.call import Ask, CallEvent, CallEventKind
from vestibule.model.call_result import CallResult

PIN = "271828"

plans = st.builds(
    CallPlan,
    mode=st.sampled_from(CallMode),
    language=st.sampled_from(["en", "de", "fr", ""]),
    application=st.just("VPN"),
    is_activation=st.booleans(),
    extension=st.sampled_from(["", ",1", "@2"]),
    takes_fraud_reports=st.booleans(),
    blocks_on_fraud=st.booleans(),
    tries=st.integers(1, 4),
    must_change_pin=st.booleans(),
)
calls = st.builds(
    CallEvent,
    # What ends a call is seldom, or no walk gets far.
    st.sampled_from([*[CallEventKind.KEYS] * 40, *[CallEventKind.ANSWERED] * 8, *CallEventKind]),
    st.sampled_from(["", "", PIN, PIN, "0", "1", "12*", "A", "٣"]),
    st.sampled_from([True, True, True, False]),
)
judged = st.one_of(
    st.builds(PinChecked, st.sampled_from([*[PinChecking.RIGHT] * 3, *PinChecking])),
    st.builds(PinProposed, st.sampled_from(["kept", "kept", ""])),
    st.builds(PinChanged, st.sampled_from(PinChanging)),
)
events = st.lists(
    st.one_of(calls, calls, calls, judged, judged, judged, judged, st.builds(TimeIsOver)), max_size=40
)


class Witness:
    """What must have happened before an approval, read off the events alone, without the state machine."""

    def __init__(self, plan: CallPlan) -> None:
        self.plan = plan
        self.is_answered = False
        self.hashes = 0
        self.pin_was_right = False
        self.was_changed = False

    def see(self, event: DialogueEvent) -> None:
        match event:
            case CallEvent(kind=CallEventKind.ANSWERED):
                self.is_answered = True
            case CallEvent(kind=CallEventKind.KEYS, is_finished=True) if self.is_answered:
                self.hashes += 1
            case PinChecked(found=PinChecking.RIGHT | PinChecking.MUST_CHANGE):
                self.pin_was_right = True
            case PinChanged(found=PinChanging.CHANGED):
                self.was_changed = True

    def allows(self, result: CallResult) -> bool:
        needed = 2 if self.plan.extension.startswith("@") else 1
        if self.hashes < needed:
            return False
        if self.plan.mode is CallMode.STANDARD:
            return result is CallResult.APPROVED
        is_done = not self.plan.must_change_pin or self.was_changed
        return result is CallResult.APPROVED_WITH_PIN and self.pin_was_right and is_done


def walk(plan: CallPlan, told: list[DialogueEvent]) -> list[CallResult]:
    state, witness, results, questions = begin(plan), Witness(plan), [], 0
    for event in told:
        step = advance(plan, msgspec.json.decode(msgspec.json.encode(state), type=DialogueState), event)
        witness.see(event)
        if state.stage is Stage.ENDED:
            assert step == type(step)(state)
        if step.asks is not None:
            assert step.instructions == ()
            assert isinstance(step.asks, PinCheck | PinProposal | PinChange)
        if step.result is not None:
            results.append(step.result)
            assert step.state.stage is Stage.ENDED
            assert witness.allows(step.result) or not step.result.is_authenticated
        is_new = not (
            isinstance(event, CallEvent) and event.kind is CallEventKind.ANSWERED and step.state == state
        )
        questions += is_new and any(isinstance(each, Ask) for each in step.instructions)
        assert PIN not in repr(step)
        assert PIN.encode() not in msgspec.json.encode(step.state)
        state = step.state
    assert len(results) == (state.stage is Stage.ENDED)
    # Tries at the operator, at the greeting, and with a new PIN, each asked twice at most; and fraud.
    assert questions <= plan.tries * 5 + 3
    return results


@given(plans, events)
def test_every_walk_keeps_the_promises(plan: CallPlan, told: list[DialogueEvent]) -> None:
    """Approved only after a finished right input; one result at most; a bounded number of questions."""
    walk(plan, told)


@given(plans, st.lists(calls, max_size=60))
def test_in_pin_mode_nothing_that_is_pressed_approves_by_itself(
    plan: CallPlan, told: list[CallEvent]
) -> None:
    pin_plan = msgspec.structs.replace(plan, mode=CallMode.PIN)
    assert not any(result.is_authenticated for result in walk(pin_plan, list(told)))


@given(plans, events)
def test_nothing_approves_a_call_that_nobody_answered(plan: CallPlan, told: list[DialogueEvent]) -> None:
    """VOI-02."""
    unanswered = [
        each for each in told if not (isinstance(each, CallEvent) and each.kind is CallEventKind.ANSWERED)
    ]
    assert not any(result.is_authenticated for result in walk(plan, unanswered))


def test_random_walks_reach_every_end(proof: Callable[[int, int], int]) -> None:
    """Walks of a cheaper kind, many of them, and seldom ended by the line; the same in every run."""
    chance = random.Random(27)
    kinds = [*[CallEventKind.KEYS] * 80, *[CallEventKind.ANSWERED] * 4, *CallEventKind]
    reached: set[CallResult] = set()
    for _ in range(proof(5_000, 300_000)):
        plan = CallPlan(
            mode=chance.choice(list(CallMode)),
            language="en",
            application="VPN",
            extension=chance.choice(["", ",1", "@2"]),
            takes_fraud_reports=chance.random() < 0.5,
            blocks_on_fraud=chance.random() < 0.5,
            tries=chance.randrange(1, 4),
            must_change_pin=chance.random() < 0.3,
        )
        told: list[DialogueEvent] = [CallEvent(CallEventKind.ANSWERED)]
        for _ in range(chance.randrange(20)):
            keys = chance.choice(["", "", PIN, PIN, "0", "1", "12*"])
            told += chance.choice(
                [
                    [CallEvent(chance.choice(kinds), keys, chance.random() < 0.8)],
                    [PinChecked(chance.choice(list(PinChecking)))],
                    [PinProposed(chance.choice(["kept", ""]))],
                    [PinChanged(chance.choice(list(PinChanging)))],
                    [TimeIsOver()] if chance.random() < 0.1 else [],
                ]
            )
        reached.update(walk(plan, told))
    assert reached == set(CallResult)
