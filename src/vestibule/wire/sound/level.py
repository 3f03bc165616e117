"""Loudness. A telephone's speech is loud and even; what is recorded at a desk often is not."""

from __future__ import annotations

import math
from array import array
from typing import Final

from vestibule.wire.sound.samples import TELEPHONE_RATE

_HIGHEST: Final = 32767
PEAK: Final = 0.7
"""-3 dB below full scale: G.711 clips without grace, and echo cancelers like some room."""
_MOST_GAIN: Final = 8.0
"""What is nearly silent stays so: raised further, it would be noise."""


def loudest(samples: array[int]) -> float:
    """Return the highest magnitude, as a part of full scale."""
    return max(map(abs, samples)) / _HIGHEST if samples else 0.0


def raised(samples: array[int]) -> array[int]:
    """Return the samples with their highest peak at `PEAK`, as far as a sensible gain reaches."""
    found = loudest(samples)
    if found == 0.0:
        return samples
    gain = min(_MOST_GAIN, PEAK / found)
    return array("h", [int(sample * gain) for sample in samples])


def tone(hertz: float, seconds: float, rate: int = TELEPHONE_RATE) -> array[int]:
    """Return a tone that begins and ends softly."""
    count, ramp = int(seconds * rate), rate // 100
    made = array("h")
    for number in range(count):
        fade = min(1.0, number / ramp, (count - number) / ramp)
        made.append(int(0.3 * _HIGHEST * fade * math.sin(2 * math.pi * hertz * number / rate)))
    return made
