"""Servers of a service at the command line."""

from __future__ import annotations

from tests.integration.cli.conftest import CommandLine


def test_credentials_are_made_and_withdrawn_at_the_command_line(cli: CommandLine) -> None:
    made = cli("server", "credentials", "Head office", "--hours", "2")
    assert made.returncode == 0
    assert len(made.stdout.strip()) == 43
    assert "link.service" in made.stderr
    assert made.stdout.strip() not in cli.out("server", "waiting")
    (waiting,) = cli.json("server", "waiting")
    cli.out("server", "rename-group", "head office", "Berlin")
    assert [group["name"] for group in cli.json("server", "groups")] == ["Berlin"]
    cli.out("server", "withdraw", waiting["id"][:8])
    assert "No activation credentials" in cli("server", "waiting").stderr
    assert cli.json("server", "list") == []
    assert "There is no server “mfa-1”" in cli.refused("server", "remove", "mfa-1", "--yes")
    cli.out("server", "remove-group", "Berlin", "--yes")


def test_a_server_without_a_service_is_told_what_to_set(cli: CommandLine) -> None:
    assert "link.service" in cli.refused("activate", typed="anything\n")
