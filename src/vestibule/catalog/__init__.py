"""The catalog: every text that a person reads, in English and German.

It is data and a small reader of it. It must never know who asks, and it never interprets a value that it is
given: a placeholder's value lands in the text as it is, whatever braces, percent signs or template syntax it
contains.

One TOML file in this folder holds the texts of one area; the file's name begins the key. To add texts, add
them to the file of your area, or put a new `AREA.toml` here, nothing else. `portal.toml` with

    [sign_in.welcome]
    en = "Welcome, {name}."
    de = "Willkommen, {name}."

    [home.codes_left]
    en = { one = "One code left", other = "{count} codes left" }
    de = { one = "Noch ein Code", other = "Noch {count} Codes" }

gives the keys `portal.sign_in.welcome` and `portal.home.codes_left`:

    text("de", "portal.sign_in.welcome", name=user.name)
    text("en", "portal.home.codes_left", count=3)

Rules, kept by `tests/unit/catalog/`: every key has every language; the languages of a key have the same
placeholders; a brace is only ever part of a placeholder `{lower_case_name}`; German addresses people as
"Sie"; no text is empty. A key with `one` and `other` is chosen by the placeholder `count`. Values that are
numbers or times are formatted by the caller.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, TypeAlias

LANGUAGES: Final = ("en", "de")
"""The languages of the catalog as BCP 47 primary subtags; the first is the one to fall back to."""

_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_LONGEST_HEADER: Final = 1000


_Area: TypeAlias = "Mapping[str, Mapping[str, Wording]]"
"""Wordings by key and language."""


class UnknownText(LookupError):
    """A key, or a language, that the catalog does not have: the program is wrong, not its user."""


class WrongPlaceholders(ValueError):
    """A text was asked for with too few or too many placeholders; names them, never their values."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One text in one language. `one` is what to say for a count of exactly one; otherwise `other` holds."""

    other: str
    one: str | None = None

    @property
    def placeholders(self) -> frozenset[str]:
        """The names in braces, plus `count` where the wording depends on it."""
        named = frozenset(_PLACEHOLDER.findall(self.other + (self.one or "")))
        return named if self.one is None else named | {"count"}


def text(language: str, key: str, /, **placeholders: str | int) -> str:
    """Return the text of `key` in `language`, each `{name}` replaced by the value of that name, literally.

    Raises UnknownText for a language or key that is not there, WrongPlaceholders when names are missing or
    surplus.
    """
    wording = _wording(language, key)
    if wording.placeholders != placeholders.keys():
        wanted, given = sorted(wording.placeholders), sorted(placeholders)
        raise WrongPlaceholders(f"text {key!r} takes {wanted}, was given {given}")
    chosen = wording.one if wording.one is not None and placeholders["count"] == 1 else wording.other
    # One pass over the catalog's own words: a value is never searched for placeholders again.
    return _PLACEHOLDER.sub(lambda found: str(placeholders[found[1]]), chosen)


def has(key: str) -> bool:
    """Tell whether the catalog has the key; for names that come from a plug-in, such as a reason."""
    return key in _area_of(key)


def keys(prefix: str = "") -> Iterator[str]:
    """Yield every key that starts with `prefix`, in the order of the files."""
    name, dot, _ = prefix.partition(".")
    areas = (area for area in _areas() if (area == name if dot else area.startswith(name)))
    return (key for area in areas for key in _read(area) if key.startswith(prefix))


def wordings(key: str) -> Mapping[str, Wording]:
    """Return the wordings of a key by language; raises UnknownText."""
    try:
        return _area_of(key)[key]
    except KeyError:
        raise UnknownText(f"the catalog has no text {key!r}") from None


def negotiate(accept_language: str | None, preferred: str | None) -> str:
    """Choose a language: the one the user has set, else the best of the browser's, else the first there is.

    `accept_language` is the header's value (RFC 9110 §12.5.4), which may be anything; a region is ignored
    (`de-AT` is `de`), a weight of 0 excludes, equal weights keep their order.
    """
    own = _known(preferred or "")
    if own is not None:
        return own
    wanted = sorted(_ranges(accept_language or ""), key=lambda entry: -entry[1])
    for tag, weight in wanted:
        language = LANGUAGES[0] if tag == "*" else _known(tag)
        if language is not None and weight > 0:
            return language
    return LANGUAGES[0]


def _ranges(header: str) -> Iterator[tuple[str, float]]:
    # The header is cut, so that a hostile one costs no more than a long honest one.
    for entry in header[:_LONGEST_HEADER].split(","):
        tag, _, parameter = entry.partition(";")
        yield tag.strip(), _weight(parameter)


def _weight(parameter: str) -> float:
    # RFC 9110 §12.4.2: at most three decimals between 0 and 1; what is malformed counts as 0.
    if not parameter.strip():
        return 1.0
    found = re.fullmatch(r"\s*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*", parameter)
    return float(found[1]) if found else 0.0


def _known(tag: str) -> str | None:
    primary = tag.strip().replace("_", "-").partition("-")[0].lower()
    return primary if primary in LANGUAGES else None


def _wording(language: str, key: str) -> Wording:
    try:
        return wordings(key)[language]
    except KeyError:
        raise UnknownText(f"the catalog has no language {language!r}") from None


def _area_of(key: str) -> _Area:
    """Return the texts of the area that a key begins with; none where there is no such area."""
    name = key.partition(".")[0]
    return _read(name) if name in _areas() else {}


@cache
def _areas() -> tuple[str, ...]:
    files_here = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in files_here if name.endswith(".toml")))


@cache
def _read(area: str) -> _Area:
    # Each when it is first wanted: all of them take a tenth of a second, in which nobody is answered.
    content = (files(__name__) / f"{area}.toml").read_text(encoding="utf-8")
    return dict(_entries(area, tomllib.loads(content)))


def _entries(key: str, table: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, Wording]]]:
    if LANGUAGES[0] in table:
        yield key, {language: _parsed(key, wording) for language, wording in table.items()}
        return
    for name, inner in table.items():
        if not isinstance(inner, Mapping):
            raise TypeError(f"{key}.{name} is neither a text nor a group of texts")
        yield from _entries(f"{key}.{name}", inner)


def _parsed(key: str, wording: object) -> Wording:
    match wording:
        case str():
            return Wording(other=wording)
        case {"one": str() as one, "other": str() as other, **rest} if not rest:
            return Wording(other=other, one=one)
        case _:
            raise TypeError(f"{key}: a wording is a text, or has exactly 'one' and 'other'")
