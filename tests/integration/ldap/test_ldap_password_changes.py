"""Passwords changed and reset in a real OpenLDAP server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.ldap.conftest import Opening, settings_for, user
from tests.peers.openldap import PEOPLE, RULED, RULED_PASSWORD, OpenLdap
from vestibule.crypto.secret import Secret
from vestibule.directories.ldap import LdapDirectory
from vestibule.directories.ldap.settings import PasswordChangeBy
from vestibule.interfaces.directory import ChangesPasswords, PasswordChangeKind, PasswordVerdictKind

OLD, ALICE, NEW = Secret(RULED_PASSWORD), Secret(PEOPLE["alice"]), Secret("Wörter in einer Reihe")
KIND = PasswordChangeKind
MODIFY, ACTIVE_DIRECTORY = PasswordChangeBy.PASSWORD_MODIFY, PasswordChangeBy.ACTIVE_DIRECTORY


@pytest.fixture(scope="module")
def openldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    place = tmp_path_factory.mktemp("openldap")
    with OpenLdap(place, lets_passwords_change=True, extra=RULED) as server:
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


# --- passwords that are over ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "why"),
    [
        ("expired", PasswordVerdictKind.EXPIRED, "password_expired"),
        ("graced", PasswordVerdictKind.MATCH, "grace_login"),
        ("reset", PasswordVerdictKind.EXPIRED, "must_change_password"),
        ("locked", PasswordVerdictKind.REFUSED, "account_locked"),
    ],
)
async def test_what_the_rules_have_to_do_with_a_bind(
    directory: LdapDirectory, name: str, kind: PasswordVerdictKind, why: str
) -> None:
    """draft-behera-ldap-password-policy-10 §6.2: an administrator reads it; who does not know the password
    hears of a wrong one. Only who is locked out is told so, whatever he types."""
    said = await directory.check_password(user(name), name, OLD)
    assert (said.kind, said.detail, said.is_over) == (kind, f"ldap.verdict.{why}", name == "graced")
    wrong = await directory.check_password(user(name), name, Secret("not his"))
    assert wrong.kind is (kind if name == "locked" else PasswordVerdictKind.MISMATCH)


@pytest.mark.parametrize("name", ["expired", "graced", "reset"])
async def test_a_password_that_is_over_is_changed_by_who_knows_it(
    directory: LdapDirectory, name: str
) -> None:
    """By himself as long as the directory lets him in, else by the service account with the old one."""
    wrong = await directory.change_password(user(name), Secret("not his"), NEW)
    assert wrong.kind is KIND.OLD_WRONG
    short = await directory.change_password(user(name), OLD, Secret("short"))
    assert short.kind is KIND.TOO_WEAK
    again = await directory.change_password(user(name), OLD, OLD)
    assert (again.kind, again.detail) == (KIND.USED_BEFORE, "ldap.change.used_before")
    assert (await directory.change_password(user(name), OLD, NEW)).kind is KIND.CHANGED
    assert await knows(directory, name, NEW)


async def test_a_password_is_not_changed_again_too_soon(directory: LdapDirectory) -> None:
    """`expired` has changed it in the test before, or does so now."""
    await directory.change_password(user("expired"), OLD, NEW)
    young = await directory.change_password(user("expired"), NEW, Secret("Another in a row"))
    assert (young.kind, young.detail) == (KIND.TOO_YOUNG, "ldap.change.too_young")
    assert await knows(directory, "expired", NEW)
