"""The installable authenticator app in Chromium: pages of the house, and a server in memory.

A person activates a device, decides requests, reads passcodes without a network, and manages what the device
holds. Keyboard, screen reader, size, policy and worker are tested beside.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import segno
from playwright.async_api import BrowserContext, Locator, Page, Route, expect
from playwright.async_api import Error as BrowserError

from tests.browser.app_api import NOT_ACTIVATED, AppApi, Asked, Held
from tests.browser.scene import Site, Window
from tests.peers.chromium import Chromium
from tests.peers.program import find_program
from tests.until import until, until_read
from vestibule import catalog
from vestibule.frontends.http.authenticator_app import pages
from vestibule.frontends.http.authenticator_app.pages import CONTENT_POLICY

FRONTEND = Path(__file__).parents[2] / "frontend"
PHONE = {"width": 390, "height": 844}
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FIRST_LOAD_BYTES = 200 * 1024
NO_NETWORK = r"ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to load resource"
FOREIGN = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
FOREIGN_LINK = f"otpauth://totp/Bank:bob%40bank.example?secret={FOREIGN}&issuer=Bank"
AT = 1_790_000_003
"""A time early in a passcode's life, for tests that stop the clock of the device."""


def words(key: str, language: str = "en", **values: str | int) -> str:
    return catalog.text(language, f"app.{key}", **values)


@dataclass
class Device:
    """A device with the app open, and its server."""

    site: Site
    api: AppApi
    window: Window
    language: str = "en"
    expected: list[str] = field(default_factory=list)

    @property
    def page(self) -> Page:
        return self.window.page

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    @property
    def url(self) -> str:
        return f"{self.site.url}/app/"

    def words(self, key: str, **values: str | int) -> str:
        return words(key, self.language, **values)

    def button(self, key: str) -> Locator:
        return self.page.get_by_role("button", name=self.words(key), exact=True)

    async def open(self, fragment: str = "") -> None:
        await self.page.goto(self.url + fragment)
        await expect(self.page.locator("#content :is(h1, h2):visible").first).to_be_visible()

    async def activate(self, account: str = "alice", issuer: str = "Acme") -> Held:
        """Activate by the link, and pass the test."""
        known = set(self.api.held)
        await self.page.goto("about:blank")
        await self.open(f"#activate={self.api.offer(account, issuer)}")
        await self.button("add.add").click()
        await self.page.get_by_label(self.words("request.number_activation")).wait_for()
        (held,) = (held for token, held in self.api.held.items() if token not in known)
        await self.pass_the_test(held)
        return held

    async def pass_the_test(self, held: Held) -> None:
        """Type the number that the page with the code shows."""
        number = self.page.get_by_label(self.words("request.number_activation"))
        await number.wait_for()
        (test,) = held.requests.values()
        await number.fill(test.number)
        await self.button("request.activate").click()
        await self.shows("outcome.activated")

    async def shows(self, key: str, **values: str | int) -> None:
        await expect(self.page.locator("#content")).to_contain_text(self.words(key, **values))

    async def asked(self, held: Held, **how: Any) -> Asked:
        """Let somebody sign in, and wait until it is shown."""
        asked = self.api.ask(held, **how)
        await expect(self.page.locator(f"#request-{asked.request_id}")).to_be_visible()
        return asked

    async def approve(self, number: str, pin: str = "") -> None:
        await self.page.get_by_label(self.words("request.number")).fill(number)
        if pin:
            await self.page.get_by_label(self.words("request.pin")).fill(pin)
        await self.button("request.approve").click()

    async def passcode(self, name: str) -> str:
        """Return what the account of that name shows now."""
        shown = self.page.locator(".account", has_text=name).locator(".passcode-now")
        await expect(shown).to_have_text(re.compile(r"^[0-9]{3} [0-9]{3}$"))
        return (await shown.inner_text()).replace(" ", "")

    async def cut_off(self, is_so: bool) -> None:
        """Take the network away, or give it back. What stands in for the server would answer all the same."""
        self.api.cut_off = is_so
        await self.context.set_offline(is_so)

    async def bring(self, text: str) -> None:
        """Type what is to be added."""
        await self.open("#add")
        await self.page.get_by_label(self.words("add.entry")).fill(text)
        await self.button("add.next").click()


