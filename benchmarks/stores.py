"""How many sign-ins per second a store decides, each committed and synced before its caller hears of it.

    python -m benchmarks.stores sqlite:////tmp/bench.db postgresql://…  [--seconds 5] [--profile]

The body is what a sign-in by passcode does: find the person with what he holds, settle the attempt, move
the authenticator on, and record the attempt. Nothing here asserts a time; the numbers are for reading.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import os
import pstats
import random
import threading
import time
from collections.abc import Awaitable, Callable

import uvloop

from vestibule.crypto.tokens import new_id, new_ordered_id
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.tenant import Tenant
from vestibule.model.throttle import Factor, ThrottleLimits
from vestibule.model.user import User
from vestibule.model.verification import Reason, TraceLine, Verification, VerificationState
from vestibule.stores import open_store

TENANT = "benchmark"
BATCH = 2000
LIMITS = ThrottleLimits(threshold=10, lock_ms=900_000, hard_stop=100)
TRACE = (
    TraceLine("user", "found", {"by": "name"}),
    TraceLine("first_factor", "client"),
    TraceLine("passcode", "match", {"step": "58000000"}),
)


async def seed(store: Store, users: int) -> None:
    """Bring the tenant to `users` users with a passcode generator each."""
    there = await store.read(lambda transaction: transaction.count_users(TENANT))
    if there == 0:
        tenant = Tenant(tenant_id=TENANT, name=TENANT, created_at=0)
        await store.transact(lambda transaction: transaction.put(tenant))
    for first in range(there, users, 500):
        await store.transact(lambda transaction, first=first: _people(transaction, first, first + 500))


async def _people(transaction: Transaction, first: int, last: int) -> None:
    held = []
    for number in range(first, last):
        name = f"user{number:07}"
        user = User(
            tenant_id=TENANT,
            user_id=new_id(),
            username=name,
            names=(name, f"{name}@example.org"),
            given_name="Ada",
            family_name=f"Lovelace {number}",
            email=f"{name}@example.org",
            created_at=0,
            updated_at=0,
        )
        await transaction.add_user(user)
        held.append(
            Authenticator(
                tenant_id=TENANT,
                authenticator_id=new_id(),
                user_id=user.user_id,
                method="totp",
                label="Phone",
                parameters={"algorithm": "sha1", "digits": 6, "period": 30},
                secret=os.urandom(60),
                state={"last_step": 1, "drift": 0},
                status=AuthenticatorStatus.ACTIVE,
                created_at=0,
            )
        )
    await transaction.add_authenticators(held)


async def sign_in(transaction: Transaction, name: str, step: int) -> bool:
    """Decide one sign-in."""
    subject = await transaction.subject_by_names(TENANT, (name,))
    assert subject is not None
    user, held = subject.user, subject.authenticators[0]
    throttle = await transaction.settle_attempt(TENANT, user.user_id, Factor.PASSCODE, True, LIMITS)
    is_first = await transaction.advance_authenticator(held, {"last_step": step, "drift": 0})
    is_approved = throttle is not None and is_first
    verification = Verification(
        tenant_id=TENANT,
        verification_id=new_ordered_id(transaction.now),
        started_at=transaction.now,
        decided_at=transaction.now,
        expires_at=transaction.now + 180_000,
        application_id="vpn",
        application_name="VPN",
        client_id="gateway",
        client_name="Gateway",
        client_address="192.0.2.1",
        channel="radius",
        claimed_username=name,
        user_id=user.user_id,
        username=user.username,
        method=held.method,
        authenticator_id=held.authenticator_id,
        authenticator_label=held.label,
        state=VerificationState.APPROVED if is_approved else VerificationState.DENIED,
        reason=Reason.PASSCODE_VERIFIED if is_approved else Reason.PASSCODE_REPLAYED,
        legacy_result="SUCCESS_OATH_CODE_VERIFIED",
        is_first_factor_proven=True,
        is_authenticated=is_approved,
        node_name="node1",
        node_address="192.0.2.10",
        idempotency_key=new_id(),
        trace=TRACE,
    )
    return await transaction.add_verification(verification) and is_approved


async def measure(store: Store, users: int, in_flight: int, seconds: float) -> list[float]:
    """Keep `in_flight` sign-ins running for `seconds`; return how long each took, in seconds."""
    times: list[float] = []
    random_user = random.Random(1).randrange  # a fixed choice, so that runs compare
    end = time.perf_counter() + seconds

    async def caller() -> None:
        while (begin := time.perf_counter()) < end:
            name, step = f"user{random_user(users):07}", len(times)
            await store.transact(lambda transaction, n=name, s=step: sign_in(transaction, n, s))
            times.append(time.perf_counter() - begin)

    await asyncio.gather(*(caller() for _ in range(in_flight)))
    return times


async def measure_import(store: Store, tokens: int) -> float:
    """Add `tokens` hardware tokens in batches of 2,000; return the seconds that the store took."""
    # Another beginning each time, so that a database can be measured twice.
    prefix = new_id()[:8].upper()
    seconds = 0.0
    for first in range(0, tokens, BATCH):
        batch = [_token(f"{prefix}{first + number:08}") for number in range(BATCH)]
        begin = time.perf_counter()
        await store.transact(lambda transaction, batch=batch: transaction.add_authenticators(batch))
        seconds += time.perf_counter() - begin
    return seconds


def _token(serial: str) -> Authenticator:
    return Authenticator(
        tenant_id=TENANT,
        authenticator_id=new_id(),
        method="totp",
        label="Token",
        serial=serial,
        parameters={"algorithm": "sha1", "digits": 6, "period": 30},
        secret=os.urandom(60),
        state={"last_step": 0, "drift": 0},
        status=AuthenticatorStatus.ACTIVE,
        created_at=0,
    )


def report(label: str, times: list[float], seconds: float) -> None:
    times.sort()
    middle, late = times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000
    print(f"{label:44} {len(times) / seconds:8.0f}/s   p50 {middle:6.1f} ms   p99 {late:6.1f} ms", flush=True)


async def run(url: str, options: argparse.Namespace) -> None:
    store = open_store(url)
    await store.migrate()
    await store.open()
    engine = url.partition(":")[0]
    try:
        for users in options.users:
            await seed(store, users)
            gc.collect()
            await measure(store, users, 64, 1.0)
            for in_flight in options.in_flight:
                times = await measure(store, users, in_flight, options.seconds)
                report(f"{engine}, {users:,} users, {in_flight} in flight", times, options.seconds)
        seconds = await measure_import(store, options.tokens)
        rate = options.tokens / seconds
        print(f"{engine}, import of {options.tokens:,} tokens".ljust(44), f"{rate:8.0f}/s", flush=True)
    finally:
        await store.close()


def profiled(work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` under the profiler; SQLite's writer is a thread of its own, so it is profiled there."""
    profiles = [cProfile.Profile()]

    class Profiled(threading.Thread):
        def run(self) -> None:
            profile = cProfile.Profile()
            profiles.append(profile)
            profile.runcall(super().run)

    plain, threading.Thread = threading.Thread, Profiled  # type: ignore[misc]
    try:
        profiles[0].runcall(uvloop.run, work())  # type: ignore[arg-type]
    finally:
        threading.Thread = plain  # type: ignore[misc]
    for profile in profiles:
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


def main() -> None:
    parser = argparse.ArgumentParser(description="Sign-ins per second that a store decides, durably.")
    parser.add_argument("urls", nargs="+")
    parser.add_argument("--users", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--in-flight", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--tokens", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    for url in options.urls:
        if options.profile:
            profiled(lambda url=url: run(url, options))  # type: ignore[misc]
        else:
            uvloop.run(run(url, options))


if __name__ == "__main__":
    main()
