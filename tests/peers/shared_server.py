"""A server that takes long to make, and that all processes of a test run share."""

from __future__ import annotations

import fcntl
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from tests.peers.program import find_program, run

_LONGEST_PLACE = 60
_KEEPER = Path(__file__).with_name("keeper.py")


class SharedServer(ABC):
    """One server in a temporary folder. `start()` finds it running when another process was first."""

    label: ClassVar[str]

    def __init__(self, folder: Path, *, lives_with: int) -> None:
        """`folder` holds the note by which the processes of a run find the server.

        `lives_with` is the process at whose end the server stops.
        """
        self.note = folder / self.label
        self._lock = folder / f"{self.label}.lock"
        self._lives_with = lives_with
        self.home = Path()

    def start(self) -> None:
        with self.turn():
            if not self.note.exists():
                # Near the root: the path of a socket is 107 bytes at most.
                near = tempfile.gettempdir()
                place = near if len(near) < _LONGEST_PLACE else "/tmp"
                home = Path(tempfile.mkdtemp(prefix=f"{self.label}-", dir=place))
                stop = self.serve(home)
                keeper = [sys.executable, _KEEPER, self._lives_with, home, *stop]
                run([find_program("setsid"), "--fork", *keeper], with_output=False)
                self.note.write_text(str(home))
            self.home = Path(self.note.read_text())

    @abstractmethod
    def serve(self, home: Path) -> Sequence[object]:
        """Make the server in `home` and start it; return the command that stops it. Raises PeerFailed."""

    @contextmanager
    def turn(self) -> Iterator[None]:
        """While one process is in here, no other is."""
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
