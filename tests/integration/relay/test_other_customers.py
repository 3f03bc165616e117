"""What the server of one customer says at the service touches nothing of another's (TEN-01, TEN-02)."""

from __future__ import annotations

import pytest

from tests.integration.phone.conftest import NUMBER
from tests.integration.phone.test_calls import Handset
from tests.integration.relay.conftest import CUSTOMER, Relay
from tests.integration.relay.test_relayed_outcomes import (
    TELLING_SECONDS,
    TEXT_SECONDS,
    UNTOLD_SECONDS,
    look,
    prepare,
    states,
    text,
)
from vestibule.interfaces.link import Peer, Refused
from vestibule.interfaces.relay import (
    ATTEMPTS,
    HANG_UP,
    MALFORMED,
    TEXT,
    Named,
    RelayedText,
    ToldAttempts,
    packed,
)
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.sending import DeliveryFilter
from vestibule.model.actor import SYSTEM
from vestibule.model.delivery import Delivery, DeliveryState
from vestibule.model.range_breaker import BreakerState
from vestibule.model.server_attempt import ToldAttempt
from vestibule.model.verification import VerificationState

OTHER = Peer("second", "d" * 32, "e" * 32, "f" * 32, "node-9")


async def say(relay: Relay, kind: str, body: bytes) -> bytes:
    """Say it as the server of the other customer."""
    if OTHER.tenant_id not in relay.service.services.configuration.current.tenants:
        await relay.service.services.applications.add_tenant(SYSTEM, OTHER.tenant_id, "Second")
    return await relay.service.services.links.handlers[kind](OTHER, body)


async def sent(relay: Relay, tenant_id: str) -> list[Delivery]:
    listed = await relay.service.store.read(lambda tx: tx.deliveries(tenant_id, DeliveryFilter(), Page()))
    return list(listed.rows)


async def test_nobody_hangs_up_anothers_call(relay: Relay) -> None:
    await relay.add_phone("voice")
    progress = await relay.server.start("alice")
    gateway, call = await relay.far.next_call()
    (delivery,) = await sent(relay, CUSTOMER)
    await say(relay, HANG_UP, packed(Named(delivery.relayed_name)))
    handset = Handset(gateway, call.delivery_id)
    await handset.answer()
    await handset.press("#")
    done = await relay.server.wait("alice", progress)
    assert done is not None
    assert done.is_approved
    assert relay.far.hung_up.empty()


async def test_a_text_of_the_same_name_is_the_others_own_and_leaves_by_none_of_ours(relay: Relay) -> None:
    """Its tenant has no gateway: that of another is none."""
    await relay.add_phone("sms")
    await relay.server.start("alice")
    await relay.far.next_text()
    (delivery,) = await sent(relay, CUSTOMER)
    asked = RelayedText(name=delivery.relayed_name, to=NUMBER, body="123456", valid_seconds=180)
    assert b"gateway.cause.none" in await say(relay, TEXT, packed(asked))
    assert await sent(relay, OTHER.tenant_id) == []
    assert len(await sent(relay, CUSTOMER)) == len(relay.far.texts) == 1


async def test_what_another_tells_of_our_attempts_answers_nothing(relay: Relay) -> None:
    """Told first, under the very names: they are the other's attempts, and ours stay unanswered."""
    names = await prepare(relay, 3)
    attempts = [(await text(relay, name)).verification for name in names]
    told = tuple(
        ToldAttempt(
            attempt_id=each.verification_id,
            started_at=each.started_at,
            decided_at=each.started_at + 1,
            user_id="",
            state=VerificationState.APPROVED,
            reason="text_verified",
            server_name="node-9",
            server_address="192.0.2.66",
        )
        for each in attempts
    )
    await say(relay, ATTEMPTS, packed(ToldAttempts(told)))
    assert await relay.known() == []
    await look(relay, TEXT_SECONDS + TELLING_SECONDS + UNTOLD_SECONDS)
    assert await states(relay) == [BreakerState.OPEN]
    assert {each.state for each in await sent(relay, CUSTOMER)} == {DeliveryState.SENT}


async def test_an_attempt_is_named_as_attempts_are(relay: Relay) -> None:
    for attempt_id in ("A" * 32, "x", "f" * 65, "0\0"):
        asked = RelayedText(name="a/b/c", to=NUMBER, body="", valid_seconds=1, attempt_id=attempt_id)
        with pytest.raises(Refused) as refused:
            await say(relay, TEXT, packed(asked))
        assert refused.value.kind == MALFORMED
