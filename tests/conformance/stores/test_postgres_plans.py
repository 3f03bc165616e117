"""Plans: a sign-in reads its own rows and no others, also before the server has counted any table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import (
    LIMITS,
    add_people,
    challenge,
    delivery,
    limit,
    tenant,
    verification,
)
from tests.conformance.stores.test_store_tenants import sent
from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.transaction.attempts import VerificationChange
from vestibule.model.delivery import DeliveryState
from vestibule.model.throttle import Factor
from vestibule.model.verification import ChallengeState, Reason, VerificationState
from vestibule.stores.postgres import connection

OTHERS = 3000
SIGN_INS = 40
MOST_READ = 50
"""Rows that one sign-in with a challenge may read, in tables and indexes; it needs about twenty."""

MOST_READ_BY_PHONE = 1000
"""The same for one by phone. Each
connection may read all rows once with a plan from before they were there. A statement that reads them every
time reads 3,000 a sign-in."""

APPROVE = VerificationChange(state=VerificationState.APPROVED, reason=Reason.PASSCODE_VERIFIED, decided_at=1)

_KEYS = {
    "users": ("user_id",),
    "user_names": ("user_id", "name"),
    "throttles": ("user_id",),
    "authenticators": ("user_id", "authenticator_id"),
    "verifications": ("user_id", "verification_id"),
    "challenges": ("user_id", "challenge_id", "verification_id", "address"),
    "deliveries": ("user_id", "delivery_id", "challenge_id", "verification_id", "reference"),
}
_READ = """
    select (select sum(idx_tup_read) from pg_stat_user_indexes)
         + (select sum(seq_tup_read) from pg_stat_user_tables)
"""
_OTHERS_CONNECTED = """
    select count(*) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""


@pytest.fixture(scope="module")
def engine() -> str:
    return "postgresql"


async def ask(store: Store, user_id: str, name: str) -> None:
    async def body(tx: Transaction) -> None:
        assert await tx.subject_by_names("acme", [user_id]) is not None
        await tx.add_verification(verification("acme", f"v-{name}", user_id=user_id))
        asked = challenge("acme", f"c-{name}", user_id=user_id, verification_id=f"v-{name}")
        await tx.add_challenge(asked, 1)

    await store.transact(body)


async def answer(store: Store, user_id: str, name: str) -> None:
    async def body(tx: Transaction) -> None:
        subject = await tx.subject_by_names("acme", [user_id])
        assert subject is not None
        assert await tx.challenge("acme", f"c-{name}") is not None
        assert await tx.verification("acme", f"v-{name}") is not None
        assert await tx.take_try("acme", f"c-{name}") is not None
        held = subject.authenticators[0]
        if not await tx.spend_on_clean_record(held, {}):
            assert await tx.settle_attempt("acme", user_id, Factor.PASSCODE, True, LIMITS) is not None
            assert await tx.advance_authenticator(held, {})
        assert await tx.close_challenge("acme", f"c-{name}", ChallengeState.ANSWERED)
        assert await tx.change_verification("acme", f"v-{name}", APPROVE)

    await store.transact(body)


async def ring(store: Store, user_id: str, name: str) -> None:
    """Ask on another road, as a sign-in by phone does; then a repeat joins."""
    asked = sent("acme", f"c-{name}", user_id=user_id, verification_id=f"v-{name}", address=f"+{user_id}")

    async def begin(tx: Transaction) -> None:
        assert await tx.subject_by_names("acme", [user_id]) is not None
        assert await tx.sent_challenges("acme", user_id) == ()
        assert await tx.untaken_challenges("acme", user_id) == ()
        assert await tx.spend_sending("acme", limit(key=user_id), 700)
        await tx.add_verification(verification("acme", f"v-{name}", user_id=user_id))
        assert await tx.supersede_challenges("acme", user_id, "sms") == 0
        assert await tx.add_challenge(asked, 1)
        await tx.add_delivery(
            delivery(
                "acme",
                f"d-{name}",
                user_id=user_id,
                challenge_id=asked.challenge_id,
                gateway_id="trunk",
                reference=f"r-{name}",
                state=DeliveryState.SENT,
            )
        )

    async def join(tx: Transaction) -> None:
        (mine,) = await tx.sent_challenges("acme", user_id)
        assert await tx.replace_challenge(mine)

    await store.transact(begin)
    await store.transact(join)


