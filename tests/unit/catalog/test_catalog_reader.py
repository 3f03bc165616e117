"""The catalog's reader: literal placeholders, plural, negotiation."""

import pytest

from vestibule import catalog
from vestibule.catalog import LANGUAGES, UnknownText, Wording, WrongPlaceholders, negotiate, text

SAMPLE = {
    "sample.greeting": {"en": Wording("Hello, {name}."), "de": Wording("Guten Tag, {name}.")},
    "sample.left": {
        "en": Wording("{count} codes left", one="One code left"),
        "de": Wording("Noch {count} Codes", one="Noch ein Code"),
    },
    "sample.two": {"en": Wording("{first} and {second}"), "de": Wording("{first} und {second}")},
}


@pytest.fixture
def _sample(monkeypatch: pytest.MonkeyPatch) -> None:
    areas = {"sample": SAMPLE, "sampler": {"sampler.two": SAMPLE["sample.two"]}}
    monkeypatch.setattr(catalog, "_areas", lambda: tuple(areas))
    monkeypatch.setattr(catalog, "_read", areas.__getitem__)


@pytest.mark.usefixtures("_sample")
class TestText:
    def test_each_language_has_its_own_words(self) -> None:
        assert text("en", "sample.greeting", name="Ada") == "Hello, Ada."
        assert text("de", "sample.greeting", name="Ada") == "Guten Tag, Ada."

    @pytest.mark.parametrize(
        "value", ["{{7*7}}", "%s", "{0.__class__}", "{name}", "{second}", r"\1\g<0>", "${name}", "<b>"]
    )
    def test_a_value_stays_literal(self, value: str) -> None:
        """WEB-19: no value is ever read as template, format or pattern."""
        assert text("en", "sample.greeting", name=value) == f"Hello, {value}."
        assert text("en", "sample.two", first=value, second="2") == f"{value} and 2"

    @pytest.mark.parametrize(
        ("count", "expected"), [(1, "Noch ein Code"), (0, "Noch 0 Codes"), (7, "Noch 7 Codes")]
    )
    def test_one_and_other(self, count: int, expected: str) -> None:
        assert text("de", "sample.left", count=count) == expected

    def test_an_unknown_key_or_language_is_an_error(self) -> None:
        with pytest.raises(UnknownText, match="nothing"):
            text("en", "sample.nothing")
        with pytest.raises(UnknownText, match="'fr'"):
            text("fr", "sample.greeting", name="Ada")

    def test_missing_and_surplus_placeholders_are_errors_that_hide_values(self) -> None:
        with pytest.raises(WrongPlaceholders):
            text("en", "sample.greeting")
        with pytest.raises(WrongPlaceholders) as caught:
            text("en", "sample.greeting", name="Ada", passcode="123456")
        assert "123456" not in str(caught.value)

    def test_keys_by_prefix(self) -> None:
        assert list(catalog.keys("sample.t")) == ["sample.two"]
        assert list(catalog.keys("sample")) == [*SAMPLE, "sampler.two"]
        assert list(catalog.keys()) == [*SAMPLE, "sampler.two"]
        assert catalog.has("sample.two")
        assert not catalog.has("sample")
        assert not catalog.has("../sample.two")


class TestNegotiate:
    @pytest.mark.parametrize(
        ("accept", "preferred", "expected"),
        [
            (None, None, "en"),
            ("", "", "en"),
            ("de", None, "de"),
            ("de-AT,de;q=0.9,en;q=0.8", None, "de"),
            ("fr, en;q=0.4, de;q=0.5", None, "de"),
            ("EN-us", None, "en"),
            ("de;q=0, en;q=0.1", None, "en"),
            ("de;q=0", None, "en"),
            ("fr-CH, *;q=0.5", None, "en"),
            ("de", "en", "en"),
            ("en", "de-CH", "de"),
            ("en", "de_DE", "de"),
            ("de", "fr", "de"),
            ("de;q=2, en;q=0.1", None, "en"),
            ("de;q=nan;q=1", None, "en"),
            (";;;,,,q=1", None, "en"),
            ("x," * 100_000 + "de", None, "en"),
        ],
    )
    def test_user_then_browser_then_first(
        self, accept: str | None, preferred: str | None, expected: str
    ) -> None:
        assert negotiate(accept, preferred) == expected

    def test_always_a_language_of_the_catalog(self) -> None:
        assert {negotiate(header, None) for header in ("\x00", "de\r\n", "'\"", "ÿ" * 2000)} <= set(LANGUAGES)


class TestReading:
    def test_a_wording_of_another_shape_is_refused(self) -> None:
        with pytest.raises(TypeError, match="exactly 'one' and 'other'"):
            list(catalog._entries("area", {"en": {"one": "a"}, "de": "b"}))
        with pytest.raises(TypeError, match="neither"):
            list(catalog._entries("area", {"stray": "text"}))


def test_an_area_is_read_when_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first denial after a start waits for its own area, not for all there are."""
    read: list[str] = []
    monkeypatch.setattr(catalog, "_read", lambda area: read.append(area) or {})
    with pytest.raises(UnknownText):
        text("en", "radius.nothing")
    assert list(catalog.keys("radius.")) == []
    assert read == ["radius", "radius"]
