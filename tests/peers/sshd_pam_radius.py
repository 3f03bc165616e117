"""OpenSSH's server, signing people in through `pam_radius_auth`: a real RADIUS client by somebody else.

The server sees a machine of its own: in a private mount namespace its PAM rules, accounts and run folder lie
over the machine's, so nothing outside this folder is written and no account is made. That takes root.

`begin` and `sign_in` type like a person who reads: OpenSSH's client hands each question to a program and
takes what the program prints, so there is no terminal and no guess about when to type.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from tests.peers.dialogue import Dialogue, SignIn
from tests.peers.ports import free_port
from tests.peers.program import Program, find_program, run_well

WELCOME = "signed in as"

_PAM_RULES = """
auth     required  pam_radius_auth.so conf={folder}/pam_radius_auth.conf retry={retries}
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
LoginGraceTime 120
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

# Notes the question, waits for the next answer and prints it. For a question too many there is none, and it
# fails, as a person does who cancels.
_ANSWERING = """#!/bin/sh
cd "$SIGN_IN_FOLDER" || exit 1
turn=$(($(cat turn) + 1))
echo "$turn" >turn
printf '%s' "$1" | tee "question-$turn" >&2
echo >&2
exec head -n 1 "answer-$turn"
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


class SshdPamRadius:
    """A server on 127.0.0.1 whose every sign-in is one RADIUS dialogue; `start()` returns when it listens."""

    def __init__(
        self,
        folder: Path,
        *,
        radius_port: int,
        secret: str,
        users: Sequence[str],
        timeout_seconds: int = 60,
        retries: int = 1,
    ) -> None:
        """`secret` must not contain white space: pam_radius_auth's configuration file knows no quotes."""
        self.folder = folder
        self.radius_port = radius_port
        self.secret = secret
        self.users = users
        self.timeout_seconds = timeout_seconds
        self.retries = retries
        self.port = free_port()
        self.program: Program | None = None
        self._sign_ins = count(1)
        self._dialogues: list[SshDialogue] = []

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
        for dialogue in self._dialogues:
            dialogue.cancel()
        if self.program is not None:
            self.program.stop()

    @property
    def output(self) -> str:
        return self.program.output if self.program else ""

    def sign_in(self, user: str, answers: Sequence[str], *, seconds: float = 60) -> SignIn:
        """Sign in as `user`, giving one answer to each question; surplus questions are left unanswered."""
        dialogue = self.begin(user, len(answers))
        for answer in answers:
            dialogue.answer(answer)
        return dialogue.finish(seconds=seconds)

    def begin(self, user: str, most_answers: int = 2) -> SshDialogue:
        """Begin to sign in as `user`, who will answer so many questions."""
        folder = self.folder / f"sign-in-{next(self._sign_ins)}"
        folder.mkdir()
        dialogue = SshDialogue(folder, self.port, user, most_answers)
        self._dialogues.append(dialogue)
        return dialogue

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
        rules = _PAM_RULES.format(folder=self.folder, retries=self.retries)
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


class SshDialogue(Dialogue):
    """It has a program ask, which waits for the answer at a pipe of its turn."""

    def __init__(self, folder: Path, port: int, user: str, most_answers: int) -> None:
        self._folder = folder
        self._user = user
        (folder / "turn").write_text("0")
        self._answers = [_pipe(folder / f"answer-{turn}") for turn in range(1, most_answers + 1)]
        self._turns = iter(tuple(self._answers))
        settings = [part for name, value in _CLIENT_SETTINGS.items() for part in ("-o", f"{name}={value}")]
        client = [find_program("ssh"), "-F", "none", "-T", "-p", port, *settings, f"{user}@127.0.0.1"]
        environment = {
            "PATH": os.defpath,
            "LC_ALL": "C.UTF-8",
            "SIGN_IN_FOLDER": str(folder),
            "SSH_ASKPASS": str(folder.parent / "answering"),
            "SSH_ASKPASS_REQUIRE": "force",
        }
        super().__init__(Program(client, environment=environment))

    def answer(self, text: str) -> None:
        os.write(next(self._turns), f"{text}\n".encode())

    def came_of(self, status: int) -> SignIn:
        self._close()
        output = self.program.output
        is_accepted = status == 0 and f"{WELCOME} {self._user}" in output
        return SignIn(is_accepted, tuple(_questions(self._folder)), output)

    def cancel(self) -> None:
        super().cancel()
        self._close()

    def _close(self) -> None:
        while self._answers:
            os.close(self._answers.pop())


def _pipe(path: Path) -> int:
    """Open a pipe for both sides: what is written waits for its question, who reads waits for what is
    written."""
    os.mkfifo(path)
    return os.open(path, os.O_RDWR)


def _questions(folder: Path) -> list[str]:
    """The client puts `(user@host) ` before each question, to say who asks."""
    files = sorted(folder.glob("question-*"), key=lambda path: int(path.name.partition("-")[2]))
    return [re.sub(r"^\([^()]*@[^()]*\) ", "", path.read_text()) for path in files]
