"""`kill -9` under load, and everything that was accepted is tried again (G3).

The history is kept by the clients. After each kill, three things are held against it: what is presented a
second time, the list of attempts, and what was under way when the server died, which its client repeats octet
by octet as a concentrator does.
"""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from statistics import median
from time import time

import pytest

from tests.callers import ACCESS_REJECT
from tests.faults.load import LANES, Moment, SignInLoad
from tests.installations import attempts, furnish
from tests.server_fixtures import MakeServer

SEED = 20_260_301
PEOPLE = 4 * LANES
WARM_UP = 3 * LANES
MOST = 200

REPEATABLE_SECONDS = 300
"""A repeated request is known as such within one of these; at the turn to the next it is a replay."""


def moment(number: int, chance: random.Random) -> Moment:
    """The three kinds of moments in turn: at any time, shortly after a request was sent, at a reply."""
    match number % 3:
        case 0:
            return Moment(seconds=chance.uniform(0.05, 0.5))
        case 1:
            return Moment(requests=chance.randrange(WARM_UP, MOST), seconds=chance.uniform(0, 0.01))
        case _:
            return Moment(replies=chance.randrange(WARM_UP, MOST))


def test_nothing_that_was_accepted_is_lost_or_accepted_again(
    make_server: MakeServer,
    database_url: str | None,
    proof: Callable[[int, int], int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """G3, I1, I5, OTP-04, DB-01: no passcode is accepted twice, no accepted attempt is missing from the list,
    none stands there twice, and the server starts cleanly.
    """
    cycles = proof(3, 200)
    chance = random.Random(SEED)
    server = make_server("state", database_url)
    installation = furnish(server.settings, PEOPLE)
    server.start()
    starts, sent, under_way, turned_away = [], 0, 0, set[str]()
    with (
        SignInLoad(server.radius_address, installation) as load,
        server.http(installation.admin_key) as administrator,
    ):
        for number in range(cycles):
            began = time()
            requests = load.run(moment(number, chance))
            server.kill()
            load.drain()
            accepted = [request for request in requests if request.is_accepted]
            starts.append(server.start())

            repeated = load.finish()
            refused = {request.name for request in repeated if not request.is_accepted}
            assert not refused or began // REPEATABLE_SECONDS < time() // REPEATABLE_SECONDS
            turned_away |= refused

            again = load.present(accepted)
            assert Counter(request.code for request in again) == Counter({ACCESS_REJECT: len(accepted)})

            approved = Counter(a.user_address for a in attempts(administrator, state="approved"))
            expected = Counter(request.name for request in load.history if request.is_accepted)
            assert expected - approved == Counter(), "accepted, and not in the list"
            assert set(approved - expected) <= turned_away, "in the list, and never accepted"
            assert max(approved.values()) == 1, "one accept, two attempts"
            sent += len(requests)
            under_way += len(repeated)
    assert server.stop() == 0
    if database_url is None:
        with sqlite3.connect(server.state_directory / "vestibule.db") as database:
            assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
        database.close()
    with capsys.disabled():
        print(
            f"\n  {cycles} kills (seed {SEED}), {sent} requests, {under_way} under way when killed, of these"
            f" {len(turned_away)} turned away when repeated;"
            f" start after a kill {median(starts):.2f} s (median)"
        )
