"""Who tries to sign in, how often he has failed, and the one use of what he holds."""

from __future__ import annotations

import msgspec
import pytest

from tests.conformance.stores.records import LIMITS, START, HandClock, add_people, authenticator, user
from vestibule.interfaces.store import Store
from vestibule.model.authenticator import AuthenticatorStatus
from vestibule.model.throttle import NEVER, Factor, Throttle, ThrottleLimits


@pytest.fixture
async def alice(store: Store, tenant_id: str) -> str:
    await add_people(store, tenant_id, "alice")
    return tenant_id


async def settle(store: Store, tenant_id: str, *, is_match: bool = False, limits: ThrottleLimits = LIMITS):
    return await store.transact(
        lambda tx: tx.settle_attempt(tenant_id, "alice", Factor.PASSCODE, is_match, limits)
    )


async def throttle_of(store: Store, tenant_id: str) -> Throttle | None:
    return (await store.read(lambda tx: tx.throttles(tenant_id, "alice"))).get(Factor.PASSCODE)


async def test_a_subject_is_all_of_a_person(store: Store, tenant_id: str) -> None:
    person = user(
        tenant_id,
        names=("alice", "corp\\alice"),
        given_name="Alice",
        family_name="Ångström",
        email="alice@example.org",
        phone="+49 89 1",
        language="de",
        directory_id="ldap",
        directory_reference="guid",
        password_hash="$argon2id$",
    )
    await store.transact(lambda tx: tx.add_user(person))
    first = authenticator(
        tenant_id,
        "z",
        label="Phone",
        parameters={"digits": 6, "nested": [1, None, True]},
        secret=b"\x00\xff",
        state={"last_step": 2**40},
        not_before=1,
        not_after=2,
        used_at=3,
    )
    second = authenticator(tenant_id, "a", created_at=START + 1, status=AuthenticatorStatus.PENDING)
    revoked = authenticator(tenant_id, "r", status=AuthenticatorStatus.REVOKED)
    for held in (second, first, revoked):
        await store.transact(lambda tx, held=held: tx.add_authenticator(held))

    for run in (store.transact, store.read):
        found = await run(lambda tx: tx.subject(tenant_id, "alice"))
        assert found is not None
        assert found.user == person
        assert found.authenticators == (first, second), "oldest first, without the revoked"
        assert await run(lambda tx: tx.throttles(tenant_id, "alice")) == {}
        assert await run(lambda tx: tx.subject_by_names(tenant_id, ["corp\\alice"])) == found


async def test_the_first_name_that_anybody_has_decides(store: Store, tenant_id: str) -> None:
    await add_people(store, tenant_id, "alice", "bob")
    find = lambda *names: store.transact(lambda tx: tx.subject_by_names(tenant_id, names))  # noqa: E731
    assert (await find("corp\\bob", "bob", "alice")).user.user_id == "bob"
    assert (await find("alice", "bob")).user.user_id == "alice"
    assert await find("nobody") is None
    assert await find() is None
    assert await store.transact(lambda tx: tx.subject(tenant_id, "nobody")) is None


async def test_a_person_without_authenticators_is_found(store: Store, tenant_id: str) -> None:
    await store.transact(lambda tx: tx.add_user(user(tenant_id)))
    found = await store.transact(lambda tx: tx.subject_by_names(tenant_id, ["alice"]))
    assert found is not None
    assert found.authenticators == ()


async def test_failures_lock_at_every_multiple_and_for_good_at_the_hard_stop(
    store: Store, alice: str, clock: HandClock
) -> None:
    """BF-01: counted in the write that tells whether the attempt counts."""
    seen = []
    for _ in range(LIMITS.hard_stop):
        throttle = await settle(store, alice)
        assert throttle is not None
        seen.append((throttle.failures, throttle.locked_until - clock.now() if throttle.locked_until else 0))
        if throttle.is_locked(clock.now()) and throttle.locked_until != NEVER:
            assert await settle(store, alice) is None, "locked: not counted"
            clock.advance(LIMITS.lock_ms / 1000)
    lock = LIMITS.lock_ms
    assert seen == [(1, 0), (2, 0), (3, lock), (4, 0), (5, 0), (6, lock), (7, NEVER - clock.now())]
    clock.advance(10**9)
    assert await settle(store, alice, is_match=True) is None, "only an administrator can help"
    assert await throttle_of(store, alice) == Throttle(Factor.PASSCODE, 7, NEVER)


