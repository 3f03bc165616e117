"""Waiting for an answer from elsewhere: how soon who waits hears of it, and what fifty thousand weigh.

The answer comes from another process, as from another node. The network is a gateway that takes all at once.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Coroutine
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.figures import HEADER, Figures
from tests.houses import BOUNDLESS, OPEN_CODES, TestHouse
from tests.peers.far_end import FarEnd, FarEndKind
from tests.peers.postgres import PostgresServer
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, FirstFactor
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.call import CallEvent, CallEventKind
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.tenant import TenantSettings
from vestibule.model.user import User
from vestibule.runtime.build import build
from vestibule.runtime.settings import Loaded, load
from vestibule.services.outcome import Progress
from vestibule.stores.statement import Statement
from vestibule.worker.rounds import make_rounds

TENANT = "bench"
PENDING = 50_000
ANSWERS = 300
BATCH = 500


class BenchHouse:
    """A house of the system's own clock, its worker, and people `person0`, `person1`, ... with a phone."""

    def __init__(self, folder: Path, url: str | None, *, works: bool = True) -> None:
        """Without `works`, nothing is sent from here: it only hears what gateways tell."""
        environment = {"VESTIBULE_STATE_DIRECTORY": str(folder)}
        if url is not None:
            environment["VESTIBULE_DATABASE_URL"] = url
        loaded = load(None, environment)
        assert isinstance(loaded, Loaded)
        self._settings = loaded.settings
        self.far = FarEndKind()
        self._works = works
        self._rounds: asyncio.Task[None] | None = None

    async def __aenter__(self) -> BenchHouse:
        made = await build(self._settings, migrate=True)
        self.house = TestHouse(made, made.services.clock)  # type: ignore[arg-type] # of a clock only `now` is used
        made.services.gateways.kinds = {self.far.name: self.far}
        if self._works:
            self._rounds = asyncio.create_task(make_rounds(made.services))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._rounds is not None:
            self._rounds.cancel()
            await asyncio.gather(self._rounds, return_exceptions=True)
        await self.house.house.close()

    async def furnish(self, people: int) -> None:
        services = self.house.services
        await services.setup.ensure_system()
        settings = TenantSettings(calling_codes=OPEN_CODES, **(BOUNDLESS | {"texts_per_hour": 100}))
        await services.applications.add_tenant(SYSTEM, TENANT, "Bench", settings)
        await services.applications.add_application(
            SYSTEM, TENANT, "vpn", application_id="vpn", first_factor=FirstFactor.CLIENT
        )
        await services.applications.add_client(
            SYSTEM, TENANT, "vpn", ClientKind.API, "door", scopes=("verify",)
        )
        gateway = GatewayConfiguration(
            tenant_id=TENANT, gateway_id="far", kind=self.far.name, name="far", created_at=1
        )
        await self.house.store.transact(lambda tx: tx.put(gateway))
        await services.configuration.refresh()
        for start in range(0, people, BATCH):
            await self._add(range(start, min(people, start + BATCH)))
        self.open_door()

    def open_door(self) -> None:
        peers = self.house.services.configuration.current.peers.values()
        (peer,) = [each for each in peers if each.client.tenant_id == TENANT]
        self.house.doors["vpn"] = peer.client.client_id

    async def _add(self, numbers: range) -> None:
        method = self.house.services.enrollments.methods["voice"]
        users, held = [], []
        for number in numbers:
            name = f"person{number}"
            user = User(
                tenant_id=TENANT, user_id=new_id(), username=name, names=(name,), created_at=1, updated_at=1
            )
            new = method.enroll({"number": f"+4930{number:07d}"}, os.urandom)
            users.append(user)
            held.append(
                Authenticator(
                    tenant_id=TENANT,
                    authenticator_id=new_id(),
                    user_id=user.user_id,
                    method="voice",
                    parameters=new.parameters,
                    state=new.state,
                    status=AuthenticatorStatus.ACTIVE,
                    created_at=1,
                )
            )

        async def body(tx: Transaction) -> None:
            for user in users:
                await tx.add_user(user)
            await tx.add_authenticators(held)

        await self.house.store.transact(body)

    async def ask(self, number: int) -> Progress:
        origin = self.house.origin(f"person{number}", idempotency_key=f"{number}")
        progress = await self.house.services.verifications.start(origin)
        assert progress.is_answered_elsewhere, progress.verification.reason
        return progress

    async def wait(self, number: int, progress: Progress, seconds: float) -> Progress | None:
        origin = self.house.origin(f"person{number}", idempotency_key=f"{number}")
        return await self.house.services.verifications.wait(origin, progress, seconds)

    async def confirm(self, delivery_id: str) -> None:
        """Answer a call and press #."""
        gateway = self.house.services.gateways.find(TENANT, "far")
        assert isinstance(gateway, FarEnd)
        await gateway.inbox.on_call(delivery_id, CallEvent(CallEventKind.ANSWERED))
        await gateway.inbox.on_call(delivery_id, CallEvent(CallEventKind.KEYS, "", True))


