"""A phone whose app is closed is woken: asked for in good time, told to the server, shown without secrets.

No test reaches the push services of browsers: what a page is given of one is made up here, and a message is
delivered by the browser's own tools. What the server sends, tests/integration/apps/test_push.py reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.app_scene import INSTALLED, Device, MakeDevice, words
from tests.peers.push_service import Browser
from tests.until import until_read
from vestibule.services.app_pushes import PARAMETER

SERVICE = "https://fcm.googleapis.com/fcm/send/"
PUSH_SERVICE = """(keys) => {
    const octets = (text) => Uint8Array.from(
        atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0)).buffer;
    let present = null;
    PushManager.prototype.subscribe = async (options) => {
        present = { endpoint: window.endpoint ?? keys.endpoint, getKey: (name) => octets(keys[name]),
                    options: { applicationServerKey: octets(options.applicationServerKey) },
                    unsubscribe: async () => true };
        return present;
    };
    PushManager.prototype.getSubscription = async () => present;
    let decided = "default";
    Object.defineProperty(Notification, "permission", { get: () => window.decided ?? decided });
    Notification.requestPermission = async () => (decided = "granted");
}"""
"""A browser without a screen decides for the person whether it may show notifications; this one asks."""
SHOWN = """async () => {
    const registration = await navigator.serviceWorker.ready;
    const shown = await registration.getNotifications();
    return shown.map(({ title, body, lang, tag }) => ({ title, body, lang, tag }));
}"""
CLOSE = """async () => {
    const registration = await navigator.serviceWorker.ready;
    for (const shown of await registration.getNotifications()) shown.close();
}"""


async def test_waking_is_explained_before_it_is_asked_for(make_device: MakeDevice) -> None:
    """And a subscription that has changed is told again."""
    device, browser = await make_device(worker=True), Browser()
    keys = {"p256dh": browser.p256dh, "auth": browser.auth, "endpoint": f"{SERVICE}1"}
    await device.page.add_init_script(f"({PUSH_SERVICE})({json.dumps(keys)})")
    peer = await device.hold_alice()

    async def subscription() -> Any:
        return (await device.held(peer)).parameters.get(PARAMETER)

    await device.shows("push.offer")
    assert await subscription() is None
    await device.button("push.allow").click()
    before = await until_read(subscription, bool)
    await expect(device.button("push.allow")).to_have_count(0)
    changed = json.dumps(f"{SERVICE}2")
    await device.page.add_init_script(f"window.decided = 'granted'; window.endpoint = {changed}")
    async with device.page.expect_request("**/v1/push") as telling:
        await device.reload()
    assert f"{SERVICE}2" in ((await telling.value).post_data or "")
    await until_read(subscription, lambda now: now not in (None, before))


async def test_a_subscription_that_is_over_is_renewed(make_device: MakeDevice) -> None:
    """The server has heard so from the push service, and the app from the server."""
    device, browser = await make_device(worker=True), Browser()
    keys = {"p256dh": browser.p256dh, "auth": browser.auth, "endpoint": f"{SERVICE}1"}
    await device.page.add_init_script(f"({PUSH_SERVICE})({json.dumps(keys)})")
    peer = await device.hold_alice()
    await device.button("push.allow").click()

    async def subscription() -> Any:
        return (await device.held(peer)).parameters.get(PARAMETER)

    before = await until_read(subscription, bool)
    await device.page.evaluate(f"window.endpoint = {json.dumps(SERVICE + '2')}")
    held = await device.held(peer)
    await device.site.house.services.apps.pushes.unsubscribe(held)
    async with device.page.expect_request("**/v1/push") as telling:
        await device.button("requests.check").click()
    assert f"{SERVICE}2" in ((await telling.value).post_data or "")
    assert await until_read(subscription, bool) != before


@pytest.mark.whole_browser
@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_push_shows_a_notification_without_secrets(make_device: MakeDevice, language: str) -> None:
    """S73: for an account that is not here, it says so."""
    device = await make_device(language, worker=True, permissions=["notifications"])
    device.expected.append("does not support the Push API in incognito mode")
    peer = await device.hold_alice()
    await device.page.evaluate(INSTALLED)
    deliver = await _deliverer(device)

    async def notification(message: str) -> dict[str, str]:
        shown: list[dict[str, str]] = []
        while not shown:  # A browser that is busy drops what its tools deliver.
            await deliver(message)
            with contextlib.suppress(TimeoutError):
                shown = await until_read(lambda: device.page.evaluate(SHOWN), bool, seconds=5)
        await device.page.evaluate(CLOSE)
        (one,) = shown
        return one

    identifier = peer.account["authenticator"]
    assert await notification(json.dumps({"v": 1, "authenticator": identifier})) == {
        "title": words("push.title", language),
        "body": words("push.body", language),
        "lang": language,
        "tag": identifier,
    }
    for message in ('{"v": 1, "authenticator": "other"}', "nonsense", "[]"):
        assert (await notification(message))["body"] == words("not_activated", language)


async def _deliverer(device: Device) -> Any:
    """Return what delivers a push message to the worker, as the browser's push service would."""
    session = await device.context.new_cdp_session(device.page)
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def note(event: dict[str, Any]) -> None:
        for each in event["registrations"]:
            if each["scopeURL"] == device.url and not found.done():
                found.set_result(each["registrationId"])

    session.on("ServiceWorker.workerRegistrationUpdated", note)
    await session.send("ServiceWorker.enable")
    async with asyncio.timeout(10):
        registration = await found

    async def deliver(message: str) -> None:
        told = {"origin": device.site.url, "registrationId": registration, "data": message}
        await session.send("ServiceWorker.deliverPushMessage", told)

    return deliver
