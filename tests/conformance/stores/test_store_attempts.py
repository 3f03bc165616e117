"""Verifications and challenges: opened once, closed once, by whoever is first."""

from __future__ import annotations

import pytest

from tests.conformance.stores.records import (
    START,
    HandClock,
    challenge,
    decided,
    user,
    verification,
)
from vestibule.interfaces.store import AlreadyExists, Store
from vestibule.interfaces.transaction.attempts import VerificationChange
from vestibule.model.verification import ChallengeState, Reason, TraceLine, VerificationState

APPROVE = VerificationChange(
    state=VerificationState.APPROVED,
    reason=Reason.PASSCODE_VERIFIED,
    decided_at=START + 5,
    method="totp",
    authenticator_id="phone",
    authenticator_label="Phone",
    legacy_result="SUCCESS_OATH_CODE_VERIFIED",
    is_first_factor_proven=True,
    is_authenticated=True,
    trace=(TraceLine("passcode", "match", {"step": "7"}),),
)


@pytest.fixture
async def alice(store: Store, tenant_id: str) -> str:
    await store.transact(lambda tx: tx.add_user(user(tenant_id)))
    return tenant_id


async def test_a_verification_is_kept_as_it_was(store: Store, tenant_id: str) -> None:
    """S4-S10: every field of an attempt comes back."""
    whole = decided(
        tenant_id,
        client_name="Gateway",
        client_address="192.0.2.1",
        user_address="2001:db8::1",
        claimed_username="CORP\\Ålice",
        given_name="Ålice",
        family_name="Ängström",
        email="alice@example.org",
        method="totp",
        authenticator_id="phone",
        authenticator_label="Phone ☎",
        phone="+49 89 1",
        device="Pixel",
        legacy_result="SUCCESS_OATH_CODE_VERIFIED",
        is_first_factor_proven=True,
        idempotency_key="key",
        trace=(TraceLine("a", "b", {"c": "d"}), TraceLine("e", "f")),
    )
    bare = verification(tenant_id, "v2", user_id="", username="", claimed_username="nobody")
    for each in (whole, bare):
        assert await store.transact(lambda tx, each=each: tx.add_verification(each))
    for run in (store.transact, store.read):
        assert await run(lambda tx: tx.verification(tenant_id, "v1")) == whole
        assert await run(lambda tx: tx.verification(tenant_id, "v2")) == bare
        assert await run(lambda tx: tx.verification_by_key(tenant_id, "key")) == whole
        assert await run(lambda tx: tx.verification_by_key(tenant_id, "other")) is None
        assert await run(lambda tx: tx.verification(tenant_id, "other")) is None


async def test_an_idempotency_key_is_taken_once_in_its_tenant(store: Store, tenant_id: str) -> None:
    async def add(verification_id: str, key: str | None) -> bool:
        record = verification(tenant_id, verification_id, idempotency_key=key)
        return await store.transact(lambda tx: tx.add_verification(record))

    assert await add("v1", "key")
    assert not await add("v2", "key")
    assert await store.read(lambda tx: tx.verification(tenant_id, "v2")) is None
    assert await add("v3", None)
    assert await add("v4", None)
    assert await add("v5", "")
    assert await add("v6", ""), "an empty key is no key"


async def test_a_second_verification_of_the_same_name_is_refused(store: Store, tenant_id: str) -> None:
    record = verification(tenant_id)
    await store.transact(lambda tx: tx.add_verification(record))
    with pytest.raises(AlreadyExists, match="verification 'v1'"):
        await store.transact(lambda tx: tx.add_verification(record))


async def test_what_no_database_can_hold_is_replaced_in_a_claim(store: Store, tenant_id: str) -> None:
    """RA-: a hostile name is recorded as far as it can be, and disturbs no other sign-in."""
    record = decided(tenant_id, claimed_username="a\0b\udcff\U0001f600", user_address="\0")
    assert await store.transact(lambda tx: tx.add_verification(record))
    found = await store.read(lambda tx: tx.verification(tenant_id, "v1"))
    assert found is not None
    assert (found.claimed_username, found.user_address) == ("a\ufffdb\ufffd\U0001f600", "\ufffd")


@pytest.mark.parametrize("name", ["a\0", "\ud800"])
async def test_a_name_that_no_database_can_hold_is_refused_before_it_gets_there(
    store: Store, tenant_id: str, name: str
) -> None:
    for run in (store.transact, store.read):
        with pytest.raises(ValueError, match="lone surrogate"):
            await run(lambda tx: tx.verification(tenant_id, name))
        with pytest.raises(ValueError, match="lone surrogate"):
            await run(lambda tx: tx.challenge(tenant_id, name))


