"""Every page of portal and console, rendered with sample data in every language."""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from jinja2 import meta, nodes

from vestibule.catalog import LANGUAGES, has, keys
from vestibule.frontends.http import templates
from vestibule.frontends.http.assets import Assets
from vestibule.frontends.http.templates import Pages, make_pages
from vestibule.frontends.http.templates.views import Frame

FRONTEND = Path(__file__).parents[4] / "frontend"
FOLDER = Path(templates.__file__).parent
ASSETS = Assets({name: name for name in ("page.css", "page.js", "favicon.svg")}, {})
PAGES_WITH_ROUTES = sorted(
    str(file.relative_to(FOLDER)) for file in FOLDER.rglob("*.html") if "Route:" in file.read_text()
)
VOID = {"meta", "link", "input", "br", "rect", "path", "circle", "img"}


@pytest.fixture(scope="module")
def preview() -> Iterator[Any]:
    """The preview's modules, which are no part of the package."""
    sys.path.insert(0, str(FRONTEND))
    try:
        yield import_module("preview")
    finally:
        sys.path.remove(str(FRONTEND))


@pytest.fixture(scope="module")
def pages() -> Pages:
    return make_pages(ASSETS)


@pytest.fixture(scope="module")
def rendered(preview: Any, pages: Pages) -> dict[tuple[str, str], str]:
    return {
        (language, sample.name): pages.render(
            sample.page, preview.frame_of(sample, language), **sample.variables
        )
        for language in LANGUAGES
        for sample in preview.samples()
    }


@pytest.fixture(scope="module")
def outlines(rendered: dict[tuple[str, str], str]) -> dict[tuple[str, str], "Outline"]:
    return {where: Outline(html) for where, html in rendered.items()}


