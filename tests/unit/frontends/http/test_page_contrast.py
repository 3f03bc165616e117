"""The colors of the pages against WCAG 2.2 AA, in light and in dark (§1.4.3 text, §1.4.11 other marks)."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[4] / "frontend/src/style/tokens.css"
TEXT = 4.5
MARK = 3.0

PAIRS = [
    *[("ink", ground, TEXT) for ground in ("paper", "surface", "sunken", "accent-soft")],
    *[("ink", f"{tone}-soft", TEXT) for tone in ("good", "bad", "wait", "info")],
    *[("ink-soft", ground, TEXT) for ground in ("paper", "surface", "sunken", "accent-soft", "good-soft")],
    *[("accent", ground, TEXT) for ground in ("paper", "surface", "sunken", "accent-soft")],
    *[("accent-strong", ground, TEXT) for ground in ("paper", "surface", "accent-soft")],
    *[("on-accent", ground, TEXT) for ground in ("accent", "accent-strong")],
    *[("on-bad", ground, TEXT) for ground in ("bad", "bad-strong")],
    *[(tone, f"{tone}-soft", TEXT) for tone in ("good", "bad", "wait", "info")],
    ("bad", "surface", TEXT),
    *[("line-strong", ground, MARK) for ground in ("surface", "paper")],
    *[("bad", ground, MARK) for ground in ("surface", "paper")],
]


def _colors(scheme: int) -> dict[str, str]:
    found = re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", TOKENS.read_text())
    return {name: values[scheme] for name, *values in found}


def _luminance(color: str) -> float:
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_itself() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("scheme", "name"), [(0, "light"), (1, "dark")])
def test_every_pair_can_be_read(scheme: int, name: str) -> None:
    colors = _colors(scheme)
    weak = [
        (front, ground, round(_contrast(colors[front], colors[ground]), 2))
        for front, ground, least in PAIRS
        if _contrast(colors[front], colors[ground]) < least
    ]
    assert weak == [], name
