"""An attempt tells on which device it was decided, and what became of it at the others (S7)."""

from __future__ import annotations

import pytest

from tests.houses import TENANT
from tests.integration.apps.conftest import AppHouse, subscribed
from tests.integration.apps.test_approval import number_of
from tests.peers.app_device import AppDevice, AppError
from tests.peers.http_server import Asked, Told
from tests.peers.push_service import PushService
from tests.until import until_read
from vestibule.model.actor import SYSTEM
from vestibule.model.device_record import AskedDevice
from vestibule.model.verification import Verification


async def attempt(apps: AppHouse) -> Verification:
    return (await apps.house.attempts())[-1]


async def records(apps: AppHouse, facts: int) -> dict[str, AskedDevice]:
    """Return what the newest attempt tells of each device, once there are so many facts."""
    newest = await attempt(apps)
    found = await until_read(
        lambda: apps.house.services.device_records.of(SYSTEM, newest),
        lambda devices: sum(len(device.facts) for device in devices) >= facts,
    )
    return {device.label: device for device in found}


def told(device: AskedDevice) -> tuple[set[str], str]:
    return {each.fact.value for each in device.facts}, device.decision


async def fingerprint(apps: AppHouse, device: AppDevice) -> str:
    held = await apps.house.store.read(lambda tx: tx.authenticator(TENANT, device.account["authenticator"]))
    assert held is not None
    assert len(held.device) == 32
    return held.device


async def test_an_attempt_tells_what_became_of_it_at_each_device(
    apps: AppHouse, service: PushService
) -> None:
    _, devices = await apps.alice("Phone", "Gone", "Refused", "Silent")
    phone, gone, refused, silent = devices
    for place, device in enumerate((phone, gone, refused)):
        await subscribed(service, device, f"/push/{place}")
    service.gone.add("/push/1")
    usual = service.server.answer

    async def answer(asked: Asked) -> Told:
        return Told(503) if asked.path == "/push/2" else await usual(asked)

    service.server.answer = answer
    progress = await apps.sign_in()
    request = await phone.next_request()
    assert await phone.requests() == [request]
    await silent.requests()
    await phone.approve(request, number_of(progress))
    with pytest.raises(AppError, match="over"):
        await silent.answer(request, "deny")

    found = await records(apps, 7)
    assert {label: told(device) for label, device in found.items()} == {
        "Phone": ({"notified", "shown"}, "decided"),
        "Gone": ({"unreachable"}, "another"),
        "Refused": ({"push_failed"}, "another"),
        "Silent": ({"no_push", "shown", "too_late"}, "another"),
    }
    assert {each.at for device in found.values() for each in device.facts} == {apps.house.clock.now()}

    apps.house.clock.advance(31)  # The approval that nobody waited for lets nobody in any more.
    await apps.sign_in()
    again = await records(apps, 4)
    assert told(again["Gone"]) == ({"unreachable"}, ""), "it was found out before, and is told again"


@pytest.mark.parametrize("decision", ["approve", "deny", "fraud", "guess"])
async def test_the_device_that_decides_is_recorded(apps: AppHouse, decision: str) -> None:
    """S7: approved, denied, reported, or with no try left."""
    _, (phone, tablet) = await apps.alice("Phone", "Tablet")
    progress = await apps.sign_in()
    (request,) = await tablet.requests()
    number = number_of(progress)
    if decision == "guess":
        for _ in range(3):
            await tablet.approve(request, f"{(int(number) + 1) % 100:02d}")
    else:
        await tablet.answer(request, decision, number if decision == "approve" else "")
    row = await attempt(apps)
    assert row.device == await fingerprint(apps, tablet) != await fingerprint(apps, phone)
    assert (row.method, row.authenticator_label) == ("app", "Tablet")


async def test_no_device_is_recorded_where_none_has_decided(apps: AppHouse) -> None:
    """S7: not while it is pending, and not for a passcode that the app has shown."""
    _, (device,) = await apps.alice()
    progress = await apps.sign_in()
    assert (await attempt(apps)).device == ""
    assert progress.challenge is not None
    apps.house.clock.advance(30)
    passcode = device.passcode(apps.house.clock.now())
    done = await apps.house.answer(
        "alice", progress.challenge.challenge_id, passcode, user_address="192.0.2.7"
    )
    assert done.is_approved
    row = await attempt(apps)
    assert (row.method, row.device) == ("app", "")
    await apps.sign_in("wrong")
    assert (await attempt(apps)).device == ""


async def test_a_fact_is_noted_once_and_the_last_ones_at_the_end(apps: AppHouse) -> None:
    """An app that waits fetches the same request again and again; a house that closes writes what waits."""
    _, (device,) = await apps.alice()
    await apps.sign_in()
    (request,) = await device.requests()
    assert told((await records(apps, 2))["Test phone"])[0] == {"no_push", "shown"}
    own = apps.house.services.device_records
    written = own._writing
    assert await device.requests() == [request]
    assert own._writing is written
    await device.answer(request, "deny")
    with pytest.raises(AppError, match="over"):
        await device.answer(request, "deny")
    await own.close()
    (found,) = await own.of(SYSTEM, await attempt(apps))
    assert told(found) == ({"no_push", "shown", "too_late"}, "decided")
