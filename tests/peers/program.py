"""A program that runs beside a test, and the words it says when it is ready.

Nothing here polls with pauses: a program is ready when it says so. Whatever way the test ends, a kill
included, the kernel ends the program with it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic

DEBIAN_SYSTEM_FOLDERS = "/usr/sbin:/sbin:/usr/local/sbin"


class PeerFailed(Exception):
    """A program could not be started, or ended too early. Carries what it printed last."""


def find_program(name: str) -> str:
    """Return the path of a program; raises PeerFailed with the way to get it.

    Servers live in folders that an ordinary user's PATH leaves out.
    """
    found = shutil.which(name) or shutil.which(name, path=DEBIAN_SYSTEM_FOLDERS)
    if found is None:
        raise PeerFailed(f"{name} is not installed: run tools/install-debian-packages")
    return found


class Program:
    """A child process whose output is kept, line by line."""

    def __init__(
        self,
        command: Sequence[object],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        is_typed_to: bool = False,
    ) -> None:
        """`is_typed_to`: it reads what `type` writes; else it has no input."""
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._at_end = False
        # prctl(PR_SET_PDEATHSIG) in the shape of a program: no code runs between fork and exec.
        guard = [find_program("setpriv"), "--pdeathsig=TERM", "--"]
        self.process = subprocess.Popen(
            [*guard, *map(str, command)],
            stdin=subprocess.PIPE if is_typed_to else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            cwd=folder,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, name=f"output of {command[0]}", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._at_end = True
            self._news.notify_all()

    def wait_for(self, pattern: str, *, seconds: float = 20, after: int = 0) -> re.Match[str]:
        """Wait until a line, from line `after` on, matches; raises PeerFailed at the end of output or time.

        `after=len(program.lines)` waits for what is said from now on.
        """
        seen = after
        deadline = monotonic() + seconds
        with self._news:
            while True:
                for line in self.lines[seen:]:
                    if found := re.search(pattern, line):
                        return found
                seen = len(self.lines)
                left = deadline - monotonic()
                if self._at_end or left <= 0:
                    raise PeerFailed(self._complaint(pattern))
                self._news.wait(left)

    def type(self, *lines: str) -> None:
        """Write lines to its input."""
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{line}\n" for line in lines))
        self.process.stdin.flush()

    def _complaint(self, pattern: str) -> str:
        why = "ended" if self._at_end else "took too long"
        return f"{why} before saying {pattern!r}; last lines:\n" + "\n".join(self.lines[-30:])

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def wait(self, *, seconds: float = 60) -> int:
        """Type nothing more, wait until the program ends by itself, and return its exit status."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        return self._wait(seconds)

    def stop(self, *, seconds: float = 10) -> int:
        """End the program, by force when it does not listen, and return its exit status."""
        if self.is_running:
            self.process.terminate()
        return self._wait(seconds)

    def kill(self) -> int:
        """End the program at once, as a power cut would."""
        if self.is_running:
            self.process.kill()
        return self._wait(10)

    def _wait(self, seconds: float) -> int:
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self._reader.join(seconds)
        if self.process.stdin is not None:
            self.process.stdin.close()
        if self.process.stdout is not None and not self._reader.is_alive():
            self.process.stdout.close()
        return status


def run(
    command: Sequence[object],
    *,
    text: str | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float = 60,
    with_output: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run a short command to its end, give it `text` on standard input; the caller judges its exit status.

    A command that leaves a server behind must be run without output: the server would keep the pipe open.
    """
    output = subprocess.PIPE if with_output else subprocess.DEVNULL
    return subprocess.run(
        [str(part) for part in command],
        input=text or "",
        stdout=output,
        stderr=output,
        text=True,
        env=None if environment is None else dict(environment),
        timeout=seconds,
        check=False,
    )


def run_well(command: Sequence[object], *, text: str | None = None, seconds: float = 60) -> str:
    """Run a short command that must succeed, and return what it printed; raises PeerFailed."""
    done = run(command, text=text, seconds=seconds)
    if done.returncode != 0:
        raise PeerFailed(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
