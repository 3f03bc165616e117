"""Settings of a plug-in as forms ask for them, read off its struct, for every plug-in there is."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import pytest

from vestibule.catalog import LANGUAGES, has
from vestibule.interfaces.gateway import ShowsPasscodes
from vestibule.runtime import registry
from vestibule.services.gateway_words import cause_words, kind_name, setting_label
from vestibule.services.setting_fields import (
    chosen_settings,
    fields_of,
    read_value,
    shown_value,
    typed_settings,
)

KINDS = {name: kind for name, kind in registry.gateways().items() if not isinstance(kind, ShowsPasscodes)}
"""Those that an administrator can add."""


class Sample(msgspec.Struct):
    host: str
    port: int = 25
    rate: float = 2.5
    is_safe: bool = True
    mode: Literal["b", "a"] = "b"
    words: tuple[str, ...] = ("x",)
    codes: tuple[int, ...] = ()
    tree: dict[str, Any] = msgspec.field(default_factory=dict)
    maybe: int | None = None


FIELDS = fields_of(Sample)
BY_NAME = {field.name: field for field in FIELDS}


def test_each_type_has_its_form() -> None:
    forms = {field.name: field.form for field in FIELDS}
    assert forms == {
        "host": "text",
        "port": "number",
        "rate": "number",
        "is_safe": "yes_no",
        "mode": "choice",
        "words": "list",
        "codes": "list",
        "tree": "json",
        "maybe": "number",
    }
    assert [field.name for field in FIELDS if field.is_required] == ["host"]
    assert BY_NAME["mode"].choices == ("b", "a"), "the default stands first"


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("port", "26", 26),
        ("port", "many", "many"),
        ("rate", "0.5", 0.5),
        ("is_safe", "yes", True),
        ("is_safe", "", False),
        ("words", "a, b ,,c d", ["a", "b", "c d"]),
        ("codes", "1, 2, x", [1, 2, "x"]),
        ("tree", '{"a": [1]}', {"a": [1]}),
        ("tree", "{", "{"),
    ],
)
def test_what_is_typed_is_read_and_what_is_wrong_stays_as_it_is(name: str, typed: str, value: object) -> None:
    """The plug-in refuses it then, and names the setting."""
    assert read_value(BY_NAME[name], typed) == value


def test_defaults_and_empty_fields_are_not_stored() -> None:
    shown = typed_settings(FIELDS, {"host": "h"})
    assert chosen_settings(FIELDS, shown) == {"host": "h"}
    assert chosen_settings(FIELDS, {**shown, "is_safe": "", "maybe": "3", "port": ""}) == {
        "host": "h",
        "is_safe": False,
        "maybe": 3,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_of_every_kind_comes_back_as_it_was(kind: str) -> None:
    for field in fields_of(KINDS[kind].settings):
        shown = shown_value(field, field.default)
        if shown:
            again = shown_value(field, read_value(field, shown))
            assert again == shown, field.name


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_of_every_kind_has_its_words(kind: str) -> None:
    for language in LANGUAGES:
        assert kind_name(language, kind) != kind
        for field in fields_of(KINDS[kind].settings):
            assert setting_label(language, kind, field.name) != field.name, (kind, field.name)


def test_causes_are_sentences_where_there_are_any() -> None:
    assert cause_words("de", "busy") == "Der Anschluss war besetzt."
    assert cause_words("en", "smpp.cause.refused ESME_RINVDSTADR").endswith("(ESME_RINVDSTADR)")
    assert cause_words("en", "out of paper") == "out of paper"
    assert cause_words("en", "") == ""
    assert has("gateway.cause.none")
