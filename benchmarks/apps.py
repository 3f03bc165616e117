"""Apps of ten thousand people that wait on one node, and sign-ins that are approved in one of them.

What is measured is what a person feels: from the request of the VPN to the list that arrives in his app; and
from his approval to the Access-Accept at the VPN. One VPN sends the password for Vestibule to check, the
other has checked it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import tempfile
import time
from pathlib import Path

import httpx
import msgspec

from benchmarks.app_crowd import AppConnection, Crowd, connected
from benchmarks.figures import HEADER, Figures
from benchmarks.vpn import Vpn
from tests.app_people import Account, add_app_people
from tests.callers import access_request
from tests.peers.app_device import AppDevice
from tests.peers.postgres import PostgresServer
from tests.servers import ServerProcess
from vestibule.crypto.passwords import hash_password, verify_password
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, FirstFactor
from vestibule.runtime.build import build

TENANT = "bench"
PASSWORD = "a password for benchmarks"
OPEN = 10_000
SIGN_INS = 200
SETTLED_SECONDS = 50
"""Twice as long as an app waits: each has asked again twice."""
BATCH = 1000
ARRIVED_SECONDS = 0.02
"""After which a request is sure to wait at the server."""
PATIENCE_SECONDS = 30
"""For one sign-in, after which it counts as not accepted."""


class Door(msgspec.Struct, frozen=True):
    """A VPN: what is said of it, its address, its shared secret, and what it sends as the password."""

    label: str
    address: str
    secret: str
    password: str


class Installation(msgspec.Struct, frozen=True):
    doors: list[Door]
    accounts: list[Account]
    """Of each person, `person0`, `person1`, ..., what his device knows of itself."""


def report(folder: Path, postgres: PostgresServer, *, is_quick: bool = False) -> None:
    """Print the lines, for each store."""
    people, sign_ins, seconds = (1_000, 50, 26) if is_quick else (OPEN, SIGN_INS, SETTLED_SECONDS)
    for engine in ("SQLite", "PostgreSQL"):
        print(f"\nApps, {engine} (load of this machine: {os.getloadavg()[0]:.1f})\n{HEADER}", flush=True)
        url = postgres.create("bench_apps") if engine == "PostgreSQL" else None
        server = ServerProcess(folder / f"apps-{engine}", url, log_level="warning")
        device = AppDevice(httpx.AsyncClient())  # Only its key is used.
        installation = asyncio.run(_furnished(server, people + 1, device.public_key))
        server.start_until_answered(access_request(installation.doors[0].secret.encode(), 0, "nobody", "-"))
        try:
            _measure(server, installation, device, sign_ins, seconds)
        finally:
            server.stop()


def _measure(
    server: ServerProcess, installation: Installation, device: AppDevice, sign_ins: int, seconds: float
) -> None:
    print(_password_alone().line(), flush=True)
    others = [each["token"] for each in installation.accounts[:-1]]
    _sign_in(server, installation, device, sign_ins, "nobody else waits")
    memory = server.resident_mib()
    with Crowd(server.http_address, others) as crowd:
        many = f"{len(others):,} apps"
        print(f"{f'{many} opened, each its list first':<58}{len(others) / crowd.seconds:>9,.0f}", flush=True)
        before, spent, began = crowd.report(), server.cpu_seconds(), time.perf_counter()
        time.sleep(seconds)
        after, passed = crowd.report(), time.perf_counter() - began
        used = server.cpu_seconds() - spent
        label = f"{many} wait, and ask again every 25 s"
        print(
            f"{label:<58}{(after.lists - before.lists) / passed:>9,.0f}"
            f"{100 * used / passed:>9.0f} % of a core{server.resident_mib():>9.0f} MiB (before: {memory:.0f})"
            f"{f'  NOT ANSWERED {after.failures}' if after.failures else ''}",
            flush=True,
        )
        assert after.waiting > 0.9 * len(others), after
        _sign_in(server, installation, device, sign_ins, f"{many} wait")


def _sign_in(
    server: ServerProcess, installation: Installation, device: AppDevice, count: int, beside: str
) -> None:
    for door in installation.doors:
        for line in asyncio.run(approvals(server, installation, device, door, count, beside)):
            print(line.line(), flush=True)


def _password_alone(count: int = 50) -> Figures:
    """What a request costs in any case: the check of its password."""
    hashed = hash_password(PASSWORD)
    latencies = []
    began = time.perf_counter()
    for _ in range(count):
        checked = time.perf_counter()
        assert verify_password(hashed, PASSWORD)
        latencies.append(time.perf_counter() - checked)
    label = "bound: the password of a request alone (argon2id)"
    return Figures(label, count, count, time.perf_counter() - began, latencies)


async def approvals(
    server: ServerProcess,
    installation: Installation,
    device: AppDevice,
    door: Door,
    count: int,
    beside: str,
) -> list[Figures]:
    """Sign in `count` times, one after the other."""
    name = f"person{len(installation.accounts) - 1}"
    device.account = dict(installation.accounts[-1])
    vpn = await Vpn.beside(server.radius_address, door.secret, door.address)
    open_app, deciding = [await connected(server.http_address, device.account["token"]) for _ in range(2)]
    took: list[tuple[float, float]] = []
    began = time.perf_counter()
    for _ in range(count):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                took.append(await _signed_in(vpn, door, name, device, open_app, deciding))
    seconds = time.perf_counter() - began
    for each in (open_app, deciding, vpn):
        each.close()
    return [
        Figures(f"{label}, {door.label}, {beside}", count, len(took), seconds, latencies)
        for label, latencies in (
            ("to screen", [to_screen for to_screen, _ in took]),
            ("to accept", [to_accept for _, to_accept in took]),
        )
    ]


async def _signed_in(
    vpn: Vpn, door: Door, name: str, device: AppDevice, open_app: AppConnection, deciding: AppConnection
) -> tuple[float, float]:
    """Sign in once, and return the seconds from the request to the screen, and from the approval to the
    acceptance."""
    empty = (await deciding.requests())["version"]
    waiting = asyncio.create_task(open_app.requests(empty))
    await asyncio.sleep(ARRIVED_SECONDS)
    asked = time.perf_counter()
    answered = vpn.ask(name, door.password)
    (request,) = (await waiting)["requests"]
    shown = time.perf_counter()
    challenge = await answered
    number = re.search(rb"number (\d\d)", challenge.reply)
    assert number is not None, challenge.reply
    let_in = vpn.go_on(challenge)
    await asyncio.sleep(ARRIVED_SECONDS)
    body = device.answer_body(request, "approve", number[1].decode())
    decided = time.perf_counter()
    approved = deciding.answer(request["id"], body)
    ended = await let_in
    assert ended.is_accept
    assert (await approved)["outcome"] == "approved"
    return shown - asked, ended.at - decided


async def _furnished(server: ServerProcess, people: int, public_key: str) -> Installation:
    """Make the database: so many people with the same password, each with a device of this key."""
    house = await build(server.settings, migrate=True)
    try:
        await house.services.setup.ensure_system()
        applications = house.services.applications
        await applications.add_tenant(SYSTEM, TENANT, "Bench")
        doors = []
        for label, address, first_factor, password in (
            ("password sent", "127.0.0.1", FirstFactor.LOCAL, PASSWORD),
            ("password checked there", "127.0.0.2", FirstFactor.CLIENT, ""),
        ):
            vpn = await applications.add_application(SYSTEM, TENANT, label, first_factor=first_factor)
            client = await applications.add_client(
                SYSTEM, TENANT, vpn.application_id, ClientKind.RADIUS, label, address=f"{address}/32"
            )
            shared = await applications.add_shared_secret(SYSTEM, TENANT, client.client_id)
            doors.append(Door(label, address, shared.reveal(), password))
        hashed = await house.services.users.hash_password(Secret(PASSWORD), "")
        accounts: list[Account] = []
        for start in range(0, people, BATCH):
            names = [f"person{number}" for number in range(start, min(people, start + BATCH))]
            accounts += await add_app_people(house, TENANT, names, public_key, hashed)
        return Installation(doors, accounts)
    finally:
        await house.close()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="vestibule-apps-") as name:
        postgres = PostgresServer(Path(name), lives_with=os.getpid())
        postgres.start()
        report(Path(name), postgres)


if __name__ == "__main__":
    main()
