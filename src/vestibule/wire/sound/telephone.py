"""From any recording to what a telephone carries, as octets: 8 kHz, 16 bits, little-endian, one channel."""

from __future__ import annotations

import sys
from array import array

from vestibule.wire.sound.level import raised
from vestibule.wire.sound.resample import resampled
from vestibule.wire.sound.samples import (
    HIGHEST_RATE,
    LOWEST_RATE,
    MOST_SECONDS,
    TELEPHONE_RATE,
    Recording,
    SoundProblem,
    SoundProblemKind,
)


def for_telephone(recording: Recording) -> bytes:
    """Return the samples; raises SoundProblem for a sound that is too long, too short or unsuitable."""
    if not LOWEST_RATE <= recording.rate <= HIGHEST_RATE:
        raise SoundProblem(SoundProblemKind.UNSUITABLE_RATE)
    if recording.seconds > MOST_SECONDS:
        raise SoundProblem(SoundProblemKind.TOO_LONG)
    samples = raised(resampled(recording.samples, recording.rate, TELEPHONE_RATE))
    if not samples:
        raise SoundProblem(SoundProblemKind.NO_SOUND)
    return to_octets(samples)


def to_octets(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples = array("h", samples)
        samples.byteswap()
    return samples.tobytes()


def from_octets(octets: bytes) -> array[int]:
    samples = array("h", octets[: len(octets) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples
