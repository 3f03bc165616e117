"""A PostgreSQL server whose databases stay where they are when it stops."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from tests.peers.postgres import PostgresServer, _tool
from tests.peers.program import PeerFailed, run

# For a load that is made again if the machine stops.
HASTE = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
}
_SECONDS = 600
"""How long stopping may take: all that was loaded is written then."""


class LastingPostgres(PostgresServer):
    """`start` with `HASTE` loads; without it measures, with the settings that the server comes with."""

    def __init__(self, home: Path) -> None:
        """`home` is a folder that the account of the server can enter."""
        super().__init__(home, lives_with=os.getpid())
        self.home = home

    def start(self, settings: dict[str, str] | None = None) -> None:
        """Start, or start again, with these settings beside those that it needs."""
        if not (self.home / "data").exists():
            self.home.mkdir(parents=True)
            self._initialize(self.home)
        own = {"listen_addresses": "", "unix_socket_directories": self.home}
        options = " ".join(f"-c {name}='{value}'" for name, value in (own | (settings or {})).items())
        self._control("restart", "--log", self.home / "log", "--options", options)

    def stop(self) -> None:
        self._control("stop")

    def cpu_seconds(self) -> float:
        """Return the processor time of all its processes that are there."""
        head = int((self.home / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{head}/task/{head}/children").read_text().split()
        ticks = 0
        for process in children:
            with suppress(FileNotFoundError):  # it has ended meanwhile
                fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def _control(self, *command: object) -> None:
        control = [*self._as_owner(), _tool("pg_ctl"), "--pgdata", self.home / "data"]
        done = run(
            [*control, *command, "--mode", "fast", "--wait", "--silent", "--timeout", _SECONDS],
            seconds=_SECONDS,
            with_output=False,
        )
        if done.returncode != 0:
            raise PeerFailed((self.home / "log").read_text()[-2000:])