async def confirm(store: Store, user_id: str, name: str) -> None:
    """The answer comes by text, and the request that waits is let in."""
    challenge_id, verification_id = f"c-{name}", f"v-{name}"

    async def decide(tx: Transaction) -> None:
        assert await tx.delivery_by_reference("acme", "trunk", f"r-{name}") is not None
        assert await tx.verification("acme", verification_id) is not None
        assert await tx.take_try("acme", challenge_id) is not None
        assert await tx.close_challenge("acme", challenge_id, ChallengeState.ANSWERED)
        assert await tx.change_verification("acme", verification_id, APPROVE)

    async def let_in(tx: Transaction) -> None:
        assert await tx.versions("acme", [verification_id]) == {verification_id: 2}
        assert len(await tx.untaken_challenges("acme", user_id)) == 1
        assert await tx.take_challenge("acme", challenge_id, "me")

    await store.transact(decide)
    await store.transact(let_in)
    assert not await store.read(lambda tx: tx.is_delivery_due())
    assert await store.transact(lambda tx: tx.take_deliveries("node", 9, 1000)) == ()


async def fill(server: asyncpg.Connection) -> None:
    """Make others of whatever Alice has, one of each."""
    for table, keys in _KEYS.items():
        new = ", ".join(f"'{key}', {key} || '-' || number" for key in keys)
        await server.execute(
            f"insert into {table} select (jsonb_populate_record(hers, jsonb_build_object({new}))).*"
            f" from {table} hers cross join generate_series(1, {OTHERS}) number"
        )


@pytest.fixture
async def server(own_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A look from outside, at a database whose rows nobody counts."""
    server = await asyncpg.connect(own_url, server_settings={"session_replication_role": "replica"})
    for table in _KEYS:
        await server.execute(f"alter table {table} set (autovacuum_enabled = off)")
    yield server
    await server.close()


async def test_a_sign_in_reads_its_own_rows_only(
    own_url: str, opened: Opened, server: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plans that were made while the tables were empty must not be used when they are full."""
    monkeypatch.setattr(connection, "PLAN_SECONDS", 0.0)
    store = await opened(own_url)
    await store.transact(lambda tx: tx.put(tenant("acme")))
    await add_people(store, "acme", "alice")
    await ask(store, "alice", "first")
    await answer(store, "alice", "first")
    await ask(store, "alice", "0")
    await server.execute("delete from verifications where state <> 'pending'")
    await server.execute("delete from challenges where state <> 'open'")
    await fill(server)
    for number in range(1, SIGN_INS):
        await answer(store, "alice", str(number - 1))
        await ask(store, "alice", str(number))
    others = [f"alice-{number}" for number in range(1, SIGN_INS)]
    await asyncio.gather(*(ask(store, other, other) for other in others))
    await asyncio.gather(*(answer(store, other, other) for other in others))
    await store.close()
    while await server.fetchval(_OTHERS_CONNECTED):
        pass
    assert await server.fetchval(_READ) < 2 * SIGN_INS * MOST_READ


async def test_a_sign_in_by_phone_reads_its_own_rows_only(
    own_url: str, opened: Opened, server: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside thousands of others whose phones ring, were answered, and were not."""
    monkeypatch.setattr(connection, "PLAN_SECONDS", 0.0)
    store = await opened(own_url)
    await store.transact(lambda tx: tx.put(tenant("acme")))
    await add_people(store, "acme", "alice")
    await ring(store, "alice", "first")
    await confirm(store, "alice", "first")
    await ring(store, "alice", "0")
    await fill(server)
    for number in range(1, SIGN_INS):
        await confirm(store, "alice", str(number - 1))
        await ring(store, "alice", str(number))
    await store.close()
    while await server.fetchval(_OTHERS_CONNECTED):
        pass
    assert await server.fetchval(_READ) < SIGN_INS * MOST_READ_BY_PHONE
