"""Pages with sample data in a real browser: what they do with a script, what without, and for whom."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.browser.shelf import PHONE, SITE, Shelf


def _content(file: Path) -> str:
    return file.read_text(encoding="utf-8")


async def test_a_question_works_without_script(shelf: Shelf) -> None:
    page = await shelf.open("home", java_script_enabled=False)
    dialog = page.locator("dialog#remove-a1")
    assert not await dialog.is_visible()
    await page.locator("button[popovertarget=remove-a1]").first.click()
    assert await dialog.is_visible()
    await dialog.get_by_role("button", name="Cancel").click()
    assert not await dialog.is_visible()
    await page.locator("button[popovertarget=remove-a1]").first.click()
    async with page.expect_navigation():
        await dialog.get_by_role("button", name="Remove").click()
    assert shelf.posted == ["/portal/authenticators/a1/remove csrf_token=sample"]


async def test_a_question_keeps_the_keyboard_inside_and_gives_it_back(shelf: Shelf) -> None:
    page = await shelf.open("home")
    opener = page.get_by_role("button", name="Remove: Diensttelefon")
    await opener.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    assert await dialog.get_attribute("aria-labelledby") == "remove-a1-title"
    assert await page.evaluate("document.activeElement.textContent") == "Cancel"
    for _ in range(6):
        await page.keyboard.press("Tab")
        inside = (
            "document.activeElement === document.body || !!document.activeElement.closest('dialog[open]')"
        )
        assert await page.evaluate(inside)
    await page.keyboard.press("Escape")
    assert await dialog.count() == 0
    assert await opener.evaluate("it => it === document.activeElement")
    assert shelf.posted == []


async def test_light_and_dark_switch_in_place_and_are_remembered(shelf: Shelf) -> None:
    page = await shelf.open("add-app-wrong", color_scheme="light")
    await page.locator("#field-passcode").fill("123456")
    before = await page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor")
    async with page.expect_response(f"{SITE}/preferences"):
        await page.get_by_role("button", name="Dark", exact=True).click()
    assert await page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor") != before
    assert await page.locator("#field-passcode").input_value() == "123456"
    assert shelf.posted == ["/preferences csrf_token=sample&return_to=%2Fen%2Fadd-app-wrong.html&theme=dark"]


async def test_light_and_dark_switch_without_script(shelf: Shelf) -> None:
    page = await shelf.open("sign-in", java_script_enabled=False)
    async with page.expect_navigation():
        await page.get_by_role("button", name="Dark", exact=True).click()
    assert shelf.posted == ["/preferences csrf_token=sample&return_to=%2Fen%2Fsign-in.html&theme=dark"]


@pytest.mark.parametrize(
    ("language", "expected"), [("en", "3 Nov 2026, 15:05"), ("de", "3. Nov. 2026, 15:05")]
)
async def test_times_are_told_in_the_time_of_the_reader(shelf: Shelf, language: str, expected: str) -> None:
    page = await shelf.open("recovery-codes", language)
    assert await page.locator("time").inner_text() == expected
    plain = await shelf.open("recovery-codes", language, java_script_enabled=False)
    assert await plain.locator("time").inner_text() == expected.replace("15:05", "14:05 UTC")


async def test_recovery_codes_can_be_copied_and_saved(shelf: Shelf) -> None:
    page = await shelf.open("recovery-codes", permissions=["clipboard-read", "clipboard-write"])
    codes = [await item.inner_text() for item in await page.locator("#codes li").all()]
    await page.get_by_role("button", name="Copy").click()
    await page.get_by_role("button", name="Copied").wait_for()
    assert (await page.evaluate("navigator.clipboard.readText()")).splitlines() == codes
    async with page.expect_download() as saving:
        await page.get_by_role("link", name="Save as file").click()
    saved = await saving.value
    assert saved.suggested_filename == "recovery-codes.txt"
    assert _content(await saved.path()).split() == codes


async def test_recovery_codes_can_be_saved_without_script(shelf: Shelf) -> None:
    page = await shelf.open("recovery-codes", java_script_enabled=False)
    assert not await page.get_by_role("button", name="Copy").is_visible()
    async with page.expect_download() as saving:
        await page.get_by_role("link", name="Save as file").click()
    assert len(_content(await (await saving.value).path()).split()) == 10


@pytest.mark.parametrize("has_script", [True, False])
async def test_the_menu_opens_on_a_phone(shelf: Shelf, has_script: bool) -> None:
    page = await shelf.open("users", viewport=PHONE, java_script_enabled=has_script)
    users = page.get_by_role("navigation", name="Main navigation").get_by_role("link", name="Users")
    assert not await users.is_visible()
    await page.get_by_role("button", name="Menu").click()
    assert await users.is_visible()
    assert await users.get_attribute("aria-current") == "page"
    await page.get_by_role("button", name="Close").click()
    assert not await users.is_visible()


async def test_a_form_is_sent_once(shelf: Shelf) -> None:
    page = await shelf.open("add-token")
    sent = await page.evaluate(
        """() => {
            const form = document.querySelector("form[action$='/authenticators/token']");
            let sent = 0;
            document.addEventListener("submit", (event) => { if (!event.defaultPrevented) sent++;
                                                             event.preventDefault(); });
            form.querySelector("[name=passcode]").value = "123456";
            const button = form.querySelector("button[type=submit]");
            button.click(); button.click(); button.click();
            return sent;
        }"""
    )
    assert sent == 1


async def test_a_password_is_shown_on_request_and_hidden_before_it_is_sent(shelf: Shelf) -> None:
    page = await shelf.open("sign-in")
    password = page.locator("#field-password")
    await page.locator("#field-username").fill("alice")
    await password.fill("correct horse")
    await page.get_by_role("button", name="Show password").click()
    assert await password.get_attribute("type") == "text"
    await page.evaluate("addEventListener('submit', (event) => event.preventDefault(), true)")
    await page.get_by_role("button", name="Continue").click()
    assert await password.get_attribute("type") == "password"


async def test_the_keys_of_the_keyboard_are_those_of_the_phone_in_their_order(shelf: Shelf) -> None:
    page = await shelf.open("phone-talks")
    await page.keyboard.type("12a*#0")
    await page.keyboard.press("Control+5")
    async with asyncio.timeout(10):
        while len(shelf.posted) < 5:
            await page.evaluate("new Promise(requestAnimationFrame)")
    bodies = [parse_qs(posted.partition(" ")[2]) for posted in shelf.posted]
    assert [body["keys"] for body in bodies] == [["1"], ["2"], ["*"], ["#"], ["0"]]
    assert {(body["act"][0], body["number"][0]) for body in bodies} == {("press", "+493023125142")}


async def test_a_call_is_spoken_aloud_on_request_in_its_languages(shelf: Shelf) -> None:
    page = await shelf.open("phone-talks")
    # A browser without a screen has no voice: what it was given to say is what counts.
    await page.add_init_script(
        "window.spoken = []; SpeechSynthesis.prototype.speak = it => spoken.push([it.lang, it.text])"
    )
    await page.reload()
    assert await page.evaluate("spoken") == []
    speak = page.get_by_role("button", name="Speak aloud")
    await speak.click()
    assert await speak.get_attribute("aria-pressed") == "true"
    spoken = await page.evaluate("spoken")
    assert [language for language, _ in spoken] == ["de", "en"]
    assert spoken[0][1].startswith("Guten Tag.")
    await speak.click()
    await speak.click()
    assert len(await page.evaluate("spoken")) == 2, "nothing is said twice"


async def test_the_keyboard_reaches_the_content_first(shelf: Shelf) -> None:
    page = await shelf.open("users")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "Skip to content"
    assert await page.evaluate("document.activeElement.getBoundingClientRect().top >= 0")
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "content"


async def test_every_stop_of_the_keyboard_can_be_seen(shelf: Shelf) -> None:
    page = await shelf.open("user-methods")
    stops = 0
    for _ in range(60):
        await page.keyboard.press("Tab")
        outline = await page.evaluate(
            "[document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]"
        )
        if outline[0] == "BODY":
            break
        assert outline[1] != "none", outline
        stops += 1
    assert stops > 20


async def test_only_the_codes_go_on_paper(shelf: Shelf) -> None:
    page = await shelf.open("recovery-codes", color_scheme="dark")
    await page.emulate_media(media="print")
    assert await page.locator("#codes").is_visible()
    for left_out in ("button", "a[download]", "footer", ".alert"):
        assert not await page.locator(left_out).first.is_visible(), left_out
