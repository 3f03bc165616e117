"""Passwords changed and reset in a real OpenLDAP server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.ldap.conftest import Opening, settings_for, user
from tests.peers.openldap import PEOPLE, OpenLdap
from vestibule.crypto.secret import Secret
from vestibule.directories.ldap import LdapDirectory
from vestibule.directories.ldap.settings import PasswordChangeBy
from vestibule.interfaces.directory import ChangesPasswords, PasswordChangeKind, PasswordVerdictKind

ALICE, NEW = Secret(PEOPLE["alice"]), Secret("Wörter in einer Reihe")
KIND = PasswordChangeKind
MODIFY, ACTIVE_DIRECTORY = PasswordChangeBy.PASSWORD_MODIFY, PasswordChangeBy.ACTIVE_DIRECTORY


@pytest.fixture(scope="module")
def openldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    with OpenLdap(tmp_path_factory.mktemp("openldap"), lets_passwords_change=True) as server:
        yield server


@pytest.fixture
def directory(openldap: OpenLdap, open_directory: Opening) -> LdapDirectory:
    return open_directory(
        openldap, urls=(openldap.tls_url,), ca_file=openldap.ca_file, password_change=MODIFY
    )


async def knows(directory: LdapDirectory, name: str, password: Secret[str]) -> bool:
    verdict = await directory.check_password(user(name), name, password)
    assert verdict.kind is not PasswordVerdictKind.UNAVAILABLE
    return verdict.is_match


async def test_a_person_changes_his_password(directory: LdapDirectory) -> None:
    """RFC 3062: the old one is checked by the directory, and holds no more."""
    assert isinstance(directory, ChangesPasswords)
    assert directory.changes_passwords
    wrong = await directory.change_password(user("alice"), Secret("not hers"), NEW)
    assert (wrong.kind, await knows(directory, "alice", ALICE)) == (KIND.OLD_WRONG, True)
    assert (await directory.change_password(user("alice"), ALICE, NEW)).kind is KIND.CHANGED
    assert await knows(directory, "alice", NEW)
    assert not await knows(directory, "alice", ALICE)


async def test_the_rules_of_the_directory_hold(directory: LdapDirectory) -> None:
    bob = Secret(PEOPLE["bob"])
    short = await directory.change_password(user("bob"), bob, Secret("short"))
    assert (short.kind, short.detail) == (KIND.TOO_WEAK, "ldap.change.refused_by_rules")
    assert (await directory.reset_password(user("bob"), Secret("short"))).kind is KIND.TOO_WEAK
    assert await knows(directory, "bob", bob)


async def test_a_password_is_reset_by_the_service_account(directory: LdapDirectory) -> None:
    assert (await directory.reset_password(user("carol"), NEW)).kind is KIND.CHANGED
    assert await knows(directory, "carol", NEW)
    nobody = await directory.reset_password(user("nobody"), NEW)
    assert nobody.kind is KIND.OLD_WRONG


@pytest.mark.parametrize("new", ["", "\x00", "a\x00b", "\udcff", "x" * 100_000])
async def test_what_is_no_password_is_never_sent(directory: LdapDirectory, new: str) -> None:
    """An empty new password asks OpenLDAP to make one up (RFC 3062 §2)."""
    for changed in (
        await directory.reset_password(user("carol"), Secret(new)),
        await directory.change_password(user("carol"), NEW, Secret(new)),
    ):
        assert changed.kind is KIND.TOO_WEAK


async def test_who_may_not_change_it_is_told_so(openldap_as_it_is: OpenLdap, open_directory: Opening) -> None:
    server = openldap_as_it_is
    directory = open_directory(server, urls=(server.tls_url,), ca_file=server.ca_file, password_change=MODIFY)
    changed = await directory.reset_password(user("alice"), NEW)
    assert (changed.kind, changed.detail) == (KIND.UNAVAILABLE, "ldap.change.no_right")


@pytest.fixture(scope="module")
def openldap_as_it_is(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    with OpenLdap(tmp_path_factory.mktemp("openldap")) as server:
        yield server


async def test_a_password_never_crosses_the_network_in_the_clear(openldap: OpenLdap) -> None:
    for by in (MODIFY, ACTIVE_DIRECTORY):
        with pytest.raises(ValueError, match=r"^password_change: "):
            settings_for(openldap, password_change=by)
    assert not LdapDirectory(settings_for(openldap)).changes_passwords
