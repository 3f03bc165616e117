"""Speech by espeak-ng, and what is heard without it."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import time
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.until import until
from vestibule.catalog import LANGUAGES
from vestibule.model.voice_message import MessageType, built_in
from vestibule.runtime.speech import EspeakSpeech, _end, beep
from vestibule.wire.sound import loudest
from vestibule.wire.sound.telephone import from_octets

BEEP = beep()


def engine(folder: Path, script: str) -> str:
    """Return a program that stands in for the engine."""
    path = folder / "engine"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(stat.S_IRWXU)
    return str(path)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_greeting_is_spoken_loud_enough_for_a_telephone(language: str) -> None:
    speech = EspeakSpeech()
    assert speech.can_speak
    text = built_in(language, MessageType.GREETING_STANDARD, application="VPN").text
    sound = await speech.say(text, language)
    assert sound != BEEP
    assert 4 < len(sound.samples) / 16_000 < 20
    assert loudest(from_octets(sound.samples)) == pytest.approx(0.7, abs=0.01)
    assert await speech.say(text, language) is sound


async def test_languages_sound_different_and_the_longest_messages_fit() -> None:
    """Nobody listens longer than half a minute."""
    speech = EspeakSpeech()
    text = built_in("en", MessageType.SUCCESSFUL, application="VPN").text
    assert await speech.say(text, "en") != await speech.say(text, "de")
    for kind in (MessageType.FRAUD_GREETING_PIN, MessageType.EXTENSION_PROMPT):
        for language in LANGUAGES:
            said = built_in(language, kind, application="the warehouse", extension="4711", code="0")
            sound = await speech.say(said.text, language)
            assert len(sound.samples) / 16_000 < 28, (kind, language)


async def test_a_text_is_said_and_never_run(tmp_path: Path) -> None:
    speech = EspeakSpeech()
    marker = tmp_path / "marker"
    for text in (
        f"$(touch {marker})",
        f"; touch {marker}",
        f"-w {marker}",
        "--help",
        "[[h@l'oU]] <b>x</b>",
        "\0",
    ):
        sound = await speech.say(f"Hello {text}", "en")
        assert sound != BEEP
    await speech.say(f"-w{marker}", "en")
    assert not marker.exists()
    assert await speech.say("Hello", f"en -w {marker}") == BEEP
    assert not marker.exists()


async def test_without_an_engine_there_is_a_beep_and_a_warning() -> None:
    speech = EspeakSpeech(program="")
    assert not speech.can_speak
    with capture_logs() as logs:
        assert await speech.say("PIN 4711", "en") == BEEP
    assert [(line["event"], line["log_level"]) for line in logs] == [("speech.beep", "warning")]
    assert "4711" not in str(logs)


@pytest.mark.parametrize(
    "script",
    ["exit 3", "cat >/dev/null", "echo RIFFnonsense", "exec cat /dev/zero", "kill -9 $$", "exec sleep 60"],
)
async def test_an_engine_that_fails_is_a_beep_in_bounded_time(tmp_path: Path, script: str) -> None:
    speech = EspeakSpeech(engine(tmp_path, f"echo $$ > {tmp_path}/pid\n{script}"), seconds=1.0)
    before = time.monotonic()
    assert await speech.say("Hello", "en") == BEEP
    assert time.monotonic() - before < 5
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert await EspeakSpeech(str(tmp_path / "missing")).say("Hello", "en") == BEEP


async def test_an_engine_whose_words_nobody_reads_is_seen_to_end(tmp_path: Path) -> None:
    """Its pipe is full, and so its end is told only after what is in it."""
    program = engine(tmp_path, "exec cat /dev/zero")
    process = await asyncio.create_subprocess_exec(program, stdin=DEVNULL, stdout=PIPE)
    assert process.stdout is not None
    # Nothing but this tells that it is full.
    full = process.stdout
    await until(lambda: full._paused)  # type: ignore[attr-defined] # nothing else tells
    await asyncio.wait_for(_end(process), 10)
    assert process.returncode == -signal.SIGKILL
    assert process.stdout.at_eof(), "its pipe is given back"


async def test_a_call_that_ends_leaves_no_engine_behind(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pid")
    speech = EspeakSpeech(engine(tmp_path, f"echo $$ > {tmp_path}/pid\nexec sleep 60"))
    saying = asyncio.create_task(speech.say("Hello", "en"))
    pid = int(await asyncio.to_thread((tmp_path / "pid").read_text))
    saying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saying
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_what_is_kept_is_bounded() -> None:
    speech = EspeakSpeech()
    first = await speech.say("one", "en")
    for number in range(3):
        speech._keep(("en", str(number)), type(first)(bytes(6 * 1024 * 1024)))
    assert speech._kept_octets <= 16 * 1024 * 1024
    assert ("en", "one") not in speech._kept
