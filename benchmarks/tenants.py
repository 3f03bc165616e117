"""What a tenant notices of another: its sign-ins beside a flood, an import, a directory that hangs and a
gateway that is dead, each in turn with the same sign-ins alone.

The others do a tenth of what the node can: some two million sign-ins an hour. Noise comes from a process of
its own.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from benchmarks.figures import Figures
from benchmarks.radius_load import RadiusLoad, UdpLane
from tests.callers import access_request
from tests.installations import Token, furnish
from tests.peers.ports import free_port
from tests.peers.postgres import PostgresServer
from tests.servers import ServerProcess
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, DirectoryConfiguration, FirstFactor
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.tenant import TenantSettings
from vestibule.model.user import User
from vestibule.runtime.build import House, build

PEOPLE = 2_000
SECONDS = 6
PAIRS = 5
WINDOW = 256
NOISE_WINDOW = 512
IDLE_SECONDS = 120
NOISY = "noisy"
BOUNDLESS_TENANT = TenantSettings(
    lockout_threshold=100,
    spraying_pause_seconds=0,
    country_code="49",
    texts_per_hour=100,
    texts_per_number=0,
    texts_per_prefix=0,
    texts_per_tenant=0,
)
TOKENS = 200_000


class Noisy(msgspec.Struct, frozen=True):
    """The noisy tenant: the shared secret of each of its VPNs, and the key of its administrator."""

    secrets: dict[str, bytes]
    admin_key: str


def report(folder: Path, postgres: PostgresServer, *, is_quick: bool = False) -> None:
    """Print p99 of the others' sign-ins alone and beside each noise, on both engines."""
    print("\nOne tenant beside another that is noisy (p99 ms alone, beside it, median ratio of pairs)")
    for engine in ("SQLite", "PostgreSQL"):
        url = postgres.create("bench_tenants") if engine == "PostgreSQL" else None
        _measure(folder / f"tenants-{engine}", engine, url, 2 if is_quick else PAIRS)


