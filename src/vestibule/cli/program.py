"""How this program is called from where the person stands, so that a command on the screen can be typed.

From a clone it is `.venv/bin/vestibule`, from a package `vestibule`. Nothing here runs anything.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import sysconfig
from pathlib import Path

_NAME = "vestibule"
_WHERE_THE_STATE_IS = ("VESTIBULE_CONFIG", "VESTIBULE_STATE_DIRECTORY", "VESTIBULE_KEY_FILE")


def program() -> str:
    """Return the words that start this very program from the current folder."""
    file = _own_file()
    if file is None:
        return f"{shlex.quote(sys.executable)} -m vestibule.cli"
    found = shutil.which(_NAME)
    if found is not None and _is_same(Path(found), file):
        return _NAME
    folder = Path.cwd()
    if not file.is_relative_to(folder):
        return shlex.quote(str(file))
    near = file.relative_to(folder)
    # A name without a slash would be looked for on PATH.
    return shlex.quote(str(near) if len(near.parts) > 1 else f"./{near}")


def command(words: str, *, tenant: str | None = None, config: Path | None = None) -> str:
    """Return a whole command, such as `.venv/bin/vestibule user list --tenant acme`."""
    parts = [program(), words]
    if tenant is not None:
        parts.append(f"--tenant {shlex.quote(tenant)}")
    if config is not None:
        parts.append(f"--config {shlex.quote(str(config))}")
    return " ".join(parts)


def command_elsewhere(words: str, *, config: Path | None = None) -> str:
    """Return a whole command for another terminal, which has none of the variables of this one.

    Only those that say where the state is; the address of a database may hold a password.
    """
    values = ((name, os.environ.get(name, "")) for name in _WHERE_THE_STATE_IS)
    assignments = [f"{name}={shlex.quote(value)}" for name, value in values if value]
    return " ".join([*assignments, command(words, config=config)])


def _own_file() -> Path | None:
    """Return the script that was started, or the one that belongs to this Python; None if there is none."""
    started = Path(sys.argv[0]).absolute() if sys.argv and sys.argv[0] else None
    installed = Path(sysconfig.get_path("scripts"), _NAME)
    for file in (started, installed):
        if file is not None and file.name == _NAME and file.is_file() and os.access(file, os.X_OK):
            return Path(os.path.normpath(file))
    return None


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
