"""What is said and understood in a verification call (inventory 1.3, 1.8, 1.38; VOI-01, VOI-02, VOI-10)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from vestibule.interfaces.dialogue import (
    CallMode,
    CallPlan,
    Converses,
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
from vestibule.methods.voice import METHOD
from vestibule.model.call import Ask, CallEvent, CallEventKind, HangUp, Press, Say, Spoken
from vestibule.model.call_result import CallResult
from vestibule.model.voice_message import MessageType, built_in

ANSWERED = CallEvent(CallEventKind.ANSWERED)
HUNG_UP = CallEvent(CallEventKind.HUNG_UP)
HASH = CallEvent(CallEventKind.KEYS, "", True)
SILENCE = CallEvent(CallEventKind.KEYS)
RIGHT = PinChecked(PinChecking.RIGHT)
WRONG = PinChecked(PinChecking.WRONG)


def entered(keys: str) -> CallEvent:
    return CallEvent(CallEventKind.KEYS, keys, True)


def left(keys: str) -> CallEvent:
    """Keys without #."""
    return CallEvent(CallEventKind.KEYS, keys)


class Call:
    """A call whose state goes through JSON between events, as between nodes."""

    def __init__(self, mode: CallMode = CallMode.STANDARD, **plan: Any) -> None:
        self.plan = CallPlan(mode=mode, language="en", application="the VPN", **plan)
        self.state = METHOD.begin(self.plan)
        self.results: list[CallResult] = []

    def tell(self, *events: DialogueEvent) -> Step:
        """Tell events one by one; return the last step."""
        step = Step(self.state)
        for event in events:
            stored = msgspec.json.decode(msgspec.json.encode(self.state), type=DialogueState)
            step = METHOD.advance(self.plan, stored, event)
            self.state = step.state
            self.results += [step.result] if step.result else []
        return step

    def text(self, message_type: MessageType) -> str:
        return built_in("en", message_type, application="the VPN", extension="", code="0").text


def words(step: Step) -> str:
    """Return all that is said in a step."""
    return " ".join(
        spoken.text for each in step.instructions if isinstance(each, Say | Ask) for spoken in each.spoken
    )


def pin_call(**plan: Any) -> Call:
    return Call(CallMode.PIN, **plan)


def test_it_is_found_as_a_method_that_converses() -> None:
    assert isinstance(METHOD, Converses)


def test_the_greeting_is_said_and_hash_approves() -> None:
    call = Call()
    step = call.tell(ANSWERED)
    assert step.instructions == (
        Ask((built_in("en", MessageType.GREETING_STANDARD, application="the VPN"),), 20, 10.0),
    )
    step = call.tell(HASH)
    assert step.result is CallResult.APPROVED
    assert step.result.is_authenticated
    assert words(step) == call.text(MessageType.SUCCESSFUL)
    assert isinstance(step.instructions[-1], HangUp)


def test_a_call_speaks_the_language_of_its_plan() -> None:
    plan = CallPlan(language="de", application="VPN")
    step = METHOD.advance(plan, METHOD.begin(plan), ANSWERED)
    assert "Rautetaste" in words(step)
    unknown = CallPlan(language="fr", application="VPN")
    ask = METHOD.advance(unknown, METHOD.begin(unknown), ANSWERED).instructions[0]
    assert isinstance(ask, Ask)
    assert ask.spoken[0].language == "en"


def test_keys_before_the_answer_are_nothing() -> None:
    """VOI-02."""
    call = Call()
    assert call.tell(HASH, entered("1234")) == Step(call.state)
    assert call.state.stage is Stage.CALLING


def test_other_keys_are_wrong_input_and_the_retry_is_said() -> None:
    call = Call()
    step = call.tell(ANSWERED, entered("77"))
    assert step.result is None
    assert words(step) == call.text(MessageType.RETRY_STANDARD)
    assert call.tell(HASH).result is CallResult.APPROVED


