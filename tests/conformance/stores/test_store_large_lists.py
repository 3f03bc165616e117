"""Long lists: what a page reads does not grow with the list, whatever is searched for, found or not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.conformance.stores.conftest import Databases
from tests.conformance.stores.records import START, HandClock, decided, delivery, event, group, tenant, user
from tests.conformance.stores.test_store_blocks import block, bypass
from tests.conformance.stores.test_store_dispatches import dispatch
from tests.databases import run_apart
from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.blocks import BlockFilter, BypassFilter
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.interfaces.transaction.sending import DeliveryFilter, DispatchFilter
from vestibule.model.delivery import DeliveryState
from vestibule.model.dispatch import DispatchState
from vestibule.model.user import Role, UserStatus
from vestibule.stores import open_store, paging
from vestibule.stores.postgres.connection import SETTINGS
from vestibule.stores.postgres.transaction import PostgresTransaction
from vestibule.stores.queries import people_lists
from vestibule.stores.queries.history import COUNT_BY_STATE
from vestibule.stores.queries.people_lists import COUNT_USERS
from vestibule.stores.rows import Row, Values
from vestibule.stores.sqlite.transaction import SqliteTransaction
from vestibule.stores.statement import Statement

MANY = 800
FEW = 20
"""How far a search looks here, and how many rows a page has."""
MOST_READ = 12 * FEW
"""Rows and index entries that one page may read: its own, and for each person his words."""
STEPS_OF_A_ROW = 60
"""Instructions of SQLite's machine, at most, for what one of them needs."""

Reading = Callable[[Transaction], Awaitable[Any]]


def people(text: str = "", **fields: Any) -> Reading:
    where = UserFilter(text=text, **fields)
    return lambda tx: tx.users("acme", where, Page(FEW))


def attempts(**where: Any) -> Reading:
    return lambda tx: tx.verifications("acme", VerificationFilter(**where), Page(FEW))


def events(text: str) -> Reading:
    return lambda tx: tx.events("acme", text, Page(FEW))


def blocks(**where: Any) -> Reading:
    return lambda tx: tx.blocks("acme", BlockFilter(**where), Page(FEW))


def bypasses(**where: Any) -> Reading:
    return lambda tx: tx.bypasses("acme", BypassFilter(**where), Page(FEW))


def dispatches(**where: Any) -> Reading:
    return lambda tx: tx.dispatches("acme", DispatchFilter(**where), Page(FEW))


def deliveries(**where: Any) -> Reading:
    return lambda tx: tx.deliveries("acme", DeliveryFilter(**where), Page(FEW))


READINGS = {
    "everybody": people(),
    "people whose name begins so": people("p"),
    "one person": people("person77"),
    "a common family name": people("lovelace"),
    "a name that nobody has": people("nobody"),
    "those who are disabled": people(status="disabled"),
    "the disabled of a common name": people("lovelace", status="disabled"),
    "administrators": people(role="administrator"),
    "active administrators": people(status="active", role="administrator"),
    "those who must": people(requirement="enforced"),
    "those who hold what nobody holds": people(method="sms"),
    "those who hold nothing, of a common name": people("lovelace", holds_nothing=True),
    "those of a common name who hold what nobody holds": people("lovelace", method="sms"),
    "the one member of a group": people(group_id="g1"),
    "how many are in a group": lambda tx: tx.count_members("acme", ["g1", "g2"], FEW),
    "attempts": attempts(),
    "attempts of nobody": attempts(text="nobody"),
    "attempts by an unknown client": attempts(client_id="nobody"),
    "attempts in a rare state": attempts(state="canceled"),
    "attempts in a rare state for an application": attempts(state="canceled", application_id="vpn"),
    "attempts of a person": attempts(user_id="7"),
    "changes by nobody": events("nobody"),
    "blocks of a name that nobody has": blocks(text="nobody"),
    "blocks that hold": blocks(is_active=True),
    "blocks of a person": blocks(user_id="7"),
    "bypasses of a name that nobody has": bypasses(text="nobody"),
    "bypasses of a person": bypasses(user_id="7"),
    "mails that could not be sent": dispatches(state="failed"),
    "mails to nobody": dispatches(address="nobody"),
    "mails that wait": dispatches(state="waiting"),
    "texts that arrived": deliveries(state="delivered"),
    "texts by an unknown gateway": deliveries(gateway_id="nobody"),
}


FILLED = (
    *("users", "user_names", "user_terms", "group_members", "authenticators", "verifications", "events"),
    *("blocks", "bypasses", "dispatches", "deliveries"),
)


