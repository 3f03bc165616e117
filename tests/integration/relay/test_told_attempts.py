"""What a server tells of its attempts: ten fields, each attempt once, whatever is lost (S4 to S10)."""

from __future__ import annotations

import pytest

from tests.houses import PASSWORD
from tests.integration.phone.conftest import NUMBER
from tests.integration.phone.test_texts import passcode_in
from tests.integration.relay.conftest import PEER, Relay
from vestibule.interfaces.link import LinkDown, Peer
from vestibule.interfaces.relay import ATTEMPTS, ToldAttempts, unpacked
from vestibule.model.day import day_at
from vestibule.model.verification import VerificationState
from vestibule.services import attempt_telling
from vestibule.services.attempt_telling import AttemptTelling

PLACE = "192.0.2.77"


async def test_s4_to_s10_what_is_told_of_an_attempt(relay: Relay) -> None:
    """S4, S5, S6, S7, S8, S9, S10."""
    alice = await relay.add_phone("sms")
    progress = await relay.server.start("alice", user_address=PLACE)
    assert progress.challenge is not None
    _, text = await relay.far.next_text()
    await relay.server.answer("alice", progress.challenge.challenge_id, passcode_in(text))
    bob = await relay.server.add_person("bob")
    await relay.server.start("bob", passcode=bob.passcode(relay.server.clock.now()))
    await relay.server.start("bob", password="wrong")
    texted, typed, denied = await relay.told()
    assert texted.user_id == alice.user.user_id, "S4: an identifier of the server's own"
    assert (texted.method, texted.state, texted.is_authenticated) == ("sms", VerificationState.APPROVED, True)
    assert (texted.reason, texted.legacy_result) == ("text_verified", "SUCCESS_SMS_AUTHENTICATED"), "S10"
    node = relay.server.services.node
    assert (texted.server_name, texted.server_address) == (node.name, node.address), "S4"
    assert texted.phone == NUMBER, "S6"
    assert texted.user_address == PLACE, "S8"
    names = {(each.username, each.given_name, each.family_name, each.email) for each in (texted, typed)}
    assert names == {("", "", "", "")}, "S5"
    assert (typed.phone, typed.device, typed.user_address) == ("", "", ""), "S6, S7, S8"
    assert (denied.state, denied.reason) == (VerificationState.DENIED, "password_wrong"), "S9"
    assert (texted.tenant_id, texted.provider_id, texted.group_id) == PEER_OF


PEER_OF = (PEER.tenant_id, PEER.provider_id, PEER.group_id)


async def test_s5_names_are_told_where_the_server_is_told_to(relay: Relay) -> None:
    """S5: with both switches, that of the server's own records and that of what is told."""
    fields = {"given_name": "Alice", "family_name": "Liddell", "email": "alice@example.org"}
    bob = await relay.server.add_person("bob", **fields)
    await relay.server.change_settings(record_names=True, record_email=True)
    await relay.server.start("bob", passcode=bob.passcode(relay.server.clock.now()))
    await relay.server.change_settings(tells_names=True)
    await relay.server.start("bob", PASSWORD, "000000")
    told = await relay.told()
    assert {(each.username, each.given_name, each.email) for each in told} == {
        ("bob", "Alice", "alice@example.org")
    }


async def test_every_attempt_is_told_once_whatever_is_lost(relay: Relay) -> None:
    bob = await relay.server.add_person("bob")
    for _ in range(5):
        await relay.server.start("bob", password="wrong")
    assert bob.user.user_id
    relay.pair.lose_answers(1)
    with pytest.raises(LinkDown):
        await relay.told()
    assert len(await relay.known()) == 5, "they have arrived, and the server does not know"
    relay.pair.cut()
    await relay.server.start("bob", password="wrong")
    with pytest.raises(LinkDown):
        await relay.told()
    relay.pair.mend()
    assert len(await relay.told()) == 6
    again = await relay.told()
    own = await relay.server.attempts()
    assert [each.attempt_id for each in again] == [each.verification_id for each in own]


async def test_users_are_counted_without_names_and_a_clock_set_back_loses_nothing(relay: Relay) -> None:
    await relay.server.add_person("bob")
    await relay.server.add_person("carol")
    await relay.server.services.attempt_telling.tell_users()
    day = day_at(relay.service.clock.now())
    (counted,) = await relay.service.store.read(
        lambda tx: tx.server_users(PEER.tenant_id, PEER.provider_id, day)
    )
    assert (counted.users, counted.day, counted.group_id) == (2, day, PEER.group_id)
    await relay.server.start("bob", password="wrong")
    assert len(await relay.told()) == 1
    relay.server.clock.advance(-3600)
    await relay.told()
    await relay.server.start("bob", password="wrong")
    assert len(await relay.told()) == 2


async def test_an_attempt_is_told_when_it_is_decided_and_those_after_it_wait(relay: Relay) -> None:
    """In the order in which they began."""
    await relay.add_phone("sms")
    progress = await relay.server.start("alice")
    bob = await relay.server.add_person("bob")
    await relay.server.start("bob", passcode=bob.passcode(relay.server.clock.now()))
    assert await relay.told() == []
    assert progress.challenge is not None
    _, text = await relay.far.next_text()
    await relay.server.answer("alice", progress.challenge.challenge_id, passcode_in(text))
    assert [each.method for each in await relay.told()] == ["sms", "totp"]


async def test_so_many_are_told_at_once_as_cross_the_link_in_a_second(
    relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is texted meanwhile waits behind them, and a slow link is not clogged by what is told again."""
    bob = await relay.server.add_person("bob", "hotp")
    services, server = relay.server.services, relay.server
    for _ in range(60):
        await server.start("bob", passcode=bob.passcode(0))
    told: list[int] = []
    seconds = 0.01
    now = 0.0
    arrives = relay.service.services.links.handlers[ATTEMPTS]

    async def takes_time(peer: Peer, body: bytes) -> bytes:
        nonlocal now
        told.append(len(unpacked(body, ToldAttempts).attempts))
        now += told[-1] * seconds
        return await arrives(peer, body)

    relay.service.services.links.handlers[ATTEMPTS] = takes_time
    monkeypatch.setattr(attempt_telling, "monotonic", lambda: now)
    telling = AttemptTelling(server.store, services.service_link, services.configuration, 0)
    server.clock.advance(0.001)
    assert await telling.tell() == 60
    assert told == [10, 20, 30], "as long as it is quick, more"
    for _ in range(60):
        await server.start("bob", passcode=bob.passcode(0))
    seconds, told[:] = 0.1, []
    server.clock.advance(0.001)
    assert await telling.tell() == 60
    assert told == [40, 20], "four seconds are too long, and so are two"
    relay.pair.lose_answers()
    for _ in range(11):
        await server.start("bob", passcode=bob.passcode(0))
    told.clear()
    server.clock.advance(0.001)
    with pytest.raises(LinkDown):
        await telling.tell()
    await telling.tell()
    assert told == [10, 10, 1]
