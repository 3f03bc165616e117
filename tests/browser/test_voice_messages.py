"""Voice messages in the console: uploaded, heard in the browser, removed; in both languages."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.browser.scene import Window, enter_console
from tests.houses import TENANT
from vestibule.model.actor import SYSTEM
from vestibule.model.voice_message import MessageType

HEARD = """audio => new Promise((heard, failed) => {
    audio.addEventListener("loadedmetadata", () => heard(audio.duration));
    audio.addEventListener("error", () => failed(new Error(audio.error.message)));
    audio.preload = "metadata";
    audio.load();
})"""


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """An MP3 file of one and a half seconds."""
    wave, made = tmp_path / "goodbye.wav", tmp_path / "goodbye.mp3"
    subprocess.run(["sox", "-n", "-r", "44100", wave, "synth", "1.5", "sin", "440"], check=True, timeout=60)
    subprocess.run(["lame", "--quiet", wave, made], check=True, timeout=60)
    return made


async def test_a_recording_is_uploaded_heard_and_removed(window: Window, tmp_path: Path, song: Path) -> None:
    await enter_console(window)
    await window.press("Voice messages")
    assert "Calls say the built-in texts." in await window.text()

    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"no sound at all")
    await window.page.set_input_files("#field-file", broken)
    await window.press("Add recording")
    assert "neither a WAV nor an MP3 file" in await window.text()

    await window.page.set_input_files("#field-file", song)
    await window.page.select_option("#field-type", "successful")
    await window.page.select_option("#field-language", "de")
    await window.fill(description="take 2")
    await window.press("Add recording")
    assert "take 2" in await window.text()
    await window.shoot("40-voice-messages")
    messages = await window.site.house.services.voice_messages.list(SYSTEM, TENANT)
    assert [(one.type, one.language) for one in messages] == [(MessageType.SUCCESSFUL, "de")]

    # The policy of the page lets its own sound be heard (media-src).
    seconds = await window.page.locator("audio").evaluate(HEARD)
    assert 1.4 < seconds < 1.7

    await window.confirm("Remove")
    assert "The recording is removed." in await window.text()
    await window.press("Deutsch")
    assert "Noch keine Aufnahmen" in await window.text()
    await window.shoot("41-voice-messages-empty")
