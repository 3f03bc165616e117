"""Mail servers for the tests of mails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.peers.mail_server import MailServer


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[Callable[..., MailServer]]:
    """`server = mail_server("tls")`: started, and stopped after the test."""
    started: list[MailServer] = []

    def start(security: str = "starttls") -> MailServer:
        server = MailServer(tmp_path / f"mail-{len(started)}", security)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop()
