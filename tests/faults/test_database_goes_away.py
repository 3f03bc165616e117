"""The database goes away and comes back: meanwhile nothing is decided, afterwards everything is as it was.

SQLite loses its disk in two ways: the disk is full, or it refuses to write. PostgreSQL ends in mid-flight.
"""

from __future__ import annotations

import errno
import os
import resource
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from time import monotonic

import pytest

from tests.callers import (
    ACCESS_ACCEPT,
    ACCESS_REJECT,
    access_request,
    ask,
    insist,
    proven_code,
    radius_socket,
)
from tests.faults.own_postgres import OwnPostgres
from tests.installations import Installation, Token, attempts, furnish
from tests.peers.program import find_program
from tests.server_fixtures import MakeServer
from tests.servers import ServerProcess

SILENCE_SECONDS = 0.5
RECOVERY_SECONDS = 20.0
PEOPLE = 3


class Visitor:
    """Somebody who tries every door of a server."""

    def __init__(self, server: ServerProcess, installation: Installation) -> None:
        self.server = server
        self.installation = installation
        self.http = server.http(installation.api_key)
        self.radius = radius_socket(server.radius_address, SILENCE_SECONDS)
        self._numbers = count()

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.radius.close()

    def request(self, person: Token, passcode: str) -> bytes:
        secret = self.installation.shared_secret
        return access_request(secret, next(self._numbers) % 256, person.username, passcode)

    def sign_in(self, person: Token, passcode: str) -> int:
        """Sign in over RADIUS, asking again while there is silence."""
        request = self.request(person, passcode)
        return proven_code(insist(self.radius, request), request, self.installation.shared_secret)

    def is_ready(self) -> bool:
        answer = self.http.get("/ready")
        assert answer.status_code in {200, 503}
        return answer.status_code == 200

    def await_readiness(self, *, is_ready: bool) -> float:
        """Ask until the server says that it is ready, or that it is not; return the seconds that took."""
        began = monotonic()
        while self.is_ready() is not is_ready:
            assert monotonic() - began < RECOVERY_SECONDS, self.server.output
        return monotonic() - began

    def finds_all_doors_shut(self, person: Token) -> None:
        """RADIUS is silent, HTTP says 503, and the process lives."""
        passcode = person.press()
        assert ask(self.radius, self.request(person, passcode)) is None
        body = {"username": person.username, "passcode": passcode}
        refused = self.http.post("/api/v1/check", json=body)
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["code"] == "unavailable"
        assert self.http.get("/health").status_code == 200
        self.await_readiness(is_ready=False)


def survives(visitor: Visitor, lose: Callable[[], object], bring_back: Callable[[], object]) -> None:
    """The whole story: doors open, database gone, doors shut, database back, doors open."""
    people = visitor.installation.people
    assert visitor.is_ready()
    used = people[0].press()
    assert visitor.sign_in(people[0], used) == ACCESS_ACCEPT
    lose()
    visitor.finds_all_doors_shut(people[1])
    bring_back()
    visitor.await_readiness(is_ready=True)
    assert visitor.sign_in(people[0], used) == ACCESS_REJECT
    for person in people:
        assert visitor.sign_in(person, person.press()) == ACCESS_ACCEPT
    with visitor.server.http(visitor.installation.admin_key) as administrator:
        recorded = Counter(attempt.reason for attempt in attempts(administrator))
    assert recorded == {"passcode_verified": 1 + len(people), "passcode_replayed": 1}
    assert visitor.server.stop() == 0


# --- SQLite -------------------------------------------------------------------------------------------


def on_a_small_disk(disk: Path, database: Path) -> list[object]:
    """Return a wrapper that gives its command, and nobody else, a disk of 4 MiB with a copy of `database`."""
    script = f'mount -t tmpfs -o size=4m,mode=700 none "{disk}" && cp "{database}" "{disk}/" && exec "$@"'
    rights = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    unshare = [find_program("unshare"), *rights, "--mount", "--propagation", "private"]
    return [*unshare, "sh", "-c", script, "sh"]


def test_a_full_disk(make_server: MakeServer, tmp_path: Path) -> None:
    """DB-10, DB-11, I8, I12, G17: nothing is decided while it is full; service returns by itself."""
    furnished = make_server("furnished")
    installation = furnish(furnished.settings, PEOPLE)
    disk = tmp_path / "disk"
    disk.mkdir()
    server = make_server(
        "state",
        f"sqlite:///{disk}/vestibule.db",
        wrapper=on_a_small_disk(disk, furnished.state_directory / "vestibule.db"),
        key_file=str(furnished.state_directory / "master.key"),
    )
    server.start()
    filler = Path(f"/proc/{server.pid}/root{disk}/something else")

    with Visitor(server, installation) as visitor:
        survives(visitor, lambda: fill(filler), filler.unlink)


def fill(filler: Path) -> None:
    """Write a file until there is no room for another octet."""
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(512))
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017 - what ends the loop is what is wanted


def test_a_disk_that_refuses_to_write(make_server: MakeServer) -> None:
    """DB-10, I8, I12: the same for an error that is no lack of room."""
    server = make_server()
    installation = furnish(server.settings, PEOPLE)
    server.start()
    kept = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)

    def refuse() -> None:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (0, kept[1]))

    def allow() -> None:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, kept)

    with Visitor(server, installation) as visitor:
        survives(visitor, refuse, allow)


# --- PostgreSQL ---------------------------------------------------------------------------------------


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[OwnPostgres]:
    postgres = OwnPostgres(tmp_path, lives_with=os.getpid())
    postgres.start()
    yield postgres
    postgres.crash()


def test_a_database_server_that_crashes(make_server: MakeServer, own_postgres: OwnPostgres) -> None:
    """DB-01, DB-02, I8, I12: what was accepted survives the crash, on a server that loses what nobody asked
    it to keep; the program asks, whatever the server's settings say.
    """
    loses_what_nobody_asks_it_to_keep(own_postgres)
    server = make_server("state", own_postgres.create("vestibule"))
    installation = furnish(server.settings, PEOPLE)
    server.start()
    with Visitor(server, installation) as visitor:
        survives(visitor, own_postgres.crash, own_postgres.start_again)
    assert own_postgres.query("show fsync") == "on"


def loses_what_nobody_asks_it_to_keep(postgres: OwnPostgres) -> None:
    """The control: without this, surviving a crash would prove nothing."""
    postgres.query("create table control (line text)")
    postgres.query("checkpoint")
    postgres.query("insert into control values ('nobody asked')")
    assert postgres.query("select count(*) from control") == "1"
    postgres.crash()
    postgres.start_again()
    assert postgres.query("select count(*) from control") == "0"
