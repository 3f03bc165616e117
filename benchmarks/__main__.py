"""`make bench`: every figure of the doors, for SQLite and PostgreSQL, with its ratio to FreeRADIUS."""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import bounds, http_load, slow_factors, token_files
from benchmarks.figures import HEADER, Figures
from benchmarks.population import Population, populate
from benchmarks.radius_load import RadiusLoad
from tests.callers import access_request, check_request, state_of
from tests.peers.postgres import PostgresServer
from tests.servers import ServerProcess

WINDOW = 128
ROUNDS = 3
STEP_SECONDS = 30


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--users", type=int, default=30_000, help="users in the small database")
    parser.add_argument("--more-users", type=int, default=130_000, help="users in the large one")
    parser.add_argument("--quick", action="store_true", help="one round, small database only")
    chosen = parser.parse_args()
    rounds = 1 if chosen.quick else ROUNDS
    with tempfile.TemporaryDirectory(prefix="vestibule-bench-") as name:
        folder = Path(name)
        bound = _bounds(folder, rounds)
        postgres = PostgresServer(folder, lives_with=os.getpid())
        postgres.start()
        try:
            sizes = [chosen.users] if chosen.quick else [chosen.users, chosen.more_users]
            for engine in ("SQLite", "PostgreSQL"):
                for size in sizes:
                    database = f"bench_{size}"
                    url = postgres.create(database) if engine == "PostgreSQL" else None
                    _doors(folder / f"{engine}-{size}", engine, size, url, rounds, bound)
            slow_factors.report(folder)
            token_files.report(folder, postgres, is_quick=chosen.quick)
        finally:
            print(flush=True)


def _bounds(folder: Path, rounds: int) -> float:
    print(f"\nWhat bounds us\n{HEADER}")
    echo = _median([bounds.udp_echo(40_000, WINDOW) for _ in range(rounds)])
    radius = _median([bounds.freeradius(folder / f"freeradius{n}", 40_000, WINDOW) for n in range(rounds)])
    print(echo.line(radius.rate))
    print(radius.line(radius.rate))
    return radius.rate


def _doors(folder: Path, engine: str, size: int, url: str | None, rounds: int, bound: float) -> None:
    print(f"\n{engine}, {size:,} users (ratio: to FreeRADIUS above)\n{HEADER}", flush=True)
    server = ServerProcess(folder, url, log_level="warning")
    population = populate(server.settings, size)
    probe = access_request(population.shared_secret, 0, "nobody", "000000")
    first_answer = server.start_until_answered(probe)
    try:
        run = _Run(server, population)
        peak = _median([run.together(min(size, 30_000)) for _ in range(rounds)])
        print(peak.line(bound), flush=True)
        print(run.together(min(size, 20_000), rate=peak.rate / 2).line(bound), flush=True)
        flow = _median([run.challenged(min(size, 10_000)) for _ in range(rounds)])
        print(flow.line(bound), flush=True)
        check = _median([run.checked(min(size, 10_000)) for _ in range(rounds)])
        print(check.line(bound), flush=True)
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
        self._spent_until = 0

    def together(self, count: int, rate: float | None = None) -> Figures:
        population = self._population
        passcodes = list(self._fresh(count))
        load = RadiusLoad(
            self._address,
            lambda i, identifier: access_request(
                population.shared_secret, identifier, population.name(i), passcodes[i]
            ),
        )
        label = "RADIUS, PAP with TOTP in one packet"
        if rate is not None:
            return load.run(f"{label}, at half load", count, 4 * WINDOW, rate)
        return load.run(label, count, WINDOW)

    def challenged(self, count: int) -> Figures:
        population = self._population
        passcodes = list(self._fresh(count))
        secret = population.shared_secret

        def follow(index: int, reply: bytes, identifier: int) -> bytes:
            name = population.name(index)
            return access_request(secret, identifier, name, passcodes[index], state_of(reply))

        load = RadiusLoad(
            self._address,
            lambda i, identifier: access_request(secret, identifier, population.name(i), ""),
        )
        return load.run("RADIUS, Access-Challenge, then TOTP (two packets)", count, WINDOW, follow=follow)

    def checked(self, count: int) -> Figures:
        population = self._population
        host = f"127.0.0.1:{self._server.http_port}"
        requests = [
            check_request(host, population.api_keys["client"], population.name(i), passcode)
            for i, passcode in enumerate(self._fresh(count))
        ]
        address = self._server.http_address
        return http_load.run("REST, check of a TOTP passcode", address, requests, 64)

    def _fresh(self, count: int) -> Iterator[str]:
        """Yield each user's passcode of a step that no phase before has used."""
        while int(time.time()) // STEP_SECONDS <= self._spent_until:
            time.sleep(0.2)
        self._spent_until = int(time.time()) // STEP_SECONDS
        for number in range(count):
            yield self._population.passcode(number)


def _median(runs: list[Figures]) -> Figures:
    middle = statistics.median_low([run.rate for run in runs])
    return next(run for run in runs if run.rate == middle)


if __name__ == "__main__":
    main()
