"""The same passcode from 16 clients at the same instant, through two doors: exactly one is let in (G1).

On PostgreSQL there are two nodes, and half of the clients of each door ask either. Requests are made before
the race. What a racer still has to send when the barrier opens is one datagram, or the last octet of a
request whose other octets the server holds already.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.callers import (
    ACCESS_ACCEPT,
    ACCESS_REJECT,
    access_request,
    check_request,
    insist,
    proven_code,
    radius_socket,
    read_answer,
)
from tests.installations import Installation, Token, attempts, furnish
from tests.server_fixtures import MakeServer
from tests.servers import ServerProcess

OF_EACH_DOOR = 8
RACERS = 2 * OF_EACH_DOOR


class RadiusRacer:
    """A RADIUS client with a socket of its own."""

    def __init__(self, server: ServerProcess, installation: Installation, number: int) -> None:
        self._secret = installation.shared_secret
        self._number = number
        self._socket = radius_socket(server.radius_address)
        self._request = b""

    def line_up(self, name: str, passcode: str) -> None:
        self._request = access_request(self._secret, self._number, name, passcode)

    def run(self, start: Barrier) -> bool:
        """Ask, and tell whether the door opened. Silence is asked again, as concentrators do (RA-01)."""
        start.wait()
        code = proven_code(insist(self._socket, self._request), self._request, self._secret)
        assert code in {ACCESS_ACCEPT, ACCESS_REJECT}
        return code == ACCESS_ACCEPT

    def close(self) -> None:
        self._socket.close()


class RestRacer:
    """A caller of the REST check on a kept connection."""

    def __init__(self, server: ServerProcess, installation: Installation) -> None:
        self._host = f"127.0.0.1:{server.http_port}"
        self._key = installation.api_key
        self._socket = socket.create_connection(server.http_address, timeout=20)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._last = b""

    def line_up(self, name: str, passcode: str) -> None:
        request = check_request(self._host, self._key, name, passcode)
        self._socket.sendall(request[:-1])
        self._last = request[-1:]

    def run(self, start: Barrier) -> bool:
        start.wait()
        self._socket.sendall(self._last)
        status, body = read_answer(self._socket)
        assert status == 200, body
        return b'"approved":true' in body

    def close(self) -> None:
        self._socket.close()


def race(racers: Sequence[RadiusRacer | RestRacer], threads: ThreadPoolExecutor, person: Token) -> int:
    """Let everybody present the same fresh passcode, and return how many were let in."""
    passcode = person.press()
    for racer in racers:
        racer.line_up(person.username, passcode)
    start = Barrier(len(racers))
    return sum(threads.map(lambda racer: racer.run(start), racers))


def test_one_passcode_opens_one_door_once(
    make_server: MakeServer, database_url: str | None, proof: Callable[[int, int], int]
) -> None:
    """G1, I1, OTP-02, OTP-03: one accept in each round, never two and never none; the others are recorded
    as replays.
    """
    rounds = proof(20, 500)
    nodes = [make_server("a", database_url)]
    installation = furnish(nodes[0].settings, 1)
    if database_url is not None:
        nodes.append(make_server("b", database_url, key_file=str(nodes[0].settings.key_file)))
    for node in nodes:
        node.start()
    racers: list[RadiusRacer | RestRacer] = []
    for number in range(OF_EACH_DOOR):
        node = nodes[number % len(nodes)]
        racers += [RadiusRacer(node, installation, number), RestRacer(node, installation)]
    (person,) = installation.people
    with ThreadPoolExecutor(RACERS) as threads:
        let_in = Counter(race(racers, threads, person) for _ in range(rounds))
    for racer in racers:
        racer.close()
    assert let_in == {1: rounds}
    with nodes[-1].http(installation.admin_key) as administrator:
        recorded = attempts(administrator)
    assert Counter(attempt.reason for attempt in recorded) == {
        "passcode_verified": rounds,
        "passcode_replayed": (RACERS - 1) * rounds,
    }
    for node in nodes:
        assert node.stop() == 0
