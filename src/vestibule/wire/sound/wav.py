"""WAV: the RIFF container (Multimedia Programming Interface and Data Specifications 1.0, August 1991).

Read: PCM of 8, 16, 24 or 32 bits and G.711, one or two channels; written: PCM of 16 bits, one channel. A
length in a file is a claim of its author: nothing is sized by it, and one that reaches beyond the file is cut
there, because programs that write to a pipe cannot know it beforehand and put a large number.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from vestibule.wire.sound.g711 import decode_a_law, decode_mu_law
from vestibule.wire.sound.samples import (
    HIGHEST_RATE,
    LOWEST_RATE,
    MOST_FILE_BYTES,
    MOST_SECONDS,
    Recording,
    SoundProblem,
    SoundProblemKind,
    mixed,
)
from vestibule.wire.sound.telephone import from_octets

_PCM: Final = 0x0001
_A_LAW: Final = 0x0006
_MU_LAW: Final = 0x0007
_EXTENSIBLE: Final = 0xFFFE
_FORMAT_BYTES: Final = 16
_MOST_CHUNKS: Final = 1000


@dataclass(frozen=True, slots=True)
class _Format:
    encoding: int
    channels: int
    rate: int
    bits: int

    @property
    def frame_bytes(self) -> int:
        return self.channels * self.bits // 8


def read_wav(file: bytes) -> Recording:
    """Return the sound; raises SoundProblem."""
    if len(file) > MOST_FILE_BYTES:
        raise SoundProblem(SoundProblemKind.TOO_LARGE)
    if file[:4] != b"RIFF" or file[8:12] != b"WAVE":
        raise SoundProblem(SoundProblemKind.NOT_A_SOUND_FILE)
    form: _Format | None = None
    for name, body in _chunks(file):
        if name == b"fmt ":
            form = _format(body)
        elif name == b"data":
            if form is None:
                break  # the format comes first
            return _sound(form, body)
    raise SoundProblem(SoundProblemKind.DAMAGED)


def write_wav(samples: bytes, rate: int = 8000) -> bytes:
    """Return a file of 16-bit samples in little-endian octets."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", _FORMAT_BYTES, _PCM, 1, rate, 2 * rate, 2, 16)
    data = struct.pack("<4sI", b"data", len(samples)) + samples
    return struct.pack("<4sI4s", b"RIFF", 4 + len(form) + len(data), b"WAVE") + form + data


def _chunks(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 12
    for _ in range(_MOST_CHUNKS):
        if position + 8 > len(file):
            return
        name, length = struct.unpack_from("<4sI", file, position)
        yield name, file[position + 8 : position + 8 + length]
        # A chunk of odd length is followed by one octet that does not count.
        position += 8 + length + length % 2


def _format(body: bytes) -> _Format:
    if len(body) < _FORMAT_BYTES:
        raise SoundProblem(SoundProblemKind.DAMAGED)
    encoding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if encoding == _EXTENSIBLE and len(body) >= 26:
        # The first two octets of the sub-format's identifier are the encoding it stands for.
        (encoding,) = struct.unpack_from("<H", body, 24)
    is_known = bits == 8 if encoding in {_A_LAW, _MU_LAW} else encoding == _PCM and bits in {8, 16, 24, 32}
    if not is_known:
        raise SoundProblem(SoundProblemKind.UNKNOWN_FORMAT)
    if channels not in {1, 2}:
        raise SoundProblem(SoundProblemKind.TOO_MANY_CHANNELS)
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise SoundProblem(SoundProblemKind.UNSUITABLE_RATE)
    return _Format(encoding, channels, rate, bits)


def _sound(form: _Format, data: bytes) -> Recording:
    frames = len(data) // form.frame_bytes
    if frames == 0:
        raise SoundProblem(SoundProblemKind.NO_SOUND)
    # Before anything is decoded, so that a long file costs nothing.
    if frames > MOST_SECONDS * form.rate:
        raise SoundProblem(SoundProblemKind.TOO_LONG)
    samples = _decoded(form, data[: frames * form.frame_bytes])
    return Recording(form.rate, mixed(samples, form.channels))


def _decoded(form: _Format, data: bytes) -> array[int]:
    if form.encoding == _A_LAW:
        return from_octets(decode_a_law(data))
    if form.encoding == _MU_LAW:
        return from_octets(decode_mu_law(data))
    if form.bits == 8:
        # 8 bits are unsigned, all others signed.
        return array("h", [(octet - 128) << 8 for octet in data])
    if form.bits == 16:
        return from_octets(data)
    # Of 24 and 32 bits the upper two octets are more than a telephone can carry.
    octets, size = bytearray(2 * (len(data) // (form.bits // 8))), form.bits // 8
    octets[::2], octets[1::2] = data[size - 2 :: size], data[size - 1 :: size]
    return from_octets(bytes(octets))
