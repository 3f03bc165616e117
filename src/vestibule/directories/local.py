"""Passwords that Vestibule keeps itself, as argon2id hashes.

Checking one is slow on purpose, so it never happens on the event loop, only so many at a time, and with
only so many waiting: whoever comes then is told `unavailable` at once. The hash of nobody's password is
checked for people who have none, so that the time does not tell who exists.

Must never hash a password longer than allowed: hashing would be a weapon against us.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from vestibule.crypto.passwords import DUMMY_HASH, MAX_PASSWORD_BYTES, verify_password
from vestibule.crypto.secret import Secret
from vestibule.interfaces.directory import DirectoryEntry, PasswordVerdict, PasswordVerdictKind
from vestibule.model.user import User

_MAX_WORKERS = 4
# About half a second of waiting at 20 ms each: a client that waits longer has given up.
_WAITING_PER_WORKER = 24

_MISMATCH = PasswordVerdict(PasswordVerdictKind.MISMATCH, detail="local.verdict.wrong_password")
_OVERLOADED = PasswordVerdict(PasswordVerdictKind.UNAVAILABLE, detail="local.trouble.overloaded")


class LocalDirectory:
    """Implements `Directory` over the hash in the user's own record."""

    def __init__(self, workers: int | None = None, waiting: int | None = None) -> None:
        """`workers` threads hash; `waiting` more checks may stand in line."""
        count = workers or min(_MAX_WORKERS, os.cpu_count() or 1)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="password")
        in_line = _WAITING_PER_WORKER * count if waiting is None else waiting
        self._places = threading.BoundedSemaphore(count + in_line)

    async def check_password(
        self, user: User | None, claimed_username: str, password: Secret[str]
    ) -> PasswordVerdict:
        """Tell whether `password` is the user's; the name plays no part. `detail` is a catalog key."""
        if not _is_acceptable(password):
            return _MISMATCH
        encoded = user.password_hash if user is not None else ""
        is_right = await self._verify(encoded or DUMMY_HASH, password)
        if is_right is None:
            return _OVERLOADED
        # The dummy's own password is nobody's, even if someone found it.
        if not is_right or not encoded:
            return _MISMATCH
        return PasswordVerdict(PasswordVerdictKind.MATCH)

    async def find(self, name: str) -> DirectoryEntry | None:
        """Return None: who has a local password is in our own records already."""
        return None

    async def close(self) -> None:
        """Give back the threads when the checks that wait are done; whoever comes later is turned away."""
        self._threads.shutdown(wait=False)

    async def _verify(self, encoded: str, password: Secret[str]) -> bool | None:
        """Return whether the password has the hash, or None when too many wait or nobody hashes any more."""
        if not self._places.acquire(blocking=False):
            return None
        try:
            future = self._threads.submit(verify_password, encoded, password.reveal())
        except RuntimeError:  # closed
            self._places.release()
            return None
        # A check whose caller has gone still takes its thread, so its place is free only when it ends.
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)


def _is_acceptable(password: Secret[str]) -> bool:
    text = password.reveal()
    if not text or len(text) > MAX_PASSWORD_BYTES:
        return False
    try:
        return len(text.encode()) <= MAX_PASSWORD_BYTES
    except UnicodeEncodeError:
        return False


class LocalKind:
    """Implements `DirectoryKind`; there is nothing to set."""

    name = "local"

    def open(self, settings: Mapping[str, Any], secret: Secret[str]) -> LocalDirectory:
        """Return the directory; raises ValueError for any setting."""
        for name in settings:
            raise ValueError(f"{name}: there is no such setting")
        return LocalDirectory()


DIRECTORY = LocalKind()
