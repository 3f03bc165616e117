"""When the server fails or is not the one it should be: nothing is decided, and it recovers alone."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from tests.conformance.stores.conftest import Opened, PostgresDatabases
from tests.conformance.stores.records import LIMITS, add_people, decided, tenant
from tests.peers.postgres import PostgresServer
from vestibule.interfaces.store import Store, Transaction, Unavailable
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.tenant import Tenant
from vestibule.model.throttle import NEVER, Factor, ThrottleLimits
from vestibule.stores import open_store
from vestibule.stores.postgres import connection, lanes
from vestibule.stores.postgres.lanes import LANES


@pytest.fixture(scope="module")
def engine() -> str:
    return "postgresql"


@pytest.fixture
async def own(own_url: str, opened: Opened) -> Store:
    store = await opened(own_url)
    await store.transact(lambda tx: tx.put(tenant("acme")))
    return store


def name_of(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


async def add(store: Store, *names: str) -> list[object]:
    """Add attempts at once; True or the exception of each."""
    return await asyncio.gather(
        *(store.transact(lambda tx, name=name: tx.add_verification(decided("acme", name))) for name in names),
        return_exceptions=True,
    )


async def stored(store: Store) -> set[str]:
    where, page = VerificationFilter(), Page(limit=10_000)
    listed = await store.read(lambda tx: tx.verifications("acme", where, page))
    return {each.verification_id for each in listed.rows}


async def test_connections_that_are_cut(own: Store, own_url: str, postgres_server: PostgresServer) -> None:
    """DB-11: who was being decided hears that it was not; the next is served."""
    cut = (
        "select count(pg_terminate_backend(pid)) from pg_stat_activity"
        f" where datname = '{name_of(own_url)}' and pid <> pg_backend_pid()"
    )
    told: set[str] = set()
    for round_ in range(5):
        names = [f"{round_}-{number}" for number in range(300)]
        working = asyncio.create_task(add(own, *names))
        await asyncio.to_thread(postgres_server.query, cut)
        results = await working
        assert all(each is True or isinstance(each, Unavailable) for each in results)
        told |= {name for name, each in zip(names, results, strict=True) if each is True}
    assert told <= await stored(own)
    await own.check()
    assert await add(own, "after") == [True]


async def test_a_server_that_takes_no_writes_any_more(
    own: Store, own_url: str, postgres_server: PostgresServer
) -> None:
    """DB-04, DB-06: a standby, or a primary that was put aside, decides nothing."""
    database = name_of(own_url)
    kick = f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{database}'"
    postgres_server.query(f"alter database {database} set default_transaction_read_only = on")
    postgres_server.query(kick)
    try:
        results = await add(own, "a", "b")
        results += await add(own, "a", "b")
        assert all(isinstance(each, Unavailable) for each in results)
        with pytest.raises(Unavailable):
            await own.check()
        with pytest.raises(Unavailable, match="no connection"):
            await open_store(own_url).open()
    finally:
        postgres_server.query(f"alter database {database} reset default_transaction_read_only")
    assert await stored(own) == set()
    assert await add(own, "a", "b") == [True, True]


async def test_a_server_that_another_has_replaced(own: Store, own_url: str, opened: Opened) -> None:
    """DB-04: the old primary comes back; its timeline is older than one that was seen."""
    server = connection.Server(own_url)
    connections = connection.Connections(server)
    async with connections.begun() as first:
        await first.rollback()
    await connections.close()
    server.timeline += 1
    with pytest.raises(Unavailable, match="another server has taken its place"):
        async with connections.begun():
            pass
    await connections.close()


@pytest.fixture
def own_server(tmp_path: Path) -> PostgresServer:
    """A server whose settings may be changed."""
    server = PostgresServer(tmp_path, lives_with=os.getpid())
    server.start()
    return server


@pytest.fixture
def url_there(own_server: PostgresServer) -> str:
    return PostgresDatabases("own", own_server).new()


async def test_a_wait_for_a_standby_that_is_cut_short_is_no_commit(
    own_server: PostgresServer, url_there: str
) -> None:
    """DB-05: the primary has it, no standby has; after a failover it would never have happened."""
    store = open_store(url_there)
    await store.open()
    try:
        await store.transact(lambda tx: tx.put(tenant("acme")))
        own_server.query("alter system set synchronous_standby_names = 'nobody'")
        own_server.query("select pg_reload_conf()")
        waiting = asyncio.create_task(add(store, "a0", "b0"))
        cancel = "select count(pg_cancel_backend(pid)) from pg_stat_activity where wait_event = 'SyncRep'"
        early = 0
        while await asyncio.to_thread(own_server.query, cancel) == "0":
            if waiting.done():
                # The server's checkpointer had not read the new settings yet.
                assert await waiting == [True, True]
                early += 1
                waiting = asyncio.create_task(add(store, f"a{early}", f"b{early}"))
        results = await waiting
        assert all(isinstance(each, Unavailable) and "not safe" in str(each) for each in results)
        own_server.query("alter system reset synchronous_standby_names")
        own_server.query("select pg_reload_conf()")
        assert await add(store, "c") == [True]
    finally:
        await store.close()


async def test_a_role_that_does_not_wait_for_the_disk_is_overruled(
    own_url: str, opened: Opened, postgres_server: PostgresServer
) -> None:
    """DB-02: synchronous_commit is on, whatever the database's or the role's settings say."""
    database = name_of(own_url)
    postgres_server.query(f"alter database {database} set synchronous_commit = off")
    try:
        connections = connection.Connections(connection.Server(own_url))
        async with connections.begun() as lent:
            assert await lent.raw.fetchval("show synchronous_commit") == "on"
        await connections.close()
    finally:
        postgres_server.query(f"alter database {database} reset synchronous_commit")


async def test_a_row_that_somebody_holds_keeps_only_its_own_waiting(
    own_url: str, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DB-07: a lock that is not given back makes those fail who need it, not those beside them."""
    monkeypatch.setitem(connection.SETTINGS, "lock_timeout", "100ms")
    store = await opened(own_url)
    await store.transact(lambda tx: tx.put(tenant("acme")))
    await add_people(store, "acme", "alice", "bob")

    async def fail(tx: Transaction, name: str) -> object:
        return await tx.settle_attempt("acme", name, Factor.PASSCODE, False, LIMITS)

    for name in ("alice", "bob"):
        await store.transact(lambda tx, name=name: fail(tx, name))
    raw = await asyncpg.connect(own_url)
    await raw.execute("begin; update throttles set failures = failures where user_id = 'alice'")
    results = await asyncio.gather(
        *(store.transact(lambda tx, n=n: fail(tx, n)) for n in ("bob", "alice")), return_exceptions=True
    )
    assert not isinstance(results[0], Exception)
    assert isinstance(results[1], Exception)
    await raw.execute("rollback")
    await raw.close()
    throttle = await store.transact(lambda tx: fail(tx, "alice"))
    assert throttle is not None
    assert throttle.failures == 2  # type: ignore[attr-defined]


