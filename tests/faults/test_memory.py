"""Memory: enough for work, and no more however many strangers knock or leave a question unanswered."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from benchmarks.radius_load import RadiusLoad
from tests.callers import access_request
from tests.installations import Installation, furnish
from tests.server_fixtures import MakeServer
from tests.servers import ServerProcess
from vestibule.services.asking import OPEN_CHALLENGES_PER_USER

WINDOW = 64
MOST_MIB = 200
MOST_GROWTH_MIB = 64


class Crowd:
    """People by the thousand at one door."""

    def __init__(self, server: ServerProcess, installation: Installation) -> None:
        self._server = server
        self._installation = installation

    def sign_in(self, count: int) -> None:
        """Everybody in turn, with a right passcode each time; nobody again while one of them still waits.

        A datagram that a busy server drops is sent again, and would come after the person's next passcode.
        """
        people = self._installation.people
        while count > 0:
            turn = people[:count]
            assert self._send([(person.username, person.press()) for person in turn]) == len(turn)
            count -= len(turn)

    def knock_as_nobody(self, count: int) -> None:
        """Names that nobody has, a new one each time."""
        assert self._send([(f"stranger {n}", "123456") for n in range(count)]) == 0

    def leave_unanswered(self, count: int) -> None:
        """Ask to be asked for a passcode, and say no more."""
        people = self._installation.people
        assert self._send([(people[n % len(people)].username, "") for n in range(count)]) == 0

    def _send(self, typed: list[tuple[str, str]]) -> int:
        """Send a request for each name and password, and return how many were accepted."""
        secret = self._installation.shared_secret
        load = RadiusLoad(
            self._server.radius_address, lambda n, identifier: access_request(secret, identifier, *typed[n])
        )
        figures = load.run("", len(typed), WINDOW)
        assert figures.done == len(typed)
        return figures.accepted


def test_memory_has_bounds(
    make_server: MakeServer,
    database_url: str | None,
    proof: Callable[[int, int], int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """BF-16, CH-09, I11: 5,000 sign-ins, 10,000 strangers, 10,000 challenges that nobody answers."""
    signed_in, flood = proof(1_000, 5_000), proof(2_000, 10_000)
    server = make_server("state", database_url)
    installation = furnish(server.settings, flood // OPEN_CHALLENGES_PER_USER)
    server.start()
    crowd = Crowd(server, installation)
    sizes = {"after the start": server.resident_mib()}
    crowd.sign_in(signed_in)
    working = sizes["after the sign-ins"] = server.resident_mib()
    crowd.knock_as_nobody(flood)
    sizes["after the strangers"] = server.resident_mib()
    crowd.leave_unanswered(flood)
    sizes["after the open questions"] = server.resident_mib()
    with server.http() as http:
        told = http.get("/metrics").text
    pending = r'^vestibule_verifications_total{channel="radius",.*state="pending"} (\S+)$'
    assert [float(number) for number in re.findall(pending, told, re.MULTILINE)] == [flood]
    crowd.sign_in(len(installation.people))
    assert server.stop() == 0
    with capsys.disabled():
        print("\n  resident MiB: " + ", ".join(f"{size:.0f} {when}" for when, size in sizes.items()))
    assert max(sizes.values()) < MOST_MIB
    assert max(sizes.values()) - working < MOST_GROWTH_MIB
