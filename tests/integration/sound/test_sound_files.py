"""Sound files made by other programs: sox (WAV of every kind) and lame (MP3)."""

from __future__ import annotations

import math
import subprocess
from array import array
from pathlib import Path

import pytest

from vestibule.interfaces.gateway import Sound
from vestibule.interfaces.sound_reader import Unusable
from vestibule.runtime.sound_files import SoundFiles, read_recording
from vestibule.wire.sound.telephone import from_octets

FILES = SoundFiles()
CHORD = ["synth", "1.5", "sin", "440", "sin", "1250", "sin", "2300", "remix", "-", "gain", "-n", "-6"]
KINDS = {
    "pcm8": ["-b", "8", "-e", "unsigned"],
    "pcm16": ["-b", "16"],
    "pcm24": ["-b", "24"],
    "pcm32": ["-b", "32"],
    "mu-law": ["-e", "mu-law"],
    "a-law": ["-e", "a-law"],
    "stereo": ["-b", "16", "-c", "2"],
}


def run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def chord(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three tones that a telephone carries, at 48 kHz."""
    path = tmp_path_factory.mktemp("sound") / "chord.wav"
    run("sox", "-R", "-n", "-r", "48000", "-b", "16", path, *CHORD)
    return path


def expected(source: Path, folder: Path) -> array[int]:
    """Return what sox makes of a file for a telephone."""
    path = folder / "expected.wav"
    run("sox", "-R", "-D", source, "-r", "8000", "-b", "16", "-c", "1", path)
    return read_recording(path.read_bytes()).samples


def likeness(one: array[int], other: array[int], shift: int = 0) -> float:
    """Return how alike two sounds are, whatever their loudness: 1.0 is the same."""
    first, second = one[800:8000], other[800 + shift : 8000 + shift]
    product = sum(a * b for a, b in zip(first, second, strict=True))
    return product / math.sqrt(sum(a * a for a in first) * sum(b * b for b in second))


@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 44_100])
@pytest.mark.parametrize("kind", KINDS)
def test_wav_files_of_every_kind_sound_as_sox_makes_them_sound(
    chord: Path, tmp_path: Path, kind: str, rate: int
) -> None:
    made = tmp_path / "made.wav"
    run("sox", "-R", chord, "-r", str(rate), *KINDS[kind], made)
    found = FILES.read(made.read_bytes())
    assert isinstance(found, Sound)
    assert likeness(from_octets(found.samples), expected(chord, tmp_path)) > (
        0.995 if kind == "pcm8" else 0.999
    )


@pytest.mark.parametrize(
    "options", [["-b", "128"], ["-V", "4"], ["-m", "m", "-b", "64"], ["--resample", "24"]]
)
def test_mp3_files_sound_as_what_they_were_made_of(chord: Path, tmp_path: Path, options: list[str]) -> None:
    made = tmp_path / "made.mp3"
    run("lame", "--quiet", *options, chord, made)
    found = FILES.read(made.read_bytes())
    assert isinstance(found, Sound)
    samples, wanted = from_octets(found.samples), expected(chord, tmp_path)
    # Encoder and decoder put a little silence in front of an MP3 file, which is no whole number of samples.
    assert max(likeness(wanted, samples, shift) for shift in range(-20, 700)) > 0.97


def test_mp3_with_a_tag(chord: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.mp3"
    run("lame", "--quiet", "--add-id3v2", "--tt", "Greeting", chord, made)
    assert made.read_bytes().startswith(b"ID3")
    assert isinstance(FILES.read(made.read_bytes()), Sound)


def test_files_that_are_too_long_or_too_large(tmp_path: Path) -> None:
    long = tmp_path / "long.wav"
    run("sox", "-n", "-r", "8000", "-b", "8", long, "synth", "61", "sin", "440")
    assert FILES.read(long.read_bytes()) == Unusable("too_long")
    run("lame", "--quiet", "-b", "32", long, tmp_path / "long.mp3")
    assert FILES.read((tmp_path / "long.mp3").read_bytes()) == Unusable("too_long")
    assert FILES.read(b"RIFF" + bytes(6_000_000)) == Unusable("too_large")


def test_a_cut_mp3_file_ends_early_and_a_broken_one_is_refused(chord: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.mp3"
    run("lame", "--quiet", chord, made)
    whole = FILES.read(made.read_bytes())
    cut = FILES.read(made.read_bytes()[: made.stat().st_size // 2])
    assert isinstance(whole, Sound)
    assert isinstance(cut, Sound)
    assert 0 < len(cut.samples) < len(whole.samples)
    assert isinstance(FILES.read(b"ID3\x04" + bytes(3000)), Unusable)


def test_what_is_written_sox_reads(chord: Path, tmp_path: Path) -> None:
    found = FILES.read(chord.read_bytes())
    assert isinstance(found, Sound)
    (tmp_path / "ours.wav").write_bytes(FILES.wav(found))
    told = subprocess.run(
        ["soxi", tmp_path / "ours.wav"], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    assert "Sample Rate    : 8000" in told
    assert "Precision      : 16-bit" in told
    assert "00:00:01.50 = 12000 samples" in told
