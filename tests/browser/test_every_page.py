"""Every page of portal and console is accessible, fits, and is worked by keyboard, in every language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from playwright.async_api import Page, ViewportSize

from tests.browser.scene import AXE, CHECKER, STANDARDS, THEMES, Theme
from tests.browser.shelf import DESK, SITE, SMALLEST, Shelf
from vestibule.catalog import LANGUAGES

LOOKS: tuple[tuple[Theme, ViewportSize], ...] = tuple(product(THEMES, (SMALLEST, DESK)))

VIOLATIONS = f"""(rules) => ({AXE})(rules).then(found =>
  found.passes.length ? found.violations.map(it => [it.id, it.nodes[0].html]) : ["nothing was looked at"])"""
TOO_WIDE = """[document.documentElement, ...document.querySelectorAll(".card")].filter(
  it => it.scrollWidth > it.clientWidth).map(it => it.className || it.tagName)"""

WATCH = """() => {
  window.reached = new Set();
  window.unseen = [];
  addEventListener("focusin", ({ target }) => {
    reached.add(target);
    if (getComputedStyle(target).outlineStyle === "none") unseen.push(target.outerHTML);
  });
  const controls = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  window.wanted = [...document.querySelectorAll(controls)].filter(
    it => it.checkVisibility() && !it.matches(":disabled, [type=radio]:not(:checked)"));
  document.activeElement.blur();
  return wanted.length;
}"""
LEFT_OUT = "wanted.filter(it => !reached.has(it)).map(it => it.outerHTML)"


@pytest.mark.no_turns
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("door", ["portal", "console"])
async def test_a_page_is_accessible_and_fits(
    shelf: Shelf, proof: Callable[[int, int], int], door: str, language: str
) -> None:
    """WCAG 2.2 AA as far as axe-core can tell, and §1.4.10: neither a page nor a card on it is cut off. Each
    template on the smallest phone and at a desk, by day and by night, by turns; under --prove every sample in
    every way."""
    page = await shelf.open("home")
    await page.context.add_init_script(path=CHECKER)
    await page.emulate_media(reduced_motion="reduce")
    is_whole = bool(proof(0, 1))
    for name, (theme, viewport) in _looks(shelf, door, language, is_whole=is_whole):
        where = (name, language, theme, viewport["width"])
        await page.set_viewport_size(viewport)
        await page.emulate_media(color_scheme=theme)
        await page.goto(f"{SITE}/{language}/{name}")
        assert await page.evaluate(VIOLATIONS, STANDARDS) == [], where
        assert await page.evaluate(TOO_WIDE) == [], where


def _looks(
    shelf: Shelf, door: str, language: str, *, is_whole: bool
) -> Iterator[tuple[str, tuple[Theme, ViewportSize]]]:
    """Yield what is looked at: for a quick run the first sample of each template in one of the languages, by
    turns."""
    turn = LANGUAGES.index(language)
    for number, (name, is_first) in enumerate(_samples(shelf, door)):
        if is_whole:
            yield from ((name, look) for look in LOOKS)
        elif is_first and number % len(LANGUAGES) == turn:
            yield name, LOOKS[number // len(LANGUAGES) % len(LOOKS)]


def _samples(shelf: Shelf, door: str) -> Iterator[tuple[str, bool]]:
    """Yield the names of samples behind one door, and whether each is the first of its template."""
    seen: set[Any] = set()
    for sample in shelf.samples.values():
        if sample.door == door:
            yield sample.name, sample.page not in seen
            seen.add(sample.page)


@pytest.mark.no_turns
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_page_of_the_portal_is_worked_by_keyboard(
    shelf: Shelf, proof: Callable[[int, int], int], language: str
) -> None:
    """WCAG 2.2 §2.1.1, §2.4.7: Tab reaches all that can be pressed or filled in, each stop can be seen. Each
    template in one of the languages, by turns; under --prove in all."""
    page = await shelf.open("home", language)
    is_whole = bool(proof(0, 1))
    for number, (name, is_first) in enumerate(_samples(shelf, "portal")):
        if is_first and (is_whole or number % len(LANGUAGES) == LANGUAGES.index(language)):
            await page.goto(f"{SITE}/{language}/{name}")
            await _walk(page)
            assert await page.evaluate(LEFT_OUT) == [], name
            assert await page.evaluate("unseen") == [], name


async def _walk(page: Page) -> None:
    for _ in range(1 + await page.evaluate(WATCH)):
        await page.keyboard.press("Tab")
