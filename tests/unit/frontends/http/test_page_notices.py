"""Notices between two pages: only a text of ours, with the placeholders it wants, is ever said."""

from __future__ import annotations

import base64
import json

import pytest

from vestibule.frontends.http.notices import _read
from vestibule.frontends.http.templates.views import Notice, Words


def written(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def test_a_notice_comes_back_as_it_was_left() -> None:
    left = written("good", "console.users.removed", {"name": "<b>"})
    assert _read(left) == (Notice("good", Words("console.users.removed", {"name": "<b>"})),)


@pytest.mark.parametrize(
    "left",
    [
        "",
        "x",
        "%%%",
        "\u2028",
        written("good", "no.such.text", {}),
        written("good", "console.users.removed", {}),
        written("good", "console.users.removed", {"name": "a", "more": "b"}),
        written("good", "form.saved", {"name": "a"}),
        written("shouting", "form.saved", {}),
        written("good", "form.saved"),
        written("good", "form.saved", {}, "more"),
        written("good", "form.saved", {"name": 7}),
    ],
)
def test_anything_else_is_not_said(left: str) -> None:
    assert _read(left) == ()
