"""A device whose app is closed is woken by its push service; what is sent says nothing (PU-12, PU-13)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.apps.conftest import AppHouse
from tests.integration.web_push.conftest import authority, certificate
from tests.peers.app_device import AppDevice, AppError
from tests.peers.openldap_certificates import TestAuthority
from tests.peers.push_service import Browser, PushService
from tests.until import until, until_read
from vestibule.runtime.push import BrowserPush

__all__ = ["authority", "certificate"]


@pytest.fixture
async def service(
    apps: AppHouse,
    authority: TestAuthority,
    certificate: tuple[Path, Path],
) -> AsyncIterator[PushService]:
    """A push service that the house is allowed to send to."""
    pushes = apps.house.services.apps.pushes
    own = pushes._pusher
    assert isinstance(own, BrowserPush)
    async with PushService(certificate, own.public_key) as service:
        pushes._pusher = BrowserPush(
            own._key,
            "mailto:push@example.com",
            private_hosts=[service.place],
            ca_file=str(authority.ca_file),
        )
        yield service
        await pushes._pusher.close()


async def subscribed(service: PushService, device: AppDevice, path: str) -> Browser:
    browser = Browser()
    await device.subscribe(service.origin + path, browser.p256dh, browser.auth)
    return browser


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


async def test_a_subscription_that_is_over_is_forgotten(apps: AppHouse, service: PushService) -> None:
    _, (device,) = await apps.alice()
    await subscribed(service, device, "/push/1")
    service.gone.add("/push/1")
    identifier = device.account["authenticator"]
    await apps.sign_in()
    held = await until_read(
        lambda: apps.house.store.read(lambda tx: tx.authenticator("acme", identifier)),
        lambda found: found is not None and "push" not in found.parameters,
    )
    assert held is not None
    assert len(await device.requests()) == 1


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
