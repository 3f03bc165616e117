"""A month of attempts metered and rated, on both engines, beside a naive recount of every attempt.

The two totals must be the same to the cent. What is timed is what the worker and the operator do: the rounds
that count the days of the month, and the statement that is drafted from them.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import asyncpg

from benchmarks.bulk_load import loading, refreshed
from benchmarks.large_installation import hashed, ordered
from benchmarks.population import TENANT
from tests.peers.postgres import PostgresServer
from tests.servers import ServerProcess
from vestibule.model.actor import SYSTEM
from vestibule.model.day import beginning_of, day_at, end_of
from vestibule.model.money import charged
from vestibule.model.provider import Provider, UsageModel
from vestibule.model.statement import days_of
from vestibule.model.usage import GRACE_MS
from vestibule.runtime.build import House, build

MONTH = "2026-10"
COUNTS = (1_000_000, 10_000_000)
PRICE = "0.0137"
_PART = 1_000_000
_CHUNK = 100_000
_NUMBERS = f"""
    create temporary table numbers as
    with recursive counted(n) as (
        select cast(0 as bigint) union all select n + 1 from counted where n + 1 < {_PART})
    select n from counted
"""
_ATTEMPTS = """
    insert into verifications (tenant_id, verification_id, started_at, decided_at, expires_at, application_id,
                               application_name, client_id, client_name, client_address, user_address,
                               channel, claimed_username, user_id, username, given_name, family_name, email,
                               method, authenticator_id, authenticator_label, phone, device, state, reason,
                               legacy_result, is_first_factor_proven, is_authenticated, node_name,
                               node_address, trace, version)
    select '{tenant}', ordered(p.at, p.n), p.at, p.at, p.at, 'vpn', 'VPN', 'vpn', 'VPN', '192.0.2.1', '',
           'radius', 'alice', 'u', 'alice', '', '', '', 'totp', '', '', '', '',
           case when p.n % 50 = 0 then 'denied' else 'approved' end, 'passcode_verified', '', true, true,
           'node1', '192.0.2.10', '[]', 1
      from (select n + {first} as n, {since} + (n + {first}) * {step} as at
              from numbers where n + {first} < {count}) p
"""
_STARTS = "select started_at from verifications where tenant_id = '{tenant}'"


class _AfterTheMonth:
    """A clock that stands where the last day of the month has just been counted out."""

    def now(self) -> int:
        return end_of(days_of(MONTH)[1]) + GRACE_MS


def report(folder: Path, postgres: PostgresServer, *, is_quick: bool) -> None:
    """Print seconds to meter and rate a month, and those of the recount; fails if the totals differ."""
    print(f"\n{'A month metered and rated':<38}{'days s':>9}{'draft s':>9}{'recount s':>11}{'total':>16}")
    for count in COUNTS[:1] if is_quick else COUNTS:
        for engine in ("SQLite", "PostgreSQL"):
            name = f"billing_{count}"
            url = postgres.create(name) if engine == "PostgreSQL" else None
            days, draft, recount, total = asyncio.run(_measure(folder / f"{engine}-{name}", url, count))
            label = f"{count:,} attempts, {engine}"
            print(f"{label:<38}{days:>9.2f}{draft:>9.3f}{recount:>11.2f}{total:>16}", flush=True)


async def _measure(folder: Path, url: str | None, count: int) -> tuple[float, float, float, Decimal]:
    settings = ServerProcess(folder, url).settings
    house = await build(settings, migrate=True, clock=_AfterTheMonth())
    try:
        database = settings.database_url.reveal()
        await _furnish(house)
        await _fill(database, count)
        began = time.perf_counter()
        await house.services.metering.round()
        metered = time.perf_counter()
        (statement,) = await house.services.statements.drafts(SYSTEM, TENANT, MONTH)
        drafted = time.perf_counter()
        total = await _recounted(database)
        assert statement.total == total, (statement.total, total)
        assert statement.lines[0].count == count
        return metered - began, drafted - metered, time.perf_counter() - drafted, total
    finally:
        await house.close()


async def _furnish(house: House) -> None:
    await house.services.setup.ensure_system()
    await house.services.applications.add_tenant(SYSTEM, TENANT, "Bench")
    provider = Provider(
        tenant_id=TENANT,
        provider_id="bench",
        name="Bench",
        usage_model=UsageModel.PER_AUTHENTICATION,
        is_linked=True,
        currency="EUR",
        created_at=beginning_of(f"{MONTH}-01"),
    )
    await house.store.transact(lambda tx: tx.put(provider))
    await house.services.price_lists.add(SYSTEM, "EUR", f"{MONTH}-01", "1.40", PRICE, "0")


async def _fill(database: str, count: int) -> None:
    first, last = days_of(MONTH)
    since = beginning_of(first)
    step = (end_of(last) - since) // count
    async with loading(database, {"hashed": hashed, "ordered": ordered}) as load:
        await load.empty(("verifications",))
        indexes = await load.drop_indexes()
        await load.run(_NUMBERS)
        for begun in range(0, count, _PART):
            await load.run(_ATTEMPTS.format(tenant=TENANT, first=begun, since=since, step=step, count=count))
        for index in indexes:
            await load.run(index)
    await refreshed(database)


async def _recounted(database: str) -> Decimal:
    """Count every attempt by hand, day by day, and price the exact sum once."""
    days: Counter[str] = Counter()
    async for starts in _starts(database):
        for at in starts:
            days[day_at(at)] += 1
    packs = sum((Fraction(count, 10) for count in days.values()), Fraction())
    return charged(packs, Decimal(PRICE), "EUR")


async def _starts(database: str) -> AsyncIterator[list[int]]:
    asked = _STARTS.format(tenant=TENANT)
    if database.startswith("sqlite:"):
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as connection:
            rows = connection.execute(asked)
            while chunk := rows.fetchmany(_CHUNK):
                yield [row[0] for row in chunk]
        return
    server = await asyncpg.connect(database)
    try:
        async with server.transaction():
            cursor = await server.cursor(asked)
            while found := await cursor.fetch(_CHUNK):
                yield [row[0] for row in found]
    finally:
        await server.close()
