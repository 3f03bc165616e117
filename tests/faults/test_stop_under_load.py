"""SIGTERM under load: what was decided is answered, what was not decided is met with silence, and no answer
is half.
"""

from __future__ import annotations

import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tests.callers import check_request, read_answer
from tests.faults.load import LANES, Moment, SignInLoad
from tests.installations import Installation, Token, approved_at_rest, furnish
from tests.server_fixtures import MakeServer
from tests.servers import ServerProcess

REST_CALLERS = 4
PEOPLE = LANES + REST_CALLERS
SIGNED_IN = 100


def test_a_stop_in_good_order(make_server: MakeServer, database_url: str | None) -> None:
    """I5, BIL-02: every accept that was committed has reached its client, and none has reached one that was
    not.
    """
    server = make_server("state", database_url)
    installation = furnish(server.settings, PEOPLE)
    rest, radius = installation.people[:REST_CALLERS], installation.people[REST_CALLERS:]
    server.start()
    with (
        SignInLoad(server.radius_address, replace(installation, people=radius)) as load,
        ThreadPoolExecutor(REST_CALLERS) as threads,
    ):
        callers = [threads.submit(sign_in_until_the_end, server, installation, person) for person in rest]
        load.run(Moment(replies=SIGNED_IN))
        server.program.process.send_signal(signal.SIGTERM)
        load.run(Moment(seconds=0.2))
        assert server.await_end() == 0
        load.drain()
        let_in = {name for caller in callers for name in caller.result()}
    let_in |= {request.name for request in load.history if request.is_accepted}
    approved = [attempt.user_address for attempt in approved_at_rest(server.settings)]
    assert len(approved) == len(set(approved))
    assert set(approved) == let_in
    assert len(let_in) > SIGNED_IN


def sign_in_until_the_end(server: ServerProcess, installation: Installation, person: Token) -> list[str]:
    """Sign in over REST on one connection until the server closes it; return the names of what was let in."""
    host = f"127.0.0.1:{server.http_port}"
    let_in: list[str] = []
    with socket.create_connection(server.http_address, timeout=20) as peer:
        while True:
            passcode = person.press()
            name = f"{person.username} {person.counter}"
            request = check_request(host, installation.api_key, person.username, passcode, station=name)
            try:
                peer.sendall(request)
                status, body = read_answer(peer)
            except ConnectionError:
                return let_in
            if status == 0:
                return let_in
            assert status == 200, body
            assert b'"approved":true' in body
            let_in.append(name)
