"""A PostgreSQL server for a test run, shared by all its processes; a database of its own for each test.

The server syncs to disk as in production: what the tests prove about durability must be proved here. It
listens on a Unix socket in a folder that only its owner and root can enter, so its databases need no
password.
"""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Callable
from itertools import chain
from pathlib import Path

from tests.peers.program import PeerFailed, find_program, run, run_well
from tests.peers.shared_server import SharedServer

_PROGRAMS = "/usr/lib/postgresql"
_OWNER = "postgres"
_DISCONNECT = """
    select pg_terminate_backend(pid, 10000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""
_EMPTY = """
    do $$ declare name text; begin
        set local session_replication_role = replica;
        for name in select tablename from pg_tables where schemaname = 'public'
                       and tablename not in ('schema_revision', 'installation') loop
            execute format('delete from %I', name);
        end loop;
        update installation set generation = 0;
    end $$
"""


class PostgresServer(SharedServer):
    """One server in a temporary folder."""

    label = "postgres"

    def serve(self, home: Path) -> list[object]:
        self._initialize(home)
        control: list[object] = [*self._as_owner(), _tool("pg_ctl"), "--pgdata", home / "data"]
        settings = {"listen_addresses": "", "unix_socket_directories": home, "max_connections": 200}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        start = [*control, "start", "--wait", "--silent", "--log", home / "log", "--options", options]
        if run(start, with_output=False).returncode != 0:
            raise PeerFailed((home / "log").read_text())
        return [*control, "stop", "--silent", "--mode", "immediate"]

    def url(self, database: str) -> str:
        return f"postgresql://{_user()}@/{database}?host={self.home}"

    def create(self, name: str, *, template: str = "template0") -> str:
        """Create a database as a copy of a template that nobody is connected to, and return its URL."""
        run_well([*self._as_owner(), _tool("createdb"), "-h", self.home, "-T", template, name])
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database, and with it whoever is still connected."""
        run_well([*self._as_owner(), _tool("dropdb"), "-h", self.home, "--if-exists", "--force", name])

    def empty(self, name: str) -> None:
        """Delete what is in the tables of a database, and disconnect whoever is still there.

        Creating and dropping a database make the server write all it has to disk; this does not.
        """
        self.query(_DISCONNECT, _EMPTY, database=name)

    def template(self, name: str, prepare: Callable[[str], None]) -> str:
        """Make the database `name` once per run with `prepare(url)`, and return its name for `create`."""
        with self.turn():
            made = self.note.with_name(f"postgres-template-{name}")
            if not made.exists():
                self.drop(name)
                prepare(self.create(name))
                made.touch()
        return name

    def query(self, *statements: str, database: str = "postgres") -> str:
        """Run SQL through psql and return its bare output; for a look from outside, not for speed."""
        psql = [*self._as_owner(), _tool("psql"), "-h", self.home, "-qAtX", "-v", "ON_ERROR_STOP=1"]
        return run_well([*psql, *chain(*(("-c", sql) for sql in statements)), database]).strip()

    def _initialize(self, home: Path) -> None:
        home.chmod(0o700)
        if os.geteuid() == 0:
            shutil.chown(home, _OWNER)
        options = ["--username", _user(), "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        run_well([*self._as_owner(), _tool("initdb"), "--pgdata", home / "data", *options])

    @staticmethod
    def _as_owner() -> list[str]:
        """PostgreSQL refuses to run as root, so root hands it to the account that its package made."""
        if os.geteuid() != 0:
            return []
        return [find_program("setpriv"), f"--reuid={_OWNER}", f"--regid={_OWNER}", "--init-groups", "--"]


def _user() -> str:
    return _OWNER if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def _tool(name: str) -> str:
    """Debian keeps the tools of each version apart, most of them outside the PATH; the newest wins."""
    versions = sorted(Path(_PROGRAMS).glob(f"[0-9]*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    return str(versions[-1]) if versions else find_program(name)