async def test_the_last_moment_of_a_lock(store: Store, alice: str, clock: HandClock) -> None:
    for _ in range(3):
        await settle(store, alice)
    clock.time += LIMITS.lock_ms - 1
    assert await settle(store, alice, is_match=True) is None, "the right passcode does not help either"
    clock.time += 1
    assert await settle(store, alice, is_match=True) == Throttle(Factor.PASSCODE, 0, 0)


async def test_a_match_clears_and_a_first_match_is_free(store: Store, alice: str) -> None:
    assert await settle(store, alice, is_match=True) == Throttle(Factor.PASSCODE, 0, 0)
    assert await settle(store, alice) == Throttle(Factor.PASSCODE, 1, 0)
    assert await settle(store, alice, is_match=True) == Throttle(Factor.PASSCODE, 0, 0)
    assert await throttle_of(store, alice) == Throttle(Factor.PASSCODE, 0, 0)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (ThrottleLimits(threshold=1, lock_ms=5, hard_stop=9), Throttle(Factor.PASSCODE, 1, START + 5)),
        (ThrottleLimits(threshold=1, lock_ms=5, hard_stop=1), Throttle(Factor.PASSCODE, 1, NEVER)),
        (ThrottleLimits(threshold=5, lock_ms=5, hard_stop=1), Throttle(Factor.PASSCODE, 1, NEVER)),
    ],
)
async def test_the_very_first_failure_can_lock(
    store: Store, alice: str, limits: ThrottleLimits, expected: Throttle
) -> None:
    assert await settle(store, alice, limits=limits) == expected
    assert await settle(store, alice, limits=limits) is None


async def test_factors_are_counted_apart(store: Store, alice: str) -> None:
    for _ in range(3):
        await settle(store, alice)
    password = await store.transact(
        lambda tx: tx.settle_attempt(alice, "alice", Factor.PASSWORD, False, LIMITS)
    )
    assert password == Throttle(Factor.PASSWORD, 1, 0)
    found = await store.transact(lambda tx: tx.throttles(alice, "alice"))
    assert {factor: throttle.failures for factor, throttle in found.items()} == {
        Factor.PASSCODE: 3,
        Factor.PASSWORD: 1,
    }


async def test_clearing_a_throttle(store: Store, alice: str) -> None:
    clear = lambda: store.transact(lambda tx: tx.clear_throttle(alice, "alice", Factor.PASSCODE))  # noqa: E731
    await clear()
    assert await throttle_of(store, alice) is None, "there was nothing to clear"
    for _ in range(3):
        await settle(store, alice)
    await clear()
    assert await throttle_of(store, alice) == Throttle(Factor.PASSCODE, 0, 0)
    assert await settle(store, alice) == Throttle(Factor.PASSCODE, 1, 0)


async def test_releasing_an_attempt_takes_one_failure_back(store: Store, alice: str) -> None:
    release = lambda: store.transact(  # noqa: E731
        lambda tx: tx.release_attempt(alice, "alice", Factor.PASSCODE, LIMITS)
    )
    await release()
    assert await throttle_of(store, alice) is None
    for _ in range(3):
        await settle(store, alice)
    await release()
    assert await throttle_of(store, alice) == Throttle(Factor.PASSCODE, 2, 0), "it had set the lock"
    await release()
    await release()
    await release()
    assert await throttle_of(store, alice) == Throttle(Factor.PASSCODE, 0, 0), "never below 0"


