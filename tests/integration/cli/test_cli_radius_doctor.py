"""The doctor of RADIUS devices beside a server that runs, and who signs, through the real program."""

from __future__ import annotations

import os
import signal
import subprocess

from tests.integration.cli.conftest import PROGRAM, Running
from tests.peers.freeradius import DICTIONARIES
from tests.peers.program import find_program, run


def ask(running: Running, secret: str) -> str:
    """Send one signed request with radclient; return what it shows."""
    command = [find_program("radclient"), "-x", "-r", "1", "-t", "1", "-D", DICTIONARIES]
    lines = ('User-Name = "nobody"', 'User-Password = "000000"', "Message-Authenticator = 0x00")
    target = (f"127.0.0.1:{running.server.radius_port}", "auth", secret)
    return run([*command, *target], text="\n".join(lines)).stdout


def test_a_device_is_listened_to_while_it_asks(running: Running) -> None:
    """RA-06: what the server sees is told within seconds, while the command listens."""
    with subprocess.Popen(
        [PROGRAM, "doctor", "radius", "--address", "127.0.0.1", "--seconds", "60"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **running.cli.environment, "LC_ALL": "de_DE.UTF-8"},
        cwd=running.cli.folder,
    ) as listening:
        assert listening.stderr is not None
        assert listening.stdout is not None
        assert "Melden Sie sich jetzt dort an" in listening.stderr.readline()
        assert "No reply" in ask(running, "not the shared secret")
        told = listening.stdout.readline()
        listening.send_signal(signal.SIGINT)
    assert told.startswith("Problem: concentrator: ")
    assert "mit einem anderen Geheimnis signiert" in told


def test_what_was_seen_is_told_afterwards_too(running: Running) -> None:
    cli = running.cli
    assert "Received Access-" in ask(running, running.installation.shared_secret.decode())
    found = cli("doctor", "radius", "--client", "127.0.0.1", "--seconds", "0", "--json")
    assert '"finding"' in found.stdout
    assert "PROBLEM" not in cli.out("client", "signing")
    (report,) = cli.json("client", "signing")
    assert (report["step"], report["unsigned"]) == ("require", 0)
    assert "no IP address" in cli.refused("doctor", "radius", "--address", "vpn")
    assert "no higher step" in cli.refused("client", "raise-signing", "127.0.0.1")
    assert cli("doctor", "radius", "--address", "192.0.2.250", "--seconds", "0").returncode == 0
    cli.out("client", "change", "127.0.0.1", "--message-authenticator", "observe")
    assert "warn" in cli.out("client", "raise-signing", "127.0.0.1", "--dry-run")
    cli.out("client", "raise-signing", "127.0.0.1")
    cli.out("client", "raise-signing", "127.0.0.1", "--yes")
    assert [one["step"] for one in cli.json("client", "signing")] == ["require"]
    assert cli.json("accounting", "list", "--client", "127.0.0.1", "--open", "--since", "1d") == []
