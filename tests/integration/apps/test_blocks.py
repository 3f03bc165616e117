"""What is under way ends with a block, whether an administrator blocks or who disowns an attempt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.houses import PASSWORD, TENANT
from tests.integration.apps.conftest import AppHouse
from tests.integration.apps.test_radius import challenged, go_on, number_in
from tests.integration.phone.test_radius_waits import door
from tests.peers.app_device import AppError
from vestibule.interfaces.transaction.blocks import BlockFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.block import DAY_MS, BlockCause
from vestibule.model.user import UserStatus
from vestibule.model.verification import Reason, VerificationState
from vestibule.services.sessions import SignedIn

Blocking = Callable[[AppHouse, SignedIn], Awaitable[object]]


async def by_an_administrator(apps: AppHouse, signed_in: SignedIn) -> None:
    await apps.house.services.blocks.block(SYSTEM, TENANT, signed_in.user.user_id, "Phone stolen")


async def by_himself(apps: AppHouse, signed_in: SignedIn) -> None:
    strange = await apps.house.start("alice", "wrong")
    await apps.house.services.disowning.disown(signed_in, strange.verification.verification_id)


@pytest.mark.parametrize("blocking", [by_an_administrator, by_himself])
async def test_a_block_ends_what_is_under_way(apps: AppHouse, blocking: Blocking) -> None:
    """The VPN that waits is refused, the request is gone from the app, and no session is left."""
    await apps.house.change_settings(disowning_blocks=True)
    alice = await apps.house.add_bare_person("alice")
    alice.secret = b""
    signed_in = await apps.session_of(alice)
    device = await apps.activated(signed_in)
    async with door(apps) as vpn:
        shown = await challenged(vpn)
        apps.house.clock.advance(1)  # attempts are listed by time
        waiting = asyncio.create_task(go_on(vpn, shown))
        request = await device.next_request()
        await blocking(apps, signed_in)
        assert "Received Access-Reject" in await waiting
        with pytest.raises(AppError, match="not_activated"):
            await device.approve(request, number_in(shown))
        assert "Received Access-Reject" in await vpn.ask(PASSWORD)
    sessions = await apps.house.store.read(lambda tx: tx.sessions_of(TENANT, alice.user.user_id))
    assert sessions == []
    under_way, *later = [one for one in await apps.house.attempts() if one.channel == "radius"]
    assert (under_way.state, under_way.reason) == (VerificationState.DENIED, Reason.USER_BLOCKED)
    assert {one.state for one in later} == {VerificationState.DENIED}


async def test_who_disowns_an_attempt_is_blocked_as_everybody_is(apps: AppHouse) -> None:
    """Where the tenant has set it: with a row, an end and a reason, and lifted like any other."""
    await apps.house.change_settings(disowning_blocks=True, block_days=14)
    alice = await apps.house.add_bare_person("alice", language="de")
    alice.secret = b""
    await by_himself(apps, await apps.session_of(alice))
    services, user_id = apps.house.services, alice.user.user_id
    (block,) = (await services.blocks.list(SYSTEM, TENANT, BlockFilter(is_active=True), Page())).rows
    assert (block.cause, block.username, block.actor_name) == (BlockCause.DISOWNED, "alice", "alice")
    assert (block.until - block.begun_at, block.language) == (14 * DAY_MS, "de")
    assert block.verification_id in {one.verification_id for one in await apps.house.attempts()}
    told = {e.kind: e.facts for e in (await services.attempts.events(SYSTEM, TENANT, "user", Page())).rows}
    assert (told["user.blocked"]["cause"], told["user.attempt_disowned"]["blocked"]) == ("disowned", True)
    await services.blocks.lift(SYSTEM, TENANT, user_id, "Talked to her")
    person = await services.users.find(SYSTEM, TENANT, user_id)
    assert person is not None
    assert person.user.status is UserStatus.ACTIVE
    await apps.session_of(alice)
