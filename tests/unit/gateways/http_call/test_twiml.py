"""TwiML: what a provider reads is what was instructed, whatever the texts hold."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.gateways.http_call.settings import HttpCallSettings, from_mapping
from vestibule.gateways.http_call.twiml import HANG_UP, document
from vestibule.model.call import Ask, HangUp, Instruction, Press, Say, Spoken

SETTINGS = HttpCallSettings(account="AC1", caller_id="+49301000")


def made(*instructions: Instruction, settings: HttpCallSettings = SETTINGS) -> Xml.Element:
    written = document(
        instructions,
        settings,
        keys_url="https://k/?a=1&b=2",
        said_url="https://s/",
        sound_url=lambda _: "https://w/",
    )
    return Xml.fromstring(written)


def tags(root: Xml.Element) -> list[str]:
    return [verb.tag for verb in root.iter()][1:]


@given(text=st.text(max_size=50), language=st.text(max_size=10))
def test_no_text_becomes_markup(text: str, language: str) -> None:
    """Neither tags nor entities nor characters that XML does not have."""
    root = made(Say((Spoken(language, text),)), HangUp())
    assert tags(root) in (["Say", "Hangup"], ["Hangup"])
    assert root.find("Say") is None or not text.isalnum() or root.findtext("Say") == text


def test_markup_is_spoken_as_it_is() -> None:
    text = "</Say><Hangup/>&amp;<!--"
    assert made(Say((Spoken("de", text),))).findtext("Say") == text


def test_a_document_ends_in_a_known_way() -> None:
    say = Say((Spoken("de", "x"),))
    assert tags(made(say)) == ["Say", "Redirect"]
    assert tags(made(say, HangUp(), say)) == ["Say", "Hangup"]
    assert tags(made(say, Ask((Spoken("de", "y"),)), say)) == ["Say", "Gather", "Say"]
    assert tags(made()) == ["Hangup"]
    assert document((), SETTINGS, keys_url="", said_url="", sound_url=lambda _: None) == HANG_UP


def test_a_question() -> None:
    gather = made(Ask((), most_keys=0, seconds=0.2)).find("Gather")
    assert gather is not None
    assert gather.attrib == {
        "input": "dtmf",
        "finishOnKey": "",
        "numDigits": "1",
        "timeout": "1",
        "action": "https://k/?a=1&b=2",
        "method": "POST",
        "actionOnEmptyResult": "true",
    }


def test_what_ends_an_entry() -> None:
    gather = made(Ask((), most_keys=2)).find("Gather")
    assert gather is not None
    assert gather.get("finishOnKey") == "#"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("123", [("Play", "123")]),
        (",,123", [("Pause", "2"), ("Play", "123")]),
        ("1,2,,3*#", [("Play", "1ww2wwww3*#")]),
        (",", [("Pause", "1")]),
        ('1"><Hangup/>w2', [("Play", "12")]),
        ("", []),
    ],
)
def test_keys_that_are_pressed(keys: str, expected: list[tuple[str, str]]) -> None:
    root = made(Press(keys), HangUp())
    pressed = [(verb.tag, verb.get("digits") or verb.get("length")) for verb in root if verb.tag != "Hangup"]
    assert pressed == expected


def test_recordings_are_played_and_texts_are_said() -> None:
    spoken = (Spoken("de", "x"), Spoken("de", "y", sound_id="r"), Spoken("de", ""))
    assert tags(made(Say(spoken), HangUp())) == ["Say", "Play", "Hangup"]
    own = HttpCallSettings(account="AC1", caller_id="+49301000", speech="own")
    assert tags(made(Say(spoken[:2]), HangUp(), settings=own)) == ["Play", "Play", "Hangup"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_url", "http://api.example"),
        ("base_url", "https://"),
        ("base_url", "https://a:b@api.example"),
        ("base_url", "https://api.example?x"),
        ("account", ""),
        ("account", "AC1/../x"),
        ("username", "a:b"),
        ("caller_id", ""),
        ("caller_id", "030"),
        ("languages", {"de": 'de"'}),
        ("timeout_seconds", 11),
        ("speech", "loud"),
        ("voice", "x"),
    ],
)
def test_each_wrong_setting_is_named(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        from_mapping({"account": "AC1", "caller_id": "+49301000", name: value})
