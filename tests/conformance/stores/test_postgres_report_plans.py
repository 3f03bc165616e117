"""Plans of reports: where a tenant and a time are given, PostgreSQL reads what lies in it and no table from
end to end, neither as a node connects nor as the server would choose by itself, counted or not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import asyncpg
import pytest

from tests.conformance.stores.conftest import Databases
from tests.conformance.stores.records import START, HandClock, decided, delivery, event, tenant
from tests.conformance.stores.test_store_server_records import attempt
from tests.databases import run_apart
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.delivery import DeliveryState
from vestibule.model.provider import Provider, UsageModel
from vestibule.stores import open_store
from vestibule.stores.postgres.connection import SETTINGS
from vestibule.stores.postgres.transaction import PostgresTransaction

MANY = 20_000
"""Rows of each of two tenants in each table."""
PEOPLE = 500
DAY_MS = 100_000
"""A day, here: so that a hundred rows lie in it."""
IN_A_DAY = 100
SINCE, UNTIL = START + 50 * DAY_MS, START + 51 * DAY_MS
MOST_READ = 10 * IN_A_DAY
LARGE = {"verifications", "server_attempts", "events", "deliveries"}

PROVIDER = Provider(
    tenant_id="acme",
    provider_id="p",
    name="P",
    usage_model=UsageModel.PER_AUTHENTICATION,
    is_linked=True,
    currency="EUR",
    created_at=START,
)

Reading = Callable[[Transaction], Awaitable[Any]]


def attempts(**where: Any) -> Reading:
    chosen = VerificationFilter(since=SINCE, until=UNTIL, **where)
    return lambda tx: tx.verifications("acme", chosen, Page(IN_A_DAY))


def told(*user_ids: str, **where: Any) -> Reading:
    chosen = VerificationFilter(since=SINCE, until=UNTIL, **where)
    return lambda tx: tx.listed_server_attempts("acme", user_ids, chosen, Page(IN_A_DAY))


READINGS: dict[str, Reading] = {
    "usage: results of a day": lambda tx: tx.count_results("acme", SINCE, UNTIL),
    "usage: what is billed of a day": lambda tx: tx.count_usage(PROVIDER, "2027-01-15", SINCE, UNTIL),
    "user summary: people in a day": lambda tx: tx.count_attempts_of("acme", ["7", "8"], SINCE, UNTIL),
    "attempts of a day": attempts(),
    "attempts of a day in a rare state": attempts(state="canceled"),
    "attempts of two people in a day": attempts(user_ids=("7", "8")),
    "attempts of an application in a day": attempts(application_id="nothing"),
    "attempts of a day to a number": attempts(phones=("+4930999",)),
    "reports of fraud in a day": attempts(reason="fraud_reported"),
    "attempts at servers in a day": told(),
    "attempts at servers of two people in a day": told("7", "8"),
    "attempts at servers of a day to a number": told(phones=("+4930999",)),
    "changes of two kinds in a day": lambda tx: tx.events_of_kinds(
        "acme", ("user.added", "never"), SINCE, UNTIL, (), Page(IN_A_DAY)
    ),
    "attempts that a server tells next": lambda tx: tx.attempts_in_order("acme", (SINCE, ""), UNTIL, 9),
    "what became of texts": lambda tx: tx.sending_outcomes((SINCE, ""), UNTIL, 2 * IN_A_DAY),
    "what became of servers' texts": lambda tx: tx.relayed_outcomes(
        (SINCE, ""), UNTIL, 2 * IN_A_DAY, is_told=True
    ),
}


@pytest.fixture(scope="module")
def engine() -> str:
    return "postgresql"


async def _fill(url: str) -> None:
    store = open_store(url, HandClock())
    await store.open()

    async def one_of_each(tx: Transaction) -> None:
        for each in ("acme", "other"):
            await tx.put(tenant(each))
        await tx.add_verification(decided("acme", "first", user_id="0", started_at=START))
        await tx.add_server_attempts([attempt("acme", "first", user_id="0", received_at=START)])
        await tx.add_event(event("acme", "first", at=START, kind="user.added"))
        usual = {"state": DeliveryState.SENT, "gateway_id": "trunk", "tried": ("trunk",)}
        await tx.add_delivery(delivery("acme", "own", verification_id="first", expires_at=START, **usual))
        relayed = {"verification_id": "", "group_id": "g", "attempt_id": "first"}
        await tx.add_delivery(delivery("acme", "relayed", expires_at=START, **(usual | relayed)))

    await store.transact(one_of_each)
    await store.close()
    server = await asyncpg.connect(url, server_settings={"session_replication_role": "replica"})
    for table, key, at in (
        ("verifications", "verification_id", "started_at"),
        ("server_attempts", "attempt_id", "received_at"),
        ("events", "event_id", "at"),
        ("deliveries", "delivery_id", "expires_at"),
    ):
        await server.execute(f"alter table {table} set (autovacuum_enabled = off)")
        columns = f"'{key}', {key} || '-' || number, '{at}', {at} + number * {DAY_MS // IN_A_DAY}"
        for name in ("verification_id", "attempt_id"):
            if table == "deliveries":
                columns += f", '{name}', case {name} when '' then '' else {name} || '-' || number end"
        if table in {"verifications", "server_attempts"}:
            columns += f", 'user_id', (number % {PEOPLE})::text"
        await server.execute(
            f"insert into {table} select (jsonb_populate_record(one, jsonb_build_object("
            f"'tenant_id', whose, {columns}))).*"
            f" from {table} one cross join generate_series(1, {MANY}) number"
            " cross join unnest(array['acme', 'other']) whose"
        )
    await server.close()


@pytest.fixture(scope="module")
def filled_url(databases: Databases) -> str:
    url = databases.new()
    run_apart(_fill(url))
    return url


@pytest.fixture(params=["as a node connects", "as the server would choose"])
async def server(request: pytest.FixtureRequest, filled_url: str) -> AsyncIterator[asyncpg.Connection]:
    settings = SETTINGS if request.param == "as a node connects" else {}
    server = await asyncpg.connect(filled_url, server_settings=settings)
    yield server
    await server.close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


async def plans(server: asyncpg.Connection, reading: Reading) -> list[dict[str, Any]]:
    """Return what each statement of a reading does to the large tables, with how many rows it read."""
    body, rows, found = reading(PostgresTransaction(UNTIL)).__await__(), None, []
    while True:
        try:
            _, statement, values = body.send(rows)
        except StopIteration:
            return found
        explained = f"explain (analyze, format json) {statement.postgres}"
        (plan,) = json.loads(await server.fetchval(explained, *values))
        found += [node for node in nodes(plan["Plan"]) if node.get("Relation Name") in LARGE]
        rows = await server.fetch(statement.postgres, *values)


async def check(server: asyncpg.Connection) -> None:
    for name, reading in READINGS.items():
        found = await plans(server, reading)
        assert found, name
        assert "Seq Scan" not in {node["Node Type"] for node in found}, name
        read = sum(
            (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            for node in found
        )
        assert read <= MOST_READ, (name, read)


async def test_a_report_reads_the_rows_of_its_time(server: asyncpg.Connection) -> None:
    """Among 40,000: a hundred of a day in each table, and for each of them what hangs on it."""
    await check(server)
    await server.execute(f"vacuum analyze {', '.join(sorted(LARGE))}")
    await check(server)
