"""Templates of requests: filled first, encoded afterwards."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.wire.http_forms.template import (
    check_header,
    check_text,
    check_tree,
    encode_form,
    encode_json,
    fill_path,
    fill_text,
    fill_tree,
    is_plain_text,
)

ALLOWED = {"to", "text", "seconds"}
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(to=ANY_TEXT, text=ANY_TEXT)
def test_a_form_is_read_back_as_it_was_meant(to: str, text: str) -> None:
    """SMS-09: whatever the values, there are two fields, and they are these."""
    body = encode_form(fill_tree({"to": "x{to}", "text": "{text}y"}, {"to": to, "text": text}))
    read = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    assert read == [("to", f"x{to}"), ("text", f"{text}y")]


@given(to=ANY_TEXT, text=ANY_TEXT)
def test_json_is_read_back_as_it_was_meant(to: str, text: str) -> None:
    """SMS-09."""
    tree = {"messages": [{"to": ["x{to}"], "text": "{text}y"}]}
    read = json.loads(encode_json(fill_tree(tree, {"to": to, "text": text})))
    assert read == {"messages": [{"to": [f"x{to}"], "text": f"{text}y"}]}


@given(to=ANY_TEXT)
def test_a_path_has_no_more_segments_than_its_template(to: str) -> None:
    """SMS-09."""
    filled = fill_path("https://p.example/a/{to}/b", {"to": to})
    assert filled.count("/") == 5
    assert not set("?#\r\n ") & set(filled)


def test_a_value_is_never_searched_again() -> None:
    """WEB-19."""
    assert fill_text("{to}{text}", {"to": "{text}", "text": "{to}"}) == "{text}{to}"


def test_an_empty_placeholder_leaves_its_field_out_and_an_empty_text_does_not() -> None:
    tree = {"a": "{to}", "b": "x{to}", "c": "", "d": None, "e": True, "f": 7, "g": ["{to}"]}
    filled = fill_tree(tree, {"to": ""})
    assert filled == {"b": "x", "c": "", "d": None, "e": True, "f": 7, "g": [""]}
    assert encode_form(filled) == b"b=x&c=&d=&e=true&f=7&g="


def test_a_list_in_a_form_is_its_name_again_and_again() -> None:
    assert encode_form({"to": ["1", "2"]}) == b"to=1&to=2"


def test_a_number_is_a_number() -> None:
    assert encode_json(fill_tree({"ttl": "{seconds:number}"}, {"seconds": "300"})) == b'{"ttl":300}'


@pytest.mark.parametrize("template", ["{from}", "{to", "to}", "{}", "{{to}}", "{TO}", "{to!r}", "{to.x}"])
def test_a_brace_that_means_nothing_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match=r"placeholder"):
        check_text(template, ALLOWED)


@pytest.mark.parametrize("tree", [[], "x", 7, {"a": {"b": "c"}}, {"a": [["b"]]}, {"a": "{no}"}, {1: "x"}])
def test_a_tree_that_a_form_cannot_carry_is_refused(tree: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_tree(tree, ALLOWED, is_flat=True)


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r", "ü", "a\n"])
def test_names_that_no_header_has(name: str) -> None:
    with pytest.raises(ValueError, match="name of a header"):
        check_header(name, "x")


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\n", " a", "a ", "\x00", "ü", "\x7f", "a\tb"])
def test_values_that_no_header_has(value: str) -> None:
    """RFC 9110 §5.5; the value is not in the complaint, since it may be a secret."""
    with pytest.raises(ValueError, match="X-Key") as caught:
        check_header("X-Key", value)
    assert value not in str(caught.value).replace("X-Key", "") or len(value) < 3


def test_what_fits_the_alphabet_of_phones() -> None:
    assert is_plain_text("Ihr Code für Ärger: 123 € [ok] {~}")
    assert is_plain_text("")
    assert not is_plain_text("Ваш код")
    assert not is_plain_text("ç")
    assert not is_plain_text("🔐")
