"""Providers, licences and branding through the real program."""

from __future__ import annotations

import pytest

from tests.installations import furnish
from tests.integration.cli.conftest import CommandLine
from tests.servers import ServerProcess
from tests.unit.model.test_branding import png


@pytest.fixture(scope="module")
def own_house(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """An installation of this module's own, in which nothing runs; each test adds a tenant."""
    folder = tmp_path_factory.mktemp("providers")
    server = ServerProcess(folder / "state")
    furnish(server.settings)
    return CommandLine(server.environment, folder)


def test_a_provider_is_sold_and_ends_as_it_says(own_house: CommandLine) -> None:
    """S23 against S25: what stays and what goes is said before, and nothing is done without an answer."""
    cli = own_house
    cli.out("tenant", "add", "buyer", "Buyer")
    cli.out("tenant", "edition", "buyer", "free-admins")
    assert "has the full edition now" in cli.out(
        "provider", "add", "Sign-ins", "--model", "per-user", "--tenant", "buyer"
    )
    assert "has a provider" in cli.refused(
        "provider", "add", "More", "--model", "per-user", "--tenant", "buyer"
    )
    cli.out("provider", "add", "Branch", "--model", "per-authentication", "--currency", "usd")
    shown = {one["name"]: one for one in cli.json("provider", "list")}
    assert (shown["Branch"]["currency"], shown["Branch"]["is_linked"]) == ("USD", False)
    told = cli.out("provider", "delete", "Branch", "--dry-run")
    assert "is deleted with it, for good" in told
    kept = cli("provider", "delete", "Sign-ins", typed="n\n")
    assert (kept.returncode, "stay as they are" in kept.stdout) == (1, True)
    assert "has the edition free-admins afterwards" in kept.stdout
    cli.out("application", "add", "VPN", "--tenant", "buyer")
    cli.out("client", "add", "gate", "192.0.2.7", "--application", "VPN", "--tenant", "buyer")
    assert "Nobody gets in any more, until there is another provider: VPN" in cli.out(
        "provider", "delete", "Sign-ins", "--dry-run"
    )
    for name in ("Branch", "Sign-ins"):
        assert "is deleted" in cli.out("provider", "delete", name, "--yes")
    assert cli.json("provider", "list") == []
    editions = {one["id"]: one["edition"] for one in cli.json("tenant", "list")}
    assert editions["buyer"] == "free-admins"
    assert shown["Branch"]["tenant_id"] not in editions


def test_licences_are_added_assigned_and_ended(own_house: CommandLine) -> None:
    cli = own_house
    cli.out("tenant", "add", "licensed", "Licensed")
    here = ("--tenant", "licensed")
    cli.out("user", "add", "alice", "--password", "none", *here)
    period = ("--from", "2026-01-01", "--until", "2035-12-31")
    added = cli.json("licence", "add", "1", *period, *here)
    licence = added["id"][:8]
    assert "has a licence" in cli.out("licence", "assign", licence, "alice", *here)
    assert [one["assigned"] for one in cli.json("licence", "list", *here)] == [1]
    assert cli.json("licence", "coverage", *here)["licences"] == 1
    cli.out("licence", "take", licence, "alice", *here)
    assert "This is no period" in cli.refused("licence", "add", "1", "--from", "x", "--until", "y", *here)
    assert "ends on" in cli.out("licence", "end", licence, "--yes", *here)


def test_a_tenant_shows_its_own_look(own_house: CommandLine) -> None:
    cli = own_house
    cli.out("tenant", "add", "branded", "Branded")
    here = ("--tenant", "branded")
    assert "#" in cli.refused("branding", "set", "--color", "#ffee00", *here)
    cli.out("branding", "set", "--name", "Acme", "--color", "#7a1fa2", *here)
    (cli.folder / "logo.png").write_bytes(png(32, 32))
    cli.out("branding", "logo", "logo.png", *here)
    shown = cli.json("branding", "show", *here)
    assert (shown["name"], shown["color"], len(shown["logo"])) == ("Acme", "#7a1fa2", 64)
    cli.out("branding", "logo", "--remove", *here)
    assert cli.json("branding", "show", *here)["logo"] == ""
    assert "cannot be read" in cli.refused("branding", "logo", "nothing.png", *here)
    assert "--remove" in cli.refused("branding", "logo", *here)
