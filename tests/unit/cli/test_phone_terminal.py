"""The simulated phone in a terminal: what one state after another makes of lines, and where the server is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vestibule.cli.phone_terminal import Teller, own_url
from vestibule.runtime.settings import Loaded, load


def call(stage: str = "ringing", **fields: Any) -> dict[str, Any]:
    bare = {"call_id": "c1", "caller": "+4930", "stage": stage, "spoken": [], "forgotten": 0}
    return {**bare, "awaits_keys": False, "keys": 0, "ending": None, **fields}


def phone(**fields: Any) -> dict[str, Any]:
    return {"number": "+49", "texts": [], "call": None, "past_calls": [], **fields}


def said(*texts: str) -> list[dict[str, str]]:
    return [{"language": "en", "text": text} for text in texts]


def text(at: int, body: str, is_written_here: bool = False) -> dict[str, Any]:
    return {"at": at, "body": body, "is_written_here": is_written_here}


def test_a_call_is_told_from_its_ring_to_its_end_and_nothing_twice() -> None:
    teller = Teller("en")
    teller.begin(phone())
    ringing = phone(call=call())
    assert list(teller.news(ringing)) == ["Incoming call from +4930"]
    assert list(teller.news(ringing)) == []
    asked = phone(call=call("talking", spoken=said("Hello."), awaits_keys=True))
    assert list(teller.news(asked)) == ["“Hello.”", "Press the keys, then #"]
    assert list(teller.news(asked)) == []
    over = call("ended", spoken=said("Hello.", "Goodbye."), ending="finished")
    assert list(teller.news(phone(past_calls=[over]))) == ["“Goodbye.”", "Call ended."]
    assert list(teller.news(phone(past_calls=[over]))) == []


def test_what_was_forgotten_is_not_taken_for_new() -> None:
    teller = Teller("en")
    teller.begin(phone())
    first = phone(call=call("talking", spoken=said("a", "b")))
    assert list(teller.news(first))[1:] == ["“a”", "“b”"]
    later = phone(call=call("talking", spoken=said("b", "c"), forgotten=1))
    assert list(teller.news(later)) == ["“c”"]


def test_texts_are_told_in_their_order_and_those_that_were_there_are_not() -> None:
    teller = Teller("de")
    teller.begin(phone(texts=[text(5, "old")]))
    newer = [text(7, "ja", is_written_here=True), text(6, "123456"), text(5, "old")]
    assert list(teller.news(phone(texts=newer))) == ["Nachricht: 123456", "Gesendet: ja"]


def test_nothing_that_arrives_moves_the_cursor() -> None:
    teller = Teller("en")
    teller.begin(phone())
    told = list(teller.news(phone(texts=[text(1, "a\x1b[2Jb\nc")], call=call(caller="\x9b"))))
    assert told == ["Text: a\ufffd[2Jb\ufffdc", "Incoming call from \ufffd"]


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("0.0.0.0:81", "http://127.0.0.1:81"),
        ("[::]:81", "http://[::1]:81"),
        ("192.0.2.1:81", "http://192.0.2.1:81"),
    ],
)
def test_the_server_is_reached_where_it_listens(tmp_path: Path, listen: str, url: str) -> None:
    variables = {"VESTIBULE_STATE_DIRECTORY": str(tmp_path), "VESTIBULE_HTTP_LISTEN": listen}
    loaded = load(None, variables)
    assert isinstance(loaded, Loaded), loaded
    assert own_url(loaded.settings.http) == url
