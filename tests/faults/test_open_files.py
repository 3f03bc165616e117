"""A process may open so many files, each connection one: it says so, and goes on letting people in."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import pytest

from tests.callers import ACCESS_ACCEPT, access_request, insist, proven_code, radius_socket
from tests.installations import furnish
from tests.peers.program import find_program
from tests.server_fixtures import MakeServer

FEW = 700


def allowed(files: str) -> list[str]:
    """Return the command that runs another with these limits, soft and hard."""
    return [find_program("prlimit"), f"--nofile={files}", "--"]


def test_more_connections_than_files_keep_no_sign_in_waiting(
    make_server: MakeServer, database_url: str | None
) -> None:
    server = make_server("state", database_url, wrapper=allowed(f"{FEW}:{FEW}"))
    installation = furnish(server.settings, people=1)
    server.start()
    assert f"open_files={FEW}" in server.output
    with contextlib.ExitStack() as stack:
        for _ in range(FEW):
            stack.enter_context(socket.create_connection(server.http_address))
        server.program.wait_for("no more connections are taken")
        (token,) = installation.people
        request = access_request(installation.shared_secret, 1, token.username, token.press())
        with radius_socket(server.radius_address) as peer:
            answer = insist(peer, request)
        assert proven_code(answer, request, installation.shared_secret) == ACCESS_ACCEPT
        assert "Too many open files" not in server.output


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_server_takes_as_many_files_as_it_may(make_server: MakeServer, database_url: str | None) -> None:
    """Systems give a process 1024 at first."""
    server = make_server("state", database_url, wrapper=allowed("1024:18000"))
    furnish(server.settings)
    server.start()
    limits = Path(f"/proc/{server.pid}/limits").read_text()
    (line,) = [line for line in limits.splitlines() if line.startswith("Max open files")]
    assert line.split()[3] == "18000"
    assert "few files" not in server.output