async def fill(store: Store) -> None:
    await store.transact(lambda tx: tx.put(tenant("acme")))
    for group_id in ("g1", "g2"):
        await store.transact(lambda tx, group_id=group_id: tx.put(group("acme", group_id)))

    async def add(tx: Transaction) -> None:
        for number in range(MANY):
            who = user(
                "acme",
                str(number),
                names=(f"person{number:05}", f"corp\\person{number:05}"),
                family_name="Lovelace",
                role=Role.ADMINISTRATOR if number == MANY - 1 else Role.NONE,
                status=UserStatus.DISABLED if number == MANY - 2 else UserStatus.ACTIVE,
            )
            await tx.add_user(who)
            at = START + number
            await tx.add_verification(decided("acme", f"v{number:05}", user_id=str(number), started_at=at))
            await tx.add_event(event("acme", f"e{number:05}", at=at))
            await tx.add_member("acme", "g2", str(number))
            key, person = f"k{number:05}", str(number)
            await tx.add_block(block("acme", key, person, begun_at=at, until=START))
            await tx.add_bypass(bypass("acme", key, person, made_at=at))
            await tx.add_dispatch(dispatch("acme", key, created_at=at, state=DispatchState.SENT))
            await tx.add_delivery(delivery("acme", key, created_at=at, state=DeliveryState.SENT))
        await tx.add_member("acme", "g1", str(MANY - 3))

    await store.transact(add)


class SqliteWork:
    """Counts the instructions of SQLite's machine."""

    ONLY_INDEX = "COVERING INDEX"

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        self._steps = 0

    def _count(self) -> None:
        self._steps += 1

    async def learn(self) -> None:
        """Look at what is in the tables. This engine does not, in production."""

    async def plan(self, statement: Statement, values: Values) -> str:
        return str(self._connection.execute(f"explain query plan {statement.sqlite}", values).fetchall())

    async def fetch(self, statement: Statement, values: Values) -> tuple[float, Sequence[Row]]:
        self._steps = 0
        self._connection.set_progress_handler(self._count, 1)
        rows = self._connection.execute(statement.sqlite, values).fetchall()
        return self._steps / STEPS_OF_A_ROW, rows

    def transaction(self) -> SqliteTransaction:
        return SqliteTransaction(START)


class PostgresWork:
    """Counts the rows that PostgreSQL reads, with plans as the store gets them."""

    ONLY_INDEX = "Index Only Scan"

    def __init__(self, server: asyncpg.Connection) -> None:
        self._server = server

    async def learn(self) -> None:
        await self._server.execute(f"vacuum analyze {', '.join(FILLED)}")

    async def plan(self, statement: Statement, values: Values) -> str:
        return str(await self._server.fetch(f"explain {statement.postgres}", *values))

    async def fetch(self, statement: Statement, values: Values) -> tuple[float, Sequence[Row]]:
        explained = f"explain (analyze, format json) {statement.postgres}"
        (plan,) = json.loads(await self._server.fetchval(explained, *values))
        return _read(plan["Plan"]), await self._server.fetch(statement.postgres, *values)

    def transaction(self) -> PostgresTransaction:
        return PostgresTransaction(START)


def _read(node: dict[str, Any]) -> float:
    """Return how many rows the nodes of a plan have read that read tables or indexes."""
    within = sum(_read(each) for each in node.get("Plans", ()))
    if "Relation Name" not in node:
        return within
    seen = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return float(within + seen * node["Actual Loops"])


async def cost(work: SqliteWork | PostgresWork, reading: Reading) -> float:
    """Return how many rows `reading` reads, answering what it asks of its transaction."""
    body, rows, read = reading(work.transaction()).__await__(), None, 0.0
    while True:
        try:
            _, statement, values = body.send(rows)
        except StopIteration:
            return read
        seen, rows = await work.fetch(statement, values)
        read += seen


@pytest.fixture(scope="module")
def filled_url(databases: Databases) -> str:
    """A database with long lists."""
    url = databases.new()

    async def run() -> None:
        store = open_store(url, HandClock())
        await store.open()
        await fill(store)
        await store.close()

    run_apart(run())
    return url


@pytest.fixture
async def work(engine: str, filled_url: str) -> AsyncIterator[SqliteWork | PostgresWork]:
    if engine == "sqlite":
        yield SqliteWork(Path(filled_url.removeprefix("sqlite:///")))
        return
    server = await asyncpg.connect(filled_url, server_settings=SETTINGS)
    yield PostgresWork(server)
    await server.close()