@pytest.mark.parametrize(
    ("mode", "event", "result", "legacy"),
    [
        (CallMode.STANDARD, entered("77"), CallResult.PIN_IN_STANDARD_MODE, "SUCCESS_WITH_PIN"),
        (CallMode.STANDARD, entered("7*"), CallResult.INVALID_INPUT, "SUCCESS_INVALID_INPUT"),
        (CallMode.STANDARD, left("77"), CallResult.NOT_FINISHED, "SUCCESS_WITH_PIN_BUT_TIMEOUT"),
        (CallMode.STANDARD, SILENCE, CallResult.SILENCE, "SUCCESS_NO_PIN_BUT_TIMEOUT"),
        (CallMode.PIN, HASH, CallResult.HASH_ONLY_IN_PIN_MODE, "SUCCESS_NO_PIN"),
        (CallMode.PIN, entered("12*4"), CallResult.INVALID_INPUT, "SUCCESS_INVALID_INPUT"),
        (CallMode.PIN, left("1234"), CallResult.NOT_FINISHED, "SUCCESS_WITH_PIN_BUT_TIMEOUT"),
        (CallMode.PIN, SILENCE, CallResult.SILENCE, "SUCCESS_NO_PIN_BUT_TIMEOUT"),
    ],
)
def test_wrong_input_ends_the_call_when_no_try_is_left(
    mode: CallMode, event: CallEvent, result: CallResult, legacy: str
) -> None:
    """VOI-01: a voicemail that hears the greeting confirms nothing."""
    call = Call(mode)
    step = call.tell(ANSWERED, event, event, event)
    assert call.results == [result]
    assert result.legacy == legacy
    assert not result.is_authenticated
    assert call.tell(HASH, RIGHT) == Step(call.state)
    if result is not CallResult.SILENCE:
        assert words(step) == call.text(MessageType.DENIED_RETRY)


def test_who_says_nothing_twice_is_not_there() -> None:
    assert Call().tell(ANSWERED, SILENCE).result is None
    assert Call().tell(ANSWERED, SILENCE, SILENCE).result is CallResult.SILENCE


@pytest.mark.parametrize(
    ("kind", "result", "legacy"),
    [
        (CallEventKind.HUNG_UP, CallResult.HUNG_UP, "FAILED_USER_HUNGUP_ON_US"),
        (CallEventKind.BUSY, CallResult.BUSY, "CONFIG_ISSUE"),
        (CallEventKind.DECLINED, CallResult.DECLINED, "CONFIG_ISSUE"),
        (CallEventKind.NO_ANSWER, CallResult.NO_ANSWER, "CONFIG_ISSUE"),
        (CallEventKind.UNREACHABLE, CallResult.UNREACHABLE, "CONFIG_ISSUE"),
        (CallEventKind.WRONG_NUMBER, CallResult.WRONG_NUMBER, "FAILED_INVALID_PHONENUMBER"),
        (CallEventKind.MACHINE, CallResult.MACHINE, "SUCCESS_NO_PIN_BUT_TIMEOUT"),
        (CallEventKind.FAILED, CallResult.FAILED, "FAILED_SERVER_ERROR"),
    ],
)
def test_what_the_line_says_ends_the_call_by_its_own_name(
    kind: CallEventKind, result: CallResult, legacy: str
) -> None:
    for before in ((), (ANSWERED,), (ANSWERED, entered("7"))):
        call = Call()
        step = call.tell(*before, CallEvent(kind))
        assert step.result is result
        assert result.legacy == legacy
        # Only a machine is still there to be hung up on.
        assert step.instructions == ((HangUp(),) if kind is CallEventKind.MACHINE else ())


def test_a_call_that_lasts_too_long_is_over() -> None:
    call = Call()
    step = call.tell(ANSWERED, TimeIsOver())
    assert (step.result, step.instructions) == (CallResult.TIME_IS_OVER, (HangUp(),))
    assert call.tell(HASH) == Step(call.state)


def test_an_answer_that_is_told_again_gets_the_same_instructions() -> None:
    call = Call()
    assert call.tell(ANSWERED) == call.tell(ANSWERED)
    assert call.tell(entered("7"), ANSWERED).instructions == ()


# --- PIN ----------------------------------------------------------------------------------------------


def test_a_pin_is_judged_by_the_caller() -> None:
    call = pin_call()
    assert words(call.tell(ANSWERED)) == call.text(MessageType.GREETING_PIN)
    step = call.tell(entered("4711"))
    assert isinstance(step.asks, PinCheck)
    assert step.asks.pin.reveal() == "4711"
    assert (step.instructions, step.result) == ((), None)
    assert call.tell(RIGHT).result is CallResult.APPROVED_WITH_PIN


def test_a_wrong_pin_may_be_tried_again_until_no_try_is_left() -> None:
    call = pin_call()
    step = call.tell(ANSWERED, entered("1111"), WRONG)
    assert words(step) == call.text(MessageType.RETRY_PIN)
    call.tell(entered("2222"), WRONG, entered("3333"), WRONG)
    assert call.results == [CallResult.PIN_WRONG]
    assert CallResult.PIN_WRONG.legacy == "SUCCESS_WITH_PIN"


