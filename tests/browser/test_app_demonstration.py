"""`make run` and the app on the same machine, as somebody sees it who has just started Vestibule: the portal
in one window, the app in another, the VPN in a terminal. In German and in English."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.test_simulated_phone import (
    DESK,
    PHONE,
    WORDS,
    Begin,
    begin,
    heard,
    make_server,
    programs,
    window,
)
from vestibule import catalog

__all__ = ["begin", "make_server", "programs", "window"]
NUMBER = r"\b(\d\d)\b.*(?:Enter here|Eingabetaste)"


@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_newcomer_adds_the_app_and_signs_in_with_it(
    begin: Begin, window: Callable[..., Any], language: str, tmp_path: Path
) -> None:
    def words(key: str, **values: str | int) -> str:
        return catalog.text(language, key, **values)

    demonstration, vpn = await begin(language)
    portal: Page = await window(language, viewport=DESK)
    app: Page = await window(language, viewport=PHONE)

    # The portal: password, and the passcode that a command prints.
    await portal.goto(demonstration.said(r"(http://\S+/portal)$"))
    await portal.fill('[name="username"]', "alice")
    await portal.fill('[name="password"]', vpn.password)
    await portal.keyboard.press("Enter")
    shown = await heard(demonstration.program("demo", "passcode"), r"\b(\d{6})\b")
    await portal.fill('[name="passcode"]', shown[1])
    await portal.keyboard.press("Enter")
    await portal.get_by_role("button", name=words("portal.home.add_device"), exact=True).click()
    link = portal.get_by_role("link", name=words("portal.add_device.open_here"), exact=True)
    await portal.screenshot(path=tmp_path / f"portal-code-{language}.png", full_page=True)

    # The app: its name, the number, and it is ready.
    await app.goto(await link.get_attribute("href") or "")
    await app.get_by_role("button", name=words("app.add.add"), exact=True).click()
    number = portal.locator(".number")
    await expect(number).to_have_text(re.compile(r"^\d\d$"))
    await portal.screenshot(path=tmp_path / f"portal-number-{language}.png", full_page=True)
    await app.get_by_label(words("app.request.number_activation")).fill(await number.inner_text())
    await app.get_by_role("button", name=words("app.request.activate"), exact=True).click()
    await expect(app.locator("#content")).to_contain_text(words("app.outcome.activated"))
    await expect(portal.locator(".holdings")).to_contain_text(words("portal.home.kind_device"))

    # The VPN: approved with the number, then one that nobody wanted.
    attempt = vpn.sign_in()
    asked = await heard(attempt, NUMBER)
    await app.get_by_label(words("app.request.number")).fill(asked[1])
    await app.screenshot(path=tmp_path / f"app-request-{language}.png", full_page=True)
    await app.get_by_role("button", name=words("app.request.approve"), exact=True).click()
    await expect(app.locator("#content")).to_contain_text(
        words("app.outcome.approved", application="").strip()
    )
    attempt.type("")
    await heard(attempt, WORDS[language]["accepted"])
    attempt = vpn.sign_in()
    await heard(attempt, NUMBER)
    await app.get_by_role("button", name=words("app.request.deny"), exact=True).click()
    attempt.type("")
    await heard(attempt, WORDS[language]["rejected"])

    # The passcode that the app shows, typed at the VPN.
    passcode = app.locator(".passcode-now")
    await expect(passcode).to_have_text(re.compile(r"^\d{3} \d{3}$"))
    attempt = vpn.sign_in()
    await heard(attempt, NUMBER)
    attempt.type((await passcode.inner_text()).replace(" ", ""))
    await heard(attempt, WORDS[language]["accepted"])
