"""The server is given a new release while apps are open: none is cut off, and none stays on the old one."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.app_scene import INSTALLED, Device, MakeDevice
from tests.integration.apps.test_approval import number_of
from tests.until import until_read
from vestibule.frontends.http.app import HttpApp
from vestibule.frontends.http.assets import Asset

BUILD = "document.documentElement.dataset.build"
NOBODY_WAITS = "navigator.serviceWorker.getRegistration('/app/').then(({ waiting }) => !waiting)"


def release(app: HttpApp, monkeypatch: pytest.MonkeyPatch, build: str) -> None:
    """Serve another build of each script, and the build before no more."""
    assets = app.site.assets
    for name in ("app.js", "qr.js"):
        before = assets.names[name]
        content = f'{assets.served[before].content.decode()}\n{BUILD}="{build}";'
        after = name.replace(".js", f"-{build}.js")
        monkeypatch.setitem(assets.served, after, Asset("text/javascript; charset=utf-8", content.encode()))
        monkeypatch.delitem(assets.served, before)
        monkeypatch.setitem(assets.names, name, after)


async def installed(make_device: MakeDevice) -> Device:
    """Return a phone whose app is kept by its worker."""
    device = await make_device(worker=True)
    await device.hold_alice()
    await device.page.evaluate(INSTALLED)
    await device.reload()
    return device


async def test_an_open_app_takes_the_new_version_and_keeps_its_accounts(
    make_device: MakeDevice, site_app: HttpApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until its person says so it goes on with the old one, with the parts that the server has no more."""
    device = await installed(make_device)
    release(site_app, monkeypatch, "second")
    await device.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await device.shows("update.ready")
    await device.page.screenshot(path=device.site.pictures / "update.png")
    await device.manage("Vestibule")
    await device.button("move.title").click()
    await device.button("move.begin").click()
    await expect(device.dialog.locator(".qr")).to_be_visible()
    await device.button("cancel").click()
    assert await device.page.evaluate(BUILD) is None

    await device.button("update.take").click()
    await expect(device.page.locator("html")).to_have_attribute("data-build", "second")
    await expect(device.accounts).to_have_count(1)
    await expect(device.button("update.take")).to_have_count(0)
    assert len(await device.page.evaluate("caches.keys()")) == 1
    progress = await device.asked()
    await device.approve(number_of(progress))
    assert await device.is_let_in(progress)


async def test_an_app_that_was_closed_starts_in_the_newest_version(
    make_device: MakeDevice, site_app: HttpApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two releases came meanwhile, and nobody pressed anything."""
    device = await installed(make_device)
    for build in ("second", "third"):
        release(site_app, monkeypatch, build)
        await device.page.evaluate(
            "navigator.serviceWorker.ready.then((registration) => registration.update()).then(() => true)"
        )
        await device.shows("update.ready")
    # The browser gives way to the newest worker once no window is open, seen from a page beside the app.
    await device.page.goto(device.site.portal)
    await until_read(lambda: device.page.evaluate(NOBODY_WAITS), bool)
    await device.open()
    assert await device.page.evaluate(BUILD) == "third"
    await expect(device.accounts).to_have_count(1)
    progress = await device.asked()
    await device.approve(number_of(progress))
    assert await device.is_let_in(progress)


async def test_a_worker_that_has_lost_its_files_fetches_the_new_ones(
    make_device: MakeDevice, site_app: HttpApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system short of space clears what the worker keeps: then the server's page comes with its scripts."""
    device = await installed(make_device)
    release(site_app, monkeypatch, "second")
    await device.page.evaluate(
        "caches.keys().then((names) => Promise.all(names.map((name) => caches.delete(name))))"
    )
    await device.reload()
    await expect(device.page.locator("html")).to_have_attribute("data-build", "second")
    await expect(device.accounts).to_have_count(1)
