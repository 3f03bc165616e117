"""Transactions: all of a body or nothing of it, whoever shares its commit, and nothing but the database."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import (
    LIMITS,
    START,
    add_people,
    application,
    decided,
    event,
    hardware,
    tenant,
    user,
)
from vestibule.interfaces.store import AlreadyExists, Conflict, Store, Transaction, Unavailable
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.throttle import Factor
from vestibule.stores import open_store
from vestibule.stores.bodies import MOST_TRIES, CannotWrite, ForeignAwait


class Refused(Exception):
    """What a body raises to be undone."""


async def attempts(store: Store, tenant_id: str) -> set[str]:
    listed = await store.read(lambda tx: tx.verifications(tenant_id, VerificationFilter(), Page(limit=1000)))
    return {each.verification_id for each in listed.rows}


async def test_a_result_is_what_the_body_returns(store: Store) -> None:
    async def body(_tx: Transaction) -> tuple[int, ...]:
        return (1, 2)

    assert await store.transact(body) == (1, 2)
    assert await store.read(body) == (1, 2)


async def test_now_is_the_injected_clock(store: Store, clock: Any) -> None:
    async def body(tx: Transaction) -> int:
        return tx.now

    clock.time = START + 7
    assert await store.transact(body) == await store.read(body) == START + 7


async def test_a_body_that_raises_leaves_no_trace(store: Store, tenant_id: str) -> None:
    async def body(tx: Transaction) -> None:
        await tx.add_verification(decided(tenant_id))
        await tx.add_event(event(tenant_id, "e1"))
        raise Refused

    with pytest.raises(Refused):
        await store.transact(body)
    assert await attempts(store, tenant_id) == set()


async def test_failing_bodies_in_a_crowd_leave_no_trace_and_take_nobody_along(
    store: Store, tenant_id: str
) -> None:
    """DB-07: rows = successes, whatever the grouping."""

    async def body(tx: Transaction, number: int) -> int:
        if number % 11 == 0:
            raise Refused(number)
        await tx.add_verification(decided(tenant_id, f"v{number}"))
        if number % 5 == 0:
            raise Refused(number)
        await tx.add_event(event(tenant_id, f"e{number}"))
        if number % 7 == 0:
            raise Refused(number)
        return number

    results = await asyncio.gather(
        *(store.transact(lambda tx, n=n: body(tx, n)) for n in range(200)), return_exceptions=True
    )
    good = {n for n in range(200) if n % 11 and n % 5 and n % 7}
    assert [type(each) for each in results] == [int if n in good else Refused for n in range(200)]
    assert [each.args[0] if isinstance(each, Refused) else each for each in results] == list(range(200))
    assert await attempts(store, tenant_id) == {f"v{n}" for n in good}
    listed = await store.read(lambda tx: tx.events(tenant_id, "", Page(limit=1000)))
    assert {each.event_id for each in listed.rows} == {f"e{n}" for n in good}


async def test_a_caught_refusal_of_the_database_undoes_the_body_all_the_same(
    store: Store, tenant_id: str
) -> None:
    await add_people(store, tenant_id, "alice")

    async def body(tx: Transaction) -> str:
        await tx.add_verification(decided(tenant_id))
        try:
            await tx.add_user(user(tenant_id))
        except AlreadyExists:
            return "went on"
        return "not reached"

    with pytest.raises(AlreadyExists):
        await store.transact(body)
    assert await attempts(store, tenant_id) == set()


async def test_conflict_runs_the_body_anew(store: Store, tenant_id: str) -> None:
    runs = []

    async def body(tx: Transaction) -> int:
        runs.append(1)
        await tx.add_verification(decided(tenant_id, f"v{len(runs)}"))
        if len(runs) < 3:
            raise Conflict
        return len(runs)

    assert await store.transact(body) == 3
    assert await attempts(store, tenant_id) == {"v3"}


async def test_conflict_without_end_reaches_the_caller(store: Store, tenant_id: str) -> None:
    runs = []

    async def body(tx: Transaction) -> None:
        runs.append(1)
        await tx.add_verification(decided(tenant_id))
        raise Conflict

    with pytest.raises(Conflict):
        await store.transact(body)
    assert len(runs) == MOST_TRIES
    assert await attempts(store, tenant_id) == set()


async def _waits(_tx: Transaction) -> None:
    await asyncio.get_running_loop().create_future()


async def _yields(_tx: Transaction) -> None:
    await asyncio.sleep(0)


async def _gathers(tx: Transaction) -> None:
    both: list[Any] = [tx.note("a"), tx.note("b")]
    try:
        await asyncio.gather(*both)
    finally:
        for each in both:
            each.close()


@pytest.mark.parametrize("foreign", [_waits, _yields, _gathers])
async def test_a_body_may_await_nothing_but_its_transaction(
    store: Store, tenant_id: str, foreign: Any
) -> None:
    async def body(tx: Transaction) -> None:
        await tx.add_verification(decided(tenant_id, "foreign"))
        await foreign(tx)

    for run in (store.transact, store.read):
        with pytest.raises(ForeignAwait, match="awaited something"):
            await run(foreign)
    crowd = [
        store.transact(lambda tx, n=n: tx.add_verification(decided(tenant_id, f"v{n}"))) for n in range(9)
    ]
    results = await asyncio.gather(*crowd[:4], store.transact(body), *crowd[4:], return_exceptions=True)
    assert isinstance(results.pop(4), ForeignAwait)
    assert results == [True] * 9
    assert await attempts(store, tenant_id) == {f"v{n}" for n in range(9)}


async def test_a_caller_that_went_away_disturbs_nobody(store: Store, tenant_id: str) -> None:
    add = lambda name: store.transact(lambda tx: tx.add_verification(decided(tenant_id, name)))  # noqa: E731
    tasks = [asyncio.create_task(add(f"v{n}")) for n in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results[1::2] == [True] * 10
    assert {f"v{n}" for n in range(1, 20, 2)} <= await attempts(store, tenant_id)


async def test_bodies_of_a_group_see_what_is_decided_before_them(store: Store, tenant_id: str) -> None:
    await add_people(store, tenant_id, "alice")
    settle = lambda: store.transact(  # noqa: E731
        lambda tx: tx.settle_attempt(tenant_id, "alice", Factor.PASSCODE, False, LIMITS)
    )
    throttles = await asyncio.gather(*(settle() for _ in range(10)))
    counted = sorted(each.failures for each in throttles if each is not None)
    assert counted == [1, 2, 3]


async def test_mixed_bodies_side_by_side(store: Store, tenant_id: str) -> None:
    """Bodies of every length and kind in one crowd each get their own rows."""
    people = [f"user{n}" for n in range(12)]
    await add_people(store, tenant_id, *people)

    async def look(tx: Transaction, name: str) -> str | None:
        found = await tx.subject_by_names(tenant_id, ["nobody", name])
        return found.user.user_id if found else None

    async def use(tx: Transaction, name: str) -> Any:
        found = await tx.subject_by_names(tenant_id, [name])
        assert found is not None
        held = found.authenticators[0]
        first = await tx.advance_authenticator(held, {"by": name})
        second = await tx.advance_authenticator(held, {"by": name})
        return first, second, (await tx.authenticator(tenant_id, held.authenticator_id)).state

    async def rename(tx: Transaction, name: str) -> str:
        found = await tx.subject(tenant_id, name)
        assert found is not None
        changed = user(tenant_id, name, given_name="New", version=found.user.version)
        return str(await tx.replace_user(changed))

    bodies = [(body, name) for name in people for body in (look, use, rename)]
    results = await asyncio.gather(*(store.transact(lambda tx, b=b, n=n: b(tx, n)) for b, n in bodies))
    for (body, name), result in zip(bodies, results, strict=True):
        assert result == {look: name, use: (True, False, {"by": name}), rename: "True"}[body]


async def test_reading_cannot_write(store: Store, tenant_id: str) -> None:
    writes: list[Any] = [
        lambda tx: tx.put_note("key", "value"),
        lambda tx: tx.settle_attempt(tenant_id, "alice", Factor.PASSCODE, False, LIMITS),
        lambda tx: tx.add_authenticators([hardware(tenant_id, "A")]),
        lambda tx: tx.replace_authenticators([hardware(tenant_id, "A")]),
    ]
    for write in writes:
        with pytest.raises(CannotWrite):
            await store.read(write)
    assert await store.read(lambda tx: tx.note("key")) is None


async def test_a_read_is_one_snapshot(store: Store, tenant_id: str) -> None:
    """Two requests of one body see the same database, whatever is committed between them."""
    seen = []

    async def body(tx: Transaction) -> None:
        seen.append(await tx.count_verifications(tenant_id, 0))
        for _ in range(200):
            await tx.count_users(tenant_id)
        seen.append(await tx.count_verifications(tenant_id, 0))

    reading = asyncio.create_task(store.read(body))
    for n in range(20):
        await store.transact(lambda tx, n=n: tx.add_verification(decided(tenant_id, f"v{n}")))
    await reading
    assert seen[0] == seen[1]


async def test_too_much_at_once_is_refused_at_once(
    store: Store, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DB-11: what waits is bounded; who is one too many hears so at once, and the others are served."""
    for module in ("vestibule.stores.turns", "vestibule.stores.postgres.lanes"):
        monkeypatch.setattr(f"{module}.MOST_WAITING", 50)
    add = lambda n: store.transact(lambda tx: tx.add_verification(decided(tenant_id, f"v{n}")))  # noqa: E731
    results = await asyncio.gather(*(add(n) for n in range(500)), return_exceptions=True)
    served = [n for n, each in enumerate(results) if each is True]
    refused = [each for each in results if each is not True]
    assert len(served) >= 50
    assert refused
    assert all(isinstance(each, Unavailable) and "behind" in str(each) for each in refused)
    assert await attempts(store, tenant_id) == {f"v{n}" for n in served}
    assert await add("again") is True


