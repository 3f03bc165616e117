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


def test_what_a_tenant_may_send_is_said_and_shown(quiet_house: CommandLine) -> None:
    cli = quiet_house
    cli.out("tenant", "add", "capped", "Capped")
    assert "texts and calls: 2000" in cli.out("tenant", "ceiling", "capped", "--sendings-per-day", "2000")
    told = cli.out("tenant", "ceiling", "capped", "--cost-per-day", "150")
    assert "texts and calls: 2000; for at most: 150" in told
    shown = cli.json("gateway", "spending", "--tenant", "capped")
    assert (shown["sendings_ceiling"], shown["cost_ceiling"]) == (2000, 150)
    assert "Cap of the operator" in cli.out("gateway", "spending", "--tenant", "capped")
    assert "There is no tenant" in cli.refused("tenant", "ceiling", "nobody", "--cost-per-day", "1")
