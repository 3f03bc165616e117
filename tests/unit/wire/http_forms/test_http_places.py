"""Where values stand in callbacks."""

from __future__ import annotations

from typing import Any

import pytest

from vestibule.wire.http_forms.places import (
    Received,
    Unreadable,
    as_text,
    fields_of,
    look_up,
    read_place,
    take_apart,
    value_at,
    word,
)

FORM = (("content-type", "application/x-www-form-urlencoded; charset=utf-8"),)
JSON = (("content-type", "application/vnd.provider+json"),)


@pytest.mark.parametrize("written", ["", "form", "form:", ":x", "cookie:x", "From"])
def test_what_is_no_place(written: str) -> None:
    with pytest.raises(ValueError, match="is not a place"):
        read_place(written)


def test_each_kind_of_place() -> None:
    form = take_apart((("a", "query"),), FORM, b"a=form+%2B%C3%BC")
    assert look_up(read_place("form:a"), form) == "form +ü"
    assert look_up(read_place("query:a"), form) == "query"
    assert look_up(read_place("field:a"), form) == "form +ü"
    assert look_up(read_place("header:Content-Type"), form).startswith("application/x-www")
    document = take_apart((("a", "query"),), JSON, b'{"a": [{"b": 7}], "a.b": 1}')
    assert look_up(read_place("json:a.0.b"), document) == "7"
    assert look_up(read_place("field:a.0.b"), document) == "7"
    assert look_up(read_place("form:a"), document) == ""
    assert look_up(read_place("field:a"), take_apart((("a", "query"),), (), b"")) == "query"


@pytest.mark.parametrize(
    "path", ["", ".", "a", "a.1.b", "a.-1.b", "a.0.c", "a.0.b.c", "a.²", "a.99999999999", "b"]
)
def test_a_path_that_leads_nowhere(path: str) -> None:
    assert as_text(value_at({"a": [{"b": "x"}]}, path)) == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, "true"), (False, "false"), (0, "0"), (1.5, "1.5"), (None, ""), ([], ""), ({}, ""), ("x", "x")],
)
def test_values_as_text(value: Any, expected: str) -> None:
    assert as_text(value) == expected


def test_a_name_with_two_values_means_nothing() -> None:
    """ASVS 15.3.7: two readers would pick different ones."""
    parts = take_apart((), FORM, b"a=1&a=1&b=1&b=2")
    assert look_up(read_place("form:a"), parts) == "1"
    with pytest.raises(Unreadable):
        look_up(read_place("form:b"), parts)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ((), b"a=1"),
        ((("content-type", "text/plain"),), b"a=1"),
        ((*FORM, ("content-type", "application/json")), b"a=1"),
        (FORM, b"a=\xff"),
        (FORM, b"a=%ff"),
        (FORM, b"&".join(b"a%d=1" % n for n in range(201))),
        (JSON, b""[:0] + b"{"),
        (JSON, b"\xff"),
        (JSON, b"[" * 100_000),
    ],
)
def test_what_cannot_be_read(headers: tuple[tuple[str, str], ...], body: bytes) -> None:
    with pytest.raises(Unreadable):
        take_apart((), headers, body)


def test_fields_of_each_kind() -> None:
    assert fields_of(Received(query=(("a", "1"),))) == (("a", "1"),)
    assert fields_of(Received(query=(("a", "1"),), form=(("b", "2"),))) == (("b", "2"),)
    assert fields_of(Received(document={"c": True})) == (("c", "true"),)


def test_a_stranger_s_word_is_short_and_visible() -> None:
    assert word("Fehler\r\n\x1b[31m" + "x" * 100) == "Fehler???[31m" + "x" * 47
