"""Phones through the real program: added, listed, chosen and removed."""

from __future__ import annotations

from tests.integration.cli.conftest import CommandLine


def test_phones_are_added_listed_chosen_and_removed(cli: CommandLine) -> None:
    cli.out("user", "add", "phil", "--password", "none")
    assert "The user has no phone." in cli("phone", "list", "phil").stderr
    told = cli.out("phone", "add", "phil", "+49 30 1234567", "--for", "sms", "--two-way")
    assert told == "phil has the phone +49301234567 now. It counts at once.\n"
    added = cli.json("phone", "add", "phil", "+49 30 1234567 x,,12", "--for", "voice", "--label", "Office")
    assert (added["method"], added["phone"], added["label"]) == ("voice", "+49301234567 x,,12", "Office")
    assert [one["method"] for one in cli.json("phone", "list", "phil")] == ["sms", "voice"]
    assert "+49301234567 x,,12" in cli.out("phone", "list", "phil")
    assert cli.out("phone", "default", "phil", "voice").startswith("phil is asked by")
    assert cli.json("user", "show", "phil")["default_method"] == "voice"
    assert "Nothing of this kind" in cli.refused("phone", "default", "phil", "totp")
    assert "no preference" in cli.out("phone", "default", "phil")
    assert "[y/N]" in cli("phone", "remove", "phil", "Office", typed="n\n").stderr
    cli.out("phone", "remove", "phil", "Office", "--yes")
    cli.out("phone", "remove", "phil", "+49 30 1234567", "--yes")
    assert cli.json("phone", "list", "phil") == []


def test_what_is_no_phone_is_refused_with_the_way_on(cli: CommandLine) -> None:
    cli.out("user", "add", "fred", "--password", "none")
    assert "plus sign" in cli.refused("phone", "add", "fred", "030 123", "--for", "sms")
    assert "not called or texted" in cli.refused("phone", "add", "fred", "+1 900 234 5678", "--for", "voice")
    assert "There is no PIN" in cli.refused(
        "phone", "add", "fred", "+49 30 1234567", "--for", "sms", "--with-pin"
    )
    german = cli("phone", "add", "fred", "030", "--for", "sms", language="de_DE.UTF-8").stderr
    assert "Landesvorwahl" in german
    cli.out("pin", "set", "fred", "--keep", typed="8305\n")
    added = cli.json("phone", "add", "fred", "+49 30 1234567", "--for", "sms", "--with-pin")
    assert added["status"] == "active"


def test_a_country_is_opened_and_closed(cli: CommandLine) -> None:
    """SMS-04: the refusal names the country and the command that opens it."""
    cli.out("user", "add", "fern", "--password", "none")
    said = cli.refused("phone", "add", "fern", "+48 22 1234567", "--for", "sms")
    assert "+48" in said
    assert "settings change --open-country +48" in said
    before = cli.json("settings", "show")["calling_codes"]
    assert "48" in cli.out("settings", "change", "--open-country", "+48")
    assert cli.json("settings", "show")["calling_codes"] == [*before, "48"], "the others stay open"
    cli.out("phone", "add", "fern", "+48 22 1234567", "--for", "sms")
    cli.out("settings", "change", "--close-country", "48")
    assert cli.json("settings", "show")["calling_codes"] == before
