"""Plans: a sign-in reads its own rows and no others, also before the server has counted any table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import LIMITS, add_people, challenge, tenant, verification
from vestibule.interfaces.store import Store, Transaction, VerificationChange
from vestibule.model.throttle import Factor
from vestibule.model.verification import ChallengeState, Reason, VerificationState
from vestibule.stores.postgres import connection

OTHERS = 3000
SIGN_INS = 40
MOST_READ = 50
"""Rows that one sign-in with a challenge may read, in tables and indexes; it needs about twenty."""

APPROVE = VerificationChange(state=VerificationState.APPROVED, reason=Reason.PASSCODE_VERIFIED, decided_at=1)

_KEYS = {
    "users": ("user_id",),
    "user_names": ("user_id", "name"),
    "throttles": ("user_id",),
    "authenticators": ("user_id", "authenticator_id"),
    "verifications": ("user_id", "verification_id"),
    "challenges": ("user_id", "challenge_id", "verification_id"),
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
        assert await tx.settle_attempt("acme", user_id, Factor.PASSCODE, True, LIMITS) is not None
        assert await tx.advance_authenticator(subject.authenticators[0], {})
        assert await tx.close_challenge("acme", f"c-{name}", ChallengeState.ANSWERED)
        assert await tx.change_verification("acme", f"v-{name}", APPROVE)

    await store.transact(body)


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
