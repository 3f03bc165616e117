"""What must not start does not, says why and what to do next, and leaves everything as it was."""

from __future__ import annotations

import hashlib
import socket
import sqlite3
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.installations import furnish
from tests.peers.postgres import PostgresServer
from tests.server_fixtures import MakeServer
from tests.servers import ServerProcess
from vestibule.crypto.sealing import new_master_key
from vestibule.interfaces.store import Unavailable
from vestibule.runtime.build import build
from vestibule.runtime.key_file import KeyFileProblem
from vestibule.runtime.settings import Loaded, Settings, load
from vestibule.stores import open_store


def contents(folder: Path) -> dict[str, str]:
    """Return what stands in each file, except for the journal, which every look at a database makes."""
    files = [path for path in folder.iterdir() if not path.name.endswith(("-wal", "-shm"))]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def refuses(server: ServerProcess, *command: str) -> str:
    """Start what must not start; return what it says, which is meant for people."""
    before = contents(server.state_directory)
    said = server.fail(*command)
    assert "Traceback" not in said
    assert contents(server.state_directory) == before
    return said


# --- the key file -------------------------------------------------------------------------------------


def lost(key_file: Path) -> None:
    key_file.unlink()


def another(key_file: Path) -> None:
    key = new_master_key()
    key_file.write_text(f"{key.key_id.hex()} {key.material.hex()}\n")


def same_name_another_key(key_file: Path) -> None:
    line = key_file.read_text().splitlines()[-1]
    key_file.write_text(f"{line.split()[0]} {new_master_key().material.hex()}\n")


def readable_by_all(key_file: Path) -> None:
    key_file.chmod(0o644)


def writable_by_its_group(key_file: Path) -> None:
    key_file.chmod(0o620)


def empty(key_file: Path) -> None:
    key_file.write_bytes(b"")


def cut_off(key_file: Path) -> None:
    key_file.write_bytes(key_file.read_bytes()[:-20])


@pytest.mark.parametrize("is_first", [False, True], ids=["serve", "run"])
@pytest.mark.parametrize(
    ("spoil", "next_step"),
    [
        (lost, "Put the key file back"),
        (another, "Name the right one"),
        (same_name_another_key, "Name the right one"),
        (readable_by_all, "chmod 600"),
        (writable_by_its_group, "chmod 600"),
        (empty, "Put the right one back"),
        (cut_off, "Put the right one back"),
    ],
)
async def test_a_key_file_that_is_not_sound(
    tmp_path: Path, is_first: bool, spoil: Callable[[Path], None], next_step: str
) -> None:
    """KEY-04, KEY-05: neither the database nor the key file is touched; no new key is made."""
    settings = settings_in(tmp_path)
    await (await build(settings, migrate=True)).close()
    key_file = tmp_path / "master.key"
    spoil(key_file)
    before = contents(tmp_path)
    with pytest.raises(KeyFileProblem) as told:
        await build(settings, migrate=is_first)
    assert contents(tmp_path) == before
    assert str(key_file) in str(told.value)
    assert next_step in str(told.value)


def test_the_process_says_so_and_ends(make_server: MakeServer) -> None:
    """KEY-04, KEY-05, I10: and it does not tell what the key file holds."""
    server = make_server()
    furnish(server.settings)
    key_file = server.state_directory / "master.key"
    material = key_file.read_text().split()[-1]
    cut_off(key_file)
    said = refuses(server, "run")
    assert said.startswith("Not started.")
    assert str(key_file) in said
    assert material[:40] not in said


# --- addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("command", "door"), [("serve", "radius"), ("run", "http")])
def test_an_address_that_is_taken_is_named(make_server: MakeServer, command: str, door: str) -> None:
    server = make_server()
    if command == "serve":
        furnish(server.settings)
    kinds = {"radius": socket.SOCK_DGRAM, "http": socket.SOCK_STREAM}
    ports = {"radius": server.radius_port, "http": server.http_port}
    with socket.socket(socket.AF_INET, kinds[door]) as other:
        other.bind(("127.0.0.1", ports[door]))
        if door == "http":
            other.listen()
        said = server.fail(command)
    assert "Traceback" not in said
    address = f"127.0.0.1:{ports[door]}"
    transport = {"radius": "UDP ", "http": ""}[door]
    last = said.splitlines()[-1]
    assert last.startswith(f"Cannot listen on {transport}{address}: Address already in use. Stop")
    assert f"{door}.listen" in last


def test_a_certificate_that_is_none_is_not_called_an_address(make_server: MakeServer, tmp_path: Path) -> None:
    file = tmp_path / "certificate.pem"
    file.write_text("no certificate")
    server = make_server(http_tls_certificate=str(file), http_tls_key=str(file))
    said = server.fail("run")
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("Not started. ")
    assert "listen" not in said.splitlines()[-1]


# --- the schema ---------------------------------------------------------------------------------------

_NEWER = (
    "update schema_revision set version_num = '9999_of_the_future'",
    "update installation set oldest_program = '99.0.0'",
)


def test_a_schema_that_is_newer_than_the_program_on_sqlite(make_server: MakeServer) -> None:
    """UPG-03."""
    server = make_server()
    furnish(server.settings)
    database = sqlite3.connect(server.state_directory / "vestibule.db")
    for statement in _NEWER:
        database.execute(statement)
    database.commit()
    database.close()
    said = refuses(server, "serve")
    assert said.startswith("Not started.")
    is_told_what_to_install(said)


async def test_a_schema_that_is_newer_than_the_program_on_postgresql(
    tmp_path: Path, postgres_server: PostgresServer, empty_postgres_url: str
) -> None:
    """UPG-03: no migration is tried either."""
    settings = settings_in(tmp_path, empty_postgres_url)
    await (await build(settings, migrate=True)).close()
    name = empty_postgres_url.partition("@/")[2].partition("?")[0]
    for statement in _NEWER:
        postgres_server.query(statement, database=name)
    for is_first in (False, True):
        with pytest.raises(Unavailable) as told:
            await build(settings, migrate=is_first)
        is_told_what_to_install(str(told.value))


def is_told_what_to_install(said: str) -> None:
    assert "9999_of_the_future" in said
    assert "99.0.0 or later" in said


async def test_an_installation_that_has_not_been_made(tmp_path: Path) -> None:
    """`serve` makes nothing: it names the command that does."""
    with pytest.raises(Unavailable, match="vestibule migrate"):
        await build(settings_in(tmp_path))
    assert contents(tmp_path) == {}


async def test_a_key_file_that_has_not_been_made(tmp_path: Path) -> None:
    """KEY-04: nor does it make a key."""
    store = open_store(settings_in(tmp_path).database_url.reveal())
    await store.migrate()
    await store.close()
    with pytest.raises(KeyFileProblem, match="vestibule run"):
        await build(settings_in(tmp_path))
    assert not (tmp_path / "master.key").exists()


async def test_a_database_server_that_is_not_there(tmp_path: Path) -> None:
    """LOG-02: the password in the URL is not told."""
    url = f"postgresql://nobody:opensesame@/none?host={tmp_path}"
    with pytest.raises(Unavailable) as told:
        await build(settings_in(tmp_path, url))
    assert "opensesame" not in "".join(traceback.format_exception(told.value))
    assert "no connection" in str(told.value)


def settings_in(folder: Path, database_url: str | None = None) -> Settings:
    environment = {"VESTIBULE_STATE_DIRECTORY": str(folder)}
    if database_url is not None:
        environment["VESTIBULE_DATABASE_URL"] = database_url
    loaded = load(None, environment)
    assert isinstance(loaded, Loaded)
    return loaded.settings
