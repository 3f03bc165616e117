"""Passwords, slow on purpose: argon2id on this machine, and a bind to OpenLDAP."""

from __future__ import annotations

from pathlib import Path

from benchmarks import http_load
from benchmarks.figures import HEADER, Figures
from benchmarks.population import PASSWORD, LdapDoor, Population, populate
from tests.callers import access_request, check_request
from tests.peers.openldap import OpenLdap, person
from tests.servers import ServerProcess

PEOPLE = 600


def report(folder: Path) -> None:
    """Print a line for each kind of password, with a passcode beside it, on SQLite."""
    print(f"\nPassword and passcode together, SQLite, REST\n{HEADER}", flush=True)
    people = tuple(person(Population.name(number), PASSWORD) for number in range(PEOPLE))
    directory = OpenLdap(folder / "ldap", extra=people)
    directory.start()
    server = ServerProcess(folder / "slow", log_level="warning")
    try:
        door = LdapDoor(
            {
                "urls": [directory.url],
                "base_dn": directory.base_dn,
                "bind_dn": directory.service_dn,
                "start_tls": False,
            },
            directory.service_password,
        )
        population = populate(server.settings, PEOPLE, door)
        server.start_until_answered(access_request(population.shared_secret, 0, "nobody", "000000"))
        half = PEOPLE // 2
        local = _run(server, population, "local", "local password (argon2id, 19 MiB, 2 passes)", range(half))
        print(local.line(), flush=True)
        ldap = _run(server, population, "ldap", "bind to OpenLDAP", range(half, PEOPLE))
        print(ldap.line(), flush=True)
    finally:
        server.stop()
        directory.stop()


def _run(server: ServerProcess, population: Population, door: str, label: str, numbers: range) -> Figures:
    host = f"127.0.0.1:{server.http_port}"
    requests = [
        check_request(host, population.api_keys[door], population.name(n), population.passcode(n), PASSWORD)
        for n in numbers
    ]
    return http_load.run(label, server.http_address, requests, 16)
