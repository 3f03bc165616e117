"""WAV files: what is read, what is refused, and why (inventory 1.4)."""

from __future__ import annotations

import struct
from array import array

import pytest

from vestibule.wire.sound import (
    MOST_FILE_BYTES,
    SoundProblem,
    SoundProblemKind,
    decode_a_law,
    decode_mu_law,
    for_telephone,
    read_wav,
    write_wav,
)
from vestibule.wire.sound.telephone import to_octets


def wav(data: bytes, *, encoding: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16) -> bytes:
    form = struct.pack(
        "<HHIIHH", encoding, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits
    )
    return riff(chunk(b"fmt ", form) + chunk(b"data", data))


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) % 2)


def riff(body: bytes) -> bytes:
    return struct.pack("<4sI4s", b"RIFF", len(body) + 4, b"WAVE") + body


def problem(file: bytes) -> SoundProblemKind:
    with pytest.raises(SoundProblem) as raised:
        for_telephone(read_wav(file))
    return raised.value.kind


def test_what_is_written_is_read() -> None:
    samples = array("h", [0, 1, -1, 32767, -32768, 1000])
    found = read_wav(write_wav(to_octets(samples)))
    assert (found.rate, found.samples) == (8000, samples)


@pytest.mark.parametrize(
    ("bits", "data", "expected"),
    [
        (8, bytes([128, 255, 0]), [0, 127 << 8, -128 << 8]),
        (16, struct.pack("<3h", 0, 32767, -32768), [0, 32767, -32768]),
        (24, b"\xff\x00\x01\x00\xff\xff\x00\x00\x80", [256, -1, -32768]),
        (32, struct.pack("<2i", 1 << 16, -(1 << 31)), [1, -32768]),
    ],
)
def test_depths(bits: int, data: bytes, expected: list[int]) -> None:
    assert read_wav(wav(data, bits=bits)).samples.tolist() == expected


def test_two_channels_become_one() -> None:
    found = read_wav(wav(struct.pack("<4h", 100, 300, 32767, 32767), channels=2))
    assert found.samples.tolist() == [200, 32767]


def test_g711_as_the_recommendation_has_it() -> None:
    """ITU-T G.711: the ends and the middle of both laws."""
    assert _numbers(decode_mu_law(b"\xff\x7f\x80\x00\xf0")) == [0, 0, 32124, -32124, 120]
    assert _numbers(decode_a_law(b"\xd5\x55\xaa\x2a\x80")) == [8, -8, 32256, -32256, 5504]
    assert read_wav(wav(b"\x80\x00", encoding=7, bits=8)).samples.tolist() == [32124, -32124]
    assert read_wav(wav(b"\xaa\x2a", encoding=6, bits=8)).samples.tolist() == [32256, -32256]


def test_other_chunks_are_passed_over() -> None:
    form = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    body = chunk(b"LIST", b"odd") + chunk(b"fmt ", form) + chunk(b"fact", b"1234") + chunk(b"data", b"\1\0")
    assert read_wav(riff(body)).samples.tolist() == [1]


def test_an_extensible_format_is_what_it_stands_for() -> None:
    form = struct.pack("<HHIIHHHHIH14x", 0xFFFE, 1, 8000, 16000, 2, 16, 22, 16, 4, 1)
    assert read_wav(riff(chunk(b"fmt ", form) + chunk(b"data", b"\1\0"))).samples.tolist() == [1]


def test_a_length_that_was_not_known_when_it_was_written() -> None:
    """A program that writes to a pipe claims the largest length there is."""
    file = bytearray(wav(b"\1\0\2\0"))
    file[40:44] = b"\xff\xff\xff\x7f"
    assert read_wav(bytes(file)).samples.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        (b"", SoundProblemKind.NOT_A_SOUND_FILE),
        (b"RIFF\0\0\0\0AVI ", SoundProblemKind.NOT_A_SOUND_FILE),
        (b"\x89PNG\r\n", SoundProblemKind.NOT_A_SOUND_FILE),
        (riff(b""), SoundProblemKind.DAMAGED),
        (riff(chunk(b"data", b"1234")), SoundProblemKind.DAMAGED),
        (riff(chunk(b"fmt ", b"short")), SoundProblemKind.DAMAGED),
        (wav(b""), SoundProblemKind.NO_SOUND),
        (wav(b"\0"), SoundProblemKind.NO_SOUND),
        (wav(b"1234", encoding=3, bits=32), SoundProblemKind.UNKNOWN_FORMAT),
        (wav(b"1234", encoding=2, bits=4), SoundProblemKind.UNKNOWN_FORMAT),
        (wav(b"1234", bits=12), SoundProblemKind.UNKNOWN_FORMAT),
        (wav(b"1234", channels=6), SoundProblemKind.TOO_MANY_CHANNELS),
        (wav(b"1234", channels=0), SoundProblemKind.TOO_MANY_CHANNELS),
        (wav(b"1234", rate=0), SoundProblemKind.UNSUITABLE_RATE),
        (wav(b"1234", rate=4_000_000_000 // 2), SoundProblemKind.UNSUITABLE_RATE),
        (wav(bytes(8000 * 2 * 60 + 2)), SoundProblemKind.TOO_LONG),
        (wav(bytes(MOST_FILE_BYTES)), SoundProblemKind.TOO_LARGE),
    ],
)
def test_what_is_refused_says_why(file: bytes, kind: SoundProblemKind) -> None:
    assert problem(file) is kind


def test_a_minute_is_just_short_enough() -> None:
    assert len(for_telephone(read_wav(wav(b"\0\1" * 8000 * 60)))) == 2 * 8000 * 60


def _numbers(samples: bytes) -> list[int]:
    return [number for (number,) in struct.iter_unpack("<h", samples)]
