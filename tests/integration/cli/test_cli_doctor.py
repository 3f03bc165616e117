"""`vestibule doctor` and what `vestibule run` shows, with the real program."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.installations import furnish
from tests.integration.cli.conftest import CommandLine, Running
from tests.peers.country_file import write_countries
from tests.peers.ports import free_port
from tests.peers.program import Program
from tests.servers import ServerProcess
from vestibule.crypto.sealing import new_master_key
from vestibule.runtime.build import build


def examined(cli: CommandLine, *words: str) -> dict[str, list[tuple[str, str]]]:
    """Return what the doctor found: grade and text by area."""
    done = cli("doctor", *words, "--json")
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, list[tuple[str, str]]] = {}
    for one in json.loads(done.stdout):
        found.setdefault(one["area"], []).append((one["grade"], one["text"]))
    assert (done.returncode == 1) == any(grade == "problem" for lines in found.values() for grade, _ in lines)
    return found


def test_a_running_installation_answers_at_its_doors(running: Running) -> None:
    cli, server = running.cli, running.server
    found = examined(cli)
    assert found["web"] == [("ok", f"127.0.0.1:{server.http_port} answers")]
    ((grade, said),) = found["radius"]
    assert grade == "ok"
    assert said.startswith(f"127.0.0.1:{server.radius_port} answers in ")
    (written, _), (kept, said) = found["database"]
    assert written in ("ok", "warning"), "a disk that is busy is told, and is no problem"
    assert kept == "ok"
    assert "WAL, full sync" in said
    assert found["key"][0][0] == "ok"
    ((grade, said),) = found["administrators"]
    assert grade == "problem"
    assert said.endswith("vestibule admin link")


def test_the_doctor_speaks_german_and_can_be_quiet(cli: CommandLine) -> None:
    done = cli.process("doctor", "--quiet", language="de_DE.UTF-8")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert any(line.startswith("PROBLEM  Administratoren: es gibt keinen") for line in lines)
    assert not any(line.startswith("ok") for line in lines)


def test_what_does_not_run_is_said_so_and_is_no_problem(quiet_house: CommandLine) -> None:
    found = examined(quiet_house)
    assert found["web"][0][0] == found["radius"][0][0] == "note"
    assert "vestibule serve" in found["radius"][0][1]


def test_somebody_else_at_our_address_is_found(quiet_house: CommandLine) -> None:
    ports = {name: int(quiet_house.environment[name].rpartition(":")[2]) for name in _LISTEN}
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as radius,
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as web,
    ):
        radius.bind(("127.0.0.1", ports["VESTIBULE_RADIUS_LISTEN"]))
        web.bind(("127.0.0.1", ports["VESTIBULE_HTTP_LISTEN"]))
        found = examined(quiet_house)
    assert found["web"][0][0] == found["radius"][0][0] == "problem"


_LISTEN = ("VESTIBULE_RADIUS_LISTEN", "VESTIBULE_HTTP_LISTEN")


def test_key_and_folder_are_looked_at_closely(quiet_house: CommandLine) -> None:
    """KEY-02: whoever reads the key file and the database reads every sealed secret."""
    state = Path(quiet_house.environment["VESTIBULE_STATE_DIRECTORY"])
    key = state / "master.key"
    key.chmod(0o640)
    state.chmod(0o755)
    found = examined(quiet_house)
    assert found["key"] == [("problem", f"others on this machine can read {key}. Close it: chmod 600 {key}")]
    assert found["folder"][0][0] == "warning"
    assert found["check"] == [("note", "what is in the database could not be looked at")]

    key.chmod(0o600)
    other = new_master_key()
    key.write_text(f"{other.key_id.hex()} {other.material.hex()}\n")
    ((_, well_formed), (grade, said)) = examined(quiet_house)["key"]
    assert "well-formed" in well_formed
    assert grade == "problem"
    assert "is not the one" in said


@pytest.mark.parametrize(
    ("variable", "key", "content", "reason"),
    [
        ("VESTIBULE_COUNTRY_DATABASE", "country_database", None, "No such file or directory"),
        ("VESTIBULE_COUNTRY_DATABASE", "country_database", b"no", "not in the MaxMind DB format"),
        (
            "VESTIBULE_COUNTRY_DATABASE",
            "country_database",
            "GeoLite2-ASN",
            "holds no countries: GeoLite2-ASN",
        ),
        ("VESTIBULE_PUSH_CA_FILE", "push.ca_file", None, "No such file or directory"),
        ("VESTIBULE_PUSH_CA_FILE", "push.ca_file", b"no", "holds no certificate"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    quiet_house: CommandLine, variable: str, key: str, content: bytes | str | None, reason: str
) -> None:
    """By `check-config` and `doctor`. Only without its authorities a server does not start."""
    file = quiet_house.folder / "file"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        write_countries(file, {"192.0.2.0/24": "DE"}, content)
    cli = CommandLine({**quiet_house.environment, variable: str(file)}, quiet_house.folder)
    checked = cli("check-config")
    assert checked.returncode == 78
    said = f"{variable}: {key}: The file {file} cannot be used: {reason}."
    assert said in checked.stderr
    assert any(grade == "problem" and said in text for grade, text in examined(cli)["settings"])
    listed = cli("user", "list")
    assert (listed.returncode == 0) == (key == "country_database")
    if listed.returncode:
        assert "Apps cannot be woken: push.ca_file" in listed.stderr


def test_an_empty_machine_is_told_how_to_begin(tmp_path: Path) -> None:
    state = tmp_path / "state"
    cli = CommandLine({"VESTIBULE_STATE_DIRECTORY": str(state)}, tmp_path)
    found = examined(cli)
    assert found["folder"][0][0] == "problem"
    assert "run --no-demo" in found["folder"][0][1]
    assert not state.exists()
    wrong = CommandLine({"VESTIBULE_STATE_DIRECTORY": str(state), "VESTIBULE_LOG_LEVEL": "loud"}, tmp_path)
    assert examined(wrong)["settings"][0][0] == "problem"


def test_what_is_set_up_wrong_is_named_with_the_command_that_mends_it(quiet_house: CommandLine) -> None:
    cli = quiet_house
    cli.out("application", "add", "Orphan")
    cli.out("client", "change", "concentrator", "--message-authenticator", "observe")
    (secret,) = cli.json("client", "secret", "list", "concentrator")
    cli.out("client", "secret", "end", "concentrator", secret["id"], "--at", "1h")
    cli.out("user", "add", "dave", "--password", "none")
    settings = ("--set", "urls=ldap://127.0.0.1:9", "--set", "base_dn=dc=x", "--set", "start_tls=false")
    cli.out("directory", "add", "Gone", *settings, "--set", "timeout_seconds=1")

    found = examined(cli)
    assert "client add NAME ADDRESS --application Orphan" in found["applications"][0][1]
    grades = [grade for grade, _ in found["clients"]]
    told = " ".join(said for _, said in found["clients"])
    assert grades == ["warning", "warning"]
    assert "ends" in told
    assert "client signing" in told
    assert found["directories"][0][0] == "problem"
    assert "cannot be reached" in found["directories"][0][1]
    assert "1 of 1 active users" in found["users"][0][1]
    cli.out("client", "secret", "end", "concentrator", secret["id"], "--yes")
    assert "no shared secret" in examined(cli)["clients"][0][1]


def test_an_unlock_that_no_browser_can_prove_is_a_problem(quiet_house: CommandLine) -> None:
    quiet_house.out("settings", "change", "--app-check", "unlock")
    found = examined(quiet_house)
    assert any(
        "browsers prove only to a name" in text for grade, text in found["reach"] if grade == "problem"
    )


def test_a_postgresql_is_asked_whether_it_keeps_what_it_confirms(tmp_path: Path, postgres_url: str) -> None:
    server = ServerProcess(tmp_path / "state", postgres_url)
    furnish(server.settings)
    found: Any = examined(CommandLine(server.environment, tmp_path))["database"]
    said = " ".join(text for _, text in found)
    assert "PostgreSQL, schema" in said
    assert "clock" in said
    # The tests' server may be told not to wait for its disk; then exactly that is found.
    assert ("is the primary" in said) != ("does not wait for the disk" in said)
    port = free_port()
    lost = CommandLine(
        {**server.environment, "VESTIBULE_DATABASE_URL": f"postgresql://u:pw@127.0.0.1:{port}/x"}, tmp_path
    )
    ((grade, why),) = examined(lost)["database"]
    assert grade == "problem"
    assert "no connection" in why
    assert "pw" not in why


def test_every_command_that_run_shows_can_be_typed(tmp_path: Path) -> None:
    """The scene of a first start: what is on the screen works as it stands there, in another terminal."""
    server = ServerProcess(tmp_path / "state")
    program: Program = server.launch("run")
    try:
        ready = program.wait_for(r"(\S*VESTIBULE_TRY_SECRET=\S+ .*vestibule try .*)", seconds=40)
        shown = [line.strip() for line in program.lines if "vestibule demo passcode" in line]
        elsewhere = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        passcode = _typed(shown[0], tmp_path, elsewhere)
        assert passcode.stdout.strip().isdecimal(), passcode.stderr
        password = next(line for line in program.lines if "her password" in line).rpartition(" ")[2]
        signed_in = _typed(ready[1], tmp_path, elsewhere, f"{password}\n{passcode.stdout}")
        assert signed_in.returncode == 0, signed_in.stdout
    finally:
        server.stop()
    again = server.launch("run")
    try:
        told = again.wait_for(r"current passcode: (.*)", seconds=40)
        assert _typed(told[1], tmp_path, elsewhere).stdout.strip().isdecimal()
    finally:
        server.stop()


def _typed(
    command: str, folder: Path, environment: dict[str, str], answers: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", command],
        input=answers,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        check=False,
        timeout=60,
    )


def test_the_program_starts_without_delay_for_help() -> None:
    """Nothing of a server is loaded to tell how a command is used."""
    script = (
        "import atexit, sys, vestibule.cli as cli\n"
        "heavy = ('sqlite3', 'cryptography', 'argon2', 'litestar', 'asyncpg', 'sqlalchemy', 'lxml')\n"
        "atexit.register(lambda: print('LOADED', [name for name in heavy if name in sys.modules]))\n"
        "cli.build()(['user', 'add', '--help'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=30
    )
    assert "LOADED []" in done.stdout, done.stdout + done.stderr


def test_a_simulated_phone_is_named_and_worse_where_others_reach_it(tmp_path: Path) -> None:
    """Whoever sees its page sees every passcode that is sent."""
    server = ServerProcess(tmp_path / "state")
    furnish(server.settings)
    asyncio.run(_with_demonstration(server))
    ((grade, said),) = examined(CommandLine(server.environment, tmp_path))["gateways"]
    assert (grade, "from this machine only" in said) == ("note", True)
    reachable = {**server.environment, "VESTIBULE_HTTP_LISTEN": f"0.0.0.0:{server.http_port}"}
    ((grade, said),) = examined(CommandLine(reachable, tmp_path))["gateways"]
    assert (grade, "others can reach its page" in said) == ("warning", True)
    asyncio.run(_with_demonstration(server, smuggled_to="acme"))
    graded = dict(examined(CommandLine(server.environment, tmp_path))["gateways"])
    assert "put a real gateway in its place" in graded["problem"]


async def _with_demonstration(server: ServerProcess, smuggled_to: str = "") -> None:
    house = await build(server.settings)
    try:
        if not smuggled_to:
            await house.services.demonstrations.make({}, "192.0.2.1/32")
            return
        (made,) = house.services.configuration.current.gateways.values()
        smuggled = msgspec.structs.replace(made, tenant_id=smuggled_to, version=1)
        await house.store.transact(lambda tx: tx.put(smuggled))
    finally:
        await house.close()
