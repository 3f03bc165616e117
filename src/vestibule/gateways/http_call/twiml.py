"""Instructions as TwiML, the document that a provider of Twilio's shape carries out.

Built by a library that escapes, never pasted; characters that XML cannot hold become blanks (XML 1.0 §2.2).
Every document ends in a way that is known: by a question, by hanging up, or by asking what comes next.
Written from the verbs `Say`, `Play`, `Gather`, `Pause`, `Redirect` and `Hangup` in Twilio's documentation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Final
from xml.etree import ElementTree as Xml

from vestibule.gateways.http_call.settings import HttpCallSettings
from vestibule.model.call import Ask, HangUp, Instruction, Press, Say, Spoken

_LANGUAGES: Final = {"de": "de-DE", "en": "en-US"}
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_A_KEY: Final = re.compile(r"[^0-9*#,]")
_LONGEST_SAY: Final = 4_000

HANG_UP: Final = b'<?xml version="1.0" encoding="UTF-8"?><Response><Hangup /></Response>'

SoundUrl = Callable[[Spoken], str | None]


def document(
    instructions: Sequence[Instruction],
    settings: HttpCallSettings,
    *,
    keys_url: str,
    said_url: str,
    sound_url: SoundUrl,
) -> bytes:
    """Return the document that carries these out; without any instruction the call is over."""
    root = Xml.Element("Response")
    for instruction in instructions:
        match instruction:
            case Say(spoken):
                _speak(root, spoken, settings, sound_url)
            case Press(keys):
                _press(root, keys)
            case Ask():
                _ask(root, instruction, settings, keys_url, sound_url)
                # Whatever happens, the provider goes on at `keys_url`: what follows is never reached.
                return _text(root)
            case HangUp():
                break
    else:
        if instructions:
            Xml.SubElement(root, "Redirect", method="POST").text = said_url
            return _text(root)
    Xml.SubElement(root, "Hangup")
    return _text(root)


def _ask(root: Xml.Element, ask: Ask, settings: HttpCallSettings, keys_url: str, sound_url: SoundUrl) -> None:
    gather = Xml.SubElement(
        root,
        "Gather",
        input="dtmf",
        finishOnKey=_finish_key(ask, settings),
        numDigits=str(max(ask.most_keys, 1)),
        timeout=str(max(math.ceil(ask.seconds), 1)),
        action=keys_url,
        method="POST",
        # Silence must be told, too: without this the provider would go on to the next verb and end the call.
        actionOnEmptyResult="true",
    )
    _speak(gather, ask.spoken, settings, sound_url)


def _finish_key(ask: Ask, settings: HttpCallSettings) -> str:
    """Return the key that ends an entry. Where one key is enough, # is read as that key, like any other: what
    is told of a # with no digit in front of it is the least certain part of the provider's documentation."""
    return "#" if settings.hash_ends and ask.most_keys > 1 else ""


def _speak(
    parent: Xml.Element, spoken: Sequence[Spoken], settings: HttpCallSettings, sound_url: SoundUrl
) -> None:
    for one in spoken:
        url = sound_url(one) if one.sound_id or settings.speech == "own" else None
        if url is not None:
            Xml.SubElement(parent, "Play").text = url
        elif one.text:
            say = Xml.SubElement(parent, "Say")
            if language := _language(one.language, settings):
                say.set("language", language)
            if voice := settings.voices.get(one.language):
                say.set("voice", _clean(voice))
            say.text = _clean(one.text)[:_LONGEST_SAY]


def _press(root: Xml.Element, keys: str) -> None:
    """Each comma is a second: at the beginning a pause, among keys two of the provider's half seconds."""
    clean = _NOT_A_KEY.sub("", keys)
    digits = clean.lstrip(",")
    if pause := len(clean) - len(digits):
        Xml.SubElement(root, "Pause", length=str(pause))
    if digits:
        Xml.SubElement(root, "Play", digits=digits.replace(",", "ww"))


def _language(language: str, settings: HttpCallSettings) -> str:
    return settings.languages.get(language) or _LANGUAGES.get(language) or _clean(language)


def _clean(text: str) -> str:
    return _NOT_XML.sub(" ", text)


def _text(root: Xml.Element) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8"?>' + Xml.tostring(root, encoding="unicode").encode()