def _measure(folder: Path, engine: str, url: str | None, pairs: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and never says a word
        server = ServerProcess(folder, url)
        quiet = furnish(server.settings, PEOPLE)
        noisy = asyncio.run(_add_noisy(server, silent.getsockname()[1]))
        server.start()
        try:
            crowd = Crowd(server, quiet.shared_secret, quiet.people)
            rate = crowd.load(PEOPLE).rate / 10
            for label, make in NOISES.items():
                pair = [_pair(server, crowd, rate, partial(make, server, noisy)) for _ in range(pairs)]
                ratio, alone, beside = sorted((b / a, a, b) for a, b in pair)[len(pair) // 2]
                print(
                    f"{f'{engine}, {rate:,.0f} a second, beside {label}':<62}{alone:>8.2f}{beside:>9.2f}"
                    f"{ratio:>9.2f}",
                    flush=True,
                )
        finally:
            server.stop()


class Crowd:
    """People of the quiet tenant, who sign in one after the other, each with a fresh passcode."""

    def __init__(self, server: ServerProcess, secret: bytes, people: list[Token]) -> None:
        self._server, self._secret, self._people = server, secret, people

    def load(self, count: int, rate: float | None = None) -> Figures:
        typed = [(person.username, person.press()) for person in self._turn(count)]
        load = RadiusLoad(
            self._server.radius_address,
            lambda n, identifier: access_request(self._secret, identifier, *typed[n]),
            self._secret,
        )
        return load.run("", count, WINDOW, rate)

    def _turn(self, count: int) -> Iterator[Token]:
        return (self._people[n % len(self._people)] for n in range(count))


def _pair(server: ServerProcess, crowd: Crowd, rate: float, noise: Callable[[], None]) -> tuple[float, float]:
    count = int(rate * SECONDS)
    _wait_until_idle(server)
    alone = crowd.load(count, rate).percentile(0.99)
    with _beside(noise):
        beside = crowd.load(count, rate).percentile(0.99)
    return alone, beside


def _wait_until_idle(server: ServerProcess) -> None:
    """What a noise has left behind, such as an import that goes on, comes to its end."""
    end = time.monotonic() + IDLE_SECONDS
    while time.monotonic() < end:
        before = _processor_seconds(server.pid)
        time.sleep(1)
        if _processor_seconds(server.pid) - before < 0.1:
            return
    raise RuntimeError("the server is still at work")


def _processor_seconds(pid: int) -> float:
    """Return what a process has used so far (proc(5), utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _beside(noise: Callable[[], None]) -> Iterator[None]:
    process = multiprocessing.get_context("fork").Process(target=_nicely, args=(noise,), daemon=True)
    process.start()
    time.sleep(1)
    try:
        yield
    finally:
        process.kill()
        process.join()


def _nicely(noise: Callable[[], None]) -> None:
    """The noise is another machine's work: what it costs to make it is not what is measured, so it takes no
    processor from anybody who wants one (sched(7), SCHED_IDLE)."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    noise()


# --- noises -----------------------------------------------------------------------------------------------


def _flood(server: ServerProcess, noisy: Noisy, door: str = "flood", typed: str = "123456") -> None:
    """Sign-ins of the noisy tenant, as many as its VPN can keep waiting at once."""
    secret = noisy.secrets[door]
    while True:
        load = RadiusLoad(
            server.radius_address,
            lambda n, identifier: access_request(secret, identifier, f"person{n % PEOPLE}", typed),
            secret,
            lambda address: UdpLane(address, NOISE_ADDRESSES[door]),
        )
        load.run("", 20_000, NOISE_WINDOW)


def _import(server: ServerProcess, noisy: Noisy) -> None:
    """An administrator of the noisy tenant imports hardware tokens, over and over."""
    turn = 0
    while True:
        turn += 1
        rows = (f"T{turn:03d}{n:07d},GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ,30\n" for n in range(TOKENS))
        body = "serial number,secret key,time interval\n" + "".join(rows)
        with server.http(noisy.admin_key) as http:
            file = {"file": ("tokens.csv", body.encode(), "text/csv")}
            http.post("/api/v1/tokens/import", files=file, timeout=None).raise_for_status()


async def _add_noisy(server: ServerProcess, silent_port: int) -> Noisy:
    house = await build(server.settings)
    try:
        applications = house.services.applications
        await applications.add_tenant(SYSTEM, NOISY, "Noisy", BOUNDLESS_TENANT)
        await _add_phones(house)
        await _add_dead_gateway(house)
        directory = await applications.put_directory(
            SYSTEM, _directory(silent_port), Secret("never asked for")
        )
        secrets = {
            "flood": await _add_vpn(house, "flood", FirstFactor.CLIENT, mode="passcode_only"),
            "directory": await _add_vpn(
                house, "directory", FirstFactor.DIRECTORY, directory.directory_id, mode="challenge"
            ),
            "gateway": await _add_vpn(house, "gateway", FirstFactor.CLIENT, mode="passcode_only"),
        }
        office = await applications.add_application(SYSTEM, NOISY, "Office")
        keys = await applications.add_client(
            SYSTEM, NOISY, office.application_id, ClientKind.API, "administrator", scopes=("admin",)
        )
        key = await applications.add_api_key(SYSTEM, NOISY, keys.client_id)
        return Noisy(secrets, key.reveal())
    finally:
        await house.close()


async def _add_vpn(
    house: House, door: str, first_factor: FirstFactor, directory_id: str = "", *, mode: str
) -> bytes:
    applications = house.services.applications
    application = await applications.add_application(
        SYSTEM, NOISY, door, first_factor=first_factor, directory_id=directory_id
    )
    client = await applications.add_client(
        SYSTEM,
        NOISY,
        application.application_id,
        ClientKind.RADIUS,
        door,
        address=f"{NOISE_ADDRESSES[door]}/32",
        settings={"mode": mode},
    )
    return (await applications.add_shared_secret(SYSTEM, NOISY, client.client_id)).reveal().encode()


def _directory(port: int) -> DirectoryConfiguration:
    settings = {
        "urls": [f"ldap://127.0.0.1:{port}"],
        "base_dn": "dc=example,dc=org",
        "bind_dn": "cn=vestibule,dc=example,dc=org",
        "start_tls": False,
    }
    return DirectoryConfiguration(
        tenant_id=NOISY, directory_id=new_id(), kind="ldap", name="Silent", settings=settings, created_at=0
    )


async def _add_dead_gateway(house: House) -> None:
    settings = {"host": "127.0.0.1", "port": free_port(), "system_id": "noisy", "tls": False}
    await house.services.gateway_settings.add(SYSTEM, NOISY, "smpp", "Dead", settings, Secret("nobody asks"))


async def _add_phones(house: House) -> None:
    """Everybody of the noisy tenant has a phone that takes texts."""
    method = house.services.enrollments.methods["sms"]

    async def add(tx: Transaction) -> None:
        for number in range(PEOPLE):
            name = f"person{number}"
            user = User(
                tenant_id=NOISY,
                user_id=new_id(),
                username=name,
                names=(name,),
                created_at=1,
                updated_at=1,
            )
            phone = f"+4917612{number:06d}"
            new = method.enroll({"number": phone}, os.urandom)
            await tx.add_user(user)
            await tx.add_authenticator(
                Authenticator(
                    tenant_id=NOISY,
                    authenticator_id=new_id(),
                    user_id=user.user_id,
                    method="sms",
                    label=phone,
                    parameters=new.parameters,
                    state=new.state,
                    status=AuthenticatorStatus.ACTIVE,
                    created_at=1,
                )
            )

    await house.store.transact(add)


NOISE_ADDRESSES = {"flood": "127.0.0.2", "directory": "127.0.0.3", "gateway": "127.0.0.4"}
NOISES: dict[str, Callable[[ServerProcess, Noisy], None]] = {
    "a flood": _flood,
    "an import": _import,
    "a directory that hangs": partial(_flood, door="directory"),
    "a dead gateway": partial(_flood, door="gateway", typed=""),
}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="vestibule-bench-") as name:
        postgres = PostgresServer(Path(name), lives_with=os.getpid())
        postgres.start()
        report(Path(name), postgres)


if __name__ == "__main__":
    main()
