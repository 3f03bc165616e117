"""A Vestibule of its own process and state, started the way an administrator starts it.

`ServerProcess` is `vestibule serve` or `vestibule run` with a folder of its own; it dies with the process
that started it. What lives in its database is `tests/installations.py`.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from tests.peers.ports import free_port
from tests.peers.program import PeerFailed, Program
from vestibule.runtime.settings import Loaded, Settings, load

_START_SECONDS = 30.0


class ServerProcess:
    """`start()` returns when every door is open. It may be started again after `stop()` or `kill()`."""

    def __init__(
        self,
        folder: Path,
        database_url: str | None = None,
        *,
        wrapper: Sequence[object] = (),
        **settings: str,
    ) -> None:
        """`folder` is the state directory; the program makes it. `settings` are by the names of variables:
        `log_level="debug"` is VESTIBULE_LOG_LEVEL.

        `wrapper` is a command that ends by executing the one it is given, so that both are one process.
        """
        self.state_directory = folder
        self.radius_port, self.http_port = free_port(), free_port()
        self.environment = {
            "VESTIBULE_STATE_DIRECTORY": str(folder),
            "VESTIBULE_RADIUS_LISTEN": f"127.0.0.1:{self.radius_port}",
            "VESTIBULE_HTTP_LISTEN": f"127.0.0.1:{self.http_port}",
        }
        if database_url is not None:
            self.environment["VESTIBULE_DATABASE_URL"] = database_url
        self.environment |= {f"VESTIBULE_{name.upper()}": value for name, value in settings.items()}
        self._wrapper = wrapper
        self._program: Program | None = None

    # --- life ---------------------------------------------------------------------------------------

    def launch(self, *command: str, environment: Mapping[str, str] | None = None) -> Program:
        """Start the program, `serve` unless told otherwise, and wait for nothing."""
        self.state_directory.parent.mkdir(parents=True, exist_ok=True)
        self._program = Program(
            [*self._wrapper, Path(sys.executable).with_name("vestibule"), *(command or ("serve",))],
            environment={**surroundings(), **self.environment, **(environment or {})},
            folder=self.state_directory.parent,
        )
        return self._program

    def start(self, *command: str) -> float:
        """Start, wait until the process says that each door is open, and return the seconds that took."""
        began = time.perf_counter()
        program = self.launch(*command)
        for door in ("http", "radius"):
            program.wait_for(f"listening.*{door}", seconds=_START_SECONDS)
        return time.perf_counter() - began

    def start_until_answered(self, probe: bytes, extra: Mapping[str, str] | None = None) -> float:
        """Start, and return the seconds until `probe`, a RADIUS request, has its first answer."""
        began = time.perf_counter()
        program = self.launch(environment=extra)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.settimeout(0.01)
            peer.connect(self.radius_address)
            while time.perf_counter() - began < _START_SECONDS and program.is_running:
                try:
                    peer.send(probe)
                    peer.recv(4096)
                except OSError:
                    continue
                return time.perf_counter() - began
        raise PeerFailed("no answer to the first request:\n" + program.output)

    def fail(self, *command: str) -> str:
        """Run a command that ends by itself without success, and return what it said."""
        self.launch(*command)
        assert self.await_end() != 0, self.output
        return self.output

    def await_end(self) -> int:
        """Wait until the process has ended of its own accord, and return its exit status."""
        self.program.process.wait(_START_SECONDS)
        return self.program.stop()

    def stop(self) -> int:
        """Ask it to stop as a service manager does, and return its exit status."""
        return 0 if self._program is None else self._program.stop(seconds=20)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._program is not None:
            self._program.kill()

    # --- what can be seen from outside ----------------------------------------------------------------

    @property
    def program(self) -> Program:
        assert self._program is not None, "the server has not been started"
        return self._program

    @property
    def pid(self) -> int:
        return self.program.process.pid

    @property
    def output(self) -> str:
        return self.program.output

    @property
    def radius_address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.radius_port)

    @property
    def http_address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.http_port)

    @property
    def settings(self) -> Settings:
        loaded = load(None, self.environment)
        assert isinstance(loaded, Loaded), loaded
        return loaded.settings

    def http(self, api_key: str | None = None) -> httpx.Client:
        """Return a client of its HTTP door; the caller closes it."""
        headers = {} if api_key is None else {"authorization": f"Bearer {api_key}"}
        url = f"http://127.0.0.1:{self.http_port}"
        return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)

    def resident_mib(self) -> float:
        """Return the resident memory of the process now, in MiB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise PeerFailed("the process is gone:\n" + self.output)

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def surroundings() -> dict[str, str]:
    """The environment of this process without anything that is meant for a Vestibule, speaking English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VESTIBULE_")}
    return kept | {"LC_ALL": "C.UTF-8"}
