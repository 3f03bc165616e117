"""Synchronisation through the real program, against a real OpenLDAP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.cli.conftest import CommandLine
from tests.integration.cli.test_cli_directories import add
from tests.peers.ldif import entry
from tests.peers.openldap import BASE_DN, OpenLdap, person

STAFF_DN = f"ou=staff,{BASE_DN}"
STAFF = ("sync-ada", "sync-bert", "sync-cora")


@pytest.fixture(scope="module")
def ldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    people = [person(name, "pw").replace("ou=people,", "ou=staff,", 1) for name in STAFF]
    extra = (entry(STAFF_DN, objectClass="organizationalUnit"), *people)
    with OpenLdap(tmp_path_factory.mktemp("cli-sync-openldap"), extra=extra) as server:
        yield server


def staff(cli: CommandLine) -> set[str]:
    return {user["username"] for user in cli.json("user", "list")} & set(STAFF)


def test_a_directory_is_synchronised_from_the_terminal(cli: CommandLine, ldap: OpenLdap) -> None:
    add(cli, ldap, "Staff", ldap.service_password)
    assert "not synchronised yet" in cli.refused("sync", "run", "Staff")
    assert "cannot be used" in cli.refused(
        "sync", "add-item", "Staff", "--unit", STAFF_DN, "--filter", "(uid="
    )
    cli.out("group", "add", "From the directory")
    cli.out(
        "sync", "add-item", "Staff", "--unit", STAFF_DN,
        "--requirement", "enabled", "--join", "From the directory",
    )  # fmt: skip
    cli.out("sync", "set", "Staff", "approval_above=1", "interval_minutes=15", "--map", "phones=mobile")
    shown = cli.out("sync", "show", "Staff")
    assert f"1. Unit {STAFF_DN}" in shown
    assert "interval_minutes = 15" in shown
    assert 'phones = ["mobile"]' in shown

    tried = cli.out("sync", "run", "Staff", "--dry-run")
    assert "+ sync-ada  added" in tried
    assert staff(cli) == set()

    for name in ("sync-ada", "bert-of-old"):
        cli.out("user", "add", name, "--password", "none")
    assert "sync-ada" in cli.out("sync", "link", "Staff", "--dry-run")
    assert "One user is linked." in cli.out("sync", "link", "Staff", typed="y\n")
    assert "is linked" in cli.out("user", "link", "bert-of-old", "Staff", "--entry", "sync-bert")
    assert "linked to" in cli.refused("user", "link", "bert-of-old", "Staff", "--entry", "sync-cora")

    assert "Added: 1" in cli.out("sync", "run", "Staff")
    assert staff(cli) == set(STAFF)
    assert len(cli.json("group", "members", "From the directory")) == 3
    assert "nothing would change" in cli.out("sync", "run", "Staff", "--dry-run")

    for name in STAFF[1:]:
        ldap.apply(f"dn: uid={name},{STAFF_DN}\nchangetype: delete\n")
    assert "- sync-bert  disabled  status: active → disabled" in cli.out("sync", "run", "Staff", "--dry-run")
    assert "waits for approval" in cli.out("sync", "run", "Staff")
    assert "sync-bert" in cli.out("sync", "approve", "Staff", typed="y\n")
    assert "Disabled: 2" in cli.out("sync", "run", "Staff")
    assert [run["state"] for run in cli.json("sync", "status", "Staff")] == ["done", "waiting", "done"]

    cli.out("sync", "remove-item", "Staff", "1")
    cli.out("sync", "remove", "Staff", "--yes")
    assert "not synchronised yet" in cli.refused("sync", "status", "Staff")
