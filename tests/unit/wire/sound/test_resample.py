"""Other sampling rates: the same tone, as long and as loud; what does not fit is gone, not folded back."""

from __future__ import annotations

import cmath
import math
from array import array

import pytest

from vestibule.wire.sound import loudest, raised, resampled, tone

RATES = [6000, 8000, 11_025, 11_127, 16_000, 22_050, 44_100, 48_000, 96_000]


def sine(hertz: float, rate: int, seconds: float = 0.25) -> array[int]:
    return array(
        "h", [round(16_000 * math.sin(2 * math.pi * hertz * n / rate)) for n in range(int(seconds * rate))]
    )


def strength(samples: array[int], hertz: float) -> float:
    """Return the amplitude of one frequency in samples of 8 kHz, by the middle part of them."""
    middle = samples[len(samples) // 4 : -len(samples) // 4 or None]
    total = sum(value * cmath.exp(-2j * math.pi * hertz * n / 8000) for n, value in enumerate(middle))
    return 2 * abs(total) / len(middle)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("hertz", [400, 1000, 1600])
def test_a_tone_stays_what_it_is(rate: int, hertz: int) -> None:
    found = resampled(sine(hertz, rate), rate, 8000)
    assert len(found) == pytest.approx(2000, abs=2)
    assert strength(found, hertz) == pytest.approx(16_000, rel=0.02)
    assert strength(found, hertz + 800) < 100


@pytest.mark.parametrize(
    ("rate", "hertz"), [(16_000, 5000), (44_100, 5000), (48_000, 7000), (48_000, 15_000)]
)
def test_what_a_telephone_cannot_carry_is_not_folded_into_what_it_can(rate: int, hertz: int) -> None:
    found = resampled(sine(hertz, rate), rate, 8000)
    assert strength(found, abs(8000 - hertz % 8000)) < 50
    assert loudest(found[200:-200]) < 0.004


def test_a_steady_level_stays_steady() -> None:
    """Weights of every phase add up to one, or there would be a buzz."""
    found = resampled(array("h", [12_000] * 4410), 44_100, 8000)
    assert set(found[100:-100]) == {12_000}


def test_full_scale_does_not_wrap_around() -> None:
    square = array("h", ([32_767] * 30 + [-32_768] * 30) * 40)
    found = resampled(square, 22_050, 8000)
    assert (max(found), min(found)) == (32_767, -32_768)


def test_nothing_stays_nothing() -> None:
    assert resampled(array("h"), 44_100, 8000) == array("h")
    assert len(resampled(array("h", [5]), 192_000, 8000)) == 0
    assert loudest(array("h")) == 0.0


def test_speech_is_raised_and_noise_is_not() -> None:
    assert loudest(raised(array("h", [8000, -9000]))) == pytest.approx(0.7, abs=0.001)
    assert loudest(raised(array("h", [32_767, -32_768]))) == pytest.approx(0.7, abs=0.001)
    assert max(raised(array("h", [10, -10]))) == 80
    assert raised(array("h", [0, 0])).tolist() == [0, 0]


def test_a_beep_is_heard_and_begins_softly() -> None:
    beep = tone(1000, 0.4)
    assert len(beep) == 3200
    assert beep[0] == 0
    assert abs(beep[-1]) < 2000
    assert strength(beep, 1000) == pytest.approx(0.3 * 32_767, rel=0.01)
