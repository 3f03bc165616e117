"""What servers have sent counts for gateways and ranges of numbers as what the service's own tenants send."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.houses import TENANT
from tests.integration.phone.test_calls import Handset
from tests.integration.phone.test_texts import passcode_in
from tests.integration.relay.conftest import CUSTOMER, Relay
from tests.integration.relay.test_relayed_texts import ended
from tests.until import until_read
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.sending import DeliveryFilter
from vestibule.model.actor import SYSTEM
from vestibule.model.delivery import Carries, DeliveryState
from vestibule.model.event import Event
from vestibule.model.range_breaker import BreakerState
from vestibule.model.verification import Reason, VerificationState
from vestibule.policy.routing import Because
from vestibule.services.outcome import Progress

RANGE = "+491761234"
TEXT_SECONDS, CALL_SECONDS = 180, 120
TELLING_SECONDS, UNTOLD_SECONDS = 600, 1800
UNDER_WAY = (DeliveryState.WAITING, DeliveryState.TAKEN)


@pytest.fixture(autouse=True)
def looks_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service looks at what became of texts and calls when the test says so."""
    monkeypatch.setattr("vestibule.worker.rounds.OUTCOMES_SECONDS", 3600)


async def prepare(relay: Relay, count: int, method: str = "sms", unanswered: int = 3) -> list[str]:
    """Add people of one range of numbers at the server; let the service's gateway cost something."""
    tenant = relay.service.services.configuration.current.tenants[CUSTOMER]
    settings = replace(tenant.settings, breaker_unanswered=unanswered)
    await relay.service.services.applications.change_settings(SYSTEM, CUSTOMER, settings)
    gateway = relay.service.services.configuration.current.gateways[CUSTOMER, "first"]
    priced = replace(gateway, text_price="0.07", call_price="0.15")
    await relay.service.store.transact(lambda tx: tx.put(priced))
    await relay.service.services.configuration.refresh()
    names = [f"p{place}" for place in range(count)]
    for place, name in enumerate(names):
        person = await relay.server.add_bare_person(name)
        await relay.server.add_phone(person, method, number=f"{RANGE}{place:04d}")
    return names


async def text(relay: Relay, name: str, *, is_answered: bool = False) -> Progress:
    """Have a text sent, and typed or not."""
    progress = await relay.server.start(name)
    assert progress.challenge is not None
    _, sent = await relay.far.next_text()
    if not is_answered:
        return progress
    return await relay.server.answer(name, progress.challenge.challenge_id, passcode_in(sent))


async def look(relay: Relay, seconds: float) -> None:
    """Let time go by, once it is written down of everything that it has left."""
    await until_read(
        lambda: relay.service.store.read(lambda tx: tx.deliveries(CUSTOMER, DeliveryFilter(), Page())),
        lambda listed: not any(each.state in UNDER_WAY for each in listed.rows),
    )
    relay.service.clock.advance(seconds)
    await relay.service.services.range_breakers.look()


async def is_over(relay: Relay) -> None:
    """Let the time of all texts be over, be told by the server and be looked at by its service."""
    relay.server.clock.advance(TEXT_SECONDS + 1)
    await relay.server.services.housekeeping.expire()
    await relay.told()
    await look(relay, TELLING_SECONDS)


async def states(relay: Relay) -> list[BreakerState]:
    found, now = await relay.service.services.range_breakers.all(SYSTEM, CUSTOMER)
    assert {one.prefix for one in found} <= {RANGE}
    return [one.state(now) for one in found]


async def events(relay: Relay) -> list[Event]:
    listed = await relay.service.store.read(lambda tx: tx.events(CUSTOMER, "breaker.", Page()))
    return list(listed.rows)


