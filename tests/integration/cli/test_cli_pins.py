"""PINs through the real program: typed in or shown once, never an argument."""

from __future__ import annotations

from tests.integration.cli.conftest import CommandLine


def test_a_pin_is_generated_shown_once_and_cleared(cli: CommandLine) -> None:
    cli.out("user", "add", "pia", "--password", "none")
    assert cli.out("pin", "show", "pia") == "pia has no PIN.\n"
    done = cli("pin", "generate", "PIA")
    assert done.returncode == 0
    pin = done.stdout.strip()
    assert pin.isdigit()
    assert len(pin) == 6
    assert "pia has a new PIN." in done.stderr
    assert "must be changed" in cli.out("pin", "show", "pia")
    shown = cli.json("pin", "show", "pia")
    assert (shown["is_set"], shown["must_change"]) == (True, True)
    assert cli.json("pin", "generate", "pia")["pin"] != pin
    assert "[y/N]" in cli("pin", "clear", "pia", typed="n\n").stderr
    assert cli.out("pin", "clear", "pia", "--yes") == "pia has no PIN any more.\n"
    assert "There is no PIN" in cli.refused("pin", "clear", "pia", "--yes")
    assert "There is no PIN" in cli.refused("pin", "require-change", "pia")


def test_a_pin_is_typed_in_and_judged_by_the_rules(cli: CommandLine) -> None:
    cli.out("user", "add", "pit", "--password", "none", "--phone", "+49 30 2748650")
    assert cli.out("pin", "set", "pit", "--keep", typed="8305\n") == "pit has a new PIN.\n"
    assert cli.json("pin", "show", "pit")["must_change"] is False
    refused = cli.refused("pin", "set", "pit", typed="30111\n")
    assert "the same digit three times in a row" in refused
    assert "a part of the phone number" in cli.refused("pin", "set", "pit", typed="302748\n")
    assert "This PIN was used before" in cli.refused("pin", "set", "pit", typed="8305\n")
    assert "mindestens 4 Ziffern" in cli("pin", "set", "pit", typed="83\n", language="de_DE.UTF-8").stderr
    assert "PIN is empty" in cli.refused("pin", "set", "pit", typed="\n")
    assert cli.out("pin", "require-change", "pit").startswith("The PIN of pit opens nothing")
    assert cli.json("pin", "show", "pit")["must_change"] is True


def test_the_rules_are_settings_of_the_tenant(quiet_house: CommandLine) -> None:
    cli = quiet_house
    cli.out("user", "add", "pam", "--password", "none")
    told = cli.out(
        "settings", "change", "--pin-least-digits", "8", "--calling-code", "49", "--calling-code", "43"
    )
    assert "49, 43" in told
    assert len(cli.json("pin", "generate", "pam")["pin"]) == 8
    assert "at least 8 digits" in cli.refused("pin", "set", "pam", typed="830519\n")
    assert "outside its bounds" in cli.refused("settings", "change", "--pin-least-digits", "3")
    assert "country_code: 4930" in cli.refused("settings", "change", "--country-code", "4930")
    assert cli.json("settings", "show")["calling_codes"] == ["49", "43"]
    cli.out("settings", "change", "--no-calling-codes", "--pin-least-digits", "4")
    assert cli.json("settings", "show")["calling_codes"] == []