async def test_a_page_reads_a_part_of_a_long_list(
    work: SqliteWork | PostgresWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "REACH", FEW)
    monkeypatch.setattr(people_lists, "_SIFTED", FEW)
    await work.learn()
    read = {label: await cost(work, reading) for label, reading in READINGS.items()}
    assert {label: rows for label, rows in read.items() if rows > MOST_READ} == {}


async def test_counts_read_an_index_alone(work: SqliteWork | PostgresWork) -> None:
    """The counts of the overview: no row is looked at, only its entry."""
    await work.learn()
    for counting in (COUNT_USERS(tenant_id="acme"), COUNT_BY_STATE(tenant_id="acme", since=START)):
        assert work.ONLY_INDEX in await work.plan(*counting)


async def test_a_search_goes_on_where_it_has_stopped(
    store: Store, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tells how far it has come, and finds all in the end; what shares a millisecond is not lost."""
    monkeypatch.setattr(paging, "REACH", 3)
    times = [START + number // 2 for number in range(10)]
    for number, at in enumerate(times):
        rare = {"client_id": "rare"} if number in (0, 1, 6) else {}
        attempt = decided(tenant_id, f"v{number}", started_at=at, **rare)
        await store.transact(lambda tx, attempt=attempt: tx.add_verification(attempt))
    found, searched, page = [], [], Page(2)
    where = VerificationFilter(client_id="rare")
    while True:
        listed = await store.read(lambda tx, page=page: tx.verifications(tenant_id, where, page))
        found += [each.verification_id for each in listed.rows]
        searched.append(listed.searched_to)
        if not listed.next_cursor:
            break
        page = Page(2, listed.next_cursor)
    assert found == ["v6", "v1", "v0"]
    assert searched == [START + 3, START + 1, None]


async def test_a_search_by_identifiers_goes_on_and_tells_the_time(
    store: Store, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where identifiers are the order of a list, people read how far a search has come all the same."""
    monkeypatch.setattr(paging, "REACH", 3)
    for number in range(10):
        address = "rare" if number in (1, 2) else "usual"
        made = dispatch(tenant_id, f"d{number}", created_at=START + number, address=address)
        await store.transact(lambda tx, made=made: tx.add_dispatch(made))
    found, searched, page = [], [], Page(1)
    where = DispatchFilter(address="rare")
    while True:
        listed: Listed = await store.read(lambda tx, page=page: tx.dispatches(tenant_id, where, page))
        found += [each.dispatch_id for each in listed.rows]
        searched.append(listed.searched_to)
        if not listed.next_cursor:
            break
        page = Page(1, listed.next_cursor)
    assert found == ["d2", "d1"]
    assert searched == [START + 6, START + 2, None]


async def test_what_is_looked_up_elsewhere_is_looked_for_in_a_smaller_part(
    store: Store, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether somebody holds a phone takes longer to see than what is written about him."""
    monkeypatch.setattr(paging, "REACH", 10)
    for number in range(12):
        who = user(tenant_id, str(number), names=(f"person{number:02}",))
        await store.transact(lambda tx, who=who: tx.add_user(who))
    reached = []
    for where in (UserFilter(requirement="enforced"), UserFilter(method="sms")):
        listed = await store.read(lambda tx, where=where: tx.users(tenant_id, where, Page(5)))
        reached.append((listed.rows, listed.searched_to))
    assert reached == [((), "person10"), ((), "person02")]


async def test_a_person_of_many_words_is_found_once(store: Store, tenant_id: str) -> None:
    """By names and other words that begin alike, page by page."""
    for number in range(4):
        who = user(
            tenant_id,
            str(number),
            names=(f"ada{number}", f"ada{number}@example.org"),
            given_name="Ada",
            family_name="Adams",
            email=f"ada{number}@example.org",
        )
        await store.transact(lambda tx, who=who: tx.add_user(who))
    other = user(tenant_id, "other", names=("zoe",), given_name="Adelheid", family_name="Adam")
    await store.transact(lambda tx: tx.add_user(other))
    where = UserFilter(text="ad", status="active")
    for limit in (1, 2, 3, 5, 50):
        found, page = [], Page(limit)
        while True:
            listed: Listed = await store.read(lambda tx, page=page: tx.users(tenant_id, where, page))
            found += [each.user_id for each in listed.rows]
            if not listed.next_cursor:
                break
            page = Page(limit, listed.next_cursor)
        assert found == ["0", "1", "2", "3", "other"]
