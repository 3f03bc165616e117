"""Sound: WAV files and what a telephone can carry of them. Pure.

What a telephone carries is 8,000 samples a second of 16 bits, one channel: `TELEPHONE_RATE`. A reader raises
`SoundProblem` for a file that it cannot use, and never holds more than a few times the file in memory.
"""

from vestibule.wire.sound.g711 import decode_a_law, decode_mu_law
from vestibule.wire.sound.level import loudest, raised, tone
from vestibule.wire.sound.resample import resampled
from vestibule.wire.sound.samples import (
    MOST_FILE_BYTES,
    MOST_SECONDS,
    TELEPHONE_RATE,
    Recording,
    SoundProblem,
    SoundProblemKind,
)
from vestibule.wire.sound.telephone import for_telephone
from vestibule.wire.sound.wav import read_wav, write_wav

__all__ = [
    "MOST_FILE_BYTES",
    "MOST_SECONDS",
    "TELEPHONE_RATE",
    "Recording",
    "SoundProblem",
    "SoundProblemKind",
    "decode_a_law",
    "decode_mu_law",
    "for_telephone",
    "loudest",
    "raised",
    "read_wav",
    "resampled",
    "tone",
    "write_wav",
]
