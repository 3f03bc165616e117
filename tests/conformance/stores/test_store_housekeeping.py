"""What time does, in bounded steps: attempts run out, and what nobody needs is swept away."""

from __future__ import annotations

import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import (
    START,
    HandClock,
    add_people,
    challenge,
    decided,
    link,
    session,
    tenant,
    verification,
)
from vestibule.interfaces.store import Store
from vestibule.model.verification import TAKE_OVER_MS, ChallengeState, Reason, VerificationState


@pytest.fixture
async def own(own_url: str, opened: Opened) -> Store:
    store = await opened(own_url)
    for name in ("acme", "other"):
        await store.transact(lambda tx, name=name: tx.put(tenant(name)))
        await add_people(store, name, "alice")
    return store


async def test_pending_attempts_run_out_with_their_challenges(own: Store, clock: HandClock) -> None:
    async def fill(tx) -> None:
        for tenant_id in ("acme", "other"):
            for number in range(3):
                at = START + 1000 * number
                await tx.add_verification(verification(tenant_id, f"v{number}", expires_at=at))
                record = challenge(tenant_id, f"c{number}", verification_id=f"v{number}")
                await tx.add_challenge(record, 10)
            await tx.add_verification(decided(tenant_id, "done", expires_at=START))
            await tx.close_challenge(tenant_id, "c1", ChallengeState.FAILED)

    await own.transact(fill)
    clock.time = START + 1000
    counts = [await own.transact(lambda tx: tx.expire_verifications(3)) for _ in range(3)]
    assert counts == [3, 1, 0]
    for tenant_id in ("acme", "other"):
        states = {}
        for name in ("v0", "v1", "v2", "done"):
            found = await own.read(lambda tx, t=tenant_id, name=name: tx.verification(t, name))
            assert found is not None
            states[name] = found.state
            if found.state is VerificationState.EXPIRED:
                assert (found.reason, found.decided_at) == (Reason.TIMED_OUT, clock.now())
                assert (found.legacy_result, found.version) == ("FAILED_OATH_TOKEN_TIMEOUT", 2)
        assert states == {
            "v0": VerificationState.EXPIRED,
            "v1": VerificationState.EXPIRED,
            "v2": VerificationState.PENDING,
            "done": VerificationState.APPROVED,
        }
        ends = []
        for name in ("c0", "c1", "c2"):
            record = await own.read(lambda tx, t=tenant_id, name=name: tx.challenge(t, name))
            assert record is not None
            ends.append(record.state)
        assert ends == [ChallengeState.EXPIRED, ChallengeState.FAILED, ChallengeState.OPEN]


async def test_sweeping_takes_what_is_over(own: Store, clock: HandClock) -> None:
    async def fill(tx) -> None:
        for number in range(3):
            at = START + 1000 * number
            await tx.add_session(session("acme", f"s{number}", expires_at=at))
            await tx.add_link(link("acme", f"l{number}", expires_at=at))
            # These stay a little longer: one that was answered in its last moment has yet to let somebody in.
            over_at = at - TAKE_OVER_MS
            record = challenge("acme", f"c{number}", expires_at=over_at, state=ChallengeState.ANSWERED)
            await tx.add_challenge(record, 10)
        await tx.add_challenge(challenge("acme", "open", expires_at=START), 10)
        await tx.add_verification(decided("acme", expires_at=START))

    await own.transact(fill)
    clock.time = START + 1000
    assert [await own.transact(lambda tx: tx.sweep(4)) for _ in range(3)] == [4, 2, 0]

    async def left(tx) -> list[str]:
        names = [name for name in ("s0", "s1", "s2") if await tx.session(name)]
        names += [name for name in ("l0", "l1", "l2") if await tx.link(name, "setup")]
        return names + [name for name in ("c0", "c1", "c2", "open") if await tx.challenge("acme", name)]

    assert await own.read(left) == ["s2", "l2", "c2", "open"]
    assert await own.read(lambda tx: tx.verification("acme", "v1")) is not None, "attempts stay"
