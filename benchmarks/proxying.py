"""Sign-ins that FreeRADIUS judges first, beside the same ones whose password the client has checked.

Both are one packet with a TOTP passcode. FreeRADIUS, the load and the server share the processors.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from benchmarks.figures import HEADER, Figures
from benchmarks.population import TENANT, Population, populate
from benchmarks.radius_load import RadiusLoad
from tests.callers import access_request
from tests.peers.freeradius import FreeRadius
from tests.servers import ServerProcess
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, DirectoryConfiguration, FirstFactor
from vestibule.runtime.build import build

COUNT = 6_000
WINDOW = 128
"""Fewer than a directory is ever asked at once."""
_PASSWORD = "a password behind"
_SECRET = "what Vestibule and FreeRADIUS share"


def report(folder: Path, *, is_quick: bool = False) -> None:
    """Print both rates; the ratio is to the sign-in that is not carried anywhere."""
    print(f"\nRADIUS with a server behind (ratio: without one)\n{HEADER}", flush=True)
    count = COUNT // 6 if is_quick else COUNT
    users = {Population.name(number): _PASSWORD for number in range(count)}
    behind = FreeRadius(folder / "behind", users=users, secret=_SECRET, threads=2, log_auth=False)
    behind.start()
    try:
        straight = _measured(folder / "straight", count, "PAP with TOTP in one packet", None)
        ours = _measured(folder / "proxied", count, "the same, password judged by FreeRADIUS", behind)
        print(straight.line(straight.rate))
        print(ours.line(straight.rate), flush=True)
    finally:
        behind.stop()


def _measured(folder: Path, count: int, label: str, behind: FreeRadius | None) -> Figures:
    server = ServerProcess(folder)
    population = populate(server.settings, count)
    if behind is not None:
        asyncio.run(_put_before(server, behind))
    server.start()
    secret, before = population.shared_secret, _PASSWORD if behind else ""
    try:
        load = RadiusLoad(
            server.radius_address,
            lambda i, identifier: access_request(
                secret, identifier, population.name(i), before + population.passcode(i)
            ),
            secret,
        )
        return load.run(label, count, WINDOW)  # Each person once: nobody's passcode is used twice.
    finally:
        server.stop()


async def _put_before(server: ServerProcess, behind: FreeRadius) -> None:
    house = await build(server.settings, migrate=True)
    try:
        applications = house.services.applications
        settings = {"servers": [f"127.0.0.1:{behind.port}"], "require_message_authenticator": False}
        directory = DirectoryConfiguration(
            tenant_id=TENANT, directory_id="r", kind="radius", name="R", settings=settings, created_at=1
        )
        await applications.put_directory(SYSTEM, directory, Secret(_SECRET))
        application = await applications.add_application(
            SYSTEM, TENANT, "Branch", first_factor=FirstFactor.DIRECTORY, directory_id="r"
        )
        (client,) = applications.clients(SYSTEM, TENANT, ClientKind.RADIUS)
        moved = msgspec.structs.replace(
            client, application_id=application.application_id, settings={"mode": "combined"}
        )
        await applications.change_client(SYSTEM, moved)
    finally:
        await house.close()