@pytest.mark.parametrize(("hard_stop", "left"), [(7, Throttle(Factor.PASSCODE, 6, 0)), (5, None)])
async def test_releasing_lifts_a_hard_stop_that_needs_the_attempt(
    store: Store, alice: str, clock: HandClock, hard_stop: int, left: Throttle | None
) -> None:
    """Six failures and an attempt that nobody judged are no seven; of five, six are enough."""
    for _ in range(7):
        await settle(store, alice)
        clock.advance(LIMITS.lock_ms / 1000)
    limits = msgspec.structs.replace(LIMITS, hard_stop=hard_stop)
    await store.transact(lambda tx: tx.release_attempt(alice, "alice", Factor.PASSCODE, limits))
    assert await throttle_of(store, alice) == (left or Throttle(Factor.PASSCODE, 6, NEVER))


async def test_a_passcode_is_spent_in_one_write_on_a_clean_record_only(
    store: Store, alice: str, clock: HandClock
) -> None:
    """BF-01: who was never counted, has failed or is locked takes the way on which attempts are counted."""
    spend = lambda record: store.transact(lambda tx: tx.spend_on_clean_record(record, {"step": 7}))  # noqa: E731
    held = authenticator(alice, "phone-alice")
    assert not await spend(held), "never counted"
    await settle(store, alice)
    assert not await spend(held), "has failed"
    await settle(store, alice)
    await settle(store, alice)
    assert not await spend(held), "locked"
    assert await store.read(lambda tx: tx.authenticator(alice, "phone-alice")) == held
    clock.advance(LIMITS.lock_ms / 1000)
    assert not await spend(held), "was locked, and still has failures"
    await settle(store, alice, is_match=True)
    assert await spend(held)
    assert not await spend(held), "that version has passed"
    found = await store.read(lambda tx: tx.authenticator(alice, "phone-alice"))
    assert found is not None
    assert (found.version, found.state, found.used_at) == (2, {"step": 7}, clock.now())
    assert await throttle_of(store, alice) == Throttle(Factor.PASSCODE, 0, 0)


async def test_the_record_of_another_factor_or_person_is_not_looked_at(store: Store, alice: str) -> None:
    await store.transact(lambda tx: tx.add_user(user(alice, "bob")))
    await settle(store, alice, is_match=True)
    await store.transact(lambda tx: tx.settle_attempt(alice, "alice", Factor.PIN, False, LIMITS))
    await store.transact(lambda tx: tx.settle_attempt(alice, "bob", Factor.PASSCODE, False, LIMITS))
    held = authenticator(alice, "phone-alice")
    assert await store.transact(lambda tx: tx.spend_on_clean_record(held, {"step": 7}))


async def test_an_authenticator_advances_once_per_version(store: Store, alice: str, clock: HandClock) -> None:
    """OTP-07: who asks for a version that has passed is late."""
    held = authenticator(alice, "phone-alice")
    advance = lambda record: store.transact(lambda tx: tx.advance_authenticator(record, {"step": 7}))  # noqa: E731
    clock.advance(5)
    assert await advance(held)
    assert not await advance(held)
    found = await store.read(lambda tx: tx.authenticator(alice, "phone-alice"))
    assert found is not None
    assert (found.version, found.state, found.used_at) == (2, {"step": 7}, clock.now())
    assert await advance(found)


@pytest.mark.parametrize(
    "changed",
    [
        {"status": AuthenticatorStatus.SUSPENDED},
        {"status": AuthenticatorStatus.PENDING},
        {"status": AuthenticatorStatus.REVOKED},
        {"user_id": "bob"},
        {"user_id": ""},
    ],
)
async def test_only_an_active_authenticator_of_that_user_advances(
    store: Store, alice: str, changed: dict[str, object]
) -> None:
    await store.transact(lambda tx: tx.add_user(user(alice, "bob")))
    stored = authenticator(alice, "other", **changed)
    await store.transact(lambda tx: tx.add_authenticator(stored))
    believed = authenticator(alice, "other")
    await settle(store, alice, is_match=True)
    assert not await store.transact(lambda tx: tx.spend_on_clean_record(believed, {}))
    assert not await store.transact(lambda tx: tx.advance_authenticator(believed, {}))
    assert await store.read(lambda tx: tx.authenticator(alice, "other")) == stored
