"""What is said of a client's trouble, in both languages."""

from __future__ import annotations

import pytest

from vestibule.catalog import LANGUAGES, keys
from vestibule.policy.client_doctor import Finding, Grade
from vestibule.services.client_words import finding_words

KEYS = {key.split(".")[1] for key in keys("client_doctor.") if key.endswith((".seen", ".why", ".next"))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_finding_says_what_was_seen_why_it_matters_and_what_to_do(language: str) -> None:
    assert len(KEYS) > 20
    for key in KEYS:
        for count in (1, 2):
            finding = Finding(key=key, grade=Grade.NOTE, count=count, value=7)
            assert all(words.endswith(".") for words in finding_words(language, finding))


def test_numbers_stand_where_they_belong() -> None:
    finding = Finding(key="gave_up", grade=Grade.PROBLEM, count=3, value=4)
    assert "gave up 3 times" in finding_words("en", finding)[0]
    assert "wartete 4 Sekunden" in finding_words("de", finding)[0]
