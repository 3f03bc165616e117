"""Editions through the real program."""

from __future__ import annotations

from tests.integration.cli.conftest import CommandLine


def test_an_edition_is_shown_and_changed(quiet_house: CommandLine) -> None:
    cli = quiet_house
    cli.out("tenant", "add", "suite", "Suite users")
    assert "has the edition free-suite now" in cli.out("tenant", "edition", "suite", "free-suite")
    shown = {one["id"]: one["edition"] for one in cli.json("tenant", "list")}
    assert shown["suite"] == "free-suite"
    assert set(shown.values()) == {"free-suite", "full"}
    assert "There is no tenant" in cli.refused("tenant", "edition", "nobody", "full")
    refused = cli.refused("settings", "change", "--caller-id", "+4930901820", "--tenant", "suite")
    assert "needs the edition “full”" in refused
