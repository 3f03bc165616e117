"""A PostgreSQL server that a test may end and start again as it likes: nobody else is on it.

It is set up against us: its databases answer before a commit is on disk, unless a session asks for better,
and what was not synced by then stays in memory for as long as the server can be made to leave it there.
"""

from __future__ import annotations

from pathlib import Path

from tests.peers.postgres import PostgresServer, _tool
from tests.peers.program import PeerFailed, run

_LAZY = {"synchronous_commit": "off", "wal_writer_delay": "10s", "max_connections": "50"}


class OwnPostgres(PostgresServer):
    """`crash()` is the end without a shutdown; `start_again()` recovers from the log as after a power cut."""

    def crash(self) -> None:
        self._control("stop", "--mode", "immediate")

    def start_again(self) -> None:
        self._control("start", "--log", self.home / "log")

    def _initialize(self, home: Path) -> None:
        super()._initialize(home)
        settings = {**_LAZY, "listen_addresses": "", "unix_socket_directories": str(home)}
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        with (home / "data" / "postgresql.conf").open("a") as file:
            file.writelines(lines)

    def _control(self, *command: object) -> None:
        control = [*self._as_owner(), _tool("pg_ctl"), "--pgdata", self.home / "data"]
        if run([*control, *command, "--wait", "--silent"], with_output=False).returncode != 0:
            raise PeerFailed((self.home / "log").read_text())
