"""The first start makes all it needs and shows each secret once; every further one finds its state again."""

from __future__ import annotations

import asyncio
import base64
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from time import time

from tests.callers import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    access_request,
    insist,
    proven_code,
    radius_socket,
    state_of,
)
from tests.server_fixtures import MakeServer
from tests.servers import ServerProcess
from vestibule.crypto.secret import Secret
from vestibule.runtime.build import build
from vestibule.wire.oath import totp

HEADLINE = "Vestibule is running"
LAST_LINE = "vestibule try"
AGAIN = "vestibule demo renew"
STEP_MS = 30_000
LINK = r"/console/setup/(\S+)"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the screen says once."""

    link: str
    seed: str
    password: str
    shared_secret: str


def first_start(server: ServerProcess) -> Shown:
    """Start what is not there yet, and read the screen."""
    server.start("run")
    server.program.wait_for(LAST_LINE)
    return Shown(
        server.program.wait_for(LINK)[1],
        server.program.wait_for(r"or type it: ([A-Z2-7]{32,})$")[1],
        server.program.wait_for(r"her password .*: (\S{12,})$")[1],
        server.program.wait_for(r"shared secret .*: (\S{16,})$")[1],
    )


def test_the_first_start_makes_everything_and_a_second_one_asks_nothing(make_server: MakeServer) -> None:
    """KEY-05, OTP-18: nobody else can read what is made; the secrets shown open the door, and are shown
    once; key file and people of a later start are those of the first.
    """
    server = make_server()
    shown = first_start(server)
    assert HEADLINE in server.output
    assert is_a_square(drawn(server.program.lines))
    assert nobody_else_can_read(server.state_directory)
    assert opens_the_set_up_page(server, shown.link)
    assert not opens_the_set_up_page(server, shown.link[::-1])
    assert sign_in(server, shown) == ACCESS_ACCEPT
    assert server.stop() == 0
    key_file = (server.state_directory / "master.key").read_bytes()

    server.start("run")
    server.program.wait_for(AGAIN)
    for secret in (shown.link, shown.seed, shown.password, shown.shared_secret):
        assert secret not in server.output
    assert drawn(server.program.lines) == []
    assert (server.state_directory / "master.key").read_bytes() == key_file
    assert opens_the_set_up_page(server, server.program.wait_for(LINK)[1])
    assert sign_in(server, shown, steps=1) == ACCESS_ACCEPT
    assert server.stop() == 0

    asyncio.run(become_administrator(server))
    server.start("run")
    server.program.wait_for(AGAIN)
    assert re.search(LINK, server.output) is None
    assert "with the administrator you have made" in server.output
    assert server.stop() == 0


def nobody_else_can_read(folder: Path) -> bool:
    files = [folder, *folder.iterdir()]
    assert {"master.key", "vestibule.db"} <= {path.name for path in files}
    return all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in files)


def opens_the_set_up_page(server: ServerProcess, link: str) -> bool:
    with server.http() as browser:
        return browser.get(f"/console/setup/{link}").status_code == 200


def sign_in(server: ServerProcess, shown: Shown, steps: int = 0) -> int:
    """Play the VPN of the demonstration with what the screen says, and nothing else.

    A passcode works once; the one of the next step is within the window too.
    """
    secret = shown.shared_secret.encode()
    with radius_socket(server.radius_address, 5) as peer:
        first = access_request(secret, 1, "alice", shown.password)
        challenge = insist(peer, first)
        assert proven_code(challenge, first, secret) == ACCESS_CHALLENGE
        passcode = totp(base64.b32decode(shown.seed), int(time() * 1000) + steps * STEP_MS)
        second = access_request(secret, 2, "alice", passcode, state_of(challenge))
        return proven_code(insist(peer, second), second, secret)


async def become_administrator(server: ServerProcess) -> None:
    house = await build(server.settings)
    try:
        setup = house.services.setup
        link = (await setup.make_link()).reveal()
        prepared = await setup.prepare(link, "root")
        assert prepared is not None
        passcode = totp(base64.b32decode(prepared.shown[1].reveal()), int(time() * 1000))
        password = Secret("A-long-passphrase-for-this-test")
        await setup.complete(link, prepared.sealed, "root", password, Secret(passcode))
    finally:
        await house.close()


def drawn(lines: list[str]) -> list[str]:
    """Return the lines of a QR code in the terminal."""
    return [line for line in lines if len(line) > 20 and set(line) <= set("█▀▄ ")]


def is_a_square(lines: list[str]) -> bool:
    """Two rows of modules stand in each line of characters."""
    widths = {len(line) for line in lines}
    return len(widths) == 1 and abs(widths.pop() - 2 * len(lines)) <= 1