def test_a_locked_pin_ends_the_call_at_once() -> None:
    call = pin_call()
    step = call.tell(ANSWERED, entered("1111"), PinChecked(PinChecking.LOCKED))
    assert step.result is CallResult.PIN_WRONG
    assert words(step) == call.text(MessageType.DENIED)


def test_who_hangs_up_while_the_pin_is_judged_has_said_it() -> None:
    call = pin_call()
    assert call.tell(ANSWERED, entered("4711"), HUNG_UP).result is None
    step = call.tell(RIGHT)
    assert (step.result, step.instructions) == (CallResult.APPROVED_WITH_PIN, ())
    wrong = pin_call()
    assert wrong.tell(ANSWERED, entered("4712"), HUNG_UP, WRONG).result is CallResult.PIN_WRONG
    changing = pin_call(must_change_pin=True)
    step = changing.tell(ANSWERED, entered("4712"), HUNG_UP, RIGHT)
    assert step.result is CallResult.PIN_EXPIRED_NOT_CHANGED


def test_judgments_nobody_asked_for_are_nothing() -> None:
    for call in (Call(), pin_call()):
        before = call.tell(ANSWERED).state
        for event in (RIGHT, PinProposed("x"), PinChanged(PinChanging.CHANGED)):
            assert call.tell(event) == Step(before)


# --- a new PIN ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_planned", [True, False])
def test_a_pin_that_must_be_changed_is_changed_before_it_opens(is_planned: bool) -> None:
    call = pin_call(must_change_pin=is_planned, pin_rules="At least six digits.")
    judged = RIGHT if is_planned else PinChecked(PinChecking.MUST_CHANGE)
    step = call.tell(ANSWERED, entered("4711"), judged)
    assert step.result is None
    assert "choose a new one" in words(step)
    assert words(step).endswith("At least six digits.")
    step = call.tell(entered("271828"))
    assert isinstance(step.asks, PinProposal)
    step = call.tell(PinProposed(kept="$argon2id$made-of-it"))
    assert "once more" in words(step)
    step = call.tell(entered("271828"))
    assert isinstance(step.asks, PinChange)
    assert (step.asks.kept, step.asks.pin.reveal()) == ("$argon2id$made-of-it", "271828")
    assert call.state.kept == ""
    step = call.tell(PinChanged(PinChanging.CHANGED))
    assert step.result is CallResult.APPROVED_WITH_PIN
    assert words(step).startswith("Your new PIN is stored.")


def test_broken_rules_are_said_and_the_new_pin_is_asked_for_again() -> None:
    call = pin_call(must_change_pin=True)
    call.tell(ANSWERED, entered("4711"), RIGHT)
    step = call.tell(entered("1111"), PinProposed(why="No digit three times in a row."))
    assert words(step).startswith("No digit three times in a row.")
    step = call.tell(entered("2718"), PinProposed("kept"), entered("2817"), PinChanged(PinChanging.DIFFERS))
    assert words(step).startswith("These were two different PINs.")
    assert call.state.kept == ""
    step = call.tell(entered("1*"))
    assert step.result is CallResult.PIN_EXPIRED_NOT_CHANGED
    assert step.result.legacy == "SUCCESS_PIN_EXPIRED"


@pytest.mark.parametrize(
    "events",
    [
        (HUNG_UP,),
        (SILENCE, SILENCE, SILENCE),
        (entered("2718"), PinProposed("kept"), HUNG_UP),
        (entered("2718"), HUNG_UP, PinProposed("kept")),
        (entered("2718"), PinProposed("kept"), entered("2718"), PinChanged(PinChanging.FAILED)),
    ],
)
def test_a_change_that_is_not_finished_opens_nothing(events: tuple[DialogueEvent, ...]) -> None:
    call = pin_call(must_change_pin=True)
    call.tell(ANSWERED, entered("4711"), RIGHT, *events)
    assert call.results == [CallResult.PIN_EXPIRED_NOT_CHANGED]


def test_no_digit_that_was_pressed_is_in_a_state_a_step_or_an_event() -> None:
    """VOI-10, SMS-08: the PIN is in no trace and no representation."""
    call = pin_call(must_change_pin=True)
    call.tell(ANSWERED)
    for event in (
        *(entered("918273"), RIGHT, entered("827364"), PinProposed("kept-827364")),
        *(left("827364"), entered("827364"), PinProposed("kept-827364"), entered("827364")),
    ):
        step = call.tell(event)
        for shown in (repr(step), repr(event), repr(call.state), repr(step.asks), str(event)):
            assert "918273" not in shown
            assert "827364" not in shown
        assert b"918273" not in msgspec.json.encode(call.state)


