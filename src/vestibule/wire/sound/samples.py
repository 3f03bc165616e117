"""Samples and their bounds. Invariant: samples are 16 bits, signed, one channel, whatever the file had."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from enum import Enum
from typing import Final

TELEPHONE_RATE: Final = 8000
LOWEST_RATE: Final = 4000
HIGHEST_RATE: Final = 192_000
MOST_SECONDS: Final = 60
MOST_FILE_BYTES: Final = 5 * 1024 * 1024


class SoundProblemKind(Enum):
    """What is wrong with a file; texts for people are in the catalog."""

    TOO_LARGE = "too_large"
    TOO_LONG = "too_long"
    NO_SOUND = "no_sound"
    NOT_A_SOUND_FILE = "not_a_sound_file"
    DAMAGED = "damaged"
    UNKNOWN_FORMAT = "unknown_format"
    """A WAV file of an encoding other than PCM and G.711."""
    UNSUITABLE_RATE = "unsuitable_rate"
    TOO_MANY_CHANNELS = "too_many_channels"


class SoundProblem(ValueError):
    """A sound file that cannot be used."""

    def __init__(self, kind: SoundProblemKind) -> None:
        super().__init__(kind.value)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Recording:
    """`samples` are of type `h`, in the byte order of this machine."""

    rate: int
    samples: array[int]

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


def mixed(samples: array[int], channels: int) -> array[int]:
    """Return one channel: the mean of two, so that nothing of either is lost."""
    if channels == 1:
        return samples
    return array("h", [(left + right) // 2 for left, right in zip(samples[::2], samples[1::2], strict=True)])
