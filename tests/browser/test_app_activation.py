"""A phone is activated: by a link, by what is typed, by what the camera sees; and what it keeps of it."""

from __future__ import annotations

import segno
from playwright.async_api import expect

from tests.browser.app_scene import Device, MakeDevice, newcomer, words
from vestibule.model.authenticator import AuthenticatorStatus
from vestibule.model.verification import Reason

KEPT = """() => new Promise((resolve) => {
    const opening = indexedDB.open("vestibule");
    opening.onsuccess = () => {
        const rows = opening.result.transaction("accounts").objectStore("accounts").getAll();
        rows.onsuccess = () => resolve(rows.result.map((row) => ({
            ...row, signingKey: row.signingKey.extractable, passcodeKey: row.passcodeKey.extractable,
            curve: row.signingKey.algorithm.namedCurve })));
    };
})"""
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605 Version/18.5 Safari/604"
FILM = """(picture) => {
    navigator.mediaDevices.getUserMedia = async () => {
        const image = new Image();
        image.src = picture;
        await image.decode();
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [640, 480];
        const surface = canvas.getContext("2d");
        surface.fillStyle = "#d8d4c8";
        setInterval(() => {
            surface.fillRect(0, 0, 640, 480);
            surface.drawImage(image, 170, 90, 300, 300);
        }, 100);
        window.filmed = canvas.captureStream(10);
        return window.filmed;
    };
}"""


async def test_a_phone_is_activated_by_the_link_of_a_qr_code(device: Device) -> None:
    """The link leads to a question first and does not stay in the history; keys cannot be taken out."""
    alice = await newcomer(device)
    await device.open(alice.link)
    await device.shows("add.activate_title")
    await device.shows("add.activate_lead")
    assert device.page.url == f"{device.url}#add"
    assert "public_key" not in (await alice.authenticator()).parameters, "nothing is sent before"
    await device.label("account.device").fill("Pixel 9")
    await device.button("add.add").click()
    await device.shows("accounts.pending")
    await alice.pass_the_test()
    bound = await alice.authenticator()
    assert (bound.label, bound.status) == ("Pixel 9", AuthenticatorStatus.ACTIVE)
    await device.passcode("alice")
    (kept,) = await device.page.evaluate(KEPT)
    assert (kept["signingKey"], kept["passcodeKey"], kept["curve"]) == (False, False, "P-256")
    assert (kept["id"], kept["isActive"]) == (bound.authenticator_id, True)
    assert "secret" not in kept


async def test_a_code_is_typed_and_asked_for_again_until_it_is_right(device: Device) -> None:
    """What is canceled leaves nothing, here and there."""
    alice = await newcomer(device)
    await device.bring("https://elsewhere.example/app/#activate=K7QX2M4VDH")
    await device.shows("problem.elsewhere", host="elsewhere.example")
    entry = device.label("add.entry")
    await entry.fill("hello")
    await device.button("add.next").click()
    await device.shows("problem.unknown")
    await expect(entry).to_have_attribute("aria-invalid", "true")
    await expect(entry).to_be_focused()
    await entry.fill("K7QX2-M4VDH")
    await device.button("add.next").click()
    await device.button("add.add").click()
    await device.shows("problem.activation_unknown")
    await entry.fill(f" {alice.code[:5].lower()}-{alice.code[5:].lower()} ")
    await device.button("add.next").click()
    await device.shows("add.activate_title")
    await device.button("add.add").click()
    await device.shows("accounts.pending")
    await device.cards.get_by_role("button", name=words("cancel"), exact=True).click()
    await device.shows("welcome.title")
    assert Reason.APP_DENIED in [attempt.reason for attempt in await device.site.house.attempts()]
    await device.reload()
    await device.shows("welcome.title")


async def test_a_code_is_seen_by_the_camera(device: Device) -> None:
    code = "K7QX2M4VDH"
    await device.open("#add")
    await device.page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no')); }"
    )
    await device.button("add.camera").click()
    await device.shows("problem.no_camera")
    qr = segno.make(f"{device.url}#activate={code}", error="m").png_data_uri(scale=6)
    await device.page.evaluate(FILM, qr)
    await device.button("add.camera").click()
    await device.shows("add.activate_title")
    await expect(device.page.locator(".big-code")).to_contain_text(f"{code[:5]}-{code[5:]}")
    states = await device.page.evaluate("filmed.getTracks().map((track) => track.readyState)")
    assert states == ["ended"], "the camera is switched off"


async def test_on_an_iphone_the_app_is_to_be_installed_first(make_device: MakeDevice) -> None:
    """There the installed app has a store of its own: what was added in the browser is missing in it."""
    device = await make_device(user_agent=IPHONE)
    await device.page.add_init_script("delete window.PushManager")
    alice = await newcomer(device)
    await device.open(alice.link)
    await device.shows("add.ios_title")
    await device.shows("install.ios_add")
    await expect(device.page.locator(".big-code")).to_have_text(f"{alice.code[:5]}-{alice.code[5:]}")
    await device.button("add.ios_anyway").click()
    await expect(device.label("account.device")).to_have_value("iPhone")
    await device.button("add.add").click()
    await alice.pass_the_test()
    await device.shows("install.title")
    await device.button("not_now").click()
    await expect(device.page.get_by_text(words("install.title"))).to_have_count(0)
