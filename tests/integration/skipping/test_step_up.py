"""Proving oneself again inside a session: judged as the sign-in was, and nothing stands for it."""

from __future__ import annotations

import msgspec
import pytest

from tests.houses import PASSWORD, TENANT, Person, TestHouse
from vestibule.crypto.secret import Secret
from vestibule.model.access_rule import AccessRule, Effect
from vestibule.model.actor import SYSTEM
from vestibule.model.application import PORTAL_APPLICATION, SecondFactor
from vestibule.services.attempt import Origin
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sessions import SignedIn
from vestibule.services.setup import built_in_client_id

HERE = "192.0.2.7"


async def at_the_portal(house: TestHouse, person: Person) -> SignedIn:
    await house.services.setup.ensure_portal(TENANT)
    peer = house.services.configuration.current.peers[built_in_client_id(TENANT, PORTAL_APPLICATION)]
    origin = Origin(peer=peer, channel="portal", claimed_username="alice", user_address=HERE)
    passcode = person.passcode(house.clock.now())
    entered = await house.services.verifications.start(origin, Secret(PASSWORD), passcode)
    token = await house.services.sessions.begin(entered.verification)
    house.clock.advance(30)
    found = await house.services.sessions.find(token.reveal(), PORTAL_APPLICATION, HERE)
    assert found is not None
    return found


async def test_a_block_that_is_over_and_what_may_be_skipped_stand_in_nobodys_way(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    here = await at_the_portal(house, alice)
    portal = house.services.configuration.current.applications[TENANT, PORTAL_APPLICATION]
    lenient = msgspec.structs.replace(portal, second_factor=SecondFactor.BY_RULES, trusted_addresses=(HERE,))
    await house.services.applications.change_application(SYSTEM, lenient)
    now = house.clock.now()
    await house.change_user(alice, blocked_until=now - 1, bypass_until=now + 60_000)
    await house.services.sessions.step_up(here, alice.passcode(now))


async def test_a_rule_that_shuts_him_out_meanwhile_holds_inside_the_session_too(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    here = await at_the_portal(house, alice)
    rule = AccessRule(rule_id="r", name="Not from there", effect=Effect.DENY, places=(HERE,))
    await house.services.rule_sets.write(SYSTEM, TENANT, (rule,), seen=0)
    with pytest.raises(Refused) as refused:
        await house.services.sessions.step_up(here, alice.passcode(house.clock.now()))
    assert refused.value.why is Refusal.NOT_POSSIBLE
