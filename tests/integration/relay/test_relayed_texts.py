"""Texts that a server hands to its service: sent there as anybody's, told back, each once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from tests.houses import TENANT
from tests.integration.phone.conftest import NUMBER
from tests.integration.phone.test_texts import passcode_in
from tests.integration.relay.conftest import CUSTOMER, PEER, Relay
from tests.peers.far_end import FarEnd, takes
from tests.until import until_read
from vestibule.interfaces.gateway import Errand, NotSent, Receipt, Reply, Sending, Unsure
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.sending import DeliveryFilter
from vestibule.model.actor import SYSTEM
from vestibule.model.delivery import Delivery, DeliveryState
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.verification import Reason, VerificationState


async def sent(relay: Relay) -> list[Delivery]:
    """What the service has sent, or is about to."""
    listed = await relay.service.store.read(lambda tx: tx.deliveries(CUSTOMER, DeliveryFilter(), Page()))
    return list(listed.rows)


async def settled(relay: Relay) -> Delivery:
    (found,) = await until_read(
        lambda: sent(relay),
        lambda rows: rows and rows[0].state not in {DeliveryState.WAITING, DeliveryState.TAKEN},
    )
    return found


async def ended(relay: Relay) -> tuple[VerificationState, Reason]:
    """The outcome of the newest attempt."""
    attempts = await until_read(
        relay.server.attempts, lambda rows: rows[-1].state is not VerificationState.PENDING
    )
    return attempts[-1].state, attempts[-1].reason


async def test_a_text_leaves_through_the_service_which_knows_nobody(relay: Relay) -> None:
    """S2, S55: a number, a body and 180 seconds, whatever is set; the body is gone once it is sent."""
    await relay.server.change_settings(text_one_way_seconds=600)
    await relay.add_phone("sms")
    progress = await relay.server.start("alice")
    assert progress.challenge is not None
    assert progress.challenge.expires_at - progress.challenge.created_at == 180_000, "S55, S56"
    _, text = await relay.far.next_text()
    assert (text.to, text.valid_seconds) == (NUMBER, 180)
    delivery = await settled(relay)
    assert (delivery.user_id, delivery.verification_id, delivery.challenge_id) == ("", "", "")
    assert (delivery.group_id, delivery.sealed_body) == (PEER.group_id, b"")
    done = await relay.server.answer("alice", progress.challenge.challenge_id, passcode_in(text))
    assert (done.state, done.reason) == (VerificationState.APPROVED, Reason.TEXT_VERIFIED)


async def test_a_text_whose_answer_is_lost_leaves_once(relay: Relay) -> None:
    relay.pair.lose_answers(2)
    await relay.add_phone("sms")
    await relay.server.start("alice")
    await relay.far.next_text()
    await until_read(lambda: _now(relay.asked.count("text")), lambda count: count == 3)
    assert len(await sent(relay)) == 1
    assert len(relay.far.texts) == 1


async def _now(value: int) -> int:
    return value


async def test_a_text_may_leave_the_service_twice_and_no_more(relay: Relay) -> None:
    """Nobody can tell whether it left: as for texts of one's own."""
    relay.far.answer = _unsure
    for name in ("second", "third"):
        await _add_gateway(relay, name)
    await relay.add_phone("sms")
    await relay.server.start("alice")
    delivery = await settled(relay)
    assert delivery.state is DeliveryState.SENT
    assert len(relay.far.texts) == 2


async def test_a_text_costs_its_service_four_commits(relay: Relay) -> None:
    """Written down as taken, sent, arrived, and told: nobody looks for it in the outbox meanwhile."""
    store, commits = relay.service.store, 0
    transact = store.transact

    async def counted(body: Any, tenant_id: str = "") -> Any:
        nonlocal commits
        commits += tenant_id == CUSTOMER
        return await transact(body, tenant_id)

    store.transact = counted  # type: ignore[method-assign] # of this object only
    await relay.add_phone("sms")
    await relay.server.start("alice")
    gateway, _ = await relay.far.next_text()
    delivery = await settled(relay)
    await gateway.inbox.receipt(Receipt(reference=delivery.reference, is_delivered=True))
    await until_read(lambda: sent(relay), lambda rows: not rows[0].owed)
    assert commits == 4
    assert relay.asked_by_service == ["receipt"]