def oathtool(secret: str, at: int, *options: str) -> str:
    program = [find_program("oathtool"), "--base32", f"--now=@{at}", *(options or ["--totp"]), secret]
    return subprocess.run(program, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


def focused(page: Page) -> Any:
    return page.locator(":focus")


MakeDevice = Callable[..., Any]


@pytest_asyncio.fixture(loop_scope="session")
async def make_device(site: Site, chromium: Chromium) -> AsyncIterator[MakeDevice]:
    """`await make_device(language="de", …)`; a device fails the test if its page made an error."""
    made: list[Device] = []

    async def make(language: str = "en", api: AppApi | None = None, **options: Any) -> Device:
        context = await chromium.context(**{"viewport": PHONE, "locale": language, **options})
        server = api or AppApi()
        await server.serve(context)
        window = Window(site, await context.new_page(), expected_statuses=(401, 404, 409, 422, 503))
        made.append(Device(site, server, window, language))
        return made[-1]

    yield make
    problems = []
    for device in made:
        expected = re.compile("|".join([*device.expected, r"503 at \S+/app/v1/"]))
        problems += [problem for problem in device.window.problems if not expected.search(problem)]
        await device.context.unroute_all(behavior="ignoreErrors")
        await device.context.close()
    assert problems == []


@pytest_asyncio.fixture(loop_scope="session")
async def device(make_device: MakeDevice) -> Device:
    made: Device = await make_device()
    return made


# --- activation ---------------------------------------------------------------------------------------------


async def test_a_device_is_activated_by_the_link_of_a_qr_code(device: Device) -> None:
    """The link leads to a question first; the code does not stay in the history."""
    code = device.api.offer()
    await device.open(f"#activate={code}")
    await device.shows("add.activate_title")
    await device.shows("add.activate_lead")
    assert device.page.url == f"{device.url}#add"
    assert device.api.held == {}
    await device.page.get_by_label(words("account.device")).fill("Pixel 9")
    await device.button("add.add").click()
    await device.page.get_by_label(words("request.number_activation")).wait_for()
    held = device.api.only()
    assert (held.name, held.is_active) == ("Pixel 9", False)
    await device.shows("accounts.pending")
    (test,) = held.requests.values()
    await device.page.get_by_label(words("request.number_activation")).fill(test.number)
    await device.button("request.activate").click()
    await device.shows("outcome.activated")
    assert held.is_active
    assert device.api.decisions == [("approve", test.number, "")]
    await device.passcode("Acme")


async def test_a_device_is_activated_by_a_typed_code(device: Device) -> None:
    code = device.api.offer()
    await device.bring(f" {code[:5].lower()}-{code[5:].lower()} ")
    await device.shows("add.activate_title")
    await device.button("add.add").click()
    await device.shows("accounts.pending")
    assert device.api.only().account == "alice"


async def test_a_wrong_code_is_told_and_asked_for_again(device: Device) -> None:
    await device.bring("K7QX2-M4VDH")
    await device.button("add.add").click()
    await device.shows("problem.activation_unknown")
    await device.page.get_by_label(words("add.entry")).fill("hello")
    await device.button("add.next").click()
    await device.shows("problem.unknown")
    field = device.page.get_by_label(words("add.entry"))
    assert await field.get_attribute("aria-invalid") == "true"
    await expect(field).to_be_focused()


async def test_an_activation_that_fails_leaves_nothing(device: Device) -> None:
    await device.open(f"#activate={device.api.offer()}")
    await device.button("add.add").click()
    await device.page.get_by_label(words("request.number_activation")).wait_for()
    await device.page.locator(".request").get_by_role("button", name=words("cancel"), exact=True).click()
    await device.shows("welcome.title")
    assert device.api.held == {}
    await device.page.reload()
    await device.shows("welcome.title")


async def test_keys_cannot_be_taken_out_of_the_device(device: Device) -> None:
    await device.open()
    await device.activate()
    kept = await device.page.evaluate(
        """() => new Promise((resolve) => {
            const opening = indexedDB.open("vestibule");
            opening.onsuccess = () => {
                const rows = opening.result.transaction("accounts").objectStore("accounts").getAll();
                rows.onsuccess = () => resolve(rows.result.map((row) => [
                    row.signingKey.extractable, row.passcodeKey.extractable,
                    JSON.stringify(row), row.signingKey.algorithm.namedCurve]));
            };
        })"""
    )
    ((signing, passcode, told, curve),) = kept
    assert (signing, passcode, curve) == (False, False, "P-256")
    assert device.api.only().secret not in told


IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605 Version/18.5 Safari/604"


async def test_on_an_iphone_the_app_is_to_be_installed_first(make_device: MakeDevice) -> None:
    """There the installed app has a store of its own: what was added in the browser is missing in it."""
    device = await make_device(user_agent=IPHONE)
    await device.page.add_init_script("delete window.PushManager")
    code = device.api.offer()
    await device.open(f"#activate={code}")
    await device.shows("add.ios_title")
    await device.shows("install.ios_add")
    await expect(device.page.locator(".big-code")).to_have_text(f"{code[:5]}-{code[5:]}")
    await device.button("add.ios_anyway").click()
    await expect(device.page.get_by_label(words("account.device"))).to_have_value("iPhone")
    await device.button("add.add").click()
    await device.shows("accounts.pending")
    await device.pass_the_test(device.api.only())
    await device.shows("install.title")
    await device.button("not_now").click()
    await expect(device.page.get_by_text(words("install.title"))).to_have_count(0)


# --- requests -----------------------------------------------------------------------------------------------


async def test_a_sign_in_is_approved_with_its_number(device: Device) -> None:
    held = await device.activate()
    asked = await device.asked(held)
    card = device.page.locator(".request")
    for part in ("VPN", "alice", "Acme", "203.0.113.7", "Germany"):
        await expect(card).to_contain_text(part)
    await expect(card).to_contain_text(re.compile(r"5\d seconds left|60 seconds left"))
    await expect(focused(device.page)).to_have_text(words("request.question"))
    assert await device.page.title() == words("requests.document_title", count=1, name=words("name"))
    await device.approve(asked.number)
    await device.shows("outcome.approved", application="\u2068VPN\u2069")
    assert device.api.decisions[-1] == ("approve", asked.number, "")
    assert await device.page.title() == words("name")


async def test_a_wrong_number_can_be_tried_again(device: Device) -> None:
    held = await device.activate()
    asked = await device.asked(held)
    wrong = f"{(int(asked.number) + 1) % 100:02}"
    await device.approve("7")
    await device.shows("request.number_missing", count=2)
    assert len(device.api.decisions) == 1, "only the activation was sent"
    await device.approve(wrong)
    await device.shows("outcome.number_wrong", count=2)
    await expect(device.page.get_by_label(words("request.number"))).to_be_focused()
    await device.approve(wrong)
    await device.shows("outcome.number_wrong", count=1)
    await device.approve(wrong)
    await device.shows("outcome.no_tries", application="\u2068VPN\u2069")
    assert held.requests == {}


async def test_a_sign_in_without_a_number_is_approved_plainly(device: Device) -> None:
    held = await device.activate()
    await device.asked(held, digits=0)
    assert await device.page.get_by_label(words("request.number")).count() == 0
    await device.button("request.approve").click()
    await device.shows("outcome.approved", application="\u2068VPN\u2069")
    assert device.api.decisions[-1] == ("approve", "", "")


async def test_a_sign_in_is_denied(device: Device) -> None:
    held = await device.activate()
    await device.asked(held)
    await device.page.get_by_label(words("request.number")).fill("12")
    await device.button("request.deny").click()
    await device.shows("outcome.denied", application="\u2068VPN\u2069")
    assert device.api.decisions[-1] == ("deny", "", "")


@pytest.mark.parametrize("fraud", ["blocks", "reports"])
async def test_fraud_is_reported_after_a_question_that_says_what_follows(device: Device, fraud: str) -> None:
    held = await device.activate()
    await device.asked(held, fraud=fraud)
    await device.button("request.fraud").click()
    dialog = device.page.get_by_role("dialog")
    await expect(dialog).to_contain_text(words(f"request.fraud_{fraud}"))
    await dialog.get_by_role("button", name=words("cancel")).click()
    assert len(device.api.decisions) == 1
    await expect(device.button("request.fraud")).to_be_focused()
    await device.button("request.fraud").click()
    await dialog.get_by_role("button", name=words(f"request.fraud_confirm_{fraud}")).click()
    await device.shows("outcome.reported", application="\u2068VPN\u2069")
    assert device.api.decisions[-1] == ("fraud", "", "")


async def test_fraud_cannot_be_reported_where_that_is_off(device: Device) -> None:
    held = await device.activate()
    await device.asked(held, fraud="off")
    assert await device.button("request.fraud").count() == 0


async def test_the_pin_is_asked_for_beside_the_number(device: Device) -> None:
    held = await device.activate()
    asked = await device.asked(held, pin="4711")
    await device.approve(asked.number)
    await device.shows("request.pin_missing")
    await device.approve(asked.number, "1234")
    await device.shows("outcome.pin_wrong", count=2)
    await device.page.get_by_label(words("request.pin")).fill("4711")
    await device.button("request.approve").click()
    await device.shows("outcome.approved", application="\u2068VPN\u2069")
    assert device.api.decisions[1:] == [("approve", asked.number, "1234"), ("approve", asked.number, "4711")]


async def test_a_request_that_is_answered_elsewhere_goes(device: Device) -> None:
    held = await device.activate()
    await device.asked(held)
    held.requests.clear()
    device.api.changed()
    await device.shows("outcome.over", application="\u2068VPN\u2069")


async def test_a_request_that_nobody_answers_ends(device: Device) -> None:
    held = await device.activate()
    device.api.ask(held, seconds=2)
    await device.shows("outcome.expired", application="\u2068VPN\u2069")


async def test_requests_of_several_accounts_stand_together(device: Device) -> None:
    alice, bob = await device.activate(), await device.activate("bob", "Umbrella")
    await device.asked(alice)
    asked = await device.asked(bob, application="Mail")
    assert await device.page.locator(".request").count() == 2
    card = device.page.locator(".request", has_text="Umbrella")
    await card.get_by_label(words("request.number")).fill(asked.number)
    await card.get_by_role("button", name=words("request.approve")).click()
    await device.shows("outcome.approved", application="\u2068Mail\u2069")
    assert (len(alice.requests), len(bob.requests)) == (1, 0)


async def test_whoever_types_goes_on_typing_when_another_request_comes(device: Device) -> None:
    held = await device.activate()
    await device.asked(held)
    number = device.page.get_by_label(words("request.number"))
    await number.press_sequentially("4")
    await device.asked(held, application="Mail")
    await expect(number.first).to_be_focused()
    await expect(device.page.locator("#said")).to_contain_text("Mail")


async def test_a_request_comes_also_while_an_account_is_added(device: Device) -> None:
    held = await device.activate()
    await device.open("#add")
    await device.page.get_by_label(words("add.entry")).fill("K7QX2")
    asked = await device.asked(held)
    await expect(device.page.get_by_label(words("add.entry"))).to_be_focused()
    await device.approve(asked.number)
    await device.shows("outcome.approved", application="\u2068VPN\u2069")
    await expect(device.page.get_by_label(words("add.entry"))).to_have_value("K7QX2")


async def test_texts_of_others_are_text(device: Device) -> None:
    """PU-16: nothing in them is markup, turns the line around, or fills the screen."""
    held = await device.activate()
    hostile = '<img src=x onerror="alert(1)">\u202e' + "A" * 500
    await device.asked(held, application=hostile, account=hostile, place=hostile, country="<b>")
    card = device.page.locator(".request")
    assert await card.locator("img").count() == 0
    shown = await card.locator("bdi").all_inner_texts()
    assert all(len(text) <= 80 and "\u202e" not in text for text in shown)
    assert shown[0].startswith("<img src=x")
    assert await device.window.overflow() == 0


async def test_no_text_can_become_markup_or_script(device: Device) -> None:
    """The policy of the page sees to it, whatever the scripts do (Trusted Types)."""
    await device.open()
    device.expected.append("requires 'Trusted|violates the following Content Security policy")
    for attempt in (
        "document.body.innerHTML = '<b>'",
        "document.createElement('script').text = 'alert(1)'",
        "navigator.serviceWorker.register('/app/other.js')",
        "trustedTypes.createPolicy('another', { createHTML: (text) => text })",
    ):
        with pytest.raises(BrowserError, match=r"Trusted|createPolicy"):
            await device.page.evaluate(f"async () => {{ await ({attempt}); }}")


async def test_a_person_can_check_for_requests(device: Device) -> None:
    await device.activate()
    await device.button("requests.check").click()
    await device.shows("requests.checked")


# --- the server is away, or knows the account no more -------------------------------------------------------


async def test_an_account_that_the_server_does_not_know_is_told_and_stays(device: Device) -> None:
    """S73."""
    held = await device.activate()
    device.api.withdraw(held)
    await expect(device.page.locator(".account")).to_contain_text(NOT_ACTIVATED["en"])
    await device.page.reload()
    await expect(device.page.locator(".account")).to_contain_text(NOT_ACTIVATED["en"])
    await device.page.get_by_role("button", name=re.compile("^Manage ")).click()
    await device.button("account.remove").click()
    await device.button("account.remove").click()
    await device.shows("welcome.title")


async def test_a_server_that_is_away_can_be_seen_and_comes_back(device: Device) -> None:
    device.expected.append(NO_NETWORK)
    held = await device.activate()
    device.api.unavailable = True
    await device.button("requests.check").click()
    await expect(device.page.get_by_role("status").filter(has_text="Try again later.")).to_be_visible()
    device.api.unavailable = False
    await device.button("requests.check").click()
    await expect(device.page.locator(".requests [role=status] .alert")).to_have_count(0)
    await device.asked(held)


async def test_without_a_network_the_app_starts_and_shows_the_passcode_of_oathtool(device: Device) -> None:
    device.expected.append(NO_NETWORK)
    await device.open()
    device.api.now_fixed = AT * 1000
    held = await device.activate()
    await device.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await device.page.clock.set_fixed_time(AT)
    await device.cut_off(True)
    await device.page.reload()
    assert await device.passcode("Acme") == oathtool(held.secret, AT)
    await device.shows("offline")
    await device.cut_off(False)
    await expect(device.page.locator(".requests [role=status] .alert")).to_have_count(0)


async def test_without_https_the_app_says_so(make_device: MakeDevice) -> None:
    device = await make_device()
    plain = "http://vestibule.test"

    async def serve(route: Route) -> None:
        async with httpx.AsyncClient(base_url=device.site.url) as client:
            answer = await client.get(route.request.url.removeprefix(plain))
        media_type = answer.headers["content-type"]
        await route.fulfill(status=answer.status_code, body=answer.content, content_type=media_type)

    await device.context.route(f"{plain}/**", serve)
    await device.page.goto(f"{plain}/app/")
    await device.shows("insecure")


async def test_a_wrong_clock_of_the_device_is_told(device: Device) -> None:
    device.api.now_fixed = (AT + 600) * 1000
    await device.open()
    await device.page.clock.set_fixed_time(AT)
    held = await device.activate()
    await device.shows("clock_wrong", seconds=600)
    assert await device.passcode("Acme") == oathtool(held.secret, AT + 600)


# --- accounts of other services -----------------------------------------------------------------------------


async def test_an_account_of_another_service_is_added_by_its_link(device: Device) -> None:
    await device.page.clock.set_fixed_time(AT)
    await device.bring(FOREIGN_LINK)
    await device.shows("add.foreign_title")
    assert await device.page.get_by_label(words("add.issuer"), exact=True).input_value() == "Bank"
    await device.button("add.add").click()
    assert await device.passcode("Bank") == oathtool(FOREIGN, AT)
    await expect(device.page.locator(".account")).to_contain_text("bob@bank.example")
    assert device.api.languages == set(), "nothing was sent"


async def test_an_account_of_another_kind_of_passcode(device: Device) -> None:
    await device.page.clock.set_fixed_time(AT)
    await device.bring(f"otpauth://totp/Safe?secret={FOREIGN}&algorithm=SHA256&digits=8&period=60")
    await device.button("add.add").click()
    shown = device.page.locator(".passcode-now")
    expected = oathtool(FOREIGN, AT, "--totp=sha256", "--digits=8", "--time-step-size=60s")
    await expect(shown).to_have_text(f"{expected[:4]} {expected[4:]}")


async def test_an_account_is_added_by_a_key_that_is_typed(device: Device) -> None:
    await device.page.clock.set_fixed_time(AT)
    await device.open("#add")
    await device.page.get_by_text(words("add.by_hand")).click()
    await device.page.get_by_label(words("add.issuer"), exact=True).fill("Mail")
    key = device.page.get_by_label(words("add.key"), exact=True)
    await key.fill("no key 1")
    await device.button("add.add").click()
    await device.shows("problem.key")
    await key.fill(" ".join(FOREIGN[at : at + 4].lower() for at in range(0, len(FOREIGN), 4)))
    await device.button("add.add").click()
    assert await device.passcode("Mail") == oathtool(FOREIGN, AT)


async def test_the_same_account_again_takes_the_place_of_the_old(device: Device) -> None:
    await device.page.clock.set_fixed_time(AT)
    for secret in (FOREIGN, FOREIGN[::-1]):
        await device.bring(FOREIGN_LINK.replace(FOREIGN, secret))
        await device.button("add.add").click()
        await device.page.locator(".account").wait_for()
    await device.shows("accounts.title")
    assert await device.page.locator(".account").count() == 1
    expected = oathtool(FOREIGN[::-1], AT)
    await expect(device.page.locator(".passcode-now")).to_have_text(f"{expected[:3]} {expected[3:]}")


async def test_an_account_is_read_from_a_picture_of_a_qr_code(device: Device, tmp_path: Path) -> None:
    picture = tmp_path / "code.png"
    segno.make(FOREIGN_LINK, error="m").save(picture, scale=6)
    await device.open("#add")
    async with device.page.expect_file_chooser() as choosing:
        await device.button("add.picture").click()
    await (await choosing.value).set_files(picture)
    await device.shows("add.foreign_title")
    await device.button("add.add").click()
    await device.passcode("Bank")


async def test_a_picture_without_a_code_says_so(device: Device, tmp_path: Path) -> None:
    await device.open("#add")
    picture = tmp_path / "empty.png"
    await device.page.screenshot(path=picture)
    await device.page.locator("input[type=file]").set_input_files(picture)
    await device.shows("problem.no_code_in_picture")


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
        }, 40);
        window.filmed = canvas.captureStream(25);
        return window.filmed;
    };
}"""


async def test_a_device_is_activated_by_what_the_camera_sees(device: Device) -> None:
    code = device.api.offer()
    qr = segno.make(f"{device.url}#activate={code}", error="m").png_data_uri(scale=6)
    await device.open("#add")
    await device.page.evaluate(FILM, qr)
    await device.button("add.camera").click()
    await device.shows("add.activate_title")
    await expect(device.page.locator(".big-code")).to_contain_text(f"{code[:5]}-{code[5:]}")
    states = await device.page.evaluate("filmed.getTracks().map((track) => track.readyState)")
    assert states == ["ended"], "the camera is switched off"


async def test_a_camera_that_is_not_allowed_is_told(device: Device) -> None:
    await device.open("#add")
    await device.page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no')); }"
    )
    await device.button("add.camera").click()
    await device.shows("problem.no_camera")


async def test_the_code_of_another_server_is_not_taken(device: Device) -> None:
    await device.bring("https://elsewhere.example/app/#activate=K7QX2M4VDH")
    await device.shows("problem.elsewhere", host="elsewhere.example")


# --- managing -----------------------------------------------------------------------------------------------


async def test_a_device_is_renamed(device: Device) -> None:
    held = await device.activate()
    manage = device.page.get_by_role("button", name=re.compile("^Manage "))
    await manage.click()
    await device.page.get_by_label(words("account.device")).fill("Work phone")
    await device.button("account.save").click()
    await expect(device.page.locator("#said")).to_have_text(words("account.saved"))
    assert held.name == "Work phone"
    await expect(manage).to_be_focused()


async def test_an_account_is_removed_after_a_question(device: Device) -> None:
    await device.activate()
    await device.page.get_by_role("button", name=re.compile("^Manage ")).click()
    await device.button("account.remove").click()
    await expect(device.page.get_by_role("dialog")).to_contain_text(words("account.remove_ours"))
    await device.button("account.remove").click()
    await device.shows("welcome.title")
    assert device.api.held == {}


async def test_the_last_authenticator_of_a_person_stays(device: Device) -> None:
    await device.activate()
    device.api.last_authenticator = True
    await device.page.get_by_role("button", name=re.compile("^Manage ")).click()
    await device.button("account.remove").click()
    await device.button("account.remove").click()
    await expect(device.page.get_by_role("dialog")).to_contain_text("It is the last one.")
    await device.button("cancel").click()
    await device.passcode("Acme")


async def test_an_account_can_be_removed_here_only_while_the_server_is_away(device: Device) -> None:
    device.expected.append(NO_NETWORK)
    await device.activate()
    await device.cut_off(True)
    await device.page.get_by_role("button", name=re.compile("^Manage ")).click()
    await device.button("account.remove").click()
    await device.button("account.remove").click()
    await device.button("account.remove_here").click()
    await device.shows("welcome.title")
    await device.cut_off(False)
    assert len(device.api.held) == 1


async def test_an_account_of_another_service_is_named_and_removed(device: Device) -> None:
    await device.bring(FOREIGN_LINK)
    await device.button("add.add").click()
    await device.page.get_by_role("button", name=re.compile("^Manage ")).click()
    await device.page.get_by_label(words("account.label")).fill("My bank")
    await device.button("account.save").click()
    await device.passcode("My bank")
    await device.page.get_by_role("button", name=re.compile("^Manage ")).click()
    await device.button("account.remove").click()
    await expect(device.page.get_by_role("dialog")).to_contain_text(words("account.remove_foreign"))
    await device.button("account.remove").click()
    await device.shows("welcome.title")


async def test_a_passcode_is_copied(make_device: MakeDevice) -> None:
    device = await make_device(permissions=["clipboard-read", "clipboard-write"])
    await device.page.clock.set_fixed_time(AT)
    await device.bring(FOREIGN_LINK)
    await device.button("add.add").click()
    shown = await device.passcode("Bank")
    await device.page.get_by_role("button", name=re.compile("^Copy the passcode of ")).click()
    await expect(device.page.locator("#said")).to_have_text(words("accounts.copied"))
    assert await device.page.evaluate("navigator.clipboard.readText()") == shown


# --- language and colors ------------------------------------------------------------------------------------


async def test_the_language_is_the_browser_s_and_can_be_switched(make_device: MakeDevice) -> None:
    device = await make_device("de")
    held = await device.activate()
    assert device.api.languages == {"de"}
    assert await device.page.get_attribute("html", "lang") == "de"
    await device.page.get_by_role("button", name="English").click()
    await expect(device.page.get_by_role("heading", name=words("accounts.title"))).to_be_visible()
    await device.page.reload()
    device.language = "en"
    await device.asked(held)
    await device.shows("request.question")


async def test_light_and_dark_are_kept(make_device: MakeDevice) -> None:
    device = await make_device(color_scheme="light")
    await device.open()
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = await device.page.evaluate(ground)
    await device.page.get_by_role("button", name=words("theme_dark")).click()
    assert await device.page.evaluate(ground) != light
    await device.page.reload()
    await device.shows("welcome.title")
    assert await device.page.evaluate(ground) != light


# --- keyboard, screen reader, small screens -----------------------------------------------------------------


async def _until_focused(page: Page, name: str) -> None:
    """Press the tabulator until the stop of that name is reached, and see each stop."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        stop = await page.evaluate(
            """() => { const it = document.activeElement;
                const name = it.getAttribute("aria-label") ?? it.labels?.[0]?.textContent ?? it.textContent;
                return [it.tagName, name.trim(), getComputedStyle(it).outlineStyle]; }"""
        )
        # A heading that a view begins with has the focus without being a stop.
        assert stop[0] in ("BODY", "H1") or stop[2] != "none", stop
        if stop[1] == name:
            return
    pytest.fail(f"the keyboard does not reach {name}")