async def test_closing_finishes_what_was_begun(own_url: str, opened: Opened) -> None:
    first = open_store(own_url)
    await first.open()
    await first.transact(lambda tx: tx.put(tenant("acme")))
    tasks = [
        asyncio.create_task(first.transact(lambda tx, n=n: tx.add_verification(decided("acme", f"v{n}"))))
        for n in range(100)
    ]
    await asyncio.sleep(0)
    await first.close()
    assert await asyncio.gather(*tasks) == [True] * 100
    for run in (first.transact, first.read):
        with pytest.raises(Unavailable, match="closed"):
            await run(lambda tx: tx.note("key"))
    await first.close()
    second = await opened(own_url)
    assert len(await attempts(second, "acme")) == 100


async def test_check_writes_and_changes_nothing(store: Store) -> None:
    before = await store.read(lambda tx: tx.generation())
    await store.check()
    assert await store.read(lambda tx: tx.generation()) == before


async def test_without_a_clock_the_time_is_that_of_the_database(url: str, opened: Opened) -> None:
    store = await opened(url, has_clock=False)

    async def body(tx: Transaction) -> int:
        return tx.now

    for run in (store.transact, store.read):
        before = time.time_ns() // 1_000_000
        now = await run(body)
        assert before - 1000 <= now <= time.time_ns() // 1_000_000 + 1000, "one machine, one clock"