# --- fraud --------------------------------------------------------------------------------------------


def test_fraud_that_blocks_is_confirmed_with_1() -> None:
    call = Call(takes_fraud_reports=True, blocks_on_fraud=True)
    assert words(call.tell(ANSWERED)) == call.text(MessageType.FRAUD_GREETING_STANDARD)
    step = call.tell(entered("0"))
    assert words(step) == call.text(MessageType.FRAUD_CONFIRMATION)
    step = call.tell(left("1"))
    assert step.result is CallResult.FRAUD
    assert step.result.legacy == "FAILED_FRAUD_CODE_ENTERED"
    assert words(step) == call.text(MessageType.FRAUD_REPORTED)


def test_fraud_that_does_not_block_needs_no_confirmation() -> None:
    call = pin_call(takes_fraud_reports=True, fraud_code="99")
    assert "9 9" in words(call.tell(ANSWERED))
    assert call.tell(entered("99")).result is CallResult.FRAUD


def test_a_report_that_is_not_confirmed_is_none() -> None:
    for answer in (SILENCE, HASH, left("2")):
        call = Call(takes_fraud_reports=True, blocks_on_fraud=True)
        step = call.tell(ANSWERED, entered("0"), answer)
        assert step.result is None
        assert words(step) == call.text(MessageType.RETRY_STANDARD)


def test_the_code_is_an_ordinary_wrong_input_where_reports_are_off() -> None:
    assert Call().tell(ANSWERED, entered("0")).result is None
    assert isinstance(pin_call().tell(ANSWERED, entered("0")).asks, PinCheck)


# --- extensions and activation ------------------------------------------------------------------------


def test_an_extension_is_keyed_before_the_greeting() -> None:
    call = Call(extension=",,890")
    step = call.tell(ANSWERED)
    assert step.instructions[0] == Press(",,890")
    assert isinstance(step.instructions[1], Ask)
    # It rings there for a while: silence alone does not end the call before the tries do.
    call.tell(SILENCE, SILENCE)
    assert call.tell(HASH).result is CallResult.APPROVED


def test_an_operator_is_asked_and_confirms_nothing() -> None:
    call = Call(extension="@890")
    step = call.tell(ANSWERED)
    assert "extension 8 9 0" in words(step)
    assert not any(isinstance(each, Press) for each in step.instructions)
    step = call.tell(HASH)
    assert step.result is None
    assert words(step) == call.text(MessageType.GREETING_STANDARD)
    assert call.tell(HASH).result is CallResult.APPROVED


def test_a_switchboard_where_nobody_is_put_through() -> None:
    call = Call(extension="@890")
    step = call.tell(ANSWERED, SILENCE, left("5"))
    assert "extension 8 9 0" in words(step)
    assert call.tell(SILENCE).result is CallResult.SILENCE


def test_recordings_around_the_digits_of_an_extension() -> None:
    before, after = Spoken("en", "b", "one"), Spoken("en", "a", "two")
    texts = {MessageType.EXTENSION_PROMPT_BEFORE: before, MessageType.EXTENSION_PROMPT_AFTER: after}
    ask = Call(extension="@890", texts=texts).tell(ANSWERED).instructions[0]
    assert isinstance(ask, Ask)
    assert ask.spoken == (before, Spoken("en", "8 9 0"), after)
    whole = Spoken("en", "w", "three")
    ask = (
        Call(extension="@890", texts=texts | {MessageType.EXTENSION_PROMPT: whole})
        .tell(ANSWERED)
        .instructions[0]
    )
    assert isinstance(ask, Ask)
    assert ask.spoken == (whole,)


def test_a_call_that_sets_up_a_telephone_has_its_own_words() -> None:
    call = Call(is_activation=True, takes_fraud_reports=True)
    assert words(call.tell(ANSWERED)) == call.text(MessageType.ACTIVATION_GREETING_STANDARD)
    assert words(call.tell(left("5"))) == call.text(MessageType.ACTIVATION_RETRY_STANDARD)
    assert words(call.tell(HASH)) == call.text(MessageType.ACTIVATION)
    with_pin = pin_call(is_activation=True)
    assert words(with_pin.tell(ANSWERED)) == with_pin.text(MessageType.ACTIVATION_GREETING_PIN)