async def test_everything_can_be_done_with_the_keyboard_alone(device: Device) -> None:
    code = device.api.offer()
    page = device.page
    await device.open()
    await _until_focused(page, words("welcome.begin"))
    await page.keyboard.press("Enter")
    await expect(focused(page)).to_have_text(words("add.title"))
    await _until_focused(page, words("add.entry"))
    await page.keyboard.type(code)
    await page.keyboard.press("Enter")
    await expect(focused(page)).to_have_text(words("add.activate_title"))
    await _until_focused(page, words("add.add"))
    await page.keyboard.press("Enter")
    await expect(focused(page)).to_have_text(words("request.activation"))
    held = device.api.only()
    (test,) = held.requests.values()
    await _until_focused(page, words("request.number_activation"))
    await page.keyboard.type(test.number)
    await page.keyboard.press("Enter")
    await device.shows("outcome.activated")
    asked = device.api.ask(held)
    await expect(page.locator(f"#request-{asked.request_id}")).to_be_visible()
    await _until_focused(page, words("request.fraud"))
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(device.button("request.fraud")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await expect(device.button("request.deny")).to_be_focused()
    await page.keyboard.press("Enter")
    await device.shows("outcome.denied", application="\u2068VPN\u2069")


async def _views(device: Device) -> AsyncIterator[str]:
    """Yield the name of each view, with the view open."""
    await device.open()
    yield "welcome"
    await device.open("#add")
    yield "add"
    await device.page.get_by_label(device.words("add.entry")).fill(FOREIGN_LINK)
    await device.button("add.next").click()
    await device.shows("add.foreign_title")
    yield "add-foreign"
    await device.button("add.add").click()
    await device.passcode("Bank")
    await device.page.goto("about:blank")
    await device.open(f"#activate={device.api.offer()}")
    await device.shows("add.activate_title")
    yield "activate"
    await device.button("add.add").click()
    await device.page.get_by_label(device.words("request.number_activation")).wait_for()
    yield "activation"
    held = device.api.only()
    await device.pass_the_test(held)
    await device.page.reload()
    await device.shows("requests.none")
    await device.passcode("Acme")
    yield "home"
    await device.asked(held, pin="4711", application="Remote desktop")
    yield "request"
    await device.approve(
        "99" if held.requests and next(iter(held.requests.values())).number != "99" else "98", "1"
    )
    await device.shows("outcome.number_wrong", count=2)
    yield "request-wrong"
    await device.button("request.fraud").click()
    yield "fraud"
    await device.page.keyboard.press("Escape")
    await device.button("request.deny").click()
    await device.shows("outcome.denied", application="\u2068Remote desktop\u2069")
    yield "denied"
    await device.page.locator(".account", has_text="Acme").get_by_role("button").first.click()
    yield "manage"
    await device.button("account.remove").click()
    yield "remove"
    await device.page.keyboard.press("Escape")
    device.api.withdraw(held)
    await expect(device.page.locator(".account", has_text="Acme")).to_contain_text(
        NOT_ACTIVATED[device.language]
    )
    yield "gone"
    device.api.unavailable = True
    await device.page.reload()
    await expect(device.page.locator(".requests [role=status]")).to_contain_text("Try again later.")
    yield "away"
    await device.open("#add")
    await device.page.evaluate(FILM, segno.make("nothing of ours").png_data_uri(scale=6))
    await device.button("add.camera").click()
    await expect(device.page.locator("video")).to_be_visible()
    yield "camera"


@pytest.mark.parametrize(
    ("language", "scheme", "width"), [("de", "dark", 390), ("en", "light", 1280), ("de", "light", 320)]
)
async def test_each_view_is_accessible_and_fits(
    make_device: MakeDevice, language: str, scheme: str, width: int
) -> None:
    """WCAG 2.2 AA, as far as axe-core can tell; 44 px for fingers (§2.5.5); not too wide (§1.4.10)."""
    device = await make_device(
        language,
        color_scheme=scheme,
        viewport={"width": width, "height": 844},
        bypass_csp=True,
        reduced_motion="reduce",
    )
    checker = (FRONTEND / "node_modules/axe-core/axe.min.js").read_text()
    small = """[...document.querySelectorAll("button, summary, a:not(.skip)")]
        .filter((it) => it.checkVisibility() && it.getBoundingClientRect().height < 44)
        .map((it) => it.outerHTML)"""
    device.site.pictures.mkdir(exist_ok=True)
    async for view in _views(device):
        await device.page.evaluate(checker)
        found = await device.page.evaluate("rules => axe.run(document, { runOnly: rules })", STANDARDS)
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]] == [], view
        assert len(found["passes"]) > 10, view
        assert await device.window.overflow() == 0, view
        assert await device.page.evaluate(small) == [], view
        picture = device.site.pictures / f"app-{view}-{language}-{width}-{scheme}.png"
        await device.page.screenshot(path=picture, full_page=True)


