"""Forgotten passwords are reset by a text, a call or the app (inventory 1.26)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.houses import PASSWORD, TENANT
from tests.integration.passwords.conftest import Resetting
from tests.integration.phone.test_calls import Handset
from tests.integration.phone.test_texts import passcode_in
from tests.integration.registration.browser import ROOT, Browser, browsing, heading, words
from vestibule.model.actor import SYSTEM
from vestibule.model.application import PORTAL_APPLICATION
from vestibule.model.self_service import PasswordReset
from vestibule.model.verification import Reason, VerificationState
from vestibule.services.bypasses import NewBypass

NEW = "Nothing-like-it-before"
NOT_PROVEN = "That did not work"
HOUR = 3600


ON_SQLITE = pytest.mark.parametrize("resetting", ["sqlite"], indirect=True)


@pytest.fixture
async def browser(resetting: Resetting) -> AsyncIterator[Browser]:
    async with browsing(resetting.place) as opened:
        yield opened


async def ask(browser: Browser, name: str, way: str) -> httpx.Response:
    """Ask to be asked; return the page that is seen then."""
    return await browser.land(await browser.post(f"{ROOT}/reset/ask", username=name, way=way))


async def type_passcode(browser: Browser, passcode: str) -> httpx.Response:
    return await browser.land(await browser.post(f"{ROOT}/reset/asked", passcode=passcode))


async def choose(browser: Browser, passcode: str = "", new: str = NEW) -> httpx.Response:
    fields = {"passcode": passcode, "new": new, "again": new}
    return await browser.land(await browser.post(f"{ROOT}/reset/choose", **fields))


async def sign_in(browser: Browser, name: str, password: str) -> int:
    return (await browser.post(f"{ROOT}/sign-in", username=name, password=password)).status_code


async def test_a_password_is_reset_by_a_text(resetting: Resetting, browser: Browser) -> None:
    """The text goes to the number that is registered; the attempt stands in the list like any other."""
    await resetting.add("alice", "sms")
    assert "use my phone" in words(await browser.get(f"{ROOT}/reset"))
    assert heading(await ask(browser, "ALICE", "sms")) == "Is it you?"
    _, text = await resetting.far.next_text()
    assert "Password reset" in text.body.reveal()
    wrong = await type_passcode(browser, "000000")
    assert (wrong.status_code, NOT_PROVEN in words(wrong)) == (422, True)
    assert heading(await type_passcode(browser, passcode_in(text))) == "Choose a new password"
    named = await choose(browser, new="alice123")
    assert "little more than the user name" in words(named)
    assert heading(await choose(browser)) == "Sign in"
    (attempt,) = await resetting.house.attempts()
    assert await sign_in(browser, "alice", PASSWORD) == 403
    assert await sign_in(browser, "alice", NEW) == 303
    assert await resetting.events() == ["user.password_reset"]
    assert (attempt.application_name, attempt.reason) == ("Password reset", Reason.TEXT_VERIFIED)


@ON_SQLITE
async def test_a_password_is_reset_by_a_call(resetting: Resetting, browser: Browser) -> None:
    await resetting.add("alice", "voice")
    await ask(browser, "alice", "voice")
    gateway, call = await resetting.far.next_call()
    assert heading(await browser.get(f"{ROOT}/reset/asked")) == "Is it you?"
    phone = Handset(gateway, call.delivery_id)
    await phone.answer()
    await phone.press("#")
    assert (await browser.get(f"{ROOT}/reset/asked/state")).json() == {"moved": True}
    page = await browser.land(await browser.get(f"{ROOT}/reset/asked"))
    assert heading(page) == "Choose a new password"
    await choose(browser)
    assert await sign_in(browser, "alice", NEW) == 303


@ON_SQLITE
async def test_a_password_is_reset_by_the_app(resetting: Resetting, browser: Browser) -> None:
    """The app wants the number that the page of this browser shows (PU-04)."""
    _, (device,) = await resetting.apps.alice()
    page = await ask(browser, "alice", "app")
    number = re.search(r'class="number large"[^>]*>(\d\d)<', page.text)
    assert number is not None
    await device.approve(await device.next_request(), number[1])
    page = await browser.land(await browser.get(f"{ROOT}/reset/asked"))
    assert heading(page) == "Choose a new password"
    await choose(browser)
    assert await sign_in(browser, "alice", NEW) == 303


async def test_who_has_two_kinds_of_methods_proves_both(resetting: Resetting, browser: Browser) -> None:
    """As strong as a reset by passcodes; a text and a call to one phone are one kind."""
    alice = await resetting.add("alice", "sms", "voice", "totp")
    await ask(browser, "alice", "sms")
    _, text = await resetting.far.next_text()
    page = await type_passcode(browser, passcode_in(text))
    assert "more than one thing" in words(page)
    for passcode in ("", "000000"):
        assert NOT_PROVEN in words(await choose(browser, passcode))
    assert await sign_in(browser, "alice", PASSWORD) == 303
    own = alice.passcode(resetting.house.clock.now()).reveal()
    assert heading(await choose(browser, own)) == "Sign in"
    assert await sign_in(browser, "alice", NEW) == 303
    assert sorted(await resetting.events()) == ["user.password_reset", *["user.password_reset_refused"] * 2]


@ON_SQLITE
async def test_the_second_proof_may_be_by_phone_as_well(resetting: Resetting, browser: Browser) -> None:
    alice, (device,) = await resetting.apps.alice()
    await resetting.house.add_phone(alice, "sms", number="+4930123456")
    await ask(browser, "alice", "sms")
    _, text = await resetting.far.next_text()
    assert ">App<" in (await type_passcode(browser, passcode_in(text))).text
    page = await browser.land(await browser.post(f"{ROOT}/reset/another", way="app"))
    number = re.search(r'class="number large"[^>]*>(\d\d)<', page.text)
    assert number is not None
    await device.approve(await device.next_request(), number[1])
    page = await browser.land(await browser.get(f"{ROOT}/reset/asked"))
    assert "more than one thing" not in words(page)
    await choose(browser)
    assert await sign_in(browser, "alice", NEW) == 303


async def test_an_answer_is_for_the_browser_that_asked_and_counts_once(
    resetting: Resetting, browser: Browser
) -> None:
    """CH-07, CH-11: whoever has the passcode but has not asked gets nothing; what is spent is spent."""
    await resetting.add("alice", "sms")
    await ask(browser, "alice", "sms")
    _, text = await resetting.far.next_text()
    async with browsing(resetting.place) as other:
        await ask(other, "nobody", "sms")
        assert NOT_PROVEN in words(await type_passcode(other, passcode_in(text)))
        assert NOT_PROVEN in words(await choose(other))
    await type_passcode(browser, passcode_in(text))
    kept = dict(browser.client.cookies)
    await choose(browser)
    browser.client.cookies.update(kept)
    assert NOT_PROVEN in words(await choose(browser, new="Another-of-her-words"))
    assert await sign_in(browser, "alice", NEW) == 303


@ON_SQLITE
async def test_a_question_that_was_not_answered_in_time_is_over(
    resetting: Resetting, browser: Browser
) -> None:
    await resetting.add("alice", "sms")
    await ask(browser, "alice", "sms")
    _, text = await resetting.far.next_text()
    resetting.house.clock.advance(301)
    assert NOT_PROVEN in words(await type_passcode(browser, passcode_in(text)))
    resetting.house.clock.advance(HOUR)
    await ask(browser, "alice", "sms")
    _, text = await resetting.far.next_text()
    await type_passcode(browser, passcode_in(text))
    resetting.house.clock.advance(601)
    assert NOT_PROVEN in words(await choose(browser))
    assert await sign_in(browser, "alice", PASSWORD) == 303


async def test_questions_that_nobody_answers_are_few(resetting: Resetting, browser: Browser) -> None:
    """BF-09, SMS-04: two from one place and three from anywhere within an hour; an answer forgives."""
    await resetting.add("alice", "sms")
    for _ in range(3):
        await ask(browser, "alice", "sms")
        resetting.house.clock.advance(20)
    async with browsing(resetting.place, address="203.0.113.5") as elsewhere:
        for _ in range(2):
            await ask(elsewhere, "alice", "sms")
            resetting.house.clock.advance(20)
    asked = [attempt.reason for attempt in await resetting.house.attempts()]
    assert asked.count(Reason.LOCKED_OUT) == 2
    resetting.house.clock.advance(HOUR)
    await ask(browser, "alice", "sms")
    attempts = await resetting.house.attempts()
    assert attempts[-1].state is VerificationState.PENDING


@ON_SQLITE
async def test_nothing_stands_for_a_proof(resetting: Resetting, browser: Browser) -> None:
    """BYP-04: a bypass lets nobody reset anything, and is not spent."""
    alice = await resetting.add("alice", "sms")
    bypass = NewBypass(reason="lost his phone")
    await resetting.house.services.bypasses.make(SYSTEM, TENANT, alice.user.user_id, bypass)
    assert heading(await ask(browser, "alice", "sms")) == "Is it you?"
    assert heading(await browser.land(await browser.get(f"{ROOT}/reset/asked"))) == "Is it you?"
    assert (await resetting.house.attempts())[-1].reason is Reason.TEXT_PENDING
    assert await resetting.events("bypass") == ["bypass.made"]


@ON_SQLITE
async def test_it_is_off_unless_the_tenant_allows_it(resetting: Resetting, browser: Browser) -> None:
    await resetting.add("alice", "sms")
    await ask(browser, "alice", "sms")
    _, text = await resetting.far.next_text()
    for off in ({"password_reset_by_phone": False}, {"password_reset": PasswordReset.OFF}):
        await resetting.house.change_settings(password_reset_by_phone=True)
        await resetting.house.change_settings(**off)
        assert (await browser.get(f"{ROOT}/reset/ask")).status_code == 404
        assert (await ask(browser, "alice", "sms")).status_code == 404
        gone = await browser.post(f"{ROOT}/reset/asked", passcode=passcode_in(text))
        assert (gone.status_code, gone.headers["location"]) == (303, f"{ROOT}/reset")
    assert resetting.house.services.configuration.current.applications.keys() == {
        ("system", "console"),
        (TENANT, PORTAL_APPLICATION),
        (TENANT, "vpn"),
    }


@ON_SQLITE
async def test_whoever_knows_only_a_name_has_nobody_blocked(resetting: Resetting, browser: Browser) -> None:
    """FRA-02: that it was not he is told to administrators, but blocks nobody."""
    alice = await resetting.add("alice", "voice")
    await ask(browser, "alice", "voice")
    gateway, call = await resetting.far.next_call()
    phone = Handset(gateway, call.delivery_id)
    await phone.answer()
    await phone.press("0#")
    await phone.press("1")
    assert await resetting.events("user.fraud") == ["user.fraud_reported"]
    subject = await resetting.house.store.read(lambda tx: tx.subject(TENANT, alice.user.user_id))
    assert subject is not None
    assert not subject.user.is_blocked(resetting.house.clock.now())
