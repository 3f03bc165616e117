"""Sound files that people upload: WAV by our own reader, MP3 by miniaudio; docs/adr/0004 says why.

The file is an administrator's, and still it is bounded before and while it is decoded: its size, its length,
and how much of it is decoded at a time. Which decoder runs is chosen by the first octets alone; miniaudio is
handed nothing but MP3.
"""

from __future__ import annotations

from array import array

from vestibule.interfaces.gateway import Sound
from vestibule.interfaces.sound_reader import Unusable
from vestibule.wire.sound import (
    MOST_FILE_BYTES,
    MOST_SECONDS,
    TELEPHONE_RATE,
    Recording,
    SoundProblem,
    SoundProblemKind,
    for_telephone,
    read_wav,
    write_wav,
)
from vestibule.wire.sound.samples import HIGHEST_RATE, LOWEST_RATE, mixed


class SoundFiles:
    """The `SoundReader` of the program."""

    def read(self, file: bytes) -> Sound | Unusable:
        try:
            return Sound(for_telephone(read_recording(file)))
        except SoundProblem as problem:
            return Unusable(problem.kind.value)

    def wav(self, sound: Sound) -> bytes:
        return write_wav(sound.samples, TELEPHONE_RATE)


def read_recording(file: bytes) -> Recording:
    """Return the sound of a WAV or MP3 file; raises SoundProblem."""
    if len(file) > MOST_FILE_BYTES:
        raise SoundProblem(SoundProblemKind.TOO_LARGE)
    if file[:4] == b"RIFF":
        return read_wav(file)
    # An MP3 file begins with a tag, or with the eleven bits of a frame's start (ISO/IEC 11172-3 §2.4.1.3).
    if file[:3] == b"ID3" or (len(file) > 1 and file[0] == 0xFF and file[1] >= 0xE0):
        return _read_mp3(file)
    raise SoundProblem(SoundProblemKind.NOT_A_SOUND_FILE)


def _read_mp3(file: bytes) -> Recording:
    # Loaded with the first MP3 file, not with every start.
    import miniaudio  # noqa: PLC0415

    try:
        found = miniaudio.mp3_get_info(file)
    except (miniaudio.MiniaudioError, ZeroDivisionError):
        raise SoundProblem(SoundProblemKind.DAMAGED) from None
    if found.nchannels not in {1, 2}:
        raise SoundProblem(SoundProblemKind.TOO_MANY_CHANNELS)
    if not LOWEST_RATE <= found.sample_rate <= HIGHEST_RATE:
        raise SoundProblem(SoundProblemKind.UNSUITABLE_RATE)
    if found.duration > MOST_SECONDS:
        raise SoundProblem(SoundProblemKind.TOO_LONG)
    samples = _decoded(file, found.nchannels, found.sample_rate)
    if not samples:
        raise SoundProblem(SoundProblemKind.NO_SOUND)
    return Recording(found.sample_rate, mixed(samples, found.nchannels))


def _decoded(file: bytes, channels: int, rate: int) -> array[int]:
    """Return the samples, no more than fit into the longest sound, whatever the file's header said."""
    import miniaudio  # noqa: PLC0415

    samples, most = array("h"), MOST_SECONDS * rate * channels
    try:
        for part in miniaudio.stream_memory(
            file, nchannels=channels, sample_rate=rate, frames_to_read=16_384
        ):
            samples.extend(part)
            if len(samples) > most:
                raise SoundProblem(SoundProblemKind.TOO_LONG)
    except miniaudio.MiniaudioError:
        raise SoundProblem(SoundProblemKind.DAMAGED) from None
    return samples
