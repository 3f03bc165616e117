"""Known secrets go in through every door, rightly, wrongly and broken, at log level debug; none comes out.

Not in the log, not on the screen, not in the database or its journal, not in a file beside it, not in the
list of processes, and not in what an administrator is shown a second time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests.integration.secrets.hunt import Cage
from tests.integration.secrets.scene import (
    WRONG_PASSCODE,
    Scene,
    fill_through_the_api,
    furnish_with_canaries,
    meet_an_unexpected_error,
    sign_in_at_the_portal,
    sign_in_by_api,
    sign_in_by_radius,
)
from tests.peers.postgres import PostgresServer, _tool
from tests.peers.program import run_well
from tests.server_fixtures import MakeServer
from tests.servers import ServerProcess

LISTS = (
    "users",
    "tokens",
    "applications",
    "radius-clients",
    "api-clients",
    "directories",
    "attempts",
    "events",
)


def look_at_the_process(scene: Scene) -> None:
    """KEY-05: look at what anybody on the machine may see of a process, and at its environment."""
    process = Path("/proc", str(scene.server.pid))
    for name in ("cmdline", "environ"):
        assert scene.cage.seen_in(name, (process / name).read_bytes()) == []


def read_all_lists(scene: Scene) -> None:
    for name in LISTS:
        answer = scene.api.get(f"/api/v1/{name}")
        assert answer.status_code == 200
        scene.shown += answer.content
        for row in answer.json()["items"]:
            detail = scene.api.get(f"/api/v1/{name}/{row['id']}")
            scene.shown += detail.content
    scene.shown += scene.api.get("/metrics").content


def play(scene: Scene, rename: Callable[[str, str], None]) -> None:
    fill_through_the_api(scene)
    sign_in_by_radius(scene)
    sign_in_by_api(scene)
    sign_in_at_the_portal(scene)
    meet_an_unexpected_error(scene, rename)
    read_all_lists(scene)
    look_at_the_process(scene)


def started(server: ServerProcess, cage: Cage, temporary: Path) -> Scene:
    temporary.mkdir()
    server.environment["TMPDIR"] = str(temporary)
    cage.put("wrong passcode", WRONG_PASSCODE)
    installation = furnish_with_canaries(server, cage)
    server.start()
    return Scene(server, installation, cage, server.http(installation.admin_key))


def test_no_secret_escapes_from_sqlite(make_server: MakeServer, tmp_path: Path) -> None:
    """G23, I10, KEY-01, KEY-06, LOG-02, OTP-18, TOK-10: the log is JSON."""
    cage, temporary = Cage(), tmp_path / "temporary"
    server = make_server("state", log_level="debug", log_format="json")
    file = server.state_directory / "vestibule.db"

    def rename(table: str, name: str) -> None:
        database = sqlite3.connect(file)
        database.execute(f"alter table {table} rename to {name}")
        database.close()

    scene = started(server, cage, temporary)
    with scene.api:
        play(scene, rename)
    journal = file.with_name("vestibule.db-wal").read_bytes()
    assert scene.person.username.encode() in journal, "the hunt would see a canary here"
    assert cage.seen_in_files(server.state_directory, besides=["master.key"]) == []
    assert server.stop() == 0
    assert cage.seen_in_files(server.state_directory, besides=["master.key"]) == []
    assert cage.seen_in_files(server.state_directory) == ["master key, hexadecimal in master.key"]
    is_clean(scene, temporary)


def test_no_secret_escapes_from_postgresql(
    make_server: MakeServer, postgres_server: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    """G23, I10, KEY-01, KEY-06, LOG-02, OTP-18, TOK-10: the log is for a person's eye. What the database
    server writes into its own log is searched too.
    """
    cage, temporary = Cage(), tmp_path / "temporary"
    server = make_server("state", postgres_url, log_level="debug", log_format="console")
    name = postgres_url.partition("@/")[2].partition("?")[0]

    def rename(table: str, new: str) -> None:
        postgres_server.query(f"alter table {table} rename to {new}", database=name)

    scene = started(server, cage, temporary)
    with scene.api:
        play(scene, rename)
    dump = run_well([*postgres_server._as_owner(), _tool("pg_dump"), "-h", postgres_server.home, name])
    assert scene.person.username in dump, "the hunt would see a canary here"
    assert cage.seen_in("the database", dump.encode()) == []
    own_log = (postgres_server.home / "log").read_bytes()
    assert b"throttles" in own_log
    assert cage.seen_in("the database server's log", own_log) == []
    assert server.stop() == 0
    assert cage.seen_in_files(server.state_directory, besides=["master.key"]) == []
    is_clean(scene, temporary)


def is_clean(scene: Scene, temporary: Path) -> None:
    """Nothing escaped into the log, into files beside the state, or to an administrator; and the log does
    tell of what went wrong.
    """
    said = scene.server.output
    for event in ("verification failed", "request failed", "Traceback"):
        assert event in said
    assert scene.cage.seen_in("the log", said.encode()) == []
    assert scene.cage.seen_in("what is shown", scene.shown) == []
    assert scene.cage.seen_in_files(temporary) == []


def test_the_hunter_finds_every_form(tmp_path: Path) -> None:
    cage = Cage()
    cage.put("seed", bytes(range(20)))
    cage.put("password", "a-canary-of-a-password")
    for form, name in cage.canaries.items():
        assert cage.seen_in("here", b"before" + form + b"after") == [f"{name} in here"]
    (tmp_path / "file").write_bytes(b"\0a-canary-of-a-password\0")
    assert cage.seen_in_files(tmp_path) == ["password, as it is in file"]
    assert cage.seen_in("here", b"A-CANARY-OF-A-PASSWORD") == []
