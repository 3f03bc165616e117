"""Which recording or text says a message (inventory 1.4)."""

from __future__ import annotations

import itertools
import random

import pytest

from vestibule.catalog import LANGUAGES, has, keys, wordings
from vestibule.model.voice_message import PLACEHOLDERS, MessageType, VoiceMessage, built_in, choose, spoken

GREETING = MessageType.GREETING_STANDARD


def message(language: str, application_id: str = "", kind: MessageType = GREETING) -> VoiceMessage:
    return VoiceMessage(
        tenant_id="t",
        message_id=f"{language}-{application_id}-{kind}",
        language=language,
        application_id=application_id,
        type=kind,
        milliseconds=1000,
        created_at=0,
    )


def test_there_are_eighteen_types_and_each_has_words_and_a_name() -> None:
    assert len(MessageType) == 18
    assert set(keys("voice.message.")) == {f"voice.message.{each}" for each in MessageType}
    assert all(has(f"voice.type.{each}") for each in MessageType)


@pytest.mark.parametrize("kind", list(MessageType))
def test_what_is_spoken_is_made_for_the_ear(kind: MessageType) -> None:
    for language in LANGUAGES:
        wording = wordings(f"voice.message.{kind}")[language]
        assert wording.placeholders <= PLACEHOLDERS
        said = built_in(language, kind, application="Shop", extension="12", code="0").text
        assert not set(said) & set("#*()/&{}[]")
        assert len(said) < 500


def test_the_application_s_own_comes_before_the_general_one() -> None:
    own, general = message("en", "vpn"), message("en")
    for order in itertools.permutations([own, general, message("en", "mail"), message("de", "vpn")]):
        assert choose(order, "en", "vpn", GREETING) is own
        assert choose(order, "en", "other", GREETING) is general
        assert choose(order, "en", "", GREETING) is general


def test_never_a_recording_of_another_language_or_type() -> None:
    chance = random.Random(4)
    every = [message(*each) for each in itertools.product(["en", "de"], ["", "vpn"], MessageType)]
    for _ in range(500):
        kept = chance.sample(every, chance.randrange(len(every)))
        language, application_id = chance.choice(["en", "de", "fr"]), chance.choice(["vpn", "mail"])
        kind = chance.choice(list(MessageType))
        chosen = choose(kept, language, application_id, kind)
        if chosen is not None:
            assert (chosen.language, chosen.type) == (language, kind)
            assert chosen.application_id in {application_id, ""}


def test_a_recording_is_said_and_the_built_in_text_stands_behind_it() -> None:
    said = spoken([message("de")], "de", "vpn", GREETING, application="VPN")
    assert said.sound_id == f"de--{GREETING}"
    assert "VPN" in said.text
    assert spoken([message("de")], "en", "vpn", GREETING, application="VPN").sound_id == ""


def test_digits_are_said_one_by_one() -> None:
    said = built_in("de", MessageType.EXTENSION_PROMPT, application="", extension="@,4711").text
    assert "Durchwahl 4 7 1 1" in said
