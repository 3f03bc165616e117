"""Blocks, bypasses and passes through the real program."""

from __future__ import annotations

from tests.integration.cli.conftest import CommandLine


def test_a_user_is_blocked_shown_and_unblocked(cli: CommandLine) -> None:
    cli.out("user", "add", "bea", "--password", "none")
    asked = cli("user", "block", "bea", "--reason", "Phone stolen", typed="n\n")
    assert "for 90 days" in asked.stderr
    assert cli.out("user", "blocked") == ""
    assert "blocked until" in cli.out("user", "block", "bea", "--reason", "Phone stolen", "--yes")
    assert "Phone stolen" in cli.out("user", "blocked", "be")
    assert "user unblock bea" in cli.out("user", "show", "bea")
    assert "is blocked already" in cli.refused("user", "block", "bea", "--reason", "x", "--yes")
    assert "not blocked any more" in cli.out("user", "unblock", "bea", "--reason", "found")
    assert "is not blocked" in cli.refused("user", "unblock", "bea", "--reason", "found")
    (row,) = [each for each in cli.json("user", "blocked", "--all") if each["username"] == "bea"]
    assert (row["state"], row["end_reason"]) == ("lifted", "found")


def test_a_bypass_is_made_listed_and_withdrawn(cli: CommandLine) -> None:
    cli.out("user", "add", "ben", "--password", "none")
    told = cli.out("bypass", "make", "ben", "--reason", "Phone forgotten", "--seconds", "900")
    assert "needs no second factor" in told
    (row,) = [each for each in cli.json("bypass", "list") if each["username"] == "ben"]
    assert (row["state"], row["is_used"], row["seconds"]) == ("waiting", False, 900)
    assert "has no bypass any more" in cli.out("bypass", "withdraw", "ben")
    assert "no bypass that waits" in cli.refused("bypass", "withdraw", "ben")
    assert "wartet" not in cli("bypass", "list", language="de_DE.UTF-8").stdout
    assert "Zurückgezogen" in cli("bypass", "list", language="de_DE.UTF-8").stdout


def test_a_pass_is_shown_once_and_made_void(cli: CommandLine) -> None:
    cli.out("user", "add", "bob2", "--password", "none")
    made = cli("pass", "make", "bob2", "--minutes", "30")
    assert made.stdout.strip().replace(" ", "").isdigit()
    assert "good until" in made.stderr
    assert cli.json("pass", "make", "bob2", "--reusable")["is_reusable"] is True
    assert "outside its bounds" in cli.refused("pass", "make", "bob2", "--minutes", "5")
    assert "no temporary access pass any more" in cli.out("pass", "withdraw", "bob2")
    assert "has no temporary access pass" in cli.refused("pass", "withdraw", "bob2")
