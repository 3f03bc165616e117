"""Calls that a server hands to its service: placed there once, and led by the server."""

from __future__ import annotations

import asyncio

import pytest

from tests.houses import TENANT
from tests.integration.phone.conftest import NUMBER
from tests.integration.phone.test_calls import Handset
from tests.integration.relay.conftest import PEER, Relay
from tests.peers.far_end import FarEnd
from vestibule.interfaces.gateway import Errand, NotSent, Sending
from vestibule.model.call import Ask, CallEventKind, HangUp, Spoken
from vestibule.model.verification import Reason, VerificationState
from vestibule.services.outcome import Progress


async def ring(relay: Relay) -> tuple[Progress, Handset]:
    await relay.add_phone("voice")
    progress = await relay.server.start("alice")
    gateway, call = await relay.far.next_call()
    assert call.to == NUMBER
    return progress, Handset(gateway, call.delivery_id)


async def ended(relay: Relay, progress: Progress) -> tuple[VerificationState, Reason]:
    done = await relay.server.wait("alice", progress)
    assert done is not None
    return done.state, done.reason


async def test_the_server_leads_a_call_that_the_service_has_placed(relay: Relay) -> None:
    """S64: with the number that the server wants shown. An event whose answer is lost moves the call once."""
    await relay.server.change_settings(caller_id="+4989123")
    await relay.add_phone("voice")
    progress = await relay.server.start("alice")
    gateway, call = await relay.far.next_call()
    assert call.caller_id == "+4989123"
    handset = Handset(gateway, call.delivery_id)
    relay.pair.lose_answers(1)
    (greeting,) = await handset.answer()
    assert isinstance(greeting, Ask)
    assert "vpn" in greeting.spoken[0].text
    for _ in range(2):
        relay.pair.lose_answers(1)
        (asked,) = await handset.press("1*#")
        assert isinstance(asked, Ask), "two of three tries, each counted once"
    relay.pair.lose_answers(2)
    said = await handset.press("#")
    assert said == (HangUp(),), "it has been decided already, so nothing more is said"
    assert await ended(relay, progress) == (VerificationState.APPROVED, Reason.CALL_CONFIRMED)
    assert len(relay.far.errands) == 1


async def test_how_a_call_has_ended_is_told_when_the_link_is_back(relay: Relay) -> None:
    progress, handset = await ring(relay)
    await handset.answer()
    relay.pair.cut()
    assert await handset.tell(CallEventKind.HUNG_UP) == ()
    relay.pair.mend()
    assert await ended(relay, progress) == (VerificationState.DENIED, Reason.CALL_HUNG_UP)


async def test_a_call_whose_server_is_away_is_hung_up(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until then a recording of the server's is asked for, and the text spoken where there is none."""
    monkeypatch.setattr("vestibule.services.relayed_calls._IN_CALL_SECONDS", 0.01)
    _, handset = await ring(relay)
    (gateway,) = [
        each.gateway_id
        for each in relay.server.services.configuration.current.gateways.values()
        if each.tenant_id == TENANT
    ]
    asked = Spoken("en", "Hello", f"relay:{PEER.group_id}/{TENANT}/{gateway}/none")
    assert (await relay.service_inbox.sound(asked)).samples
    assert relay.asked_by_service.count("sound") == 1
    relay.pair.cut()
    assert await handset.answer() == (HangUp(),)


async def test_a_call_ends_with_its_challenge(relay: Relay) -> None:
    """VOI-06."""
    progress, handset = await ring(relay)
    relay.server.clock.advance(121)
    await relay.server.services.housekeeping.expire()
    async with asyncio.timeout(10):
        assert await relay.far.hung_up.get() == handset.delivery_id
    assert await ended(relay, progress) == (VerificationState.EXPIRED, Reason.CALL_TOO_LATE)
    assert await handset.answer() == (HangUp(),), "and what comes later is not told that it goes on"


async def test_a_call_that_cannot_be_placed_fails_at_the_server(relay: Relay) -> None:
    async def refuses(_gateway: FarEnd, _errand: Errand) -> Sending:
        return NotSent("wrong_number", is_final=True)

    relay.far.answer = refuses
    await relay.add_phone("voice")
    progress = await relay.server.start("alice")
    assert await ended(relay, progress) == (VerificationState.DENIED, Reason.CALL_WRONG_NUMBER)
