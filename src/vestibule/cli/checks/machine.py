"""The machine: folder, disk, key file, clock, chance, and the algorithms that the protocols need."""

from __future__ import annotations

import asyncio
import ctypes
import hashlib
import os
import shutil
import stat
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from vestibule.cli.checks.findings import Finding, Installation, note, ok, problem, warning

MIB: Final = 1024 * 1024
_LEAST_FREE: Final = 100 * MIB
_COMFORTABLE: Final = 1024 * MIB
EARLIEST: Final = datetime(2026, 11, 1, tzinfo=UTC)
"""A clock before this day is wrong: this program did not exist yet."""
_SLOW_HASH_MS: Final = 500
_FORGETFUL: Final = frozenset({"tmpfs", "ramfs", "overlay"})
_REMOTE: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "ceph"})
_TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronized


async def folder(at: Installation) -> list[Finding]:
    """The state directory: there, private, on a disk that keeps what it is given."""
    path = at.settings.state_directory
    if not path.is_dir():
        return [problem("folder", "folder.missing", path=str(path), command=at.command("run --no-demo"))]
    found = []
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        found.append(warning("folder", "folder.open", path=str(path)))
    kind = file_system(path)
    if kind in _FORGETFUL:
        found.append(warning("folder", "folder.forgetful", path=str(path), kind=kind))
    elif kind in _REMOTE and at.settings.database_url.reveal().startswith("sqlite:"):
        found.append(warning("folder", "folder.remote", path=str(path), kind=kind))
    if not os.access(path, os.W_OK | os.X_OK):
        found.append(problem("folder", "folder.not_ours", path=str(path)))
    return found or [ok("folder", "folder.fine", path=str(path))]


async def disk(at: Installation) -> list[Finding]:
    """Free space: without it no decision can be written, so nobody gets in."""
    path = at.settings.state_directory
    if not path.is_dir():
        return []
    usage = shutil.disk_usage(path)
    told: dict[str, str | int] = {"free": usage.free // MIB, "path": str(path)}
    if usage.free < _LEAST_FREE:
        return [problem("disk", "disk.full", **told)]
    if usage.free < _COMFORTABLE:
        return [warning("disk", "disk.little", **told)]
    return [ok("disk", "disk.fine", **told)]


async def key_file(at: Installation) -> list[Finding]:
    """The master keys: there, readable by the owner alone, well-formed."""
    from vestibule.runtime.key_file import KeyFileProblem, load_sealer

    path = at.settings.key_file
    if not path.exists():
        return [problem("key", "key.missing", path=str(path), command=at.command("run --no-demo"))]
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return [problem("key", "key.open", path=str(path))]
    try:
        load_sealer(path)
    except KeyFileProblem as reason:
        return [problem("key", "key.unusable", reason=str(reason))]
    return [ok("key", "key.fine", path=str(path))]


async def clock(_at: Installation) -> list[Finding]:
    """The clock, on which every time-based passcode depends."""
    now = datetime.now(UTC)
    shown = now.astimezone().isoformat(" ", "seconds")
    if now < EARLIEST:
        return [problem("clock", "clock.past", now=shown)]
    if not is_clock_synchronized():
        return [note("clock", "clock.alone", now=shown)]
    return [ok("clock", "clock.fine", now=shown)]


async def chance(_at: Installation) -> list[Finding]:
    """The kernel's random source: seeded, so that secrets are not guessed."""
    try:
        os.getrandom(16, os.GRND_NONBLOCK)
    except BlockingIOError:
        return [problem("chance", "chance.empty")]
    except (AttributeError, OSError):
        return [note("chance", "chance.unknown")]
    return [ok("chance", "chance.fine")]


async def passwords(_at: Installation) -> list[Finding]:
    """How long a password takes to be checked: slow on purpose, but not too slow."""
    from vestibule.crypto.passwords import hash_password

    began = time.perf_counter()
    await asyncio.to_thread(hash_password, "not anybody's password")
    milliseconds = max(1, round((time.perf_counter() - began) * 1000))
    if milliseconds > _SLOW_HASH_MS:
        return [warning("passwords", "passwords.slow", milliseconds=milliseconds)]
    return [ok("passwords", "passwords.fine", milliseconds=milliseconds)]


async def md5(at: Installation) -> list[Finding]:
    """MD5, of which RADIUS over UDP is made (RFC 2865 §3) and which some systems refuse."""
    if not at.settings.radius.listen:
        return []
    try:
        hashlib.md5(b"", usedforsecurity=False)
    except ValueError:
        return [warning("md5", "md5.refused")]
    return [ok("md5", "md5.fine")]


async def speech(_at: Installation) -> list[Finding]:
    """The engine that speaks in calls, a program of its own."""
    from vestibule.runtime.speech import PROGRAM

    found = shutil.which(PROGRAM)
    if found is None:
        return [note("speech", "speech.missing", program=PROGRAM)]
    return [ok("speech", "speech.fine", path=found)]


def file_system(path: Path, mounts: str | None = None) -> str:
    """Return the kind of file system that holds `path`, empty if the system does not tell."""
    try:
        table = Path("/proc/self/mounts").read_text("utf-8", "replace") if mounts is None else mounts
    except OSError:
        return ""
    resolved = path.resolve()
    best, kind = -1, ""
    for line in table.splitlines():
        fields = line.split(" ")
        point = Path(fields[1].replace("\\040", " "))
        # The last of two mounts on one point hides the first.
        if resolved.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), fields[2]
    return kind


def is_clock_synchronized() -> bool:
    """Tell whether the kernel knows of something that keeps its clock right (adjtimex)."""
    try:
        adjust = ctypes.CDLL(None, use_errno=True).adjtimex
    except (AttributeError, OSError):
        return False
    # Only asked: with all modes zero nothing is set. The structure has 208 octets on 64-bit Linux.
    state = int(adjust(ctypes.create_string_buffer(512)))
    return 0 <= state != _TIME_ERROR
