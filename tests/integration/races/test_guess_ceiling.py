"""Two hundred guesses at once: no more are judged than the limit allows (G2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from benchmarks.radius_load import RadiusLoad
from tests.callers import ACCESS_REJECT, access_request, insist, proven_code, radius_socket
from tests.installations import Installation, Token, attempts, furnish
from tests.server_fixtures import MakeServer
from tests.servers import ServerProcess
from vestibule.methods.hotp import LOOK_AHEAD
from vestibule.model.tenant import TenantSettings
from vestibule.wire.oath import hotp

LIMIT = 10
GUESSES = 200


def guess(node: ServerProcess, installation: Installation, person: Token, guesses: list[str]) -> int:
    """Send all guesses together, and return how many were accepted."""
    secret, name = installation.shared_secret, person.username
    load = RadiusLoad(
        node.radius_address,
        lambda number, identifier: access_request(secret, identifier, name, guesses[number]),
    )
    return load.run("", len(guesses), len(guesses)).accepted


def wrong_for(person: Token) -> list[str]:
    """Return passcodes that the person's token does not show any time soon."""
    shown = {hotp(person.secret, counter) for counter in range(2 * LOOK_AHEAD)}
    return [f"{number:06d}" for number in range(GUESSES + len(shown)) if f"{number:06d}" not in shown][
        :GUESSES
    ]


def test_no_more_guesses_are_judged_than_the_limit_allows(
    make_server: MakeServer, database_url: str | None, proof: Callable[[int, int], int]
) -> None:
    """G2, I4, BF-01, BF-02: in each burst, and on PostgreSQL over two nodes; the right passcode, tried
    afterwards, opens nothing.
    """
    bursts = proof(3, 500)
    nodes = [make_server("a", database_url)]
    rules = TenantSettings(lockout_threshold=LIMIT, spraying_pause_seconds=0)
    installation = furnish(nodes[0].settings, bursts, rules=rules)
    if database_url is not None:
        nodes.append(make_server("b", database_url, key_file=str(nodes[0].settings.key_file)))
    for node in nodes:
        node.start()
    with ThreadPoolExecutor(2) as threads, radius_socket(nodes[-1].radius_address, 5) as peer:
        for person in installation.people:
            right = person.press()
            wrong = wrong_for(person)
            halves = [
                threads.submit(guess, node, installation, person, half)
                for node, half in ((nodes[0], wrong[::2]), (nodes[-1], wrong[1::2]))
            ]
            assert [half.result() for half in halves] == [0, 0]
            request = access_request(installation.shared_secret, 1, person.username, right)
            assert proven_code(insist(peer, request), request, installation.shared_secret) == ACCESS_REJECT
    with nodes[0].http(installation.admin_key) as administrator:
        recorded = Counter((attempt.claimed_username, attempt.reason) for attempt in attempts(administrator))
    for person in installation.people:
        assert recorded.pop((person.username, "passcode_wrong")) == LIMIT
        assert recorded.pop((person.username, "locked_out")) == GUESSES - LIMIT + 1
    assert recorded == Counter()
    for node in nodes:
        assert node.stop() == 0
