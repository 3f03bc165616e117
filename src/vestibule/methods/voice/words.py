"""What is said at each point of a call: from the plan and the state alone, so that any node says the same.

Nothing is decided here.
"""

from __future__ import annotations

from typing import Final

from vestibule import catalog
from vestibule.interfaces.dialogue import CallMode, CallPlan, DialogueState, Stage
from vestibule.model.call import Ask, HangUp, Instruction, Press, Say, Spoken
from vestibule.model.voice_message import MessageType, built_in, spelled

MOST_KEYS: Final = 20
_SECONDS: Final = 10.0
_OPERATOR_SECONDS: Final = 20.0
"""Putting a call through takes a while."""


def ask(plan: CallPlan, state: DialogueState, *before: Spoken) -> tuple[Instruction, ...]:
    """Return the question of the stage, with `before` said in front of it."""
    match state.stage:
        case Stage.OPERATOR:
            return (Ask(_operator(plan), MOST_KEYS, _OPERATOR_SECONDS),)
        case Stage.NEW_PIN:
            rules = (Spoken(plan.language, plan.pin_rules),) if plan.pin_rules else ()
            return (Ask((*before, pin(plan, "new"), *rules), MOST_KEYS, _SECONDS),)
        case Stage.NEW_PIN_AGAIN:
            return (Ask((*before, pin(plan, "again")), MOST_KEYS, _SECONDS),)
        case Stage.FRAUD:
            return (Ask((say(plan, MessageType.FRAUD_CONFIRMATION),), 1, _SECONDS),)
        case _:
            return (Ask((say(plan, _greeting(plan, state)),), MOST_KEYS, _SECONDS),)


def opening(plan: CallPlan, state: DialogueState) -> tuple[Instruction, ...]:
    """Return what is done when somebody answers: an extension is keyed before anything is said."""
    keyed = (Press(plan.extension),) if plan.extension and state.stage is Stage.GREETING else ()
    return (*keyed, *ask(plan, state))


def farewell(*messages: Spoken) -> tuple[Instruction, ...]:
    return (Say(messages), HangUp())


def say(plan: CallPlan, message_type: MessageType) -> Spoken:
    """Return what the plan has for this, else the built-in text."""
    if (given := plan.texts.get(message_type)) is not None:
        return given
    extension = plan.extension.removeprefix("@")
    return built_in(
        plan.language,
        message_type,
        application=plan.application,
        extension=extension,
        code=plan.fraud_code,
    )


def pin(plan: CallPlan, what: str) -> Spoken:
    """Return a sentence about the change of the PIN."""
    known = plan.language if plan.language in catalog.LANGUAGES else catalog.LANGUAGES[0]
    return Spoken(known, catalog.text(known, f"voice.pin.{what}"))


def _greeting(plan: CallPlan, state: DialogueState) -> MessageType:
    with_pin = plan.mode is CallMode.PIN
    if state.is_retry and not with_pin:
        return MessageType.ACTIVATION_RETRY_STANDARD if plan.is_activation else MessageType.RETRY_STANDARD
    if state.is_retry:
        return MessageType.RETRY_PIN
    if plan.is_activation:
        return MessageType.ACTIVATION_GREETING_PIN if with_pin else MessageType.ACTIVATION_GREETING_STANDARD
    if plan.takes_fraud_reports:
        return MessageType.FRAUD_GREETING_PIN if with_pin else MessageType.FRAUD_GREETING_STANDARD
    return MessageType.GREETING_PIN if with_pin else MessageType.GREETING_STANDARD


def _operator(plan: CallPlan) -> tuple[Spoken, ...]:
    """A recording of the whole prompt comes first; then recordings around the digits; then the text."""
    before, after = MessageType.EXTENSION_PROMPT_BEFORE, MessageType.EXTENSION_PROMPT_AFTER
    is_recorded = {kind for kind, spoken in plan.texts.items() if spoken.sound_id}
    if MessageType.EXTENSION_PROMPT not in is_recorded and is_recorded & {before, after}:
        digits = Spoken(plan.language, spelled(plan.extension))
        return (say(plan, before), digits, say(plan, after))
    return (say(plan, MessageType.EXTENSION_PROMPT),)
