"""The installed app: what the house serves for it, without a network, and a new version of it."""

from __future__ import annotations

import gzip
import json

import httpx
import pytest
from playwright.async_api import Route, expect

from tests.browser.app_scene import INSTALLED, NO_NETWORK, Device, MakeDevice, oathtool, words
from tests.browser.scene import Site
from vestibule.frontends.http.authenticator_app import pages
from vestibule.frontends.http.authenticator_app.pages import CONTENT_POLICY
from vestibule.model.authenticator import AuthenticatorStatus

FIRST_LOAD_BYTES = 200 * 1024


async def test_what_is_served_for_an_installation(site: Site) -> None:
    async with httpx.AsyncClient(base_url=site.url) as client:
        assert (await client.get("/app")).headers["location"] == "/app/"
        page = await client.get("/app/")
        assert page.headers["content-security-policy"] == CONTENT_POLICY
        assert page.headers["permissions-policy"].startswith("camera=(self)")
        assert page.headers["cache-control"] == "no-store"
        assert "set-cookie" not in page.headers
        worker = await client.get("/app/worker.js")
        assert worker.headers["service-worker-allowed"] == "/app/"
        assert worker.headers["cache-control"] == "no-store"
        assert worker.headers["content-type"].startswith("text/javascript")
        manifest = await client.get("/app/manifest.webmanifest", headers={"Accept-Language": "de"})
        assert manifest.headers["content-type"].startswith("application/manifest+json")
        said = manifest.json()
        assert (said["lang"], said["scope"], said["start_url"]) == ("de", "/app/", "/app/")
        assert said["description"] == words("description", "de")
        assert {icon["purpose"] for icon in said["icons"]} == {"any", "maskable"}
        for icon in said["icons"]:
            picture = await client.get(icon["src"])
            side = int(icon["sizes"].partition("x")[0])
            assert picture.content[16:24] == side.to_bytes(4) * 2, "the size in the head of a PNG"
        for missing in ("/app/texts/fr.json", "/app/texts/en", "/app/texts/..%2fen.json"):
            assert (await client.get(missing)).status_code == 404


async def test_the_first_load_is_small_and_installable(make_device: MakeDevice) -> None:
    """All there is of the app, also what is fetched for later: less than 200 KiB as it is compressed."""
    device = await make_device(worker=True)
    async with httpx.AsyncClient(base_url=device.site.url) as client:
        worker = await client.get("/app/worker.js")
        told = json.loads(worker.text.partition("\n")[0].removeprefix("const SHELL=").removesuffix(";"))
        answers = [worker, *[await client.get(file) for file in told["files"]]]
        answers += [await client.get("/app/manifest.webmanifest")]
        answers += [await client.get(icon["src"]) for icon in answers[-1].json()["icons"]]
    assert all(answer.status_code == 200 for answer in answers)
    sizes = {str(answer.url.path): len(gzip.compress(answer.content)) for answer in answers}
    print(f"{sum(sizes.values()) / 1024:.1f} KiB:", sizes)
    assert sum(sizes.values()) < FIRST_LOAD_BYTES

    fetched: set[str] = set()
    device.page.on("request", lambda request: fetched.add(httpx.URL(request.url).path))
    await device.open()
    await device.page.evaluate(INSTALLED)
    assert fetched - {"/favicon.ico"} <= {*told["files"], "/app/worker.js", "/app/manifest.webmanifest"}
    session = await device.context.new_cdp_session(device.page)
    found = await session.send("Page.getInstallabilityErrors")
    ids = {error["errorId"] for error in found["installabilityErrors"]}
    assert ids <= {"in-incognito"}, "a profile of a test is like a private window"


async def test_without_a_network_the_app_starts_and_shows_passcodes(make_device: MakeDevice) -> None:
    """They are those of oathtool. An account can be removed here only: the server keeps it."""
    device = await make_device(worker=True)
    device.expected.append(NO_NETWORK)
    peer = await device.hold_alice()
    await device.page.evaluate(INSTALLED)
    await device.context.set_offline(True)
    await device.reload()
    expected = oathtool(peer.account["passcodes"]["secret"], device.site.house.clock.now())
    assert await device.passcode("alice") == expected
    await device.shows("offline")
    await device.context.set_offline(False)
    await expect(device.trouble).to_be_empty()
    await device.context.set_offline(True)
    await device.remove("Vestibule")
    await device.button("account.remove").click()
    await device.button("account.remove_here").click()
    await device.shows("welcome.title")
    assert (await device.held(peer)).status is AuthenticatorStatus.ACTIVE


async def test_without_https_the_app_says_so(device: Device) -> None:
    """A browser calls this machine secure whatever it speaks, so another name stands for the server."""
    plain = "http://vestibule.test"

    async def serve(route: Route) -> None:
        async with httpx.AsyncClient(base_url=device.site.url) as client:
            answer = await client.get(route.request.url.removeprefix(plain))
        media_type = answer.headers["content-type"]
        await route.fulfill(status=answer.status_code, body=answer.content, content_type=media_type)

    await device.context.route(f"{plain}/**", serve)
    await device.page.goto(f"{plain}/app/")
    await device.shows("insecure")


async def test_a_new_version_is_told_and_taken_by_a_click(
    make_device: MakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = await make_device(worker=True)
    await device.open()
    await device.page.evaluate(INSTALLED)
    await device.reload()
    _change_a_text(monkeypatch)
    await device.page.evaluate("navigator.serviceWorker.ready.then((registration) => registration.update())")
    await device.shows("update.ready")
    await device.reload()
    await device.shows("update.ready")
    await expect(device.page.get_by_role("heading", name=words("welcome.title"))).to_be_visible()
    await device.button("update.take").click()
    await expect(device.page.get_by_role("heading", name="A new title")).to_be_visible()
    assert await device.button("update.take").count() == 0
    assert len(await device.page.evaluate("caches.keys()")) == 1


def _change_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server speak otherwise from now on, as after a new release."""
    before = pages._texts_of("en")
    after = before.replace(words("welcome.title").encode(), b"A new title")
    german = pages._texts_of("de")
    monkeypatch.setattr(pages, "_texts_of", lambda language: after if language == "en" else german)
