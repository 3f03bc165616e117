"""App passwords through the real program: the setting, the mark of an application, listing and revoking."""

from __future__ import annotations

from tests.integration.cli.conftest import CommandLine


def test_old_programs_are_let_in_from_the_command_line(quiet_house: CommandLine) -> None:
    cli = quiet_house
    assert cli.json("settings", "show")["app_passwords"] is False
    cli.out("settings", "change", "--app-passwords")
    assert cli.json("settings", "show")["app_passwords"] is True
    cli.out("application", "add", "Mail", "--legacy")
    assert cli.json("application", "show", "Mail")["is_legacy"] is True
    assert "Legacy clients" in cli.out("application", "show", "Mail")
    cli.out("application", "change", "Mail", "--no-legacy")
    assert cli.json("application", "show", "Mail")["is_legacy"] is False
    refused = cli.refused("application", "change", "Mail", "--legacy", "--first-factor", "client")
    assert "leaves the password to the client" in refused
    assert cli.json("application", "show", "Mail")["is_legacy"] is False


def test_app_passwords_are_listed_and_revoked(cli: CommandLine) -> None:
    cli.out("user", "add", "pam", "--password", "none")
    assert cli.json("app-password", "list", "pam") == []
    assert "no app password" in cli("app-password", "list", "pam").stderr
    assert "no app password “Mail”" in cli.refused("app-password", "revoke", "pam", "Mail", "--yes")
    assert "0 app passwords" in cli.out("app-password", "revoke-all", "pam", "--dry-run")
    assert "[y/N]" in cli("app-password", "revoke-all", "pam", typed="n\n").stderr
    assert "0 app passwords" in cli.out("app-password", "revoke-all", "pam", "--yes")
