"""Every text of the catalog: complete in both languages, plain, and polite."""

import re
from collections.abc import Iterator

from vestibule.catalog import LANGUAGES, keys, wordings

FAMILIAR = re.compile(r"\b(?:du|dein\w*|dich|dir|euch|euer|eure\w*)\b", re.IGNORECASE)
# At the start of a sentence these would be orders to a friend; "Geben Sie", "Wählen Sie" are not.
FAMILIAR_ORDERS = re.compile(
    r"(?:^|[.:!?] )(?:Gib|Wähle|Scanne|Öffne|Prüfe|Melde|Klicke?|Tippe|Bewahre|Bestätige|Nutze)\b"
)
PADDING = re.compile(r"\b(?:simply|easily|obviously)\b", re.IGNORECASE)


def _spoken() -> Iterator[tuple[str, str, str]]:
    """Yield every text as key, language, words."""
    for key in keys():
        for language, wording in wordings(key).items():
            yield key, language, wording.other
            if wording.one is not None:
                yield key, language, wording.one


def test_the_catalog_is_read() -> None:
    assert "common.product" in set(keys())


def test_every_key_has_every_language() -> None:
    assert [key for key in keys() if set(wordings(key)) != set(LANGUAGES)] == []


def test_every_text_says_something() -> None:
    # A prompt in a terminal ends with a colon and a blank; nothing else ends with a blank.
    untidy = re.compile(r"^$|^\s|[^:]\s$|\S  ")
    assert [entry for entry in _spoken() if untidy.search(entry[2])] == []


def test_the_languages_take_the_same_placeholders() -> None:
    assert [key for key in keys() if len({w.placeholders for w in wordings(key).values()}) != 1] == []


def test_the_languages_agree_on_counting() -> None:
    assert [key for key in keys() if len({w.one is None for w in wordings(key).values()}) != 1] == []


def test_a_brace_is_part_of_a_placeholder() -> None:
    named = re.compile(r"\{[a-z][a-z0-9_]*\}")
    assert [entry for entry in _spoken() if re.search(r"[{}]", named.sub("", entry[2]))] == []


def test_keys_are_lower_case_words() -> None:
    named = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9][a-z0-9_]*)+")
    assert [key for key in keys() if not named.fullmatch(key)] == []


def test_german_says_sie() -> None:
    german = [entry for entry in _spoken() if entry[1] == "de"]
    assert [entry for entry in german if FAMILIAR.search(entry[2]) or FAMILIAR_ORDERS.search(entry[2])] == []


def test_english_is_plain() -> None:
    english = [entry for entry in _spoken() if entry[1] == "en"]
    assert [entry for entry in english if PADDING.search(entry[2]) or "'" in entry[2]] == []
