"""SoundReader: makes what a telephone can carry of a file that somebody uploads. Pure, and slow."""

from __future__ import annotations

from typing import Protocol

import msgspec

from vestibule.interfaces.gateway import Sound


class Unusable(msgspec.Struct, frozen=True):
    """Why a file is of no use: the end of a key of the catalog, `voice.unusable.…`."""

    cause: str


class SoundReader(Protocol):
    def read(self, file: bytes) -> Sound | Unusable:
        """Return the sound of a WAV or MP3 file. Takes up to seconds: never on the event loop."""
        ...

    def wav(self, sound: Sound) -> bytes:
        """Return the sound as a WAV file."""
        ...
