"""A phone with the app open in Chromium, and the house that it speaks with."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import ec
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.browser.scene import Site, Window
from tests.houses import Person
from tests.integration.apps.conftest import AppHouse
from tests.peers.app_device import AppDevice
from tests.peers.program import find_program
from vestibule import catalog
from vestibule.interfaces.store import Unavailable
from vestibule.model.authenticator import Authenticator
from vestibule.services.outcome import Progress

PLACE: Final = "203.0.113.7"
PHONE: Final = {"width": 390, "height": 844}
FOREIGN: Final = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
FOREIGN_LINK: Final = f"otpauth://totp/Bank:bob%40bank.example?secret={FOREIGN}&issuer=Bank"
NO_NETWORK: Final = r"ERR_INTERNET_DISCONNECTED|Failed to load resource"
NO_WORKER: Final = "Service Worker registration blocked by Playwright"
INSTALLED: Final = "navigator.serviceWorker.ready.then(() => true)"
_PLAIN_PAGE: Final = "manifest.webmanifest"
"""Of the app's origin, without its scripts."""

_STORE: Final = """async ([accounts, at]) => {
    const rows = await Promise.all(accounts.map(async ({ key, secret, ...account }, index) => ({
        ...account,
        kind: "own",
        addedAt: at + index,
        isActive: true,
        isGone: false,
        endpoint: "",
        signingKey: await crypto.subtle.importKey(
            "jwk", key, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]),
        passcodeKey: await crypto.subtle.importKey(
            "raw", new Uint8Array(secret), { name: "HMAC", hash: "SHA-1" }, false, ["sign"]),
    })));
    await new Promise((resolve, reject) => {
        const opening = indexedDB.open("vestibule", 1);
        opening.onupgradeneeded = () => {
            const store = opening.result.createObjectStore("accounts", { keyPath: "id" });
            opening.result.createObjectStore("settings");
            for (const row of rows) store.put(row);
        };
        opening.onsuccess = () => { opening.result.close(); resolve(); };
        opening.onerror = () => reject(opening.error);
    });
}"""
"""What `activate` of the app leaves behind; a test of a true activation reads the same there."""


def words(key: str, language: str = "en", **values: str | int) -> str:
    return catalog.text(language, f"app.{key}", **values)


def named(name: str) -> str:
    """Return a name as the app puts it into a sentence: apart from what stands around (UAX #9)."""
    return f"\u2068{name}\u2069"


