"""What counts of an answer to a security question."""

from __future__ import annotations

import pytest

from vestibule.model.security_question import SecurityAnswers, normalized


@pytest.mark.parametrize(
    "written", ["Straße 7", " STRASSE 7 ", "strasse7", "\uff33trasse\u00a07", "Stra\u00dfe, 7."]
)
def test_case_blanks_and_punctuation_do_not_matter(written: str) -> None:
    assert normalized(written) == "strasse7"


@pytest.mark.parametrize("other", ["strasse", "strasse8", "7strasse", "", "?!"])
def test_letters_and_digits_do(other: str) -> None:
    assert normalized(other) != "strasse7"


def test_answers_do_not_show_in_a_representation() -> None:
    assert "secret" not in repr(SecurityAnswers(tenant_id="t", user_id="u", sealed=b"secret", created_at=0))
