"""OpenSSH's server, signing people in through `pam_radius_auth`: a real RADIUS client by somebody else.

The server sees a machine of its own: in a private mount namespace its PAM rules, accounts and run folder lie
over the machine's, so nothing outside this folder is written and no account is made. That takes root.

`sign_in` types like a person who reads: OpenSSH's client hands each question to a program and takes what the
program prints, so there is no terminal and no guess about when to type.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.peers.ports import free_port
from tests.peers.program import Program, find_program, run, run_well

WELCOME = "signed in as"

_PAM_RULES = """
auth     required  pam_radius_auth.so conf={folder}/pam_radius_auth.conf {options}
account  required  pam_permit.so
session  required  pam_permit.so
"""

_SERVER_SETTINGS = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile none
UsePAM yes
AuthenticationMethods keyboard-interactive
KbdInteractiveAuthentication yes
PasswordAuthentication no
PubkeyAuthentication no
PermitRootLogin no
LoginGraceTime 90
MaxStartups 100
UseDNS no
PrintMotd no
PrintLastLog no
ForceCommand echo "{welcome} $USER"
"""

# /run is emptied: sshd demands a /run/sshd, and no service of the machine shall be asked about accounts.
_MACHINE_OF_ITS_OWN = """
set -eu
mount --bind {folder}/pam.d /etc/pam.d
mount --bind {folder}/passwd /etc/passwd
mount --bind {folder}/shadow /etc/shadow
mount --bind {folder}/group /etc/group
mount -t tmpfs -o mode=755 none /run
mkdir /run/sshd
exec {sshd} -D -e -f {folder}/sshd_config
"""

# Prints the next answer, and notes the question. Without an answer it fails, as a person does who cancels.
_ANSWERING = """#!/bin/sh
cd "$SIGN_IN_FOLDER" || exit 1
turn=$(($(cat turn) + 1))
echo "$turn" >turn
printf '%s' "$1" >"question-$turn"
exec cat "answer-$turn"
"""

_CLIENT_SETTINGS = {
    "BatchMode": "no",
    "ConnectTimeout": "10",
    "GSSAPIAuthentication": "no",
    "IdentitiesOnly": "yes",
    "LogLevel": "ERROR",
    "NumberOfPasswordPrompts": "1",
    "PreferredAuthentications": "keyboard-interactive",
    "StrictHostKeyChecking": "no",
    "UserKnownHostsFile": "/dev/null",
}

_FIRST_USER_ID = 61_000


@dataclass(frozen=True, slots=True)
class SignIn:
    """What came of one attempt: whether the server let the user in, and what it asked and said on the way."""

    is_accepted: bool
    questions: tuple[str, ...]
    output: str


class SshdPamRadius:
    """A server on 127.0.0.1 whose every sign-in is one RADIUS dialogue; `start()` returns when it listens."""

    def __init__(
        self,
        folder: Path,
        *,
        radius_port: int,
        secret: str,
        users: Sequence[str],
        timeout_seconds: int = 5,
        pam_options: str = "",
    ) -> None:
        """`secret` must not contain white space: pam_radius_auth's configuration file knows no quotes."""
        self.folder = folder
        self.radius_port = radius_port
        self.secret = secret
        self.users = users
        self.timeout_seconds = timeout_seconds
        self.pam_options = pam_options
        self.port = free_port()
        self.program: Program | None = None
        self._sign_ins = count(1)

    def start(self) -> None:
        self.folder.mkdir(parents=True)
        run_well(
            [find_program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", self.folder / "host_key"]
        )
        self._write_accounts()
        self._write_settings()
        script = _MACHINE_OF_ITS_OWN.format(folder=self.folder, sshd=find_program("sshd"))
        unshare = [find_program("unshare"), "--mount", "--propagation", "private"]
        self.program = Program([*unshare, "sh", "-c", script])
        self.program.wait_for("Server listening on")

    def stop(self) -> None:
        if self.program is not None:
            self.program.stop()

    @property
    def output(self) -> str:
        return self.program.output if self.program else ""

    def sign_in(self, user: str, answers: Sequence[str], *, seconds: float = 60) -> SignIn:
        """Sign in as `user`, giving one answer to each question; surplus questions are left unanswered."""
        folder = self.folder / f"sign-in-{next(self._sign_ins)}"
        folder.mkdir()
        (folder / "turn").write_text("0")
        for turn, answer in enumerate(answers, start=1):
            (folder / f"answer-{turn}").write_text(answer + "\n")
        settings = [part for name, value in _CLIENT_SETTINGS.items() for part in ("-o", f"{name}={value}")]
        client = [find_program("ssh"), "-F", "none", "-T", "-p", str(self.port), *settings]
        environment = {
            "PATH": os.defpath,
            "SIGN_IN_FOLDER": str(folder),
            "SSH_ASKPASS": str(self.folder / "answering"),
            "SSH_ASKPASS_REQUIRE": "force",
        }
        done = run([*client, f"{user}@127.0.0.1"], environment=environment, seconds=seconds)
        return SignIn(
            is_accepted=done.returncode == 0 and f"{WELCOME} {user}" in done.stdout,
            questions=tuple(_questions(folder)),
            output=done.stdout + done.stderr,
        )

    def _write_accounts(self) -> None:
        numbered = list(enumerate(self.users, start=_FIRST_USER_ID))
        entries = {
            "passwd": [f"{user}:x:{number}:{number}::/:/bin/sh" for number, user in numbered],
            "group": [f"{user}:x:{number}:" for number, user in numbered],
            "shadow": [f"{user}:*:19000:0:99999:7:::" for _, user in numbered],
        }
        for name, lines in entries.items():
            machine = Path("/etc", name).read_text()
            (self.folder / name).write_text(machine + "\n".join(lines) + "\n")
        (self.folder / "shadow").chmod(0o600)

    def _write_settings(self) -> None:
        rules = _PAM_RULES.format(folder=self.folder, options=self.pam_options)
        (self.folder / "pam.d").mkdir()
        for service in ("sshd", "other"):
            (self.folder / "pam.d" / service).write_text(rules)
        server = f"127.0.0.1:{self.radius_port} {self.secret} {self.timeout_seconds}\n"
        (self.folder / "pam_radius_auth.conf").write_text(server)
        (self.folder / "pam_radius_auth.conf").chmod(0o600)
        settings = _SERVER_SETTINGS.format(folder=self.folder, port=self.port, welcome=WELCOME)
        (self.folder / "sshd_config").write_text(settings)
        (self.folder / "answering").write_text(_ANSWERING)
        (self.folder / "answering").chmod(0o700)


def _questions(folder: Path) -> list[str]:
    """The client puts `(user@host) ` before each question, to say who asks."""
    files = sorted(folder.glob("question-*"), key=lambda path: int(path.name.partition("-")[2]))
    return [re.sub(r"^\([^()]*@[^()]*\) ", "", path.read_text()) for path in files]
