"""Voice messages through the real program."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.integration.cli.conftest import CommandLine
from vestibule.wire.sound import read_wav, write_wav


def record(folder: Path, name: str, *options: str) -> Path:
    """Make a sound file with sox."""
    path = folder / name
    subprocess.run(
        ["sox", "-n", "-r", "44100", *options, str(path), "synth", "1", "sin", "440"], check=True, timeout=60
    )
    return path


def test_a_recording_is_added_played_replaced_and_removed(cli: CommandLine, tmp_path: Path) -> None:
    greeting = record(tmp_path, "greeting.wav", "-b", "24", "-c", "2")
    cli.out("application", "add", "Voice VPN")
    words = ("--type", "greeting-pin", "--language", "de", "--application", "voice vpn")
    first = cli.json("voice-message", "add", str(greeting), *words, "--description", "take 1")
    assert (first["type"], first["language"], first["milliseconds"]) == ("greeting_pin", "de", 1000)
    second = cli.json("voice-message", "add", str(greeting), *words)
    assert second["id"] != first["id"]
    assert [one["id"] for one in cli.json("voice-message", "list")] == [second["id"]]
    listed = cli.out("voice-message", "list")
    assert "Greeting (PIN)" in listed
    assert "Voice VPN" in listed

    cli.out("voice-message", "play", second["id"][:12], str(tmp_path / "heard.wav"))
    heard = read_wav((tmp_path / "heard.wav").read_bytes())
    assert (heard.rate, len(heard.samples)) == (8000, 8000)
    assert "File exists" in cli.refused("voice-message", "play", second["id"], str(tmp_path / "heard.wav"))
    assert "take 1" not in listed
    assert "no voice message" in cli.refused("voice-message", "remove", first["id"], "--yes")
    assert "is removed" in cli.out("voice-message", "remove", second["id"], "--yes")
    assert json.loads(cli.out("voice-message", "list", "--json")) == []


def test_what_cannot_be_used_says_why(cli: CommandLine, tmp_path: Path) -> None:
    words = ("--type", "denied", "--language", "en")
    assert "No such file" in cli.refused("voice-message", "add", str(tmp_path / "none.wav"), *words)
    (tmp_path / "text.wav").write_text("hello")
    assert "neither a WAV nor an MP3" in cli.refused(
        "voice-message", "add", str(tmp_path / "text.wav"), *words
    )
    (tmp_path / "long.wav").write_bytes(write_wav(bytes(2 * 8000 * 61)))
    assert "longer than 60 seconds" in cli.refused("voice-message", "add", str(tmp_path / "long.wav"), *words)
    fine = record(tmp_path, "fine.wav")
    unknown = cli.refused("voice-message", "add", str(fine), *words, "--application", "nobody")
    assert "no application" in unknown
