"""An accept leaves the process only after its commit is safe (G4): seen from outside, by the calls that the
server makes to the kernel.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.callers import ACCESS_ACCEPT, access_request, insist, proven_code, radius_socket
from tests.faults.tracing import Event, Kind, events, hasty_accepts, traced
from tests.installations import furnish
from tests.server_fixtures import MakeServer

REQUEST, ACCEPT = Event(Kind.REQUEST, (7, 4000)), Event(Kind.ACCEPT, (7, 4000))
WRITTEN, COMMIT_TOLD = Event(Kind.WRITTEN), Event(Kind.COMMIT_TOLD)
BEGUN, SYNCED = Event(Kind.SYNC_BEGUN, (1, 0)), Event(Kind.SYNCED, (1, 0))


def test_the_judge_tells_a_safe_commit_from_a_hasty_one() -> None:
    """Without a sync, with one of something else, or with one that has not ended, an accept is hasty."""
    assert hasty_accepts([REQUEST, WRITTEN, BEGUN, SYNCED, ACCEPT]) == (1, 0)
    assert hasty_accepts([REQUEST, COMMIT_TOLD, ACCEPT]) == (1, 0)
    for trace in (
        [REQUEST, WRITTEN, ACCEPT],
        [WRITTEN, BEGUN, SYNCED, REQUEST, WRITTEN, ACCEPT],
        [REQUEST, BEGUN, SYNCED, ACCEPT, WRITTEN, BEGUN, SYNCED],
        [REQUEST, BEGUN, WRITTEN, SYNCED, ACCEPT],
        [REQUEST, WRITTEN, BEGUN, ACCEPT, SYNCED],
        [COMMIT_TOLD, REQUEST, ACCEPT, COMMIT_TOLD],
    ):
        assert hasty_accepts(trace) == (1, 1), trace


def escaped(octets: bytes) -> str:
    return "".join(f"\\x{octet:02x}" for octet in octets)


def test_a_trace_is_read_also_where_calls_of_threads_cross() -> None:
    """A call that another thread's interrupts in the trace is told in two lines."""
    name = escaped(b"/state/vestibule.db-wal")
    request, accept = (f'"{escaped(bytes((code, 7)) + bytes(18))}"' for code in (1, 2))
    peer = "{sa_family=AF_INET, sin_port=htons(4000)}"
    lines = [
        "12:00:00 info     listening",
        "[pid  10] recvfrom(19<socket>,  <unfinished ...>",
        f'[pid  11] pwrite64(13<{name}>, "", 1, 0 <unfinished ...>',
        f"[pid  10] <... recvfrom resumed>{request}, 4096, 0, {peer}, [16]) = 20",
        "[pid  11] <... pwrite64 resumed>) = 1",
        f'[pid  11] pwrite64(13<{name}>, "", 1, 0) = 1',
        f"[pid  11] fdatasync(13<{name}> <unfinished ...>",
        "[pid  11] <... fdatasync resumed>) = 0",
        f"[pid  10] sendto(19<socket>, {accept}, 20, 0, {peer}, 16) = 20",
    ]
    kinds = [event.kind for event in events(lines)]
    written, synced = Kind.WRITTEN, [Kind.SYNC_BEGUN, Kind.SYNCED]
    assert kinds == [written, Kind.REQUEST, written, *synced, Kind.ACCEPT]
    assert hasty_accepts(events(lines)) == (1, 0)
    assert hasty_accepts(events(lines[:6] + lines[8:])) == (1, 1)


def test_every_accept_is_preceded_by_its_safe_commit(
    make_server: MakeServer, database_url: str | None, proof: Callable[[int, int], int]
) -> None:
    """G4, DB-01, DB-02: SQLite's journal is synced, PostgreSQL has confirmed the commit, then the accept."""
    rounds = proof(60, 10_000)
    server = make_server("state", database_url, wrapper=traced())
    installation = furnish(server.settings, 1)
    (person,) = installation.people
    server.start()
    with radius_socket(server.radius_address, 5) as peer:
        for number in range(rounds):
            request = access_request(
                installation.shared_secret, number % 256, person.username, person.press()
            )
            assert proven_code(insist(peer, request), request, installation.shared_secret) == ACCESS_ACCEPT
    assert server.stop() == 0
    assert hasty_accepts(events(server.program.lines)) == (rounds, 0)