async def test_a_text_of_a_node_that_died_leaves_by_another_one(relay: Relay) -> None:
    """When its lease is over, and once: the first may have sent it."""
    relay.service.services.deliveries.go_on = _dies  # type: ignore[method-assign] # of this object only
    relay.far.answer = _unsure
    await _add_gateway(relay, "second")
    await _add_gateway(relay, "third")
    await relay.add_phone("sms")
    await relay.server.start("alice")
    (taken,) = await until_read(lambda: sent(relay), bool)
    assert (taken.state, taken.tried, taken.tries) == (DeliveryState.TAKEN, ("first",), 1)
    relay.service.clock.advance(19)
    assert not await relay.service.store.read(lambda tx: tx.is_delivery_due())
    relay.service.clock.advance(2)
    delivery = await settled(relay)
    assert (delivery.state, delivery.tries) == (DeliveryState.SENT, 2)
    (text,) = relay.far.texts
    assert text.valid_seconds == 159


async def test_a_receipt_of_a_node_that_died_is_told_by_another_one(relay: Relay) -> None:
    await relay.add_phone("sms")
    await relay.server.start("alice")
    gateway, _ = await relay.far.next_text()
    delivery = await settled(relay)
    relay.service.services.relaying.go_on = _dies  # type: ignore[method-assign] # of this object only
    await gateway.inbox.receipt(Receipt(reference=delivery.reference, is_delivered=False, cause="no way"))
    assert relay.asked_by_service == []
    relay.service.clock.advance(6)
    assert await ended(relay) == (VerificationState.DENIED, Reason.TEXT_NOT_SENT)
    await until_read(lambda: sent(relay), lambda rows: not rows[0].owed)
    assert relay.asked_by_service == ["receipt"]


