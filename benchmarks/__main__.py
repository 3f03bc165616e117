"""`make bench`: every figure of the doors, for SQLite and PostgreSQL, with its ratio to FreeRADIUS."""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import (
    apps,
    billing,
    bounds,
    calls,
    decisions,
    http_load,
    ldap_searches,
    pages,
    phone_sign_ins,
    proxying,
    pushes,
    radius_over_tls,
    relay,
    slow_factors,
    synchronisation,
    tenants,
    texts,
    token_files,
    waiting,
)
from benchmarks.figures import HEADER, Figures
from benchmarks.population import Population, populate
from benchmarks.radius_load import RadiusLoad
from tests.callers import access_request, check_request, state_of
from tests.peers.postgres import PostgresServer
from tests.servers import ServerProcess

WINDOW = 256
"""Requests outstanding at once: enough to keep the interpreter busy while a group is synced to the disk."""
COUNT = 10_000
"""Requests of one phase."""
ROUNDS = 3
STEP_SECONDS = 30


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--users", type=int, default=30_000, help="users in the small database")
    parser.add_argument("--more-users", type=int, default=130_000, help="users in the large one")
    parser.add_argument("--quick", action="store_true", help="small database and small files only")
    parser.add_argument(
        "--keep", type=Path, help="where the installations of the pages stay for the next time"
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vestibule-bench-") as name:
        folder = Path(name)
        _echo()
        bound = bounds.Bound(folder / "freeradius")
        postgres = PostgresServer(folder, lives_with=os.getpid())
        postgres.start()
        try:
            sizes = [chosen.users] if chosen.quick else [chosen.users, chosen.more_users]
            for engine in ("SQLite", "PostgreSQL"):
                for size in sizes:
                    database = f"bench_{size}"
                    url = postgres.create(database) if engine == "PostgreSQL" else None
                    only_peak = size != chosen.users
                    _doors(folder / f"{engine}-{size}", engine, size, url, bound, only_peak=only_peak)
            slow_factors.report(folder)
            ldap_searches.report(folder, is_quick=chosen.quick)
            proxying.report(folder, is_quick=chosen.quick)
            radius_over_tls.report(folder, is_quick=chosen.quick)
            tenants.report(folder, postgres, is_quick=chosen.quick)
            texts.report()
            waiting.report(folder, postgres, is_quick=chosen.quick)
            token_files.report(folder, postgres, is_quick=chosen.quick)
            billing.report(folder, postgres, is_quick=chosen.quick)
            synchronisation.report(folder, postgres, is_quick=chosen.quick)
            calls.report()
            phone_sign_ins.report()
            apps.report(folder, postgres, is_quick=chosen.quick)
            pushes.report()
            relay.report(folder, postgres, is_quick=chosen.quick)
            decisions.report(is_quick=chosen.quick)
            pages.report(chosen.keep, is_quick=chosen.quick)
        finally:
            bound.stop()
            print(flush=True)


def _echo() -> None:
    print(f"\nWhat bounds us all\n{HEADER}")
    print(_median([bounds.udp_echo(40_000, WINDOW) for _ in range(ROUNDS)]).line(), flush=True)


def _doors(
    folder: Path, engine: str, size: int, url: str | None, bound: bounds.Bound, *, only_peak: bool
) -> None:
    print(f"\n{engine}, {size:,} users (ratio: to FreeRADIUS, measured just before)\n{HEADER}", flush=True)
    server = ServerProcess(folder, url, log_level="warning")
    population = populate(server.settings, size)
    probe = access_request(population.shared_secret, 0, "nobody", "000000")
    first_answer = server.start_until_answered(probe)
    try:
        run = _Run(server, population)
        pairs = [(bound.measure(COUNT, WINDOW), run.together(COUNT)) for _ in range(ROUNDS)]
        ratios = [ours.rate / theirs.rate for theirs, ours in pairs]
        theirs, ours = pairs[ratios.index(statistics.median_low(ratios))]
        print(theirs.line(theirs.rate))
        print(ours.line(theirs.rate), flush=True)
        half = [run.together(COUNT, rate=ours.rate / 2) for _ in range(ROUNDS)]
        print(sorted(half, key=lambda each: each.percentile(0.99))[ROUNDS // 2].line(theirs.rate), flush=True)
        if not only_peak:
            flow = _median([run.challenged(COUNT) for _ in range(ROUNDS)])
            print(flow.line(theirs.rate), flush=True)
            check = _median([run.checked(COUNT) for _ in range(ROUNDS)])
            print(check.line(theirs.rate), flush=True)
        print(f"{'time from start to first answer':<58}{first_answer:>9.2f} s")
        print(f"{'resident memory after the load':<58}{server.resident_mib():>9.0f} MiB", flush=True)
    finally:
        server.stop()


class _Run:
    """The phases against one server. Each waits for passcodes that nobody has used yet."""

    def __init__(self, server: ServerProcess, population: Population) -> None:
        self._server = server
        self._population = population
        self._address = server.radius_address
        self._step = self._next = 0

    def together(self, count: int, rate: float | None = None) -> Figures:
        load = self._load(self._fresh(count))
        label = "RADIUS, PAP with TOTP in one packet"
        if rate is not None:
            return load.run(f"{label}, at half load", count, 4 * WINDOW, rate)
        return load.run(label, count, WINDOW)

    def challenged(self, count: int) -> Figures:
        secret = self._population.shared_secret
        fresh = self._fresh(count)

        def follow(index: int, reply: bytes, identifier: int) -> bytes:
            return access_request(secret, identifier, *fresh[index], state_of(reply))

        load = self._load([(name, "") for name, _ in fresh])
        return load.run("RADIUS, Access-Challenge, then TOTP (two packets)", count, WINDOW, follow=follow)

    def _load(self, typed: list[tuple[str, str]]) -> RadiusLoad:
        secret = self._population.shared_secret
        return RadiusLoad(
            self._address, lambda i, identifier: access_request(secret, identifier, *typed[i]), secret
        )

    def checked(self, count: int) -> Figures:
        population = self._population
        host = f"127.0.0.1:{self._server.http_port}"
        requests = [
            check_request(host, population.api_keys["client"], name, passcode)
            for name, passcode in self._fresh(count)
        ]
        address = self._server.http_address
        return http_load.run("REST, check of a TOTP passcode", address, requests, 64)

    def _fresh(self, count: int) -> list[tuple[str, str]]:
        """Return names with a passcode that nobody has used yet; waits for the next step if need be."""
        population = self._population
        while True:
            step = int(time.time()) // STEP_SECONDS
            if step != self._step:
                self._step, self._next = step, 0
            if self._next + count <= population.users:
                break
            time.sleep(0.2)
        numbers = range(self._next, self._next + count)
        self._next += count
        return [(population.name(number), population.passcode(number)) for number in numbers]


def _median(runs: list[Figures]) -> Figures:
    middle = statistics.median_low([run.rate for run in runs])
    return next(run for run in runs if run.rate == middle)


if __name__ == "__main__":
    main()
