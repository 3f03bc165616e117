"""What reports count and list, and reports that are written behind the request: by one node, in parts."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import START, HandClock, decided, event, tenant, verification
from tests.conformance.stores.test_store_server_records import attempt
from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.blocks import BlockFilter, BypassFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.report import ReportFilter
from vestibule.model.report_run import ReportRun, RunState
from vestibule.model.usage_count import PersonCount, ResultCount
from vestibule.model.verification import Reason, VerificationState

LEASE = 1000


def run(tenant_id: str, run_id: str = "r1", **fields: Any) -> ReportRun:
    usual = {"report": "usage", "filters": ReportFilter(users=("alice",), since=7), "actor": "u"}
    usual |= {"actor_name": "U", "actor_tenant_id": "system"}
    times = {"due_at": START, "asked_at": START, "expires_at": START + 5000}
    return ReportRun(tenant_id=tenant_id, run_id=run_id, **(usual | times | fields))


async def test_results_of_ones_own_and_of_servers_are_counted_together(store: Store, tenant_id: str) -> None:
    async def fill(tx: Transaction) -> None:
        for number, (began, user) in enumerate(((START, "a"), (START, "b"), (START + 9, "a"))):
            await tx.add_verification(decided(tenant_id, f"v{number}", started_at=began, user_id=user))
        await tx.add_verification(verification(tenant_id, "v9", started_at=START, user_id="a"))
        await tx.add_server_attempts([attempt(tenant_id, "t1")])

    await store.transact(fill)
    counts = await store.read(lambda tx: tx.count_results(tenant_id, START, START + 9))
    assert sum(one.count for one in counts) == 4
    own = decided(tenant_id)
    assert ResultCount(own.state.value, own.reason.value, own.legacy_result, own.method, 2) in counts
    assert await store.read(lambda tx: tx.count_results("another", 0, START + 99)) == ()
    people = await store.read(lambda tx: tx.count_attempts_of(tenant_id, ["a", "c"], START, START + 99))
    assert people == {"a": PersonCount(3, 2, 0, START + 9)}
    listed = await store.read(
        lambda tx: tx.listed_server_attempts(tenant_id, [], VerificationFilter(), Page())
    )
    assert [one.tenant_id for one in listed.rows] == [tenant_id]


async def test_events_of_some_kinds_come_in_order_and_page_by_page(store: Store, tenant_id: str) -> None:
    async def fill(tx: Transaction) -> None:
        for number in range(9):
            kind = ("x.one", "x.two", "x.three")[number % 3]
            subject = "alice" if number < 6 else "bob"
            await tx.add_event(
                event(tenant_id, f"e{number}", at=START + number // 2, kind=kind, subject=subject)
            )

    await store.transact(fill)

    async def ids(page: Page, subjects: tuple[str, ...] = ()) -> tuple[list[str], str]:
        listed = await store.read(
            lambda tx: tx.events_of_kinds(tenant_id, ("x.one", "x.two"), START + 1, None, subjects, page)
        )
        return [one.event_id for one in listed.rows], listed.next_cursor

    first, cursor = await ids(Page(2))
    second, end = await ids(Page(2, cursor))
    assert (first, second, end) == (["e7", "e6"], ["e4", "e3"], "")
    assert await ids(Page(9), ("alice",)) == (["e4", "e3"], "")


async def test_lists_are_narrowed_to_people_phones_and_times(store: Store, tenant_id: str) -> None:
    async def fill(tx: Transaction) -> None:
        for number in range(4):
            fields = {"user_id": f"u{number}", "phone": f"+4930{number}", "started_at": START + number}
            await tx.add_verification(decided(tenant_id, f"v{number}", **fields))
        fraud = {"reason": Reason.FRAUD_REPORTED, "state": VerificationState.DENIED}
        await tx.add_verification(decided(tenant_id, "v9", started_at=START, **fraud))

    await store.transact(fill)

    async def ids(**where: Any) -> list[str]:
        chosen = VerificationFilter(**where)
        found = await store.read(lambda tx: tx.verifications(tenant_id, chosen, Page()))
        return [one.verification_id for one in found.rows]

    assert await ids(user_ids=("u1", "u3")) == ["v3", "v1"]
    assert await ids(user_ids=("u1", "u3", "alice"), state="approved") == ["v3", "v1"]
    people = VerificationFilter(user_ids=("u0", "u1", "u2", "u3"))
    first = await store.read(lambda tx: tx.verifications(tenant_id, people, Page(3)))
    rest = await store.read(lambda tx: tx.verifications(tenant_id, people, Page(3, first.next_cursor)))
    assert [one.verification_id for one in (*first.rows, *rest.rows)] == ["v3", "v2", "v1", "v0"]
    assert rest.next_cursor == ""
    assert await ids(phones=("+49302",)) == ["v2"]
    assert await ids(reason="fraud_reported") == ["v9"]
    narrow = {"user_ids": ("u",), "phones": ("+4930",), "since": START, "until": START + 1}
    assert (await store.read(lambda tx: tx.blocks(tenant_id, BlockFilter(**narrow), Page()))).rows == ()  # type: ignore[arg-type] # of mixed types
    assert (await store.read(lambda tx: tx.bypasses(tenant_id, BypassFilter(**narrow), Page()))).rows == ()  # type: ignore[arg-type] # of mixed types


async def test_a_report_is_written_by_one_node_and_anew_by_the_next(
    own_url: str, opened: Opened, clock: HandClock
) -> None:
    own = await opened(own_url)
    await own.transact(lambda tx: tx.put(tenant("a")))
    await own.transact(lambda tx: tx.add_report_run(run("a")))
    first = await own.transact(lambda tx: tx.take_report_run("n1", LEASE))
    assert first is not None
    assert (first.node, first.fence, first.filters.users, first.filters.since) == ("n1", 1, ("alice",), 7)
    assert await own.transact(lambda tx: tx.take_report_run("n2", LEASE)) is None, "n1 has it"
    part = msgspec.structs.replace(first, rows=2, parts=1)
    assert await own.transact(lambda tx: tx.continue_report_run(part, b"old", LEASE))
    clock.time += LEASE
    second = await own.transact(lambda tx: tx.take_report_run("n2", LEASE))
    assert second is not None
    assert (second.fence, second.rows, second.parts) == (2, 0, 0)
    assert await own.read(lambda tx: tx.report_part("a", "r1", 1)) is None, "begun anew"
    assert not await own.transact(lambda tx: tx.continue_report_run(part, b"late", LEASE))
    ready = msgspec.structs.replace(second, rows=5, parts=1, state=RunState.READY, ended_at=clock.time)
    assert await own.transact(lambda tx: tx.continue_report_run(ready, b"new", LEASE))
    assert await own.read(lambda tx: tx.report_part("a", "r1", 1)) == b"new"
    assert not await own.transact(lambda tx: tx.continue_report_run(ready, b"more", LEASE))
    (listed,) = await own.read(lambda tx: tx.report_runs("a", "u", 9))
    assert (listed.state, listed.rows, listed.ended_at) == (RunState.READY, 5, clock.time)
    assert await own.read(lambda tx: tx.report_runs("a", "another", 9)) == ()
    assert await own.read(lambda tx: tx.report_run("b", "r1")) is None
    assert not await own.transact(lambda tx: tx.remove_report_run("b", "r1"))
    clock.time = listed.expires_at
    assert await own.transact(lambda tx: tx.sweep(9)) == 1
    assert await own.read(lambda tx: tx.report_part("a", "r1", 1)) is None, "parts go with it"
