"""ocserv, a VPN server that asks RADIUS, and openconnect, the client of its users.

Nobody gets as far as a tunnel: `openconnect --authenticate` ends when the server has let the user in, so
neither /dev/net/tun nor a network of its own is needed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.peers.dialogue import Dialogue, SignIn
from tests.peers.openldap_certificates import TestAuthority
from tests.peers.ports import free_port
from tests.peers.program import Program, find_program

_SERVER_SETTINGS = """
auth = "radius[config={folder}/radiusclient.conf]"
tcp-port = {port}
listen-host = 127.0.0.1
server-cert = {certificate}
server-key = {key}
socket-file = {folder}/socket
pid-file = {folder}/pid
use-occtl = false
isolate-workers = false
auth-timeout = 240
sec-mod-scale = 4
max-ban-score = 0
device = vestibule
ipv4-network = 10.255.255.0/24
"""

_RADIUS_SETTINGS = """
authserver 127.0.0.1:{port}
servers {folder}/servers
dictionary /etc/radcli/dictionary
radius_timeout {timeout}
radius_retries {retries}
"""


class Ocserv:
    """A server on 127.0.0.1; `start()` returns when it listens."""

    def __init__(
        self, folder: Path, *, radius_port: int, secret: str, timeout_seconds: int = 60, retries: int = 1
    ) -> None:
        self._folder = folder
        self._authority = TestAuthority(folder / "tls")
        self._program: Program | None = None
        self._clients: list[OpenConnect] = []
        self._port = free_port()
        self._secret = secret
        self._radius = {"port": radius_port, "timeout": timeout_seconds, "retries": retries}

    def start(self) -> None:
        certificate, key = self._authority.issue("server", "127.0.0.1")
        radius = _RADIUS_SETTINGS.format(folder=self._folder, **self._radius)
        (self._folder / "radiusclient.conf").write_text(radius)
        (self._folder / "servers").write_text(f"127.0.0.1 {self._secret}\n")
        settings = self._folder / "ocserv.conf"
        own = {"folder": self._folder, "port": self._port, "certificate": certificate, "key": key}
        settings.write_text(_SERVER_SETTINGS.format_map(own))
        self._program = Program(
            [find_program("ocserv"), "--foreground", "--debug", "3", "--config", settings]
        )
        self._program.wait_for("initialized ocserv")

    def stop(self) -> None:
        for client in self._clients:
            client.cancel()
        if self._program is not None:
            self._program.kill()

    def begin(self, user: str) -> OpenConnect:
        """Begin to sign in as `user`, who is asked for the password first."""
        client = OpenConnect(user, self._port, self._authority.ca_file)
        self._clients.append(client)
        return client


class OpenConnect(Dialogue):
    """It asks on its output, and takes lines from its input."""

    def __init__(self, user: str, port: int, authority: Path) -> None:
        program = [find_program("openconnect"), "--protocol=anyconnect", "--authenticate", "--user", user]
        command = [*program, f"--cafile={authority}", f"https://127.0.0.1:{port}"]
        environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
        super().__init__(Program(command, environment=environment, is_typed_to=True))

    def answer(self, text: str) -> None:
        self.program.type(text)

    def came_of(self, status: int) -> SignIn:
        """Each question stands between the address that was asked and the prompt for a password."""
        output = self.program.output
        questions = re.findall(r"^POST \S+/auth\n(.+)\n\n?Password\d?:$", output, re.MULTILINE)
        return SignIn(status == 0 and "COOKIE=" in output, tuple(questions), output)
