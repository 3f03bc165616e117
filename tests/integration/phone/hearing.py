"""How like two recordings of speech are, by the rise and fall of their loudness."""

from __future__ import annotations

from array import array
from itertools import islice
from math import sqrt

STEP = 160
"""Samples of one step: twenty milliseconds, shorter than a sound of speech."""


def likeness(heard: bytes, spoken: bytes) -> float:
    """Return the best correlation of `spoken` with any place in `heard`: 1.0 is the same rise and fall.

    A beep, silence or another sentence is far below.
    """
    wanted, found = _loudness(spoken), _loudness(heard)
    places = range(max(len(found) - len(wanted), 0) + 1)
    return max(_correlation(wanted, found[place : place + len(wanted)]) for place in places)


def _loudness(samples: bytes) -> list[float]:
    values = array("h", samples[: len(samples) // 2 * 2])
    steps = range(0, len(values) - STEP + 1, STEP)
    return [sqrt(sum(value * value for value in values[step : step + STEP]) / STEP) for step in steps]


def _correlation(wanted: list[float], found: list[float]) -> float:
    pairs = list(islice(zip(wanted, found, strict=False), len(wanted)))
    if len(pairs) < len(wanted):
        return 0.0
    mean_a, mean_b = (sum(side) / len(pairs) for side in zip(*pairs, strict=True))
    both = sum((a - mean_a) * (b - mean_b) for a, b in pairs)
    spread = sqrt(sum((a - mean_a) ** 2 for a, _ in pairs) * sum((b - mean_b) ** 2 for _, b in pairs))
    return both / spread if spread else 0.0
