"""`vestibule token import`, as it is typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.wire.pskc.pskc_files import KEY, SECRET, base64_of, derived_key_head, protected_file
from vestibule.model.actor import SYSTEM
from vestibule.runtime.build import build
from vestibule.runtime.settings import Loaded, load
from vestibule.wire.oath import encode_base32

BASE32 = encode_base32(SECRET)


class CommandLine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {"VESTIBULE_STATE_DIRECTORY": str(folder / "state")}

    async def set_up(self) -> None:
        loaded = load(None, self.environment)
        assert isinstance(loaded, Loaded)
        house = await build(loaded.settings, migrate=True)
        await house.services.applications.add_tenant(SYSTEM, "acme", "Acme")
        await house.close()

    def bring(self, content: str | bytes, *options: str, language: str = "C") -> tuple[int, str, str]:
        """Return exit status, standard output and standard error."""
        file = self.folder / "tokens"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        done = subprocess.run(
            [Path(sys.executable).with_name("vestibule"), "token", "import", file, *options],
            env={**os.environ, **self.environment, "LC_ALL": language},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        told = done.stdout + done.stderr
        assert "canary" not in told
        assert BASE32 not in told
        assert base64_of(SECRET) not in told
        return done.returncode, done.stdout, done.stderr

    def file(self, name: str, content: str) -> str:
        path = self.folder / name
        path.write_text(content)
        return str(path)


@pytest.fixture
async def command_line(tmp_path: Path) -> CommandLine:
    made = CommandLine(tmp_path)
    await made.set_up()
    return made


async def test_trying_importing_and_repeating(command_line: CommandLine) -> None:
    """S58, S61: the exit status tells whether every row was used; each bad row is named on standard error."""
    content = f"serial,secret,interval\nA1,{BASE32},30\nA2,,30\nA3,{BASE32},31\n"
    status, told, aside = command_line.bring(content, "--dry-run")
    assert status == 1
    assert "nothing was changed" in told
    assert "Line 3, serial A2: The secret is missing." in aside
    assert "Line 4, serial A3: The interval must be 30 or 60 seconds. 31" in aside
    status, told, _ = command_line.bring(content, "--json")
    report = json.loads(told)
    assert (status, report["added"], report["bad"], report["is_dry_run"]) == (1, 1, 2, False)
    assert [one["problem"] for one in report["problems"]] == ["secret_missing", "interval_unsupported"]
    status, told, aside = command_line.bring(
        f"serial,secret,interval\nA1,{BASE32},30\n", language="de_DE.UTF-8"
    )
    assert (status, aside) == (0, "")
    assert "Importiert." in told


async def test_encrypted_files(command_line: CommandLine) -> None:
    """S60: the key and the passphrase come from files, never from an argument."""
    status, told, aside = command_line.bring(protected_file())
    assert (status, told) == (1, "")
    assert "Nothing was imported. The file is encrypted." in aside
    right, wrong = command_line.file("right", KEY.hex()), command_line.file("wrong", bytes(16).hex())
    assert "The key or passphrase is wrong" in command_line.bring(protected_file(), "--key-file", wrong)[2]
    assert command_line.bring(protected_file(), "--key-file", right)[0] == 0
    assert (
        "does not hold an AES key" in command_line.bring("", "--key-file", command_line.file("no", "xyz"))[2]
    )
    derived = protected_file(head=derived_key_head())
    passphrase = command_line.file("passphrase", "canary phrase\n")
    status, _, aside = command_line.bring(derived, "--passphrase-file", passphrase)
    assert status == 1
    assert "The key or passphrase is wrong" in aside


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no rows"),
        ("serial,secret\n", "A column is missing"),
        ("<!DOCTYPE x><KeyContainer/>", "document type"),
        ("<KeyContainer/>", "not a PSKC file"),
    ],
)
async def test_files_of_no_use(command_line: CommandLine, content: str, words: str) -> None:
    status, told, aside = command_line.bring(content)
    assert (status, told) == (1, "")
    assert words in aside