def oathtool(secret: str, at: int, *options: str) -> str:
    """Return the passcode at `at` (epoch ms) as another implementation makes it."""
    program = [find_program("oathtool"), "--base32", f"--now=@{at // 1000}", *(options or ["--totp"]), secret]
    return subprocess.run(program, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


@dataclass
class Device:
    """A phone with the app; its clock stands where that of the house stood when it was made."""

    site: Site
    apps: AppHouse
    window: Window
    language: str = "en"
    expected: list[str] = field(default_factory=list)
    """Patterns of errors that a test causes on purpose."""

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

    # --- what stands on the screen ----------------------------------------------------------------------

    @property
    def content(self) -> Locator:
        return self.page.locator("#content")

    @property
    def said(self) -> Locator:
        """What a screen reader is told."""
        return self.page.locator("#said")

    @property
    def focused(self) -> Locator:
        return self.page.locator(":focus")

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def cards(self) -> Locator:
        """The requests that wait."""
        return self.page.locator(".request")

    @property
    def accounts(self) -> Locator:
        return self.page.locator(".account")

    @property
    def trouble(self) -> Locator:
        """Why requests cannot be fetched."""
        return self.page.locator(".requests [role=status]")

    @property
    def number(self) -> Locator:
        return self.page.get_by_label(self.words("request.number"))

    def button(self, key: str, **values: str | int) -> Locator:
        return self.page.get_by_role("button", name=self.words(key, **values), exact=True)

    def label(self, key: str) -> Locator:
        return self.page.get_by_label(self.words(key), exact=True)

    async def shows(self, key: str, **values: str | int) -> None:
        await expect(self.content).to_contain_text(self.words(key, **values))

    async def passcode(self, name: str) -> str:
        """Return what the account of that name shows now."""
        shown = self.accounts.filter(has_text=name).locator(".passcode-now")
        await expect(shown).to_have_text(re.compile(r"^[0-9]{3} [0-9]{3}$"))
        return (await shown.inner_text()).replace(" ", "")

    # --- what its owner does ----------------------------------------------------------------------------

    async def open(self, fragment: str = "") -> None:
        await self.page.goto(self.url + fragment)
        await expect(self.content.locator(":is(h1, h2):visible").first).to_be_visible()

    async def hold(self, *peers: AppDevice) -> None:
        """Open the app with accounts in its store that were activated before, by the same protocol."""
        stored = [_stored(peer) for peer in peers]
        await self.page.goto(self.url + _PLAIN_PAGE)
        await self.page.evaluate(_STORE, [stored, self.site.house.clock.now()])
        await self.open()
        await expect(self.accounts).to_have_count(len(peers))

    async def hold_alice(self) -> AppDevice:
        """Open the app with an account of Alice, who holds nothing else."""
        _, (peer,) = await self.apps.alice()
        await self.hold(peer)
        return peer

    async def bring(self, text: str) -> None:
        """Type what is to be added."""
        await self.open("#add")
        await self.label("add.entry").fill(text)
        await self.button("add.next").click()

    async def add_foreign(self, link: str = FOREIGN_LINK) -> None:
        await self.bring(link)
        await self.shows("add.foreign_title")
        await self.button("add.add").click()
        await self.accounts.first.wait_for()

    async def approve(self, number: str) -> None:
        await self.number.fill(number)
        await self.button("request.approve").click()

    async def manage(self, name: str) -> None:
        await self.accounts.filter(has_text=name).get_by_role("button").first.click()
        await expect(self.dialog).to_be_visible()

    async def remove(self, name: str) -> None:
        """Ask for the removal of an account, up to the question."""
        await self.manage(name)
        await self.button("account.remove").click()
        await expect(self.dialog.get_by_role("heading")).to_contain_text(name)

    # --- what happens elsewhere -------------------------------------------------------------------------

    async def asked(self, username: str = "alice", **fields: Any) -> Progress:
        """Let somebody sign in at the VPN, and wait until the app shows it."""
        progress = await self.apps.house.start(username, **{"user_address": PLACE, **fields})
        assert progress.challenge is not None, progress.reason
        await expect(self.page.locator(f"#request-{progress.challenge.challenge_id}")).to_be_visible()
        return progress

    async def is_let_in(self, progress: Progress, username: str = "alice", **fields: Any) -> bool:
        """Tell how the door at which somebody waits decides."""
        waited = await self.apps.house.wait(username, progress, **{"user_address": PLACE, **fields})
        return waited is not None and waited.is_approved

    async def reload(self) -> None:
        await self.page.reload()
        await expect(self.content.locator(":is(h1, h2):visible").first).to_be_visible()

    def server_away(self) -> Any:
        """`with device.server_away():` its database answers nothing, and so the API says 503."""
        return patch.object(self.site.house.services.apps, "shown", side_effect=Unavailable)

    async def held(self, peer: AppDevice) -> Authenticator:
        """Return the authenticator of a device as the house keeps it."""
        account = peer.account
        store = self.site.house.store
        found = await store.read(lambda tx: tx.authenticator(account["tenant"], account["authenticator"]))
        assert found is not None
        return found


MakeDevice = Callable[..., Awaitable[Device]]


@dataclass
class Newcomer:
    """Somebody at the page of the portal that shows the code."""

    device: Device
    person: Person
    pending: str
    code: str
    session: Any

    @property
    def link(self) -> str:
        return f"#activate={self.code}"

    async def pass_the_test(self) -> None:
        """Type the number that the page with the code shows."""
        await self.device.label("request.number_activation").fill(await self.number())
        await self.device.button("request.activate").click()
        await self.device.shows("outcome.activated")

    async def number(self) -> str:
        """Return the number that the page shows once its code was used."""
        await self.device.label("request.number_activation").wait_for()
        return (
            await self.device.apps.house.services.app_activations.stage(self.session, self.pending)
        ).number

    async def authenticator(self) -> Authenticator:
        house = self.device.site.house
        found = await house.store.read(lambda tx: tx.authenticator(self.person.user.tenant_id, self.pending))
        assert found is not None
        return found


async def newcomer(device: Device) -> Newcomer:
    """Let Alice, who holds nothing yet, begin an activation."""
    alice = await device.apps.house.add_bare_person("alice")
    alice.secret = b""
    session = await device.apps.session_of(alice)
    pending, code = await device.apps.begin(session)
    return Newcomer(device, alice, pending, code, session)


def _stored(peer: AppDevice) -> dict[str, Any]:
    account = peer.account
    return {
        "id": account["authenticator"],
        "issuer": account["issuer"],
        "account": account["account"],
        "passcodes": {name: account["passcodes"][name] for name in ("algorithm", "digits", "period")},
        "tenant": account["tenant"],
        "user": account["user"],
        "token": account["token"],
        "pushKey": account["push_key"],
        "device": peer.name,
        "key": _jwk(peer.key),
        "secret": list(base64.b32decode(account["passcodes"]["secret"])),
    }


def _jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """Return a private key as browsers read it (RFC 7518 §6.2)."""
    private, public = key.private_numbers(), key.public_key().public_numbers()
    values = {"d": private.private_value, "x": public.x, "y": public.y}
    octets = {name: value.to_bytes(32, "big") for name, value in values.items()}
    texts = {name: base64.urlsafe_b64encode(each).rstrip(b"=").decode() for name, each in octets.items()}
    return {"kty": "EC", "crv": "P-256", **texts}
