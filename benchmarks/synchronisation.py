"""A directory synchronised: everybody at first, then nobody has changed, on both engines, with the memory it
took."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.population import TENANT
from tests.peers.openldap import BASE_DN, SERVICE_DN, SERVICE_PASSWORD, OpenLdap, person
from tests.peers.postgres import PostgresServer
from tests.servers import ServerProcess
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.model.application import DirectoryConfiguration
from vestibule.model.synchronisation import Part, RunState, SyncItem, SyncSettings
from vestibule.runtime.build import build

COUNTS = (10_000, 100_000)
_LONG_AGO = "20240101000000Z"


def report(folder: Path, postgres: PostgresServer, *, is_quick: bool) -> None:
    """Print seconds of a first run, of a full and a short one without changes, and peak memory; each in a
    process of its own."""
    print(f"\n{'Synchronised from OpenLDAP':<38}{'first s':>9}{'full s':>9}{'short s':>9}{'peak MiB':>10}")
    for count in COUNTS[:1] if is_quick else COUNTS:
        people = (
            person(f"p{number}", "pw", mobile=f"+49 30 {number + 1_000_000}") for number in range(count)
        )
        where = folder / f"directory-{count}"
        with OpenLdap(where, extra=tuple(people), modified_at=_LONG_AGO) as directory:
            for engine in ("SQLite", "PostgreSQL"):
                name = f"sync_{count}"
                url = postgres.create(name) if engine == "PostgreSQL" else ""
                arguments = [str(folder / f"{engine}-{name}"), url, directory.url, str(count)]
                command = [sys.executable, "-m", "benchmarks.synchronisation", *arguments]
                told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
                first, full, short, peak = (float(part) for part in told.split())
                label = f"{count:,} people, {engine}"
                print(f"{label:<38}{first:>9.1f}{full:>9.1f}{short:>9.2f}{peak:>10.0f}", flush=True)


async def _synchronise(folder: Path, url: str, directory_url: str, count: int) -> None:
    house = await build(ServerProcess(folder, url or None).settings, migrate=True)
    try:
        services = house.services
        await services.setup.ensure_system()
        await services.applications.add_tenant(SYSTEM, TENANT, "Bench")
        directory = DirectoryConfiguration(
            tenant_id=TENANT,
            directory_id="ldap",
            kind="ldap",
            name="LDAP",
            settings={
                "urls": [directory_url],
                "base_dn": BASE_DN,
                "bind_dn": SERVICE_DN,
                "start_tls": False,
                "timeout_seconds": 60,
            },
            created_at=0,
        )
        await services.applications.put_directory(SYSTEM, directory, Secret(SERVICE_PASSWORD))
        item = SyncItem(part=Part.UNIT, name=f"ou=people,{BASE_DN}")
        await services.synchronisations.put(SYSTEM, TENANT, "ldap", SyncSettings(items=(item,)))
        seconds = []
        for wants_all in (True, True, False):
            began = time.perf_counter()
            run = await services.synchronisations.run(SYSTEM, TENANT, "ldap", wants_all=wants_all)
            seconds.append(time.perf_counter() - began)
            assert run.state is RunState.DONE, run
            assert run.counts.added >= count or len(seconds) > 1, run.counts
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(*seconds, peak)
    finally:
        await house.close()


if __name__ == "__main__":
    asyncio.run(_synchronise(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))
