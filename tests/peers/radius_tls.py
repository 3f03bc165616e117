"""RADIUS over TLS by other implementations: radsecproxy and FreeRADIUS in front of us, FreeRADIUS behind us.

In front, each takes RADIUS over UDP from a test on `port` and carries it over TLS; behind, FreeRADIUS takes
it over TLS. Each runs on a configuration that is all here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.peers.freeradius import DICTIONARIES, libraries
from tests.peers.freeradius_eap import HEAD
from tests.peers.ports import free_port
from tests.peers.program import Program, find_program

SECRET = "between a test and its proxy"

_RADSECPROXY = """
ListenUDP 127.0.0.1:{port}
LogLevel 2
tls ours {{
    CACertificateFile {authority}
    CertificateFile {chain}
    CertificateKeyFile {chain}
}}
client 127.0.0.1 {{
    type udp
    secret "{secret}"
}}
server vestibule {{
    host 127.0.0.1
    port {server_port}
    type tls
    tls ours
    secret radsec
    statusServer on
}}
realm * {{
    server vestibule
    accountingServer vestibule
}}
"""

_COMMON = (
    HEAD
    + """
"""
)

_FREERADIUS_CLIENT = (
    _COMMON
    + """
proxy_requests = yes
client loopback {{
    ipaddr = 127.0.0.1
    secret = "{secret}"
}}
home_server vestibule {{
    type = auth
    proto = tcp
    ipaddr = 127.0.0.1
    port = {server_port}
    secret = radsec
    response_window = 20
    zombie_period = 40
    status_check = none
    tls {{
        ca_file = {authority}
        certificate_file = {chain}
        private_key_file = {chain}
        tls_min_version = "1.2"
        tls_max_version = "1.2"
    }}
}}
home_server_pool vestibule {{
    type = fail-over
    home_server = vestibule
}}
realm vestibule {{
    auth_pool = vestibule
}}
server default {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {port}
    }}
    authorize {{
        update control {{
            &Proxy-To-Realm := "vestibule"
        }}
    }}
}}
"""
)

_FREERADIUS_SERVER = (
    _COMMON
    + """
clients radsec {{
    client loopback {{
        ipaddr = 127.0.0.1
        proto = tls
        secret = radsec
    }}
}}
modules {{
    pap {{
    }}
    files {{
        usersfile = {folder}/users
    }}
    detail {{
        filename = {folder}/accounting
        permissions = 0600
    }}
}}
server default {{
    listen {{
        type = auth+acct
        ipaddr = 127.0.0.1
        port = {port}
        proto = tcp
        clients = radsec
        tls {{
            ca_file = {authority}
            certificate_file = {certificate}
            private_key_file = {key}
            require_client_cert = yes
            tls_min_version = "1.2"
            tls_max_version = "1.2"
        }}
    }}
    authorize {{
        files
        pap
    }}
    authenticate {{
        pap
    }}
    accounting {{
        detail
    }}
}}
"""
)


class RadsecProxy:
    """Carries what it is asked on `port` to a server, over TLS; `start()` returns when it listens."""

    def __init__(self, folder: Path, *, server_port: int, authority: Path, chain: Path) -> None:
        self.port = free_port()
        self._configuration = folder / "radsecproxy.conf"
        self._configuration.write_text(
            _RADSECPROXY.format(
                port=self.port, server_port=server_port, authority=authority, chain=chain, secret=SECRET
            )
        )
        self.program: Program | None = None

    def start(self) -> None:
        self.program = Program([find_program("radsecproxy"), "-f", "-c", self._configuration])
        self.program.wait_for("listening for udp")

    def stop(self) -> None:
        if self.program is not None:
            self.program.stop()


class FreeRadiusOverTls:
    """FreeRADIUS on `port`: with `server_port` a client that carries what it is asked there, else a server
    for `users` that wants a certificate of `authority`."""

    def __init__(
        self,
        folder: Path,
        *,
        authority: Path,
        chain: Path | None = None,
        server_port: int = 0,
        certificate: Path | None = None,
        key: Path | None = None,
        users: Mapping[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self.folder = folder
        folder.mkdir(parents=True)
        folder.chmod(0o700)
        text = (_FREERADIUS_CLIENT if server_port else _FREERADIUS_SERVER).format(
            libraries=libraries(),
            folder=folder,
            port=self.port,
            server_port=server_port,
            authority=authority,
            chain=chain,
            certificate=certificate,
            key=key,
            secret=SECRET,
        )
        (folder / "radiusd.conf").write_text(text)
        entries = [f'"{name}" Cleartext-Password := "{word}"\n' for name, word in (users or {}).items()]
        (folder / "users").write_text("".join(entries))
        (folder / "accounting").touch(0o600)
        self.program: Program | None = None

    def start(self) -> None:
        server = find_program("freeradius")
        self.program = Program([server, "-f", "-l", "stdout", "-d", self.folder, "-D", DICTIONARIES])
        self.program.wait_for("Ready to process requests")

    def stop(self) -> None:
        if self.program is not None:
            self.program.stop()