async def test_lanes_that_hang_keep_nobody_else_waiting(
    own_url: str, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DB-07: as many people as there are lanes wait for a lock; another is decided meanwhile."""
    monkeypatch.setitem(connection.SETTINGS, "lock_timeout", "60s")
    own = await opened(own_url)
    await own.transact(lambda tx: tx.put(tenant("acme")))
    held = [f"held-{number}" for number in range(LANES)]
    await add_people(own, "acme", *held, "bob")

    async def fail(name: str) -> None:
        await own.transact(lambda tx: tx.settle_attempt("acme", name, Factor.PASSCODE, False, LIMITS))

    for name in held:
        await fail(name)
    raw, onlooker = await asyncpg.connect(own_url), await asyncpg.connect(own_url)
    await raw.execute("begin; update throttles set failures = failures")
    hanging = []
    for number, name in enumerate(held, 1):
        hanging.append(asyncio.create_task(fail(name)))
        while await _waiting_at_locks(onlooker) < number:
            assert not any(each.done() for each in hanging)
    await fail("bob")
    assert not any(each.done() for each in hanging)
    await raw.execute("commit")
    await asyncio.gather(*hanging)
    await raw.close()
    await onlooker.close()


async def test_a_tenant_does_not_wait_for_a_lane_that_is_anothers(
    own_url: str, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TEN-04: the one lane that works hangs with somebody of a tenant; another tenant is decided at once."""
    monkeypatch.setitem(connection.SETTINGS, "lock_timeout", "60s")
    monkeypatch.setattr(lanes, "HANGING_SECONDS", 3600)
    own = await opened(own_url)
    for tenant_id in ("acme", "other"):
        await own.transact(partial(_put, tenant(tenant_id)))
        await add_people(own, tenant_id, "alice")

    async def fail(tenant_id: str) -> None:
        await own.transact(
            lambda tx: tx.settle_attempt(tenant_id, "alice", Factor.PASSCODE, False, LIMITS), tenant_id
        )

    await fail("acme")
    raw, onlooker = await asyncpg.connect(own_url), await asyncpg.connect(own_url)
    await raw.execute("begin; update throttles set failures = failures")
    hanging = asyncio.create_task(fail("acme"))
    while not await _waiting_at_locks(onlooker):
        assert not hanging.done()
    await asyncio.wait_for(fail("other"), 60)
    assert not hanging.done()
    await raw.execute("commit")
    await hanging
    await raw.close()
    await onlooker.close()


async def _put(value: Tenant, tx: Transaction) -> None:
    await tx.put(value)


async def _waiting_at_locks(onlooker: asyncpg.Connection) -> int:
    """Return how many connections to the onlooker's database wait for a lock."""
    backends = "pg_stat_activity where datname = current_database()"
    return int(await onlooker.fetchval(f"select count(*) from {backends} and wait_event_type = 'Lock'"))


async def test_a_right_passcode_waits_for_the_failures_that_another_node_counts(
    own: Store, own_url: str
) -> None:
    """BF-01: the lock that those failures lead to holds against it."""
    await add_people(own, "acme", "alice")
    await own.transact(lambda tx: tx.settle_attempt("acme", "alice", Factor.PASSCODE, True, LIMITS))
    held = await own.read(lambda tx: tx.authenticator("acme", "phone-alice"))
    assert held is not None
    raw, onlooker = await asyncpg.connect(own_url), await asyncpg.connect(own_url)
    await raw.execute(f"begin; update throttles set failures = 3, locked_until = {NEVER}")
    spending = asyncio.create_task(own.transact(lambda tx: tx.spend_on_clean_record(held, {"step": 1})))
    while not await _waiting_at_locks(onlooker):
        assert not spending.done()
    await raw.execute("commit")
    assert not await spending
    assert await own.read(lambda tx: tx.authenticator("acme", "phone-alice")) == held
    await raw.close()
    await onlooker.close()


async def test_a_broken_statement_is_its_bodys_own(own: Store) -> None:
    """One body that asks for nonsense takes nobody along, although it shares their transaction."""
    await add_people(own, "acme", "alice")
    huge = ThrottleLimits(threshold=2**70, lock_ms=1, hard_stop=1)
    zero = ThrottleLimits(threshold=0, lock_ms=1, hard_stop=10)

    async def nonsense(tx: Transaction, limits: ThrottleLimits) -> None:
        await tx.settle_attempt("acme", "alice", Factor.PASSCODE, False, limits)
        await tx.settle_attempt("acme", "alice", Factor.PASSCODE, False, limits)

    results = await asyncio.gather(
        *(own.transact(lambda tx, n=n: tx.add_verification(decided("acme", n))) for n in ("a", "b", "c")),
        own.transact(lambda tx: nonsense(tx, huge)),
        own.transact(lambda tx: nonsense(tx, zero)),
        return_exceptions=True,
    )
    assert results[:3] == [True, True, True]
    assert isinstance(results[3], asyncpg.DataError | asyncpg.InterfaceError)
    assert isinstance(results[4], asyncpg.DivisionByZeroError)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://vestibule:hunter2@127.0.0.1:1/vestibule",
        "postgresql://vestibule:hunter2@[::1/vestibule",
        "postgresql://vestibule:hunter2@127.0.0.1:port/vestibule",
        "postgresql://vestibule:hunter2@/vestibule?host=/nowhere",
    ],
)
async def test_a_server_that_is_not_there_is_said_without_the_password(url: str) -> None:
    store = open_store(url)
    for act in (store.open, store.migrate, store.check):
        with pytest.raises(Unavailable) as failure:
            await act()
        assert "hunter2" not in repr(failure.value)
        assert "hunter2" not in repr(failure.value.__cause__)
    await store.close()


async def test_a_database_that_is_not_there_or_has_no_tables(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    with pytest.raises(Unavailable, match="does not exist"):
        await open_store(postgres_server.url("nobody_made_this")).open()
    with pytest.raises(Unavailable, match="vestibule migrate"):
        await open_store(postgres_server.url("postgres")).open()
