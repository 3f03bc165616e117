"""What people may do themselves, set at the terminal through the real program."""

from __future__ import annotations

from tests.integration.cli.conftest import CommandLine

ENGLISH = ("What was your first street?", "Who taught you to read?", "What is your oldest book?")
GERMAN = ("Wie hieß Ihre erste Straße?", "Wer lehrte Sie lesen?", "Welches Buch haben Sie am längsten?")


def asked(*questions: str, language: str = "en") -> list[str]:
    return [word for each in questions for word in ("--security-question", f"{language}={each}")]


def test_security_questions_are_set_and_taken_away(quiet_house: CommandLine) -> None:
    """Inventory 1.26: by language, in their order; how many a person keeps, and how many must be right."""
    cli = quiet_house
    change = ("settings", "change")
    numbers = ("--security-questions-kept", "3", "--security-questions-right", "2")
    assert "security_questions" in cli.refused(*change, *asked(*ENGLISH[:2]), *numbers)
    assert "security_questions" in cli.refused(*change, *asked(ENGLISH[0], *ENGLISH[:2]), *numbers)
    assert "security_questions" in cli.refused(*change, *asked(*ENGLISH, language="tlh"), *numbers)
    assert cli.json("settings", "show")["security_questions"] == {}
    cli.out(*change, *asked(*ENGLISH), *asked(*GERMAN, language="de"), *numbers)
    after = cli.json("settings", "show")
    assert after["security_questions"] == {"en": list(ENGLISH), "de": list(GERMAN)}
    assert (after["security_questions_kept"], after["security_questions_right"]) == (3, 2)
    assert "security_questions_right" in cli.refused(*change, "--security-questions-right", "4")
    cli.out(*change, "--no-security-questions")
    assert cli.json("settings", "show")["security_questions"] == {}
