"""Many accounts of one server in one app, and what the server tells with their lists."""

from __future__ import annotations

import json
import os

from playwright.async_api import Request, expect

from tests.browser.app_scene import Device, MakeDevice, newcomer, words
from tests.browser.test_app_waking import PUSH_SERVICE, SERVICE
from tests.integration.apps.test_approval import number_of
from tests.integration.apps.test_lists import ten
from tests.peers.push_service import Browser
from tests.until import until, until_read
from vestibule.runtime.push import BrowserPush
from vestibule.services.app_pushes import PARAMETER
from vestibule.wire.web_push import LEAST_CHANCE, VapidKey


async def test_ten_accounts_wait_in_one_request(device: Device) -> None:
    """A browser keeps six connections to a server; an answer must find one."""
    open_lists: set[Request] = set()
    most = 0

    def begun(request: Request) -> None:
        nonlocal most
        if request.url.endswith("/v1/requests"):
            open_lists.add(request)
            most = max(most, len(open_lists))

    def ended(request: Request) -> None:
        open_lists.discard(request)

    device.page.on("request", begun)
    device.page.on("requestfinished", ended)
    device.page.on("requestfailed", ended)
    await device.hold(*await ten(device.apps))
    for username in ("person9", "person0"):
        progress = await device.asked(username)
        await device.approve(number_of(progress))
        await device.shows("outcome.approved", application="\u2068vpn\u2069")
        assert await device.is_let_in(progress, username)
    assert most <= 2, "one, and for a moment the one that it takes the place of"


async def test_an_activation_that_failed_says_so(device: Device) -> None:
    """Not that it is not for an activated account: there never was one."""
    alice = await newcomer(device)
    await device.open(alice.link)
    await device.button("add.add").click()
    await alice.number()
    device.site.house.clock.advance(61)
    await device.site.house.services.app_lists.look()
    await device.shows("welcome.title")
    await expect(device.content.get_by_text(words("outcome.activation_failed"))).to_be_visible()
    await expect(device.content).not_to_contain_text(words("not_activated"))


async def test_another_key_of_the_server_is_subscribed_to(make_device: MakeDevice) -> None:
    device, browser = await make_device(worker=True), Browser()
    keys = {"p256dh": browser.p256dh, "auth": browser.auth, "endpoint": f"{SERVICE}1"}
    await device.page.add_init_script(f"({PUSH_SERVICE})({json.dumps(keys)}); window.decided = 'granted'")
    peer = await device.hold_alice()

    async def subscription() -> object:
        return (await device.held(peer)).parameters.get(PARAMETER)

    before = await until_read(subscription, bool)
    pushes = device.site.house.services.apps.pushes
    own = pushes._pusher
    settings = device.site.house.house.settings.push
    pushes._pusher = BrowserPush(VapidKey.make(os.urandom(LEAST_CHANCE)), settings)
    await device.page.evaluate("endpoint => { window.endpoint = endpoint; }", f"{SERVICE}2")
    async with device.page.expect_request("**/v1/push") as telling:
        await device.button("requests.check").click()
    assert f"{SERVICE}2" in ((await telling.value).post_data or "")
    await until_read(subscription, lambda now: now not in (None, before))
    used = await device.page.evaluate(
        """async () => { const { pushManager } = await navigator.serviceWorker.ready;
            const { options } = await pushManager.getSubscription();
            return btoa(String.fromCharCode(...new Uint8Array(options.applicationServerKey))); }"""
    )
    assert used.replace("+", "-").replace("/", "_").rstrip("=") == pushes.public_key != own.public_key
    await own.close()


WORKER_PUSH = """(keys) => {
    const octets = (text) => Uint8Array.from(
        atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0)).buffer;
    PushManager.prototype.getSubscription = async () => null;
    PushManager.prototype.subscribe = async (options) => ({
        endpoint: keys.endpoint, getKey: (name) => octets(keys[name]), options });
    Object.defineProperty(Notification, "permission", { get: () => "granted" });
    const changed = new Event("pushsubscriptionchange");
    return new Promise((resolve, reject) => {
        changed.waitUntil = (settled) => settled.then(resolve, reject);
        self.dispatchEvent(changed);
    });
}"""
"""What a browser has for the worker while no window is open. It alone may wait for its own events."""


async def test_a_subscription_that_the_browser_changes_is_told_by_the_worker(
    make_device: MakeDevice,
) -> None:
    """W3C Push API §10.4: also while the app is closed."""
    device, browser = await make_device(worker=True), Browser()
    peer = await device.hold_alice()
    await until(lambda: device.context.service_workers)
    await device.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    (worker,) = device.context.service_workers
    await device.page.goto("about:blank")
    assert PARAMETER not in (await device.held(peer)).parameters
    keys = {"p256dh": browser.p256dh, "auth": browser.auth, "endpoint": f"{SERVICE}3"}
    await worker.evaluate(WORKER_PUSH, keys)
    assert (await device.held(peer)).parameters[PARAMETER]