async def test_who_prefers_less_motion_gets_none(make_device: MakeDevice) -> None:
    device = await make_device(reduced_motion="reduce")
    held = await device.activate()
    await device.asked(held)
    moving = "document.getAnimations().length"
    assert await device.page.evaluate(moving) == 0


# --- waking -------------------------------------------------------------------------------------------------

PUSH_SERVICE = """() => {
    const key = () => new Uint8Array(65).fill(4).buffer;
    let present = null;
    PushManager.prototype.subscribe = async (options) => {
        const text = options.applicationServerKey;
        const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
        const octets = Uint8Array.from(plain, (character) => character.charCodeAt(0));
        present = { endpoint: window.endpoint ?? "https://push.example/1", getKey: key,
                    options: { applicationServerKey: octets.buffer }, unsubscribe: async () => true };
        return present;
    };
    PushManager.prototype.getSubscription = async () => window.endpoint ? null : present;
}"""


UNDECIDED = """
    let decided = "default";
    Object.defineProperty(Notification, "permission", { get: () => decided });
    Notification.requestPermission = async () => (decided = "granted");
"""
"""A browser without a screen decides for the person; this one asks."""


async def test_waking_is_explained_before_it_is_asked_for(make_device: MakeDevice) -> None:
    device = await make_device()
    await device.page.add_init_script(f"({PUSH_SERVICE})(); {UNDECIDED}")
    held = await device.activate()
    await device.shows("push.offer")
    assert held.push is None
    await device.button("push.allow").click()
    await until(lambda: held.push is not None)
    assert held.push is not None
    assert held.push["endpoint"] == "https://push.example/1"
    assert len(held.push["p256dh"]) == 87
    await expect(device.page.locator(".offer")).to_have_count(0)


