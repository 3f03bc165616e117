"""A mail server beside a test, and the mails that it was given."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.peers.openldap_certificates import TestAuthority
from tests.peers.ports import free_port
from tests.peers.program import Program

USERNAME = "vestibule"
PASSWORD = "tests-only"


@dataclass(frozen=True)
class Taken:
    """A mail as the server was given it."""

    sender: str
    recipients: list[str]
    hello: str
    octets: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.octets, policy=policy.default)

    def part(self, kind: str) -> str:
        """Return the `plain` or the `html` part."""
        body = self.message.get_body((kind,))
        assert body is not None
        return str(body.get_content())


class MailServer:
    """`security` is `starttls`, `tls` or `none`; what its recipients make it do, `mail_program` says."""

    def __init__(self, folder: Path, security: str = "starttls") -> None:
        self.port = free_port()
        self.security = security
        self._folder = folder
        folder.mkdir(parents=True)
        authority = TestAuthority(folder / "authority")
        self.ca_file = authority.ca_file
        certificate, key = authority.issue("mail", "localhost", "127.0.0.1")
        self._tls = [] if security == "none" else [certificate, key]
        self._program: Program | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """With which a gateway finds it."""
        own: dict[str, Any] = {"host": "localhost", "port": self.port, "sender": "vestibule@example.org"}
        if self.security != "none":
            own |= {"ca_file": str(self.ca_file), "username": USERNAME}
        return own | {"security": self.security}

    @property
    def secret(self) -> str:
        return "" if self.security == "none" else PASSWORD

    def start(self) -> None:
        script = Path(__file__).with_name("mail_program.py")
        self._program = Program([sys.executable, script, self.port, self.security, self._folder, *self._tls])
        self._program.wait_for("^ready$")

    def stop(self) -> None:
        if self._program is not None:
            self._program.stop()
            self._program = None

    def wait_for(self, count: int) -> list[Taken]:
        """Wait until so many mails were taken, and return them."""
        assert self._program is not None
        self._program.wait_for(f"^taken {count}$")
        return self.taken()

    def taken(self) -> list[Taken]:
        return [_read(path) for path in sorted(self._folder.glob("*.mail"))]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _read(path: Path) -> Taken:
    head, _, octets = path.read_bytes().partition(b"\n")
    told = json.loads(head)
    return Taken(told["from"], told["to"], told["hello"], octets)
