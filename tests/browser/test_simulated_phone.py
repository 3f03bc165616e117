"""The newcomer's scene: `vestibule run`, and signed in by text and by call on a phone that is only simulated.

The server is a process, the VPN is `vestibule try`, and the phone is its page in Chromium, with a script and
without, or `vestibule demo phone` in a terminal. English and German.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.peers.chromium import Chromium
from tests.peers.program import Program, run
from tests.server_fixtures import make_server
from tests.servers import ServerProcess, surroundings

__all__ = ["make_server"]

VESTIBULE = Path(sys.executable).with_name("vestibule")
NUMBER = "+493023125142"
LOCALES = {"en": "C.UTF-8", "de": "de_DE.UTF-8"}
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}


@dataclass(slots=True)
class Demonstration:
    """A server with the demonstration, and what its screen said."""

    server: ServerProcess
    language: str
    programs: list[Program]

    async def start(self) -> None:
        locale = {"LC_ALL": LOCALES[self.language]}
        program = self.server.launch("run", environment=locale)
        await asyncio.to_thread(program.wait_for, "vestibule demo phone")

    def said(self, pattern: str) -> str:
        found = re.search(pattern, self.server.output, re.MULTILINE)
        assert found, self.server.output
        return found[1]

    @property
    def link(self) -> str:
        return self.said(r"(http://\S+/phone/\S+)$")

    def program(self, *words: str, **more: str) -> Program:
        """Start the program in a terminal of its own, to be typed to."""
        variables = {**surroundings(), "LC_ALL": LOCALES[self.language], **self.server.environment, **more}
        program = Program([VESTIBULE, *words], environment=variables, is_typed_to=True)
        self.programs.append(program)
        return program


@dataclass(slots=True)
class Vpn:
    """`vestibule try alice` with the secrets of the first screen."""

    demonstration: Demonstration
    password: str
    secret: str

    def sign_in(self, *typed: str) -> Program:
        server = f"127.0.0.1:{self.demonstration.server.radius_port}"
        program = self.demonstration.program(
            "try", "alice", "--server", server, VESTIBULE_TRY_SECRET=self.secret
        )
        program.type(self.password, *typed)
        return program


async def heard(program: Program, pattern: str, after: int = 0) -> re.Match[str]:
    return await asyncio.to_thread(program.wait_for, pattern, after=after)


def on_screen(page: Page, words: str) -> Locator:
    """What the phone itself shows; the same is told to who cannot see it beside."""
    return page.locator(".phone-screen").get_by_text(words)


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    made: list[Program] = []
    yield made
    for program in made:
        program.stop()


Begin = Callable[[str], Any]


@pytest.fixture
def begin(make_server: Any, programs: list[Program]) -> Begin:
    async def first_start(language: str) -> tuple[Demonstration, Vpn]:
        demonstration = Demonstration(make_server(), language, programs)
        await demonstration.start()
        password = demonstration.said(r"(?:her password|ihr Kennwort) .*: (\S+)$")
        secret = demonstration.said(r"(?:shared secret|gemeinsame Geheimnis) .*: (\S+)$")
        return demonstration, Vpn(demonstration, password, secret)

    return first_start


@pytest_asyncio.fixture(loop_scope="session")
async def window(chromium: Chromium) -> AsyncIterator[Callable[..., Any]]:
    """`page = await window("de")`: any error that the page makes fails the test."""
    problems: list[str] = []

    async def open_window(language: str, **options: Any) -> Page:
        page = await chromium.page(**{"viewport": DESK, "locale": language, **options})
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console", lambda line: problems.append(line.text) if line.type in ("error", "warning") else None
        )
        return page

    yield open_window
    assert problems == []


WORDS = {
    "en": {
        "accepted": "ACCEPTED",
        "rejected": "REJECTED",
        "text": r"(\d{6}) is your passcode",
        "sent": "We have sent a passcode",
        "waits": "Waiting up to 60 seconds",
        "call": "call",
        "answer": "Answer",
        "decline": "Decline",
        "greeting": "press the pound key",
        "rings": "Incoming call",
        "awaits": "Press the keys",
        "over": "Call ended",
        "type answer": "answer",
    },
    "de": {
        "accepted": "ANGENOMMEN",
        "rejected": "ABGELEHNT",
        "text": r"(\d{6}) ist Ihr Code",
        "sent": "Wir haben einen Code",
        "waits": "Warten, höchstens 60 Sekunden",
        "call": "anruf",
        "answer": "Annehmen",
        "decline": "Ablehnen",
        "greeting": "Raute",
        "rings": "Eingehender Anruf",
        "awaits": "Drücken Sie die Tasten",
        "over": "Anruf beendet",
        "type answer": "annehmen",
    },
}


@pytest.mark.parametrize("language", ["en", "de"])
async def test_signed_in_by_text_and_by_call(begin: Begin, window: Callable[..., Any], language: str) -> None:
    """On the page of the phone, and in the terminal."""
    demonstration, vpn = await begin(language)
    words = WORDS[language]
    page: Page = await window(language)
    await page.goto(demonstration.link)
    await expect(page.locator(".phone-screen h2")).to_have_text(NUMBER)
    phone = demonstration.program("demo", "phone")
    await heard(phone, re.escape(NUMBER))

    # A text: the passcode stands on the phone without loading the page again.
    attempt = vpn.sign_in("sms")
    text = await heard(phone, words["text"])
    await expect(page.locator(".bubble")).to_contain_text(text[0])
    await heard(attempt, words["sent"])
    attempt.type(text[1])
    await heard(attempt, words["accepted"])

    # A call, with the mouse and then the keyboard.
    attempt = vpn.sign_in(words["call"])
    await heard(attempt, words["waits"])
    await page.get_by_role("button", name=words["answer"], exact=True).click()
    await expect(page.locator("[data-said]").last).to_contain_text(words["greeting"])
    await expect(page.locator("[data-said]").last).to_have_attribute("lang", language)
    await on_screen(page, words["awaits"]).wait_for()
    await page.keyboard.press("#")
    await heard(attempt, words["accepted"])
    await on_screen(page, words["over"]).wait_for()
    await heard(phone, words["over"])

    # A call in the terminal.
    before = len(phone.lines)
    attempt = vpn.sign_in(words["call"])
    await heard(phone, words["rings"], before)
    phone.type(words["type answer"])
    await heard(phone, words["greeting"], before)
    await heard(phone, words["awaits"], before)
    phone.type("#")
    await heard(attempt, words["accepted"])
    await heard(phone, words["over"], before)

    # A call that is declined.
    attempt = vpn.sign_in(words["call"])
    await page.get_by_role("button", name=words["decline"], exact=True).click()
    await heard(attempt, words["rejected"])

    phone.type("text hello")
    await heard(phone, "(Sent|Gesendet): hello")
    phone.type("nonsense", "quit")
    await heard(phone, "nonsense")
    assert phone.process.wait(10) == 0


async def test_the_phone_works_without_a_script_and_on_a_phone(
    begin: Begin, window: Callable[..., Any]
) -> None:
    demonstration, vpn = await begin("en")
    page: Page = await window("en", viewport=PHONE, java_script_enabled=False)
    await page.goto(demonstration.link)
    attempt = vpn.sign_in("call")
    # The page loads itself anew: nothing is pressed for that.
    await page.get_by_role("button", name="Answer", exact=True).click()
    await on_screen(page, "Press the keys").wait_for()
    await page.get_by_role("button", name="1", exact=True).click()
    await on_screen(page, "One key pressed").wait_for(state="attached")
    await page.get_by_role("button", name="Hang up").click()
    await heard(attempt, "REJECTED")
    await on_screen(page, "You hung up").wait_for()
    await page.get_by_role("link", name="Stop that").click()
    await page.fill("#phone-reply", "No, thank you")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator(".bubble.mine")).to_contain_text("No, thank you")
    await page.get_by_role("button", name="Be busy").click()
    await on_screen(page, "every call finds the line taken").wait_for()
    await heard(vpn.sign_in("call"), "We could not reach you by phone")
    await on_screen(page, "Call while busy").wait_for()


async def test_a_wrong_link_shows_nothing_and_the_right_one_outlives_a_restart(
    begin: Begin, chromium: Chromium
) -> None:
    """A page that stood open goes on by itself; a server that is silent is said."""
    demonstration, vpn = await begin("en")
    link = demonstration.link
    page = await chromium.page(locale="en")
    await page.goto(link)
    with demonstration.server.http() as browser:
        good = link.rpartition("/")[2]
        for wrong in (good[:-1], f"{good}x", "x", "%20"):
            for what in ("", "/screen", "/state"):
                assert browser.get(f"/phone/{wrong}{what}").status_code == 404
            assert browser.post(f"/phone/{wrong}/act", data={"act": "answer"}).status_code == 404
        act = f"/phone/{good}/act"
        assert browser.post(act, data={"number": NUMBER, "act": "explode"}).status_code == 400
        assert browser.post(act, data={"number": NUMBER, "act": "answer"}).status_code == 303
        assert browser.get(f"/phone/{good}").headers["cache-control"] == "no-store"
    assert demonstration.server.stop() == 0, "a page that waits for news does not hold up the stop"
    assert good not in demonstration.server.output.replace(link, "")
    await page.locator("[data-phone-lost]").wait_for()
    variables = {**surroundings(), **demonstration.server.environment}
    done = run([VESTIBULE, "demo", "phone"], environment=variables)
    assert done.returncode == 1
    assert "does not answer" in done.stderr

    await demonstration.start()
    assert demonstration.link == link
    attempt = vpn.sign_in("sms")
    await expect(page.locator(".bubble")).to_contain_text("is your passcode")
    await expect(page.locator("[data-phone-lost]")).to_be_hidden()
    await heard(attempt, "We have sent")
