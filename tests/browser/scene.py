"""What the browser tests share: the site under test, a window on it, and people who act in it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import ConsoleMessage, Locator, Page, Response

from tests.houses import TENANT, TestHouse
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.frontends.http.door import cookie_name
from vestibule.frontends.http.options import HttpOptions
from vestibule.model.application import CONSOLE_APPLICATION
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.services.attempt import Origin
from vestibule.services.setup import built_in_client_id
from vestibule.wire.oath import decode_base32, totp

Theme = Literal["light", "dark"]

ADMINISTRATOR = "grace"
ADMINISTRATOR_PASSWORD = "several words in a row"
CHECKER = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
AXE = "(rules) => axe.run(document, { runOnly: rules, resultTypes: ['violations'] })"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {"phone": (390, 844), "desk": (1280, 900)}
THEMES: tuple[Theme, ...] = ("light", "dark")


@dataclass(slots=True)
class Site:
    """The served house."""

    house: TestHouse
    url: str
    pictures: Path = Path()
    takes_pictures: bool = False

    @property
    def portal(self) -> str:
        return f"{self.url}/portal/{TENANT}"

    @property
    def console(self) -> str:
        return f"{self.url}/console/tenants/{TENANT}"

    async def setup_url(self) -> str:
        token = await self.house.services.setup.make_link()
        return f"{self.url}/console/setup/{token.reveal()}"


@dataclass
class Window:
    """A page and everything that went wrong in it."""

    site: Site
    page: Page
    problems: list[str] = field(default_factory=list)
    expected_statuses: tuple[int, ...] = (403, 404, 409, 422)
    """A page that says no says it with such a status; the browser reports that as an error of ours."""

    def __post_init__(self) -> None:
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.page.on("response", self._note_response)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        status = re.search(r"the server responded with a status of (\d+)", message.text)
        if status and int(status[1]) in self.expected_statuses:
            return
        self.problems.append(f"console: {message.text} ({message.location.get('url')})")

    def _note_response(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{response.status} at {response.url}")

    async def another(self, **options: Any) -> Window:
        """Open a window with a profile of its own: somebody else's."""
        browser = self.page.context.browser
        assert browser is not None
        page = await browser.new_page(**{"viewport": self.page.viewport_size, "locale": "en-US", **options})
        page.set_default_timeout(10_000)
        return Window(self.site, page)

    # --- acting -----------------------------------------------------------------------------------------

    async def go(self, url: str) -> None:
        await self.page.goto(url)

    async def fill(self, **fields: str) -> None:
        """Type into fields by their names."""
        for name, value in fields.items():
            await self.page.fill(f'main [name="{name}"]:visible', value)

    async def press(self, name: str, *, exact: bool = True, within: str = "body") -> None:
        """Press the first button or link of that name and wait for the page that comes of it."""
        async with self.page.expect_navigation():
            await self.control(name, exact=exact, within=within).click()

    async def confirm(self, opener: str, name: str = "") -> None:
        """Press what opens a question, and in the question the button of that name, else of the same."""
        await self.control(opener, exact=False).click()
        await self.press(name or opener, exact=False, within="dialog[open], dialog:popover-open")

    def control(self, name: str, *, exact: bool = True, within: str = "body") -> Locator:
        """Return the first button or link of that name that can be seen."""
        place = self.page.locator(within)
        button = place.get_by_role("button", name=name, exact=exact)
        return button.or_(place.get_by_role("link", name=name, exact=exact)).first

    async def text(self) -> str:
        return await self.page.inner_text("body")

    async def heading(self) -> str:
        return await self.page.inner_text("h1")

    async def secret(self) -> bytes:
        """Return the secret that the page shows for typing, as somebody without a camera reads it."""
        shown = await self.page.locator("#secret").text_content()
        secret = decode_base32("".join((shown or "").split()))
        assert secret is not None
        return secret

    async def shoot(self, name: str) -> None:
        """With --prove, see that the page as it stands fits on a phone and at a desk, and take pictures of it
        there by day and by night."""
        if not self.site.takes_pictures:
            return
        size = self.page.viewport_size
        assert size is not None
        for device, (width, height) in SIZES.items():
            await self.page.set_viewport_size({"width": width, "height": height})
            assert await self.overflow() == 0, f"{name} is wider than a {device}"
            await self._take_pictures(f"{name}-{device}")
        await self.page.set_viewport_size(size)

    async def _take_pictures(self, name: str) -> None:
        for theme in THEMES:
            await self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            picture = self.site.pictures / f"{name}-{theme}.png"
            await self.page.screenshot(path=picture, full_page=True)
        await self.page.emulate_media(color_scheme="light")

    async def assert_accessible(self, name: str) -> None:
        await assert_accessible(self.page, name)

    async def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        measured: Any = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return int(measured)


