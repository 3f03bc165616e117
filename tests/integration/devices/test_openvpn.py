"""OpenVPN with its RADIUS plug-in, which knows no challenge: password and passcode in one field, or the
password alone while the person answers elsewhere. It signs nothing, and asks anew when it has waited for too
long.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.houses import PASSWORD, TENANT
from tests.integration.devices.conftest import DeviceHouse, Door, device_door
from tests.integration.phone.conftest import NUMBER
from tests.integration.phone.test_radius_waits import another_waits
from tests.integration.phone.test_texts import passcode_in
from tests.peers.openvpn import OpenVpn
from vestibule.interfaces.gateway import Reply
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.radius import AccountingFilter
from vestibule.model.actor import SYSTEM
from vestibule.model.verification import Reason

Opening: TypeAlias = Callable[..., Awaitable[OpenVpn]]


@pytest.fixture
async def door(devices: DeviceHouse) -> AsyncIterator[Door]:
    async with device_door(devices.house, mode="combined") as opened:
        yield opened


@pytest.fixture
async def open_vpn(tmp_path: Path, door: Door) -> AsyncIterator[Opening]:
    """`vpn = await open_vpn(**timers)`; the usual timers are those of the how-to page."""
    if not OpenVpn.is_possible():
        pytest.skip("the server must open a tunnel, which only root may")
    made: list[OpenVpn] = []

    async def open_(**timers: int) -> OpenVpn:
        radius = {"radius_port": door.port, "accounting_port": door.accounting_port, "secret": door.secret}
        made.append(OpenVpn(tmp_path / "openvpn", **radius, **timers))
        await asyncio.to_thread(made[0].start)
        return made[0]

    yield open_
    for server in made:
        await asyncio.to_thread(server.stop)


def signing_in(vpn: OpenVpn, typed: str) -> asyncio.Task[bool]:
    return asyncio.create_task(asyncio.to_thread(vpn.sign_in, "alice", typed))


async def test_the_passcode_of_a_token(devices: DeviceHouse, open_vpn: Opening) -> None:
    """OTP-01: let in by it once; the plug-in tells of the session."""
    alice = await devices.house.add_person("alice", "hotp")
    vpn, passcode = await open_vpn(), alice.passcode(0).reveal()
    assert await signing_in(vpn, PASSWORD + passcode)
    devices.house.clock.advance(1)
    assert not await signing_in(vpn, PASSWORD + passcode)
    assert await devices.reasons() == [Reason.PASSCODE_VERIFIED, Reason.PASSCODE_REPLAYED]
    told = await devices.house.services.accounting.list(
        SYSTEM, TENANT, AccountingFilter(username="alice"), Page()
    )
    assert "Start" in {record.kind for record in told.rows}


async def test_a_reply_to_a_text_while_the_plugin_asks_anew(devices: DeviceHouse, open_vpn: Opening) -> None:
    """RA-02: one text and one attempt, although each request is another one."""
    alice = await devices.house.add_bare_person("alice")
    await devices.house.add_phone(alice, "sms", number=NUMBER, two_way=True)
    asked = signing_in(await open_vpn(wait=5, retry=5), PASSWORD)
    gateway, text = await devices.phones.far.next_text()
    await another_waits(devices.phones, text.delivery_id)
    await gateway.inbox.reply(Reply(sender=NUMBER, recipient="", body=passcode_in(text)))
    assert await asked
    assert len(devices.phones.far.errands) == 1
    assert await devices.reasons() == [Reason.TEXT_VERIFIED]


@pytest.mark.parametrize("decision", ["approve", "deny"])
async def test_the_app(devices: DeviceHouse, open_vpn: Opening, decision: str) -> None:
    """PU-03: without a number, where the tenant allows that."""
    await devices.house.change_settings(app_plain_approval=True)
    _, (phone,) = await devices.apps.alice()
    asked = signing_in(await open_vpn(), PASSWORD)
    await phone.answer(await phone.next_request(), decision)
    is_accepted = await asked
    assert is_accepted is (decision == "approve")
    assert await phone.requests() == []
    assert await devices.reasons() == [Reason.APP_APPROVED if is_accepted else Reason.APP_DENIED]