async def test_a_text_waits_while_too_much_is_handed_over(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the outbox, and leaves when there is room."""
    monkeypatch.setattr("vestibule.services.deliveries._AT_ONCE", 1)
    is_free = asyncio.Event()

    async def slowly(gateway: FarEnd, errand: Errand) -> Sending:
        await is_free.wait()
        return await takes(gateway, errand)

    relay.far.answer = slowly
    for count, name in enumerate(("alice", "bob"), 1):
        person = await relay.server.add_bare_person(name)
        await relay.server.add_phone(person, "sms", number=f"{NUMBER[:-1]}{count}")
        await relay.server.start(name)
        await until_read(lambda: sent(relay), lambda rows, count=count: len(rows) == count)
    assert sorted(each.state for each in await sent(relay)) == [DeliveryState.TAKEN, DeliveryState.WAITING]
    assert len(relay.far.texts) == 1
    is_free.set()
    await until_read(lambda: sent(relay), lambda rows: {each.state for each in rows} == {DeliveryState.SENT})
    assert len(relay.far.texts) == 2


def _dies(_work: object) -> None:
    """A node that ends after its commit does nothing any more."""


async def test_without_a_link_texts_fail_at_once_and_other_methods_go_on(relay: Relay) -> None:
    person = await relay.add_phone("sms")
    bob = await relay.server.add_person("bob")
    relay.pair.cut()
    progress = await relay.server.start("alice")
    assert progress.verification.user_id == person.user.user_id
    assert await ended(relay) == (VerificationState.DENIED, Reason.TEXT_NOT_SENT)
    done = await relay.server.start("bob", passcode=bob.passcode(relay.server.clock.now()))
    assert done.is_approved
    assert await sent(relay) == []


async def test_what_became_of_a_text_is_told_when_the_link_is_back(relay: Relay) -> None:
    await relay.add_phone("sms")
    await relay.server.start("alice")
    gateway, _ = await relay.far.next_text()
    delivery = await settled(relay)
    relay.pair.cut()
    await gateway.inbox.receipt(Receipt(reference=delivery.reference, is_delivered=False, cause="no way"))
    await until_read(lambda: sent(relay), lambda rows: rows[0].owed)
    (attempt,) = await relay.server.attempts()
    assert attempt.state is VerificationState.PENDING
    relay.pair.mend()
    relay.service.clock.advance(6)
    assert await ended(relay) == (VerificationState.DENIED, Reason.TEXT_NOT_SENT)
    await until_read(lambda: sent(relay), lambda rows: not rows[0].owed)

    async def refuses(_gateway: FarEnd, _errand: Errand) -> Sending:
        return NotSent("no such number", is_final=True)

    relay.far.answer = refuses
    await relay.server.start("alice")
    assert await ended(relay) == (VerificationState.DENIED, Reason.TEXT_NOT_SENT), "no gateway takes it"


async def test_limits_of_the_service_hold_for_servers_too(relay: Relay) -> None:
    """The server is told why. S54: who sends himself has the time that he has set."""
    tenant = relay.service.services.configuration.current.tenants[CUSTOMER]
    closed = replace(tenant.settings, calling_codes=("1",))
    await relay.service.services.applications.change_settings(SYSTEM, CUSTOMER, closed)
    await relay.add_phone("sms")
    await relay.server.start("alice")
    assert await ended(relay) == (VerificationState.DENIED, Reason.TEXT_NOT_SENT)
    listed = await relay.server.store.read(lambda tx: tx.deliveries(TENANT, DeliveryFilter(), Page()))
    assert listed.rows[0].cause == "gateway.cause.limit country"
    assert relay.far.texts == []
    (gateway,) = [
        each
        for each in relay.server.services.configuration.current.gateways.values()
        if each.tenant_id == TENANT
    ]
    settings = relay.server.services.gateway_settings
    await settings.set_enabled(SYSTEM, TENANT, gateway.gateway_id, is_enabled=False)
    progress = await relay.server.start("alice")
    assert progress.challenge is not None
    assert progress.challenge.expires_at - progress.challenge.created_at == 300_000


async def test_what_the_operator_allows_binds_what_servers_ask_for(relay: Relay) -> None:
    await relay.service.services.ceilings.change(SYSTEM, CUSTOMER, sendings=1, cost=0)
    for name in ("alice", "bob"):
        person = await relay.server.add_bare_person(name)
        await relay.server.add_phone(person, "sms", number=NUMBER)
    await relay.server.start("alice")
    await relay.far.next_text()
    await relay.server.start("bob")
    assert await ended(relay) == (VerificationState.DENIED, Reason.TEXT_NOT_SENT)
    listed = await relay.server.store.read(lambda tx: tx.deliveries(TENANT, DeliveryFilter(), Page()))
    assert listed.rows[0].cause == "gateway.cause.limit ceiling"
    assert len(relay.far.texts) == 1
    kept = await relay.service.store.read(lambda tx: tx.deliveries(CUSTOMER, DeliveryFilter(), Page()))
    assert len(kept.rows) == 1, "what was refused is not sent later"


async def test_a_reply_goes_to_the_server_that_has_asked(relay: Relay) -> None:
    """A reply that comes while the link is cut is told when it is back."""
    await relay.add_phone("sms", two_way=True)
    progress = await relay.server.start("alice")
    gateway, text = await relay.far.next_text()
    await settled(relay)
    relay.pair.cut()
    reply = Reply(sender=NUMBER, recipient="+4930000", body=passcode_in(text))
    await gateway.inbox.reply(reply)
    relay.pair.mend()
    done = await relay.server.wait("alice", progress)
    assert done is not None
    assert (done.state, done.reason) == (VerificationState.APPROVED, Reason.TEXT_VERIFIED)
    await gateway.inbox.reply(reply)
    (attempt,) = await relay.server.attempts()
    assert attempt.state is VerificationState.APPROVED


async def _unsure(_gateway: FarEnd, _errand: Errand) -> Sending:
    return Unsure("lost")


async def _add_gateway(relay: Relay, name: str) -> None:
    row = GatewayConfiguration(
        tenant_id=CUSTOMER, gateway_id=name, kind="far_end", name=name, created_at=1, priority=50
    )
    await relay.service.store.transact(lambda tx: tx.put(row))
    await relay.service.services.configuration.refresh()
