"""FreeRADIUS as people run it for wireless networks and VPNs: PAP, CHAP, MS-CHAP, and EAP in its usual kinds.

It answers with attributes that a proxy could lose or break: several of a vendor, a Tunnel-Password, and the
keys that MS-CHAP and EAP make.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.peers.freeradius import DICTIONARIES, libraries
from tests.peers.openldap_certificates import TestAuthority
from tests.peers.ports import free_port
from tests.peers.program import Program, find_program

SECRET = "a secret for tests only"

HEAD = """
name = radiusd
prefix = /usr
libdir = {libraries}
logdir = {folder}
run_dir = {folder}
max_request_time = 30
cleanup_delay = 5
hostname_lookups = no
log {{
    destination = stdout
    auth = yes
}}
thread pool {{
    start_servers = 1
    max_servers = 2
    min_spare_servers = 1
    max_spare_servers = 2
    max_requests_per_server = 0
}}
"""

_CONFIGURATION = (
    HEAD
    + """
client loopback {{
    ipaddr = 127.0.0.0/8
    secret = "{secret}"
    require_message_authenticator = yes
}}
modules {{
    pap {{
    }}
    chap {{
    }}
    mschap {{
    }}
    detail {{
        filename = {folder}/accounting
        permissions = 0600
    }}
    files {{
        usersfile = {folder}/users
    }}
    eap {{
        default_eap_type = md5
        timer_expire = 60
        ignore_unknown_eap_types = no
        max_sessions = 4096
        md5 {{
        }}
        gtc {{
        }}
        tls-config tls-common {{
            private_key_file = {key}
            certificate_file = {certificate}
            ca_file = {authority}
            tls_min_version = "1.2"
            tls_max_version = "1.2"
            fragment_size = 400
            cache {{
                enable = no
            }}
        }}
        tls {{
            tls = tls-common
        }}
        ttls {{
            tls = tls-common
            default_eap_type = md5
            copy_request_to_tunnel = no
            use_tunneled_reply = yes
            virtual_server = "inner-tunnel"
        }}
        peap {{
            tls = tls-common
            default_eap_type = mschapv2
            copy_request_to_tunnel = no
            use_tunneled_reply = yes
            virtual_server = "inner-tunnel"
        }}
        mschapv2 {{
        }}
    }}
}}
server default {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {port}
    }}
    listen {{
        type = acct
        ipaddr = 127.0.0.1
        port = {accounting_port}
    }}
    authorize {{
        chap
        mschap
        eap {{
            ok = return
        }}
        files
        pap
    }}
    authenticate {{
        Auth-Type PAP {{
            pap
        }}
        Auth-Type CHAP {{
            chap
        }}
        Auth-Type MS-CHAP {{
            mschap
        }}
        eap
    }}
    post-auth {{
        update reply {{
            &Message-Authenticator := 0x00
            {naming}
        }}
        if (&TLS-Client-Cert-Common-Name) {{
            update reply {{
                &User-Name := "%{{TLS-Client-Cert-Common-Name}}"
                &Filter-Id := "by certificate"
            }}
        }}
        Post-Auth-Type REJECT {{
            update reply {{
                &Message-Authenticator := 0x00
            }}
        }}
    }}
    preacct {{
    }}
    accounting {{
        detail
    }}
}}
server inner-tunnel {{
    authorize {{
        chap
        mschap
        eap {{
            ok = return
        }}
        files
        pap
    }}
    authenticate {{
        Auth-Type PAP {{
            pap
        }}
        Auth-Type CHAP {{
            chap
        }}
        Auth-Type MS-CHAP {{
            mschap
        }}
        eap
    }}
    post-auth {{
        update reply {{
            &User-Name := "%{{User-Name}}"
        }}
    }}
}}
"""
)

REPLY = """
    Filter-Id = "staff",
    Class = 0x636c6173732d31,
    Class += 0x636c6173732d32,
    Cisco-AVPair = "ip:addr-pool=first",
    Cisco-AVPair += "ip:addr-pool=second",
    Tunnel-Type:1 = VLAN,
    Tunnel-Password:1 = "a tunnel's own password",
    Session-Timeout = 3600"""
"""What the users file adds to the answer for everybody."""


class FreeRadiusEap:
    """A server on 127.0.0.1; `start()` returns when it answers."""

    def __init__(
        self,
        folder: Path,
        *,
        users: Mapping[str, str],
        names_people: bool = True,
        authorized: Sequence[str] = (),
    ) -> None:
        """`users` maps names to passwords; `names_people`: it says whom it has accepted in a tunnel;
        `authorized` may enter by a remote desktop gateway, which sends no password."""
        self.folder = folder
        self.users = users
        self.names_people = names_people
        self.authorized = authorized
        self.port, self.accounting_port = free_port(), free_port()
        self.authority = TestAuthority(folder / "certificates")
        self.program: Program | None = None

    @property
    def name(self) -> str:
        """The server as settings name it."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self.folder.chmod(0o700)
        certificate, key = self.authority.issue("server", "radius.example.org")
        configuration = _CONFIGURATION.format(
            libraries=libraries(),
            folder=self.folder,
            secret=SECRET,
            port=self.port,
            accounting_port=self.accounting_port,
            authority=self.authority.ca_file,
            certificate=certificate,
            key=key,
            naming="" if self.names_people else "&User-Name !* ANY",
        )
        (self.folder / "radiusd.conf").write_text(configuration)
        entries = [f'"{name}" Cleartext-Password := "{word}"{REPLY}\n\n' for name, word in self.users.items()]
        entries += [
            f'"{name}" Called-Station-Id == "UserAuthType:PW", Auth-Type := Accept{REPLY}\n\n'
            for name in self.authorized
        ]
        (self.folder / "users").write_text("".join(entries))
        (self.folder / "users").chmod(0o600)
        (self.folder / "accounting").touch(0o600)  # it makes none in memory (/dev/shm)
        server = find_program("freeradius")
        self.program = Program([server, "-f", "-l", "stdout", "-d", self.folder, "-D", DICTIONARIES])
        self.program.wait_for("Ready to process requests")

    def stop(self) -> None:
        if self.program is not None:
            self.program.stop()
            self.program = None

    @property
    def output(self) -> str:
        return self.program.output if self.program else ""