def report(folder: Path, postgres: PostgresServer, *, is_quick: bool = False) -> None:
    """Print the lines."""
    answers, pending = (50, 5000) if is_quick else (ANSWERS, PENDING)
    print(f"\nWaiting for a phone (load of this machine: {os.getloadavg()[0]:.1f})\n{HEADER}", flush=True)
    for engine in ("SQLite", "PostgreSQL"):
        url = postgres.create("bench_waits_here") if engine == "PostgreSQL" else None
        _alone(_here, _folder(folder, f"here-{engine}"), url, engine, answers)
    for label, is_told in (("told by NOTIFY", True), ("told by nobody", False)):
        name = f"bench_waits_{is_told}".lower()
        _elsewhere(_folder(folder, name), postgres.create(name), label, answers, is_told=is_told)
    for engine in ("SQLite", "PostgreSQL"):
        url = postgres.create("bench_many") if engine == "PostgreSQL" else None
        _alone(_many, _folder(folder, f"many-{engine}"), url, engine, pending)


def _folder(folder: Path, name: str) -> Path:
    made = folder / f"waits-{name}"
    made.mkdir()
    return made


def _alone(work: Callable[..., Coroutine[Any, Any, None]], *arguments: object) -> None:
    """Run it in a process of its own, so that its memory is nothing but its own."""
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(work, arguments))
    process.start()
    process.join()


def _run(work: Callable[..., Coroutine[Any, Any, None]], arguments: tuple[object, ...]) -> None:
    asyncio.run(work(*arguments))


# --- on one node ----------------------------------------------------------------------------------------


async def _here(folder: Path, url: str | None, engine: str, answers: int) -> None:
    """From the key that is pressed to the accept, on one node."""
    async with BenchHouse(folder, url) as node:
        await node.furnish(answers)
        latencies: list[float] = []
        began = time.perf_counter()
        for number in range(answers):
            progress = await node.ask(number)
            _, call = await node.far.next_call()
            waiting = asyncio.create_task(node.wait(number, progress, 60))
            gateway = node.house.services.gateways.find(TENANT, "far")
            assert isinstance(gateway, FarEnd)
            await gateway.inbox.on_call(call.delivery_id, CallEvent(CallEventKind.ANSWERED))
            pressed = time.perf_counter()
            await gateway.inbox.on_call(call.delivery_id, CallEvent(CallEventKind.KEYS, "", True))
            ended = await waiting
            latencies.append(time.perf_counter() - pressed)
            assert ended is not None
            assert ended.is_approved
        seconds = time.perf_counter() - began
    print(Figures(f"{engine}: # pressed to accept", answers, answers, seconds, latencies).line(), flush=True)


# --- on two nodes ---------------------------------------------------------------------------------------


def _elsewhere(folder: Path, url: str, label: str, answers: int, *, is_told: bool) -> None:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_answer_elsewhere, args=(folder, url, there, is_told)
    )
    figures = asyncio.run(_wait_here(folder, url, here, process, label, answers))
    process.join()
    print(figures.line(), flush=True)


