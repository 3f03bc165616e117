"""Directories through the real program, against a real OpenLDAP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.conftest import CommandLine
from tests.peers.freeradius import FreeRadius
from tests.peers.openldap import PEOPLE, OpenLdap


@pytest.fixture(scope="module")
def ldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    with OpenLdap(tmp_path_factory.mktemp("cli-openldap")) as server:
        yield server


def add(cli: CommandLine, ldap: OpenLdap, name: str, password: str) -> None:
    cli.out(
        "directory", "add", name,
        "--set", f"urls={ldap.url}",
        "--set", f"base-dn={ldap.base_dn}",
        "--set", f"bind_dn={ldap.service_dn}",
        "--set", "start_tls=false",
        "--ask-password",
        typed=f"{password}\n",
    )  # fmt: skip


def test_a_directory_is_added_tested_and_used(cli: CommandLine, ldap: OpenLdap) -> None:
    add(cli, ldap, "Corporate", ldap.service_password)
    shown = cli.json("directory", "show", "corporate")
    assert shown["settings"]["urls"] == [ldap.url]
    assert shown["settings"]["start_tls"] is False
    assert shown["has_password"] is True
    assert ldap.service_password not in cli.out("directory", "show", "Corporate") + str(shown)

    found = cli.out("directory", "test", "Corporate", "alice")
    assert "alice@example.org" in found
    assert "knows nobody" in cli.refused("directory", "test", "Corporate", "nobody")

    cli.out("user", "add", "alice", "--password", "none")
    right = cli.out(
        "directory", "test", "Corporate", "alice", "--password-prompt", typed=PEOPLE["alice"] + "\n"
    )
    assert "The password is right" in right
    wrong = cli("directory", "test", "Corporate", "alice", "--password-prompt", typed="wrong\n")
    assert wrong.returncode == 1
    assert "The directory refused the password." in wrong.stderr
    stranger = cli("directory", "test", "Corporate", "bob", "--password-prompt", typed="x\n")
    assert "There is no user “bob”" in stranger.stderr

    cli.out("application", "add", "Mail", "--directory", "Corporate")
    assert cli.json("application", "show", "Mail")["first_factor"] == "directory"
    cli.out("application", "remove", "Mail", "--yes")
    assert "Corporate" in cli.out("directory", "list")


def test_a_radius_server_of_others_checks_passwords(cli: CommandLine, tmp_path: Path) -> None:
    """Inventory 1.26: added, tried and named by an application; its secret is never shown again."""
    secret = "a secret of tests, long enough"
    server = FreeRadius(tmp_path / "radius", users={"rad": "her word there"}, secret=secret)
    server.start()
    try:
        command = ("directory", "add", "Head office", "--kind", "radius")
        command += ("--set", f"servers=127.0.0.1:{server.port}")
        command += ("--set", "require_message_authenticator=false")
        assert "at least 16" in cli.refused(*command, "--ask-password", typed="short\n")
        cli.out(*command, "--ask-password", typed=f"{secret}\n")
        shown = cli.json("directory", "show", "Head office")
        assert (shown["kind"], shown["has_password"]) == ("radius", True)
        assert secret not in str(shown)
        assert "The server answers" in cli.out("directory", "test", "Head office", "nobody-there")
        cli.out("user", "add", "rad", "--password", "none")
        trying = ("directory", "test", "Head office", "rad", "--password-prompt")
        assert "The password is right" in cli.out(*trying, typed="her word there\n")
        assert "The password is right" not in cli(*trying, typed="wrong\n").stdout
        cli.out("application", "add", "Gate", "--directory", "Head office")
        assert cli.json("application", "show", "Gate")["first_factor"] == "directory"
        cli.out("application", "remove", "Gate", "--yes")
    finally:
        server.stop()


def test_what_is_wrong_with_a_directory_is_said_in_plain_words(cli: CommandLine, ldap: OpenLdap) -> None:
    assert "base_dn: this setting is needed" in cli.refused(
        "directory", "add", "Half", "--set", "urls=ldap://x.example"
    )
    assert "there is no such setting" in cli.refused(
        "directory",
        "add",
        "Odd",
        "--set",
        "urls=ldap://x.example",
        "--set",
        "base_dn=dc=x",
        "--set",
        "colour=red",
    )
    assert "is no kind of directory" in cli.refused("directory", "add", "Kind", "--kind", "telephone")
    assert "not of the form" in cli.refused("directory", "add", "Form", "--set", "urls")

    add(cli, ldap, "Refused", "not its password")
    silent = cli.refused("directory", "test", "Refused", "alice")
    assert "The directory refused the service account." in silent
    german = cli.refused("directory", "test", "Refused", "alice", language="de_DE.UTF-8")
    assert "Das Verzeichnis hat das Dienstkonto abgelehnt." in german
    cli.out("directory", "change", "Refused", "--ask-password", typed=f"{ldap.service_password}\n")
    assert "alice@example.org" in cli.out("directory", "test", "Refused", "alice")
    cli.out("directory", "change", "Refused", "--name", "Second", "--set", "timeout_seconds=2.5")
    assert cli.json("directory", "show", "Second")["settings"]["timeout_seconds"] == 2.5
    cli.out("directory", "change", "Second", "--unset", "timeout_seconds")
    assert "timeout_seconds" not in cli.json("directory", "show", "Second")["settings"]
    assert "directory list" in cli.refused("directory", "test", "Refused", "alice")


def test_an_ldap_client_comes_changes_and_goes(cli: CommandLine, ldap: OpenLdap) -> None:
    """Its application needs a directory behind it; each setting is checked and named."""
    add(cli, ldap, "Behind the wiki", ldap.service_password)
    cli.out("application", "add", "Wiki", "--first-factor", "directory", "--directory", "Behind the wiki")
    new = ("ldap-client", "add", "wiki", "198.51.100.77")
    assert "has no directory behind it" in cli.refused(*new, "--application", "VPN")
    cli.out(*new, "--application", "Wiki", "--set", "passcodes=appended", "--set", "demand_tls=false")
    exempt = "198.51.100.77 cn=wiki,dc=example,dc=org"
    cli.out("ldap-client", "change", "wiki", "--set", f"exempt-binds={exempt}", "--disable")
    shown = cli.json("ldap-client", "show", "198.51.100.77")
    assert (shown["kind"], shown["is_enabled"]) == ("ldap", False)
    assert shown["settings"] == {"passcodes": "appended", "demand_tls": False, "exempt_binds": [exempt]}
    assert "require_user_match = true" in cli.out("ldap-client", "show", "wiki")
    assert "exempt_binds" in cli.refused("ldap-client", "change", "wiki", "--set", "exempt_binds=cn=wiki")
    assert "demand_tsl" in cli.refused("ldap-client", "change", "wiki", "--set", "demand_tsl=yes")
    assert "ldap-client list" in cli.refused("ldap-client", "show", "concentrator")
    assert "wiki" in cli.out("ldap-client", "list")
    assert "To be removed" in cli.out("ldap-client", "remove", "wiki", "--dry-run")
    cli.out("ldap-client", "remove", "wiki", "--yes")
    assert cli.out("ldap-client", "list") == ""
