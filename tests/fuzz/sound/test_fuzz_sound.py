"""Sound files that nobody would make on purpose: a sound, or a reason why not, and never much memory."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from vestibule.interfaces.gateway import Sound
from vestibule.interfaces.sound_reader import Unusable
from vestibule.runtime.sound_files import SoundFiles
from vestibule.wire.sound import MOST_SECONDS, TELEPHONE_RATE, SoundProblem, read_wav, write_wav

SEED = write_wav(bytes(range(256)) * 4)


def read_everything(file: bytes) -> None:
    try:
        recording = read_wav(file)
    except SoundProblem:
        pass
    else:
        assert 0 < len(recording.samples) <= len(file)
    found = SoundFiles().read(file)
    if isinstance(found, Sound):
        assert 0 < len(found.samples) <= 2 * MOST_SECONDS * TELEPHONE_RATE
        assert len(found.samples) % 2 == 0
    else:
        assert isinstance(found, Unusable)


@given(st.binary(max_size=400))
def test_any_octets(file: bytes) -> None:
    read_everything(file)


@given(
    st.tuples(
        *[st.integers(0, 0xFFFF)] * 2, *[st.integers(0, 0xFFFFFFFF)] * 2, *[st.integers(0, 0xFFFF)] * 2
    ),
    st.integers(0, 0xFFFFFFFF),
)
def test_any_header(fields: tuple[int, ...], length: int) -> None:
    form = b"fmt " + struct.pack("<IHHIIHH", 16, *fields)
    read_everything(b"RIFF\0\0\0\0WAVE" + form + b"data" + struct.pack("<I", length) + bytes(100))


@given(st.binary(max_size=2000))
def test_what_begins_like_mp3(rest: bytes) -> None:
    read_everything(b"\xff\xfb\x90\x64" + rest)
    read_everything(b"ID3\x04\0\0" + rest)


def test_a_file_with_changed_octets(proof: Callable[[int, int], int]) -> None:
    chance = random.Random(9)
    for _ in range(proof(2_000, 100_000)):
        file = bytearray(SEED)
        for _ in range(chance.randrange(1, 6)):
            file[chance.randrange(min(60, len(file)))] = chance.randrange(256)
        read_everything(bytes(file[: chance.randrange(len(file))]))
