"""Registration at the terminal, through the real program beside a running server."""

from __future__ import annotations

from pathlib import Path

from tests.integration.cli.conftest import CommandLine


def test_many_are_required_from_a_file_and_tried_first(quiet_house: CommandLine, tmp_path: Path) -> None:
    cli = quiet_house
    for name in ("rita", "sven"):
        cli.out("user", "add", name, "--password", "none")
    file = tmp_path / "people.txt"
    file.write_text("# the office\nrita\n\nSVEN\n")
    command = ("registration", "require", "enabled", "--file", str(file))
    dry = cli(*command, "--dry-run")
    assert "For 2 users: enabled." in dry.stdout
    assert cli.json("user", "show", "rita")["requirement"] == "disabled"
    assert "For 2 users: enabled." in cli.out(*command)
    assert cli.json("user", "show", "sven")["requirement"] == "enabled"
    told = cli.refused("registration", "require", "enforced", "rita", "nobody-else")
    assert "nobody-else" in told
    assert cli.json("user", "show", "rita")["requirement"] == "enabled"


def test_one_act_is_done_for_many_and_tried_first(quiet_house: CommandLine, tmp_path: Path) -> None:
    """Inventory 1.10: singly and in bulk; a trial changes nothing, and an unknown name stops all of it."""
    cli = quiet_house
    for name in ("vera", "willi"):
        cli.out("user", "add", name, "--password", "none")
    file = tmp_path / "leavers.txt"
    file.write_text("# gone\nVERA\nwilli\n")
    command = ("user", "bulk", "disable", "--file", str(file))
    assert "Disable: 2 users." in cli.out(*command, "--dry-run")
    assert cli.json("user", "show", "vera")["status"] == "active"
    cli.refused(*command, typed="n\n")
    assert cli.json("user", "show", "vera")["status"] == "active"
    assert "Disable: 2 users." in cli.out(*command, "--yes")
    assert cli.json("user", "show", "willi")["status"] == "disabled"
    assert "nobody-at-all" in cli.refused("user", "bulk", "enable", "vera", "nobody-at-all", "--yes")
    assert cli.json("user", "show", "vera")["status"] == "disabled"
    for act in ("enable", "require-enabled", "register-anew"):
        done = cli.json("user", "bulk", act, "vera", "--yes")
        assert (done["chosen"], done["changed"], done["left_out"]) == (1, 1, [])
    vera = cli.json("user", "show", "vera")
    assert (vera["status"], vera["requirement"], vera["must_register"]) == ("active", "enabled", True)
    cli.out("group", "add", "Leavers")
    cli.out("user", "bulk", "join", "vera", "willi", "--group", "Leavers", "--yes")
    assert "2" in cli.out("group", "list")
    assert "--group" in cli.refused("user", "bulk", "join", "vera")
    assert "register-anew" in cli.refused("user", "bulk", "promote", "vera")


def test_enforcing_who_has_registered_nothing_asks_first(quiet_house: CommandLine) -> None:
    cli = quiet_house
    cli.out("user", "add", "tina", "--password", "none")
    refused = cli.refused("registration", "require", "enforced", "tina", typed="n\n")
    assert "tina" in refused
    assert cli.json("user", "show", "tina")["requirement"] == "disabled"
    cli.out("registration", "require", "enforced", "tina", "--yes")
    assert "enforced" in cli.out("user", "show", "tina")


def test_a_code_a_window_and_a_demand(quiet_house: CommandLine) -> None:
    cli = quiet_house
    cli.out("user", "add", "uwe", "--password", "none")
    code = cli.out("registration", "code", "uwe").strip()
    assert len(code) == 11
    assert "2 hours" in cli.out("registration", "window", "uwe", "--hours", "2")
    assert {each["vouch"] for each in cli.json("registration", "vouchers", "uwe")} == {"letter", "help_desk"}
    cli.out("registration", "withdraw", "uwe")
    assert cli.json("registration", "vouchers", "uwe") == []
    cli.out("registration", "demand", "uwe", "--yes")
    assert cli.json("user", "show", "uwe")["must_register"] is True
    cli.out("registration", "forgo", "uwe")
    assert cli.json("user", "show", "uwe")["must_register"] is False


def test_settings_of_registration_are_changed(quiet_house: CommandLine) -> None:
    cli = quiet_house
    cli.out(
        "settings",
        "change",
        "--method",
        "totp",
        "--registration-policy",
        "everybody",
        "--vouching",
        "help_desk",
        "--registration-open-until",
        "2030-01-31",
    )
    after = cli.json("settings", "show")
    assert (after["methods"], after["vouching"]) == (["totp"], ["help_desk"])
    assert "There is" in cli.refused("settings", "change", "--method", "pigeon")
    cli.out("settings", "change", "--all-methods", "--registration-policy", "nobody")
    assert cli.json("settings", "show")["methods"] == []
