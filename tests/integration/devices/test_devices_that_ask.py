"""ocserv with openconnect, and sshd with pam_radius_auth: they show a challenge, and people type the answer.

Both sign nothing they ask (RA-06).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.houses import PASSWORD
from tests.integration.devices.conftest import DeviceHouse, Door, device_door
from tests.integration.phone.conftest import NUMBER
from tests.integration.phone.test_texts import passcode_in
from tests.peers.dialogue import Dialogue, SignIn
from tests.peers.ocserv import Ocserv
from tests.peers.sshd_pam_radius import SshdPamRadius
from tests.until import until
from vestibule.interfaces.gateway import Reply
from vestibule.model.verification import Reason

Device: TypeAlias = Ocserv | SshdPamRadius
Opening: TypeAlias = Callable[..., Awaitable[Device]]


def _ocserv(folder: Path, door: Door, **timers: int) -> Device:
    return Ocserv(folder, radius_port=door.port, secret=door.secret, **timers)


def _sshd(folder: Path, door: Door, **timers: int) -> Device:
    return SshdPamRadius(folder, radius_port=door.port, secret=door.secret, users=["alice"], **timers)


@pytest.fixture
async def door(devices: DeviceHouse) -> AsyncIterator[Door]:
    async with device_door(devices.house) as opened:
        yield opened


@pytest.fixture(params=[_ocserv, _sshd], ids=["ocserv", "sshd"])
async def open_device(request: pytest.FixtureRequest, tmp_path: Path, door: Door) -> AsyncIterator[Opening]:
    """`device = await open_device(**timers)`; the usual timers are those of the how-to page."""
    if os.geteuid() != 0:
        pytest.skip("these servers let somebody else in only as root")
    made: list[Device] = []

    async def open_(**timers: int) -> Device:
        device: Device = request.param(tmp_path / "device", door, **timers)
        made.append(device)
        await asyncio.to_thread(device.start)
        return device

    yield open_
    for device in made:
        await asyncio.to_thread(device.stop)


def begin(device: Device, *answers: str) -> Dialogue:
    dialogue = device.begin("alice")
    for answer in answers:
        dialogue.answer(answer)
    return dialogue


async def end_of(dialogue: Dialogue) -> SignIn:
    return await asyncio.to_thread(dialogue.finish)


async def test_the_passcode_of_a_token(devices: DeviceHouse, open_device: Opening) -> None:
    """OTP-01: let in by it once."""
    alice = await devices.house.add_person("alice", "hotp")
    device, passcode = await open_device(), alice.passcode(0).reveal()
    accepted = await end_of(begin(device, PASSWORD, passcode))
    assert accepted.is_accepted, accepted.output
    assert len(accepted.questions) == 2
    assert "Enter your passcode" in accepted.questions[1]
    replayed = await end_of(begin(device, PASSWORD, passcode))
    assert not replayed.is_accepted
    wrong = await end_of(begin(device, "wrong", alice.passcode(0).reveal()))
    assert not wrong.is_accepted
    assert (await devices.reasons()).count(Reason.PASSCODE_VERIFIED) == 1


@pytest.mark.parametrize("is_right", [True, False])
async def test_the_passcode_of_a_text(devices: DeviceHouse, open_device: Opening, is_right: bool) -> None:
    alice = await devices.house.add_bare_person("alice")
    await devices.house.add_phone(alice, "sms", number=NUMBER)
    dialogue = begin(await open_device(), PASSWORD)
    _, text = await devices.phones.far.next_text()
    passcode = passcode_in(text)
    dialogue.answer(passcode if is_right else passcode[1:] + passcode[0])
    done = await end_of(dialogue)
    assert done.is_accepted is is_right, done.output
    assert "We have sent a passcode to ••••••••56" in done.questions[1]
    assert len(devices.phones.far.errands) == len(await devices.reasons()) == 1


async def test_a_reply_to_a_text_while_the_device_asks_again(
    devices: DeviceHouse, open_device: Opening, door: Door
) -> None:
    """RA-01: one text and one attempt, however often the device sends its request."""
    alice = await devices.house.add_bare_person("alice")
    await devices.house.add_phone(alice, "sms", number=NUMBER, two_way=True)
    dialogue = begin(await open_device(timeout_seconds=1, retries=30), PASSWORD)
    gateway, text = await devices.phones.far.next_text()
    await until(lambda: door.requests.come > 1)
    await gateway.inbox.reply(Reply(sender=NUMBER, recipient="", body=passcode_in(text)))
    done = await end_of(dialogue)
    assert done.is_accepted, done.output
    assert len(done.questions) == 1
    assert len(devices.phones.far.errands) == 1
    assert await devices.reasons() == [Reason.TEXT_VERIFIED]


@pytest.mark.parametrize("decision", ["approve", "deny"])
async def test_the_app(devices: DeviceHouse, open_device: Opening, door: Door, decision: str) -> None:
    """PU-03: with the number that the device shows; Enter waits for the phone."""
    _, (phone,) = await devices.apps.alice()
    dialogue = begin(await open_device(), PASSWORD, "")
    shown = await asyncio.to_thread(dialogue.program.wait_for, r"Type the number (\d\d)")
    await until(lambda: door.requests.come == 2)
    number = shown[1] if decision == "approve" else ""
    await phone.answer(await phone.next_request(), decision, number)
    done = await end_of(dialogue)
    assert done.is_accepted is (decision == "approve"), done.output
    assert len(done.questions) == 2
    assert await phone.requests() == []
    expected = Reason.APP_APPROVED if done.is_accepted else Reason.APP_DENIED
    assert expected in await devices.reasons()