async def test_two_nodes_share_one_database(own_url: str, opened: Opened) -> None:
    one, two = await opened(own_url), await opened(own_url)
    await one.transact(lambda tx: tx.put(tenant("acme")))
    await two.transact(lambda tx: tx.put(application("acme")))
    with pytest.raises(AlreadyExists):
        await one.transact(lambda tx: tx.put(application("acme", "other", name="VPN")))
    nodes = (one, two)
    await asyncio.gather(
        *(
            nodes[n % 2].transact(lambda tx, n=n: tx.add_verification(decided("acme", f"v{n}")))
            for n in range(100)
        )
    )
    assert await attempts(one, "acme") == await attempts(two, "acme") == {f"v{n}" for n in range(100)}


async def test_ten_04_tenants_take_turns(store: Store) -> None:
    """TEN-04: who comes after many of another tenant is decided before most of them.

    The best of three: an engine decides on several connections, and one of them may be slow to open.
    """
    assert min([await _decided_before(store) for _ in range(3)]) < 300


async def _decided_before(store: Store) -> int:
    """How many of 1000 requests of one tenant are decided before one of another that comes after them."""
    ended: list[str] = []

    async def ask(tenant_id: str) -> None:
        async def body(_tx: Transaction) -> None: ...

        await store.transact(body, tenant_id)
        ended.append(tenant_id)

    noisy = [asyncio.create_task(ask("noisy")) for _ in range(1000)]
    await asyncio.sleep(0)  # all of them wait by now
    await ask("quiet")
    decided = ended.count("noisy")
    await asyncio.gather(*noisy)
    return decided
