"""A device whose app is closed is woken by its push service; what is sent says nothing (PU-12, PU-13)."""

from __future__ import annotations

import json

import pytest

from tests.integration.apps.conftest import AppHouse, subscribed
from tests.peers.app_device import AppError
from tests.peers.push_service import Browser, PushService
from tests.until import until, until_read


async def test_every_device_is_woken_and_told_nothing(apps: AppHouse, service: PushService) -> None:
    _, (first, second, third) = await apps.alice("Phone", "Tablet", "Desk")
    browsers = {
        "/push/1": (await subscribed(service, first, "/push/1"), first),
        "/push/2": (await subscribed(service, second, "/push/2"), second),
    }
    await apps.sign_in()
    await until(lambda: len(service.server.asked) == 2)
    for asked in service.server.asked:
        browser, device = browsers[asked.path]
        read = browser.read(asked.body)
        assert json.loads(read) == {"v": 1, "authenticator": device.account["authenticator"]}
        assert b"alice" not in read
        assert int(asked.headers["ttl"]) == 60
    assert len(await third.requests()) == 1, "who is not subscribed sees it all the same"


async def test_the_key_for_push_is_told_at_activation_and_stays(apps: AppHouse) -> None:
    _, (device, other) = await apps.alice("Phone", "Tablet")
    assert len(device.account["push_key"]) == 87
    assert device.account["push_key"] == other.account["push_key"]


@pytest.mark.parametrize("repaired_by", ["subscribing", "unsubscribing", "deciding"])
async def test_a_device_that_is_gone_is_marked_until_it_is_heard_of(
    apps: AppHouse, service: PushService, repaired_by: str
) -> None:
    """The others are asked as usual, and it sees what it fetches itself."""
    _, (device, other) = await apps.alice("Phone", "Tablet")
    await subscribed(service, device, "/push/1")
    await subscribed(service, other, "/push/2")
    service.gone.add("/push/1")

    async def marked() -> int | None:
        identifier = device.account["authenticator"]
        held = await apps.house.store.read(lambda tx: tx.authenticator("acme", identifier))
        assert held is not None
        return held.unreachable_since

    await apps.sign_in()
    since = await until_read(marked, lambda found: found is not None)
    assert since == apps.house.clock.now()
    await until(lambda: {asked.path for asked in service.server.asked} == {"/push/1", "/push/2"})
    (request,) = await device.requests()
    assert not device.is_woken
    if repaired_by == "subscribing":
        await subscribed(service, device, "/push/3")
    elif repaired_by == "unsubscribing":
        await device.unsubscribe()
    else:
        await device.answer(request, "deny")
    assert await marked() is None
    await device.requests()
    assert device.is_woken == (repaired_by == "subscribing")


async def test_a_device_subscribes_anew_and_not_any_more(apps: AppHouse, service: PushService) -> None:
    _, (device,) = await apps.alice()
    await subscribed(service, device, "/push/old")
    await subscribed(service, device, "/push/new")
    await apps.sign_in()
    await until(lambda: service.server.asked)
    assert [asked.path for asked in service.server.asked] == ["/push/new"]
    await device.answer(await device.next_request(), "deny")
    await device.unsubscribe()
    await apps.sign_in()
    await device.answer(await device.next_request(), "deny")
    assert len(service.server.asked) == 1


async def test_nothing_is_sent_where_no_browser_would_send_us(apps: AppHouse) -> None:
    """PU-12: a device that names a place of its own is refused when it says so."""
    _, (device,) = await apps.alice()
    browser = Browser()
    for endpoint in (
        "https://127.0.0.1/push/1",
        "https://[::1]/push/1",
        "https://169.254.169.254/latest",
        "https://push.example.com/1",
        "https://fcm.googleapis.com:8443/1",
        "https://fcm.googleapis.com.example.com/1",
        "https://user@fcm.googleapis.com/1",
        "http://fcm.googleapis.com/1",
        "file:///etc/passwd",
        "",
    ):
        with pytest.raises(AppError) as error:
            await device.subscribe(endpoint, browser.p256dh, browser.auth)
        assert (error.value.status, error.value.code) == (422, "endpoint_refused")
    with pytest.raises(AppError):
        await device.subscribe("https://fcm.googleapis.com/1", browser.p256dh, browser.auth[:-2])
    await device.subscribe("https://fcm.googleapis.com/1", browser.p256dh, browser.auth)


async def test_a_subscription_is_sealed(apps: AppHouse) -> None:
    _, (device,) = await apps.alice()
    browser = Browser()
    await device.subscribe("https://fcm.googleapis.com/1", browser.p256dh, browser.auth)
    held = await apps.house.store.read(lambda tx: tx.authenticator("acme", device.account["authenticator"]))
    assert held is not None
    written = json.dumps(held.parameters)
    assert "fcm" not in written
    assert browser.auth not in written
    assert bytes.fromhex(held.parameters["push"]).find(b"fcm") < 0