async def test_a_verification_is_decided_once(store: Store, tenant_id: str) -> None:
    await store.transact(lambda tx: tx.add_verification(verification(tenant_id)))
    decide = lambda change: store.transact(lambda tx: tx.change_verification(tenant_id, "v1", change))  # noqa: E731
    still = VerificationChange(state=VerificationState.PENDING, reason=Reason.PASSCODE_WRONG, decided_at=None)
    assert await decide(still), "pending may stay pending"
    assert await decide(APPROVE)
    assert not await decide(APPROVE)
    assert not await decide(still)
    found = await store.read(lambda tx: tx.verification(tenant_id, "v1"))
    assert found is not None
    assert found.expires_at == START + 180_000, "no new end was set"
    for field in set(VerificationChange.__struct_fields__) - {"expires_at", "phone"}:
        assert getattr(found, field) == getattr(APPROVE, field), field
    assert found.version == 3
    assert not await store.transact(lambda tx: tx.change_verification(tenant_id, "v2", APPROVE))


async def test_a_challenge_is_kept_and_closed_once(store: Store, alice: str) -> None:
    record = challenge(alice)
    await store.transact(lambda tx: tx.add_challenge(record, 3))
    assert await store.read(lambda tx: tx.challenge(alice, "c1")) == record
    assert await store.read(lambda tx: tx.challenge(alice, "c2")) is None
    close = lambda state: store.transact(lambda tx: tx.close_challenge(alice, "c1", state))  # noqa: E731
    assert await close(ChallengeState.ANSWERED)
    assert not await close(ChallengeState.FAILED)
    found = await store.read(lambda tx: tx.challenge(alice, "c1"))
    assert found is not None
    assert found.state is ChallengeState.ANSWERED


async def test_a_second_challenge_of_the_same_name_is_refused(store: Store, alice: str) -> None:
    await store.transact(lambda tx: tx.add_challenge(challenge(alice), 3))
    with pytest.raises(AlreadyExists, match="challenge 'c1'"):
        await store.transact(lambda tx: tx.add_challenge(challenge(alice), 3))


async def test_the_oldest_open_challenges_give_way(store: Store, alice: str) -> None:
    """BF-04: the number of challenges that one can guess at is bounded."""
    await store.transact(lambda tx: tx.add_user(user(alice, "bob")))
    await store.transact(lambda tx: tx.add_challenge(challenge(alice, "b", user_id="bob"), 1))
    for number in range(5):
        record = challenge(alice, f"c{number}", created_at=START + number)
        await store.transact(lambda tx, record=record: tx.add_challenge(record, 2))
    await store.transact(lambda tx: tx.close_challenge(alice, "c4", ChallengeState.FAILED))
    states = {}
    for name in ("b", "c0", "c1", "c2", "c3", "c4"):
        found = await store.read(lambda tx, name=name: tx.challenge(alice, name))
        assert found is not None
        states[name] = found.state.value
    assert states == {
        "b": "open",
        "c0": "superseded",
        "c1": "superseded",
        "c2": "superseded",
        "c3": "open",
        "c4": "failed",
    }


async def test_tries_are_taken_until_there_are_none(store: Store, alice: str) -> None:
    await store.transact(lambda tx: tx.add_challenge(challenge(alice, tries_left=2), 3))
    take = lambda: store.transact(lambda tx: tx.take_try(alice, "c1"))  # noqa: E731
    assert [await take() for _ in range(4)] == [1, 0, None, None]


@pytest.mark.parametrize("state", [state for state in ChallengeState if state is not ChallengeState.OPEN])
async def test_a_closed_challenge_gives_no_try(store: Store, alice: str, state: ChallengeState) -> None:
    await store.transact(lambda tx: tx.add_challenge(challenge(alice, state=state), 3))
    assert await store.transact(lambda tx: tx.take_try(alice, "c1")) is None


async def test_a_challenge_that_is_over_gives_no_try(store: Store, alice: str, clock: HandClock) -> None:
    await store.transact(lambda tx: tx.add_challenge(challenge(alice), 3))
    clock.time = START + 179_999
    assert await store.transact(lambda tx: tx.take_try(alice, "c1")) == 2
    clock.time += 1
    assert await store.transact(lambda tx: tx.take_try(alice, "c1")) is None
    assert await store.transact(lambda tx: tx.take_try(alice, "c2")) is None


async def test_open_challenges_of_a_verification(store: Store, alice: str, clock: HandClock) -> None:
    kept = [
        challenge(alice, "z", created_at=START),
        challenge(alice, "a", created_at=START + 1),
        challenge(alice, "b", created_at=START + 1),
    ]
    others = [
        challenge(alice, "other", verification_id="v2"),
        challenge(alice, "closed", state=ChallengeState.FAILED),
        challenge(alice, "over", expires_at=START),
    ]
    for record in (*reversed(kept), *others):
        await store.transact(lambda tx, record=record: tx.add_challenge(record, 10))
    for run in (store.transact, store.read):
        assert await run(lambda tx: tx.open_challenges(alice, "v1")) == tuple(kept), "oldest first"
        assert await run(lambda tx: tx.open_challenges(alice, "v3")) == ()
