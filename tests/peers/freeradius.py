"""FreeRADIUS with a static list of users: an independent server for our client, and a stranger's yardstick.

It runs on a configuration of forty lines, not on the package's own: what it does is all in `_CONFIGURATION`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.peers.ports import free_port
from tests.peers.program import PeerFailed, Program, find_program

DICTIONARIES = Path("/usr/share/freeradius")

_CONFIGURATION = """
name = radiusd
prefix = /usr
libdir = {libraries}
logdir = {folder}
run_dir = {folder}
max_request_time = 10
cleanup_delay = 5
max_requests = 262144
hostname_lookups = no
log {{
    destination = stdout
    auth = {log_auth}
}}
thread pool {{
    start_servers = {threads}
    max_servers = {threads}
    min_spare_servers = 1
    max_spare_servers = {threads}
    max_requests_per_server = 0
}}
client loopback {{
    ipaddr = 127.0.0.0/8
    secret = "{secret}"
    require_message_authenticator = {require_message_authenticator}
}}
modules {{
    always handled {{
        rcode = handled
    }}
    pap {{
    }}
    files {{
        usersfile = {folder}/users
    }}
}}
server default {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {port}
        recv_buff = 4194304
    }}
    authorize {{
{challenges}
        files
        pap
    }}
    authenticate {{
        pap
    }}
}}
"""

# The password of the first request is not checked here: this peer only plays the dialogue of a challenge.
_CHALLENGE = """
        if ((&User-Name == "{user}") && !&State) {{
            update reply {{
                &Reply-Message := "{prompt}"
                &State := 0x{state}
            }}
            update control {{
                &Response-Packet-Type := Access-Challenge
            }}
            handled
        }}
        if ((&User-Name == "{user}") && (&State == 0x{state})) {{
            update control {{
                &Cleartext-Password := "{passcode}"
            }}
        }}
"""


@dataclass(frozen=True, slots=True)
class StaticChallenge:
    """Asks `prompt` after the first request of a user and accepts `passcode` as the answer."""

    passcode: str
    prompt: str = "Passcode: "
    state: bytes = b"a state of another server"


class FreeRadius:
    """A server on 127.0.0.1; `start()` returns when it answers."""

    def __init__(
        self,
        folder: Path,
        *,
        users: Mapping[str, str],
        challenges: Mapping[str, StaticChallenge] | None = None,
        secret: str = "a secret for tests only",
        require_message_authenticator: bool = False,
        threads: int = 1,
        log_auth: bool = True,
        replies: Mapping[str, str] | None = None,
    ) -> None:
        """`users` maps names to passwords; `replies` maps names to attributes as a users file writes them."""
        self.folder = folder
        self.users = users
        self.challenges = challenges or {}
        self.secret = secret
        self.require_message_authenticator = require_message_authenticator
        self.threads = threads
        self.log_auth = log_auth
        self.replies = replies or {}
        self.port = free_port()
        self.program: Program | None = None

    def start(self) -> None:
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o700)
        (self.folder / "radiusd.conf").write_text(self._configuration())
        (self.folder / "users").write_text("".join(map(self._entry, self.users)))
        (self.folder / "users").chmod(0o600)
        server = find_program("freeradius")
        self.program = Program([server, "-f", "-l", "stdout", "-d", self.folder, "-D", DICTIONARIES])
        self.program.wait_for("Ready to process requests")

    def stop(self) -> None:
        if self.program is not None:
            self.program.stop()

    @property
    def output(self) -> str:
        return self.program.output if self.program else ""

    def _configuration(self) -> str:
        return _CONFIGURATION.format(
            libraries=libraries(),
            folder=self.folder,
            log_auth="yes" if self.log_auth else "no",
            threads=self.threads,
            secret=_quoted(self.secret),
            require_message_authenticator="yes" if self.require_message_authenticator else "no",
            port=self.port,
            challenges="".join(
                _CHALLENGE.format(
                    user=_quoted(user),
                    prompt=_quoted(challenge.prompt),
                    state=challenge.state.hex(),
                    passcode=_quoted(challenge.passcode),
                )
                for user, challenge in self.challenges.items()
            ),
        )

    def _entry(self, user: str) -> str:
        entry = f'"{_quoted(user)}" Cleartext-Password := "{_quoted(self.users[user])}"\n'
        return entry + (f"    {self.replies[user]}\n" if user in self.replies else "") + "\n"


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def libraries() -> Path:
    for candidate in (Path("/usr/lib/freeradius"), *Path("/usr/lib").glob("*/freeradius")):
        if candidate.is_dir():
            return candidate
    raise PeerFailed("FreeRADIUS's modules are not installed: run tools/install-debian-packages")