class Outline(HTMLParser):
    """What a page consists of; complains about tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.crossed: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def _documented(page: str) -> set[str]:
    comment = (FOLDER / page).read_text().partition("-#}")[0]
    return set(re.findall(r"(?m)^    ([a-z][a-z_]*): ", comment)) - {"frame"}


def _own_names(parsed: nodes.Template) -> set[str]:
    """Return what the page itself defines."""
    imported = {node.target for node in parsed.find_all(nodes.Import)}
    picked = {str(name) for node in parsed.find_all(nodes.FromImport) for name in node.names}
    macros = {node.name for node in parsed.find_all(nodes.Macro)}
    assigned = {
        node.target.name for node in parsed.find_all(nodes.Assign) if isinstance(node.target, nodes.Name)
    }
    return imported | picked | macros | assigned


@pytest.mark.parametrize("page", PAGES_WITH_ROUTES)
def test_a_page_documents_the_variables_it_uses(page: str, pages: Pages) -> None:
    environment = pages.environment
    parsed = environment.parse((FOLDER / page).read_text())
    used = meta.find_undeclared_variables(parsed) - set(environment.globals) - _own_names(parsed) - {"frame"}
    assert used == _documented(page)


@pytest.mark.parametrize("page", PAGES_WITH_ROUTES)
def test_a_page_has_a_sample_with_just_its_variables(page: str, preview: Any) -> None:
    given = [set(sample.variables) for sample in preview.samples() if sample.page == page]
    assert given
    assert all(names == _documented(page) for names in given)


def test_every_page_is_well_formed_with_unique_identifiers(outlines: dict[tuple[str, str], Outline]) -> None:
    for where, outline in outlines.items():
        identifiers = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
        assert not outline.crossed, where
        assert not outline.open, where
        assert len(identifiers) == len(set(identifiers)), where


def test_no_page_has_inline_script_or_style(outlines: dict[tuple[str, str], Outline]) -> None:
    """WEB-16: what the policy forbids must not be needed anywhere."""
    for where, outline in outlines.items():
        assert not outline.all("style"), where
        assert [script["src"] for script in outline.all("script")] == ["/assets/page.js"], where
        for _, attributes in outline.elements:
            assert not [name for name in attributes if name == "style" or name.startswith("on")], where


def test_hostile_data_is_inert(rendered: dict[tuple[str, str], str], preview: Any) -> None:
    """WEB-10, WEB-19: names that came from outside are shown as they are and mean nothing."""
    hostile = import_module("preview_samples.sample").HOSTILE
    shown = [html for html in rendered.values() if "alert(1)" in html]
    assert len(shown) > 10
    for html in shown:
        assert hostile not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in html


def test_every_form_that_posts_carries_the_token(rendered: dict[tuple[str, str], str]) -> None:
    """WEB-09."""
    for where, html in rendered.items():
        for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", html, re.DOTALL):
            assert 'name="csrf_token" value="sample"' in form, where


def test_every_field_has_a_label_and_every_description_exists(
    outlines: dict[tuple[str, str], Outline],
) -> None:
    unlabelled = {"hidden", "checkbox", "radio"}
    for where, outline in outlines.items():
        identifiers = {attributes.get("id") for _, attributes in outline.elements}
        labelled = {label.get("for") for label in outline.all("label")}
        for field in [*outline.all("input"), *outline.all("select")]:
            if field.get("type") not in unlabelled and field.get("aria-hidden") != "true":
                assert field.get("id") in labelled, (where, field)
        for _, attributes in outline.elements:
            for reference in ("aria-describedby", "aria-labelledby", "popovertarget", "data-copy"):
                assert set((attributes.get(reference) or "").split()) <= identifiers, (where, attributes)


def test_each_language_says_that_it_is_its_own(rendered: dict[tuple[str, str], str]) -> None:
    for (language, _), html in rendered.items():
        assert f'<html lang="{language}">' in html


def test_the_theme_that_was_chosen_is_kept(pages: Pages) -> None:
    frame = Frame(language="de", csrf_token="t", path="/portal/", theme="dark")
    html = pages.render("sign_in/signed_out.html", frame, is_expired=False)
    assert '<html lang="de" data-theme="dark">' in html
    assert 'value="dark" title="Dunkel" aria-pressed="true"' in html


def test_passwords_are_never_filled_in(outlines: dict[tuple[str, str], Outline]) -> None:
    for where, outline in outlines.items():
        for field in outline.all("input"):
            if field.get("type") == "password" or "one-time-code" in (field.get("autocomplete") or ""):
                assert "value" not in field, where


def test_an_error_page_names_what_support_needs(rendered: dict[tuple[str, str], str]) -> None:
    """S77 and S38."""
    html = rendered["en", "error"]
    for wanted in (
        "form_expired",
        "/portal/authenticators/app",
        "c0rr3lat10n",
        "7K3N-9ZC4",
        "u1",
        "/portal/troubleshooting",
    ):
        assert wanted in html


def test_the_guide_explains_the_old_error_code(rendered: dict[tuple[str, str], str]) -> None:
    """S75."""
    assert all("0x800434D4L" in rendered[language, "troubleshooting"] for language in LANGUAGES)


def test_every_text_that_a_template_asks_for_is_there() -> None:
    asked = {
        key
        for file in FOLDER.rglob("*.html")
        for key in re.findall(r"\bt\(\"([a-z0-9_.]+)\"[,)]", file.read_text())
    }
    assert len(asked) > 300
    assert [key for key in sorted(asked) if not has(key)] == []


def test_no_text_of_the_pages_is_forgotten() -> None:
    """A text that neither a template nor the program names, whole or by its beginning, is dead."""
    sources = [*FOLDER.rglob("*.html"), *FOLDER.parents[2].rglob("*.py")]
    written = "\n".join(file.read_text() for file in sources)
    whole = set(re.findall(r"[\"']([a-z][a-z0-9_.]*)[\"']", written))
    begun = set(re.findall(r"[\"']([a-z][a-z0-9_]*\.[a-z0-9_.]*)(?:[\"'] ~|\{)", written))
    begun |= {f"{area}." for area in re.findall(r"named(?:_pairs)?\(\"([a-z0-9_.]+)\"", written)}
    areas = ("portal.", "console.", "ui.", "form.", "sign_in.", "help.")
    spoken = [key for area in areas for key in keys(area)]
    assert [key for key in spoken if key not in whole and not key.startswith(tuple(begun))] == []
