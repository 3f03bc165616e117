"""Branding: whatever colour is taken, everything that is written in it or on it can be read."""

from __future__ import annotations

import random
import re
import struct
from pathlib import Path

import pytest

from vestibule.model.branding import (
    LEAST_CONTRAST,
    MOST_LOGO_BYTES,
    contrast,
    darker,
    is_logo,
    shades,
    style,
)

_TOKENS = Path(__file__).parents[3] / "frontend/src/style/tokens.css"
_PAIR = re.compile(r"--(paper|surface|sunken): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")


def png(width: int, height: int, size: int = 0) -> bytes:
    header = b"IHDR" + struct.pack(">II", width, height) + bytes(9)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + bytes(size) + b"\0\0\0\0IEND\xaeB`\x82"


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert contrast("#0b5a5e", "#0b5a5e") == 1


def test_what_is_taken_can_be_read_on_every_ground() -> None:
    """WCAG 2.2 §1.4.3, on the grounds that the pages really have."""
    grounds = _PAIR.findall(_TOKENS.read_text())
    assert len(grounds) == 3
    chance = random.Random(7)
    colors = [f"#{chance.randrange(1 << 24):06x}" for _ in range(400)]
    taken = [(color, found) for color in colors if (found := shades(color))]
    assert len(taken) > 100
    for color, looks in taken:
        for look, of in zip(looks, (1, 2), strict=True):
            pairs = [(look.accent, ground[of]) for ground in grounds]
            pairs += [(look.accent, look.accent_soft), (look.on_accent, look.accent)]
            pairs += [(look.on_accent, look.accent_strong)]
            for one, other in pairs:
                assert contrast(one, other) >= LEAST_CONTRAST, (color, one, other)


def test_what_is_too_light_has_a_darker_one_near() -> None:
    for color in ("#ffff00", "#ffffff", "#8ab4f8"):
        assert shades(color) is None
        assert shades(darker(color))
    assert darker("#0b5a5e") == "#0b5a5e"
    for no_color in ("red", "#FFF", "#12345g", "#0b5a5e;}", ""):
        assert (shades(no_color), darker(no_color), style(no_color)) == (None, "", "")


def test_a_style_sheet_holds_nothing_but_colours() -> None:
    assert re.fullmatch(
        r":root \{( --[a-z-]+: light-dark\(#[0-9a-f]{6}, #[0-9a-f]{6}\);){4} \}\n", style("#7a1fa2")
    )


def test_a_logo_is_a_png_of_bounded_size() -> None:
    assert is_logo(png(1024, 16))
    for bad in (png(1025, 16), png(0, 16), png(16, 16, MOST_LOGO_BYTES), b"<svg/>", png(16, 16)[:-4], b""):
        assert not is_logo(bad)
