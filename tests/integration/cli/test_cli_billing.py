"""Prices, usage and statements through the real program."""

from __future__ import annotations

from tests.integration.cli.conftest import CommandLine


def test_prices_are_tried_added_and_removed(quiet_house: CommandLine) -> None:
    cli = quiet_house
    new = ("price", "add", "EUR", "2027-01-01", "--per-user", "1.40", "--per-pack", "1.405")
    assert "1.405" in cli.out(*new, "--dry-run")
    assert cli.json("price", "list") == []
    cli.out(*new)
    (added,) = cli.json("price", "list")
    assert (added["currency"], added["per_user"], added["per_licence"]) == ("EUR", "1.40", "0")
    assert "already taken" in cli.refused(*new)
    assert "is no month" in cli.refused("statement", "run", "2027-13")
    assert cli.json("usage", "list", "2027-01", "--tenant", "acme") == []
    assert cli.json("statement", "draft", "2027-01", "--tenant", "acme") == []
    assert cli.json("usage", "costs", "--tenant", "acme") == []
    cli.out("statement", "run", "2027-01", "--dry-run")
    cli.out("price", "remove", added["id"], "--yes")
    assert cli.json("price", "list") == []
