"""Voice messages: what may be said in a verification call, and which recording or text says it.

Pure. The built-in texts are in the catalog under `voice.message`; a customer's own recording stands in for
one of them in one language, for one application or for all. Invariant: a person never hears a recording of
another language than his own.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from vestibule import catalog
from vestibule.model.call import Spoken


class MessageType(StrEnum):
    GREETING_STANDARD = "greeting_standard"
    GREETING_PIN = "greeting_pin"
    FRAUD_GREETING_STANDARD = "fraud_greeting_standard"
    """The greeting where a report of fraud by keys is switched on: it says how."""
    FRAUD_GREETING_PIN = "fraud_greeting_pin"
    RETRY_STANDARD = "retry_standard"
    RETRY_PIN = "retry_pin"
    EXTENSION_PROMPT = "extension_prompt"
    """Said to whoever answers at a switchboard, the extension's number in it."""
    EXTENSION_PROMPT_BEFORE = "extension_prompt_before"
    """The same around the digits of the extension: for recordings, which cannot know the number."""
    EXTENSION_PROMPT_AFTER = "extension_prompt_after"
    SUCCESSFUL = "successful"
    DENIED = "denied"
    """Not now: more tries are of no use."""
    DENIED_RETRY = "denied_retry"
    """Not this time: a new sign-in may be tried."""
    FRAUD_CONFIRMATION = "fraud_confirmation"
    FRAUD_REPORTED = "fraud_reported"
    ACTIVATION = "activation"
    """The end of a call that has activated a phone."""
    ACTIVATION_GREETING_STANDARD = "activation_greeting_standard"
    ACTIVATION_GREETING_PIN = "activation_greeting_pin"
    ACTIVATION_RETRY_STANDARD = "activation_retry_standard"


PLACEHOLDERS: Final = frozenset({"application", "code", "extension"})


class VoiceMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A recording. Its sound is kept beside it and read when it is played."""

    tenant_id: str
    message_id: str
    language: str
    application_id: str = ""
    """Empty: for every application that has no recording of its own."""
    type: MessageType
    description: str = ""
    milliseconds: int
    created_at: int
    version: int = 1


def choose(
    messages: Iterable[VoiceMessage], language: str, application_id: str, message_type: MessageType
) -> VoiceMessage | None:
    """Return the recording of this language for the application, else for all; None: the built-in text."""
    fitting = [each for each in messages if each.language == language and each.type is message_type]
    for wanted in dict.fromkeys((application_id, "")):
        for message in fitting:
            if message.application_id == wanted:
                return message
    return None


def built_in(
    language: str, message_type: MessageType, *, application: str, extension: str = "", code: str = ""
) -> Spoken:
    """Return the text of the catalog, in English where the language has none. `code` is the fraud code,
    `extension` its digits; both are written with blanks, so that every engine says them digit by digit."""
    known = language if language in catalog.LANGUAGES else catalog.LANGUAGES[0]
    key = f"voice.message.{message_type}"
    values = {"application": application, "extension": spelled(extension), "code": spelled(code)}
    asked = catalog.wordings(key)[known].placeholders
    return Spoken(known, catalog.text(known, key, **{name: values[name] for name in asked}))


def spoken(
    messages: Iterable[VoiceMessage],
    language: str,
    application_id: str,
    message_type: MessageType,
    *,
    application: str,
    extension: str = "",
    code: str = "",
) -> Spoken:
    """Return what is said: the recording that the rule chooses, and the built-in text that stands in."""
    chosen = choose(messages, language, application_id, message_type)
    said = built_in(language, message_type, application=application, extension=extension, code=code)
    return msgspec.structs.replace(said, sound_id=chosen.message_id) if chosen else said


def spelled(digits: str) -> str:
    """Return digits with a blank between them; pauses are not said."""
    return " ".join(each for each in digits if each in "0123456789*#")