async def test_toll_fraud_through_a_server_trips_the_breaker(relay: Relay) -> None:
    """SMS-04: a range that costs and does not answer rests; the server is told why, and nothing leaves."""
    names = await prepare(relay, 4)
    for name in names[:3]:
        await text(relay, name)
    await look(relay, TEXT_SECONDS + 10)
    assert await states(relay) == [], "nothing is told yet"
    await is_over(relay)
    assert await states(relay) == [BreakerState.OPEN]
    (event,) = await events(relay)
    assert event.facts == {"unanswered": 3, "cost": "0.21"}
    await relay.server.start(names[3])
    assert await ended(relay) == (VerificationState.DENIED, Reason.TEXT_NOT_SENT)
    listed = await relay.server.store.read(lambda tx: tx.deliveries(TENANT, DeliveryFilter(), Page()))
    assert listed.rows[0].cause == "gateway.cause.limit breaker"
    assert len(relay.far.texts) == 3


async def test_a_told_approval_keeps_a_range_open(relay: Relay) -> None:
    names = await prepare(relay, 4)
    for place, name in enumerate(names):
        await text(relay, name, is_answered=place == 2)
    await is_over(relay)
    assert await states(relay) == []


async def test_a_server_that_tells_nothing_is_no_way_around_a_breaker(relay: Relay) -> None:
    """Not even by approvals: what is not told was not answered. A link that was cut has half an hour."""
    names = await prepare(relay, 3)
    for name in names:
        await text(relay, name, is_answered=True)
    await look(relay, TEXT_SECONDS + TELLING_SECONDS + 10)
    assert await states(relay) == []
    await look(relay, UNTOLD_SECONDS - TELLING_SECONDS)
    assert await states(relay) == [BreakerState.OPEN]


async def test_what_is_told_after_a_cut_counts_for_no_breaker(relay: Relay) -> None:
    names = await prepare(relay, 3)
    for name in names:
        await text(relay, name, is_answered=True)
    await look(relay, TEXT_SECONDS + TELLING_SECONDS + 10)
    await relay.told()
    await look(relay, UNTOLD_SECONDS)
    assert await states(relay) == []


async def call(relay: Relay, name: str) -> tuple[Progress, Handset]:
    progress = await relay.server.start(name)
    gateway, placed = await relay.far.next_call()
    return progress, Handset(gateway, placed.delivery_id)


async def test_calls_that_nobody_answers_trip_the_breaker(relay: Relay) -> None:
    """Whoever picks up and presses nothing has not answered either, as a machine does. Nothing is to be
    told for it."""
    names = await prepare(relay, 4, "voice")
    for name in names[:3]:
        _, handset = await call(relay, name)
        await handset.answer()
    await look(relay, CALL_SECONDS + 10)
    assert await states(relay) == [BreakerState.OPEN]
    (event,) = await events(relay)
    assert event.facts == {"unanswered": 3, "cost": "0.45"}
    await relay.server.start(names[3])
    assert await ended(relay) == (VerificationState.DENIED, Reason.CALL_FAILED)
    assert len(relay.far.errands) == 3


async def test_a_key_in_a_call_is_an_answer(relay: Relay) -> None:
    names = await prepare(relay, 4, "voice")
    for place, name in enumerate(names):
        progress, handset = await call(relay, name)
        await handset.answer()
        if place == 2:
            await handset.press("#")
            done = await relay.server.wait(name, progress)
            assert done is not None
            assert done.is_approved
    await look(relay, CALL_SECONDS + 10)
    assert await states(relay) == []


async def test_a_gateway_that_servers_get_no_answers_from_comes_after_the_others(relay: Relay) -> None:
    names = await prepare(relay, 20, unanswered=0)
    gateways = relay.service.services.gateways
    for name in names:
        await text(relay, name)
    await is_over(relay)
    first = relay.service.services.configuration.current.gateways[CUSTOMER, "first"]
    second = replace(first, gateway_id="second", name="second", priority=first.priority + 10, version=1)
    await relay.service.store.transact(lambda tx: tx.put(second))
    await relay.service.services.configuration.refresh()
    assert gateways._outcomes.of_gateway(CUSTOMER, "first") == (20, 0)
    best = gateways.routes(CUSTOMER, Carries.TEXT, f"{RANGE}0000")[0]
    assert (best.gateway_id, best.because) == ("second", Because.ANSWERED)