async def _wait_here(
    folder: Path, url: str, there: Connection, process: Any, label: str, answers: int
) -> Figures:
    latencies: list[float] = []
    loop = asyncio.get_running_loop()
    async with BenchHouse(folder, url) as node:
        await node.furnish(answers)
        process.start()
        await loop.run_in_executor(None, there.recv)
        began = time.perf_counter()
        for number in range(answers):
            progress = await node.ask(number)
            _, call = await node.far.next_call()
            waiting = asyncio.create_task(node.wait(number, progress, 60))
            there.send(call.delivery_id)
            ended = await waiting
            heard = time.perf_counter()
            assert ended is not None
            assert ended.is_approved
            # The clock is one for all processes of a machine.
            latencies.append(max(0.0, heard - await loop.run_in_executor(None, there.recv)))
        seconds = time.perf_counter() - began
        there.send("")
    return Figures(f"PostgreSQL: answered at another node, {label}", answers, answers, seconds, latencies)


def _answer_elsewhere(folder: Path, url: str, here: Connection, is_told: bool) -> None:
    asyncio.run(_answer(folder, url, here, is_told=is_told))


async def _answer(folder: Path, url: str, here: Connection, *, is_told: bool) -> None:
    loop = asyncio.get_running_loop()
    async with BenchHouse(folder, url, works=False) as node:
        if not is_told:
            node.house.store.wake = lambda verification_id: None  # type: ignore[method-assign] # tells nobody: that is what is measured
        here.send("ready")
        while delivery_id := await loop.run_in_executor(None, here.recv):
            await node.confirm(delivery_id)
            # After the commit, which the waiting node may have heard of already.
            here.send(time.perf_counter())


# --- many -----------------------------------------------------------------------------------------------


async def _many(folder: Path, url: str | None, engine: str, pending: int) -> None:
    """So many people whose phones ring, and nobody answers."""
    async with BenchHouse(folder, url) as node:
        await node.furnish(pending)
        waits: list[asyncio.Task[Progress | None]] = []
        began = time.perf_counter()

        async def ask(numbers: range) -> None:
            for number in numbers:
                progress = await node.ask(number)
                waits.append(asyncio.create_task(node.wait(number, progress, 3600)))
                # Nobody asks faster than phones are called: more at once are refused, and their calls late.
                await node.far.arrived.get()

        await asyncio.gather(*(ask(range(lane, pending, 64)) for lane in range(64)))
        asked = time.perf_counter() - began
        looked = time.perf_counter()
        await node.house.services.waiting.look()
        look = time.perf_counter() - looked
        print(
            f"{engine + ': pending challenges, begun and called':<58}{pending / asked:>9,.0f} per s",
            flush=True,
        )
        print(
            f"{engine + f': resident memory, {pending:,} waiting':<58}{_resident_mib():>9.0f} MiB", flush=True
        )
        print(f"{engine + ': one look at all of them':<58}{look:>9.2f} s", flush=True)
        await _make_over(node)
        began = time.perf_counter()
        await node.house.services.housekeeping.expire()
        expired = time.perf_counter() - began
        ended = await asyncio.gather(*waits)
        told = time.perf_counter() - began
        assert all(each is not None and not each.is_pending for each in ended)
        assert len(node.house.services.waiting) == 0
        print(f"{engine + ': all expired':<58}{expired:>9.2f} s", flush=True)
        print(f"{engine + ': all told so':<58}{told:>9.2f} s", flush=True)


async def _make_over(node: BenchHouse) -> None:
    """Let the time of all be over now."""

    over = Statement("update verifications set expires_at = 1 where state = 'pending'")

    async def body(tx: Any) -> None:
        await tx.execute(over())

    await node.house.store.transact(body)


def _resident_mib() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="vestibule-waits-") as name:
        postgres = PostgresServer(Path(name), lives_with=os.getpid())
        postgres.start()
        report(Path(name), postgres)


if __name__ == "__main__":
    main()
