"""OpenVPN with its RADIUS plug-in, and OpenVPN as the client of its users.

The plug-in knows no Access-Challenge: there is one field, and one answer to it. Nothing goes through the
tunnel. The client has none; the server has to open one, which takes root and /dev/net/tun, and gives it
neither an address nor a route.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from itertools import count
from pathlib import Path

from tests.peers.openldap_certificates import TestAuthority
from tests.peers.ports import free_port
from tests.peers.program import PeerFailed, Program, find_program

PLUGIN = Path("/usr/lib/openvpn/radiusplugin.so")

_SERVER_SETTINGS = """
port {port}
proto udp4
local 127.0.0.1
dev tun
topology subnet
server 10.255.254.0 255.255.255.0
ifconfig-noexec
route-noexec
ca {authority}
cert {certificate}
key {key}
dh none
verify-client-cert none
username-as-common-name
auth-gen-token 43200
hand-window 60
tmp-dir {folder}
status {folder}/status 1
status-version 1
plugin {plugin} {folder}/radiusplugin.cnf
verb 3
"""

_PLUGIN_SETTINGS = """
NAS-Identifier=OpenVPN
Service-Type=5
Framed-Protocol=1
NAS-Port-Type=5
NAS-IP-Address=127.0.0.1
OpenVPNConfig={folder}/server.conf
subnet=255.255.255.0
useauthcontrolfile=true
server
{{
name=127.0.0.1
authport={radius_port}
acctport={accounting_port}
wait={wait}
retry={retry}
sharedsecret={secret}
}}
"""

_CLIENT_SETTINGS = """
client
dev null
proto udp4
remote 127.0.0.1 {port}
nobind
ifconfig-noexec
route-noexec
ca {authority}
remote-cert-eku "TLS Web Server Authentication"
auth-user-pass {answers}
hand-window 60
verb 3
"""

_IN = "Initialization Sequence Completed"
_OUT = "AUTH_FAILED"


class OpenVpn:
    """A server on 127.0.0.1; `start()` returns when it listens."""

    def __init__(
        self,
        folder: Path,
        *,
        radius_port: int,
        accounting_port: int,
        secret: str,
        wait: int = 57,
        retry: int = 0,
    ) -> None:
        """`wait` is in seconds, for each of `retry` + 1 requests."""
        self._folder = folder
        self._authority = TestAuthority(folder / "tls")
        self._port = free_port()
        self._plugin = {
            "radius_port": radius_port,
            "accounting_port": accounting_port,
            "secret": secret,
            "wait": wait,
            "retry": retry,
        }
        self._program: Program | None = None
        self._numbers = count(1)

    @staticmethod
    def is_possible() -> bool:
        """Tell whether this process may open a tunnel."""
        return os.geteuid() == 0 and Path("/dev/net/tun").exists()

    def start(self) -> None:
        if not PLUGIN.exists():
            raise PeerFailed(f"{PLUGIN} is not there: run tools/install-debian-packages")
        certificate, key = self._authority.issue("server", "127.0.0.1")
        plugin = _PLUGIN_SETTINGS.format(folder=self._folder, **self._plugin)
        (self._folder / "radiusplugin.cnf").write_text(plugin)
        settings = _SERVER_SETTINGS.format(
            folder=self._folder,
            port=self._port,
            authority=self._authority.ca_file,
            certificate=certificate,
            key=key,
            plugin=PLUGIN,
        )
        (self._folder / "server.conf").write_text(settings)
        self._program = Program([find_program("openvpn"), "--config", self._folder / "server.conf"])
        self._program.wait_for(_IN)

    def stop(self) -> None:
        """End the server, and the plug-in's processes, which would wait for RADIUS beyond its end."""
        if self._program is None:
            return
        pid = self._program.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children")
        of_plugin = children.read_text().split() if children.exists() else []
        for process in (pid, *map(int, of_plugin)):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._program.kill()

    @property
    def output(self) -> str:
        return "" if self._program is None else self._program.output

    def sign_in(self, user: str, typed: str, *, seconds: float = 60) -> bool:
        """Tell whether the server has let the user in with what he types into the one field."""
        number = next(self._numbers)
        answers = self._folder / f"answers-{number}"
        answers.write_text(f"{user}\n{typed}\n")
        answers.chmod(0o600)
        settings = self._folder / f"client-{number}.conf"
        settings.write_text(
            _CLIENT_SETTINGS.format(port=self._port, authority=self._authority.ca_file, answers=answers)
        )
        client = Program([find_program("openvpn"), "--config", settings])
        try:
            return client.wait_for(f"{_IN}|{_OUT}", seconds=seconds)[0] == _IN
        finally:
            client.stop()