async def test_a_subscription_that_changed_is_told_again(make_device: MakeDevice) -> None:
    device = await make_device()
    await device.page.add_init_script(
        f"({PUSH_SERVICE})(); Object.defineProperty(Notification, 'permission', {{ get: () => 'granted' }});"
    )
    held = await device.activate()
    await until(lambda: held.push is not None)
    await device.page.add_init_script("window.endpoint = 'https://push.example/2'")
    await device.page.reload()
    await until(lambda: held.push is not None and held.push["endpoint"] == "https://push.example/2")


async def _deliver(device: Device, message: str) -> None:
    """Deliver a push message to the worker, as the browser's push service would."""
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
    await session.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": device.site.url, "registrationId": registration, "data": message},
    )


SHOWN = """async () => {
    const registration = await navigator.serviceWorker.ready;
    const shown = await registration.getNotifications();
    return shown.map(({ title, body, lang, tag }) => ({ title, body, lang, tag }));
}"""
CLOSE = """async () => {
    const registration = await navigator.serviceWorker.ready;
    for (const shown of await registration.getNotifications()) shown.close();
}"""


@pytest.mark.whole_browser
@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_push_shows_a_notification_without_secrets(make_device: MakeDevice, language: str) -> None:
    """S73: for an account that is not here, it says so."""
    device = await make_device(language, permissions=["notifications"])
    device.expected.append("does not support the Push API in incognito mode")
    held = await device.activate()
    await device.page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    async def notification(message: str) -> dict[str, str]:
        await _deliver(device, message)
        shown: list[dict[str, str]] = await until_read(lambda: device.page.evaluate(SHOWN), bool)
        await device.page.evaluate(CLOSE)
        (one,) = shown
        return one

    known = await notification(json.dumps({"v": 1, "authenticator": held.authenticator}))
    assert known == {
        "title": words("push.title", language),
        "body": words("push.body", language),
        "lang": language,
        "tag": held.authenticator,
    }
    for message in ('{"v": 1, "authenticator": "other"}', "nonsense", "[]"):
        assert (await notification(message))["body"] == NOT_ACTIVATED[language]


# --- what the house serves ----------------------------------------------------------------------------------


async def test_the_first_load_is_small(device: Device) -> None:
    """All there is of the app, also what is fetched for later: less than 200 KiB as it is compressed."""
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
    await device.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    assert fetched - {"/favicon.ico"} <= {*told["files"], "/app/worker.js", "/app/manifest.webmanifest"}


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


async def test_the_browser_finds_it_installable(device: Device) -> None:
    await device.open()
    await device.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    session = await device.context.new_cdp_session(device.page)
    found = await session.send("Page.getInstallabilityErrors")
    ids = {error["errorId"] for error in found["installabilityErrors"]}
    assert ids <= {"in-incognito"}, "a profile of a test is like a private window"


async def test_a_new_version_is_told_and_taken_by_a_click(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    await device.open()
    await device.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await device.page.reload()
    await device.shows("welcome.title")
    _change_a_text(monkeypatch)
    await device.page.evaluate("navigator.serviceWorker.ready.then((registration) => registration.update())")
    await device.shows("update.ready")
    await device.page.reload()
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