@dataclass(slots=True)
class Phone:
    """An authenticator app with one account."""

    site: Site
    secret: bytes
    lead: int = 1
    """How many passcodes are skipped before each, because they have been used."""

    def passcode(self) -> str:
        """Wait for a passcode that has not been used, and return it."""
        self.site.house.clock.advance(30 * self.lead)
        return totp(self.secret, self.site.house.clock.now())


async def assert_accessible(page: Page, name: str) -> None:
    """See that axe-core finds nothing against WCAG 2.2 AA, by day; and enough contrast by night."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(CHECKER.read_text())
    checks: dict[Theme, list[str]] = {"light": STANDARDS, "dark": ["color-contrast"]}
    for theme, rules in checks.items():
        await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found = await page.evaluate(AXE, rules)
        assert found["passes"], name
        against = [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]]
        assert against == [], (name, theme)
    await page.emulate_media(color_scheme="light")


# --- people who act ---------------------------------------------------------------------------------------


async def set_up_administrator(window: Window) -> Phone:
    """Follow the one-time link, and come out at the console's door."""
    await window.go(await window.site.setup_url())
    phone = Phone(window.site, await window.secret())
    await window.fill(
        username=ADMINISTRATOR, password=ADMINISTRATOR_PASSWORD, password_again=ADMINISTRATOR_PASSWORD
    )
    await window.fill(passcode=phone.passcode())
    await window.press("Make the administrator")
    return phone


async def enter_console(window: Window) -> Phone:
    """Make the first administrator and open the console with his session; test_scene goes there by pages."""
    site, services = window.site, window.site.house.services
    link = (await services.setup.make_link()).reveal()
    prepared = await services.setup.prepare(link, ADMINISTRATOR)
    assert prepared is not None
    uri = urlsplit(prepared.shown[0].reveal())
    secret = decode_base32(parse_qs(uri.query)["secret"][0])
    assert secret is not None
    phone, password = Phone(site, secret), Secret(ADMINISTRATOR_PASSWORD)
    passcode = Secret(phone.passcode())
    await services.setup.complete(link, prepared.sealed, ADMINISTRATOR, password, passcode)
    peer = services.configuration.current.peers[built_in_client_id(SYSTEM_TENANT, CONSOLE_APPLICATION)]
    origin = Origin(peer=peer, channel="console", claimed_username=ADMINISTRATOR)
    progress = await services.verifications.start(origin, password, Secret(phone.passcode()))
    token = await services.sessions.begin(progress.verification)
    cookie = cookie_name(HttpOptions(), "console")
    await window.page.context.add_cookies([{"name": cookie, "value": token.reveal(), "url": site.url}])
    await window.go(f"{site.url}/console")
    return phone


async def sign_in(window: Window, url: str, username: str, password: str, phone: Phone | None = None) -> None:
    await window.go(url)
    await window.fill(username=username, password=password)
    await window.press("Continue")
    if phone is not None:
        await window.fill(passcode=phone.passcode())
        await window.press("Sign in")


async def sign_in_to_console(window: Window, phone: Phone) -> None:
    await sign_in(window, f"{window.site.url}/console", ADMINISTRATOR, ADMINISTRATOR_PASSWORD, phone)


async def add_user(window: Window, username: str, password: str, **fields: str) -> None:
    """An administrator adds a user in the console."""
    await window.go(f"{window.site.console}/users/new")
    await window.fill(username=username, password=password, **fields)
    await window.press("Add user")


async def add_free_token(house: TestHouse, serial: str) -> bytes:
    """Put a hardware token that nobody holds into the store, and return its secret."""
    enrolled = house.services.enrollments.methods["totp"].enroll({}, os.urandom)
    bare = Authenticator(
        tenant_id=TENANT,
        authenticator_id=new_id(),
        method="totp",
        serial=serial,
        parameters=enrolled.parameters,
        state=enrolled.state,
        status=AuthenticatorStatus.ACTIVE,
        created_at=house.clock.now(),
    )
    sealed = house.services.setup._prover.sealed(bare, enrolled.secret)
    await house.store.transact(lambda tx: tx.add_authenticator(sealed))
    return enrolled.secret
