"""The key file: master keys, kept outside the database, readable by their owner alone.

It is text, one key a line: `KEYID MATERIAL` in hexadecimal, the first line is the active key, further
lines are older keys that still open what was sealed under them. Lines that start with # are comments.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from vestibule.crypto.sealing import KEY_BYTES, KEY_ID_BYTES, MasterKey, Sealer, new_master_key

_HEADER = """\
# Vestibule master keys. Whoever has this file and the database can read every sealed secret.
# Keep a copy in a safe place, apart from the copies of the database: without it they are worthless.
"""

_NEXT_STEP = "Put the right one back from its safe copy."


class KeyFileProblem(Exception):
    """The key file cannot be used; says why and what to do."""


def load_sealer(path: Path) -> Sealer:
    """Return a sealer with the keys of the file; raise `KeyFileProblem` if it is not safe or not sound."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise KeyFileProblem(f"There is no key file {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileProblem(f"The key file {path} cannot be read: {error}.") from None
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFileProblem(f"Others can read the key file {path}. Close it with: chmod 600 {path}")
    keys = [_key(path, number, line) for number, line in _lines(text)]
    if not keys:
        raise KeyFileProblem(f"The key file {path} holds no key. {_NEXT_STEP}")
    return Sealer(keys[0], {key.key_id: key for key in keys[1:]})


def make_key_file(path: Path) -> None:
    """Write a new key file with one random key; never overwrites one."""
    key = new_master_key()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{_HEADER}{key.key_id.hex()} {key.material.hex()}\n")
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(OSError):  # some file systems cannot sync a directory
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def _lines(text: str) -> list[tuple[int, str]]:
    numbered = enumerate(text.splitlines(), 1)
    return [(n, line.strip()) for n, line in numbered if line.strip() and not line.startswith("#")]


def _key(path: Path, number: int, line: str) -> MasterKey:
    try:
        key_id, material = (bytes.fromhex(part) for part in line.split())
    except ValueError:
        key_id, material = b"", b""
    if len(key_id) != KEY_ID_BYTES or len(material) != KEY_BYTES:
        expected = f"{2 * KEY_ID_BYTES} and {2 * KEY_BYTES} hexadecimal digits"
        raise KeyFileProblem(f"{path}, line {number}: not a key ({expected} expected). {_NEXT_STEP}")
    return MasterKey(key_id, material)
