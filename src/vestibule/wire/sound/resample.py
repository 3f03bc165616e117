"""Another sampling rate, by a windowed sinc in polyphase form.

The new samples are weighted sums of the old ones around them. The weights depend only on where a new sample
falls between two old ones; these positions repeat, so each set of weights is computed once. What the lower
rate cannot carry is filtered out by the same weights: otherwise it would come back as noise (aliasing).
"""

from __future__ import annotations

import math
from array import array
from functools import lru_cache
from math import gcd
from operator import mul
from typing import Final

_ZERO_CROSSINGS: Final = 8
"""How many lobes of the sinc on each side. The time that resampling takes is in proportion to it."""
_ROLL_OFF: Final = 0.86
"""Where the filter begins to close, as a part of the highest frequency that the lower rate can carry."""
_MOST_PHASES: Final = 512
"""Positions between two samples are told apart no finer than this; odd rates would have thousands."""

Weights = tuple[float, ...]


def resampled(samples: array[int], rate: int, new_rate: int) -> array[int]:
    """Return the samples at `new_rate`; the same sound, as long."""
    if rate == new_rate or not samples:
        return samples
    common = gcd(rate, new_rate)
    step, phases = rate // common, new_rate // common
    reach, cutoff = _shape(rate, new_rate)
    padded = [0] * reach + samples.tolist() + [0] * (reach + 1)
    made = array("h", bytes(2 * (len(samples) * phases // step)))
    fine = min(phases, _MOST_PHASES)
    for number in range(len(made)):
        whole, part = divmod(number * step, phases)
        weights = _weights(reach, cutoff, part * fine // phases, fine)
        value = round(sum(map(mul, weights, padded[whole : whole + 2 * reach])))
        made[number] = max(-32768, min(32767, value))
    return made


def _shape(rate: int, new_rate: int) -> tuple[int, float]:
    """Return how many old samples count on each side, and the cutoff in cycles per old sample."""
    ratio = min(1.0, new_rate / rate)
    return math.ceil(_ZERO_CROSSINGS / ratio), 0.5 * ratio * _ROLL_OFF


@lru_cache(maxsize=2 * _MOST_PHASES)
def _weights(reach: int, cutoff: float, phase: int, phases: int) -> Weights:
    """Return the weights of the old samples from `reach - 1` before to `reach` after the position."""
    offset = phase / phases
    raw = [_kernel(index - reach - offset, reach, cutoff) for index in range(2 * reach)]
    total = sum(raw)
    return tuple(value / total for value in raw)


def _kernel(distance: float, reach: int, cutoff: float) -> float:
    if abs(distance) >= reach:
        return 0.0
    angle = 2 * math.pi * cutoff * distance
    sinc = math.sin(angle) / angle if angle else 1.0
    # A Hamming window: its stop band, 50 dB down, is below the noise of G.711 (38 dB), its edge steep.
    return sinc * (0.54 + 0.46 * math.cos(math.pi * distance / reach))
