"""Passwords checked, changed and reset in a real Active Directory domain, which Samba serves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.integration.ldap.conftest import user
from tests.peers.samba_ad import SambaAd
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.directories.ldap import DIRECTORY, LdapDirectory
from vestibule.interfaces.directory import PasswordChangeKind, PasswordVerdict, PasswordVerdictKind
from vestibule.model.user import User

OLD, NEW = "Wonder-land 1", "Looking-glass 2"
WRONG = Secret("not " + OLD)
VERDICT, CHANGE = PasswordVerdictKind, PasswordChangeKind


class Account:
    """A person of the domain, whom no other test has."""

    def __init__(self, domain: SambaAd, password: str = OLD) -> None:
        self.name = f"alice-{new_id()[:8]}"
        self.dn = domain.add_person(self.name, password)

    @property
    def user(self) -> User:
        return user(self.name)


@pytest.fixture
async def directory(samba_ad: SambaAd) -> AsyncIterator[LdapDirectory]:
    opened = DIRECTORY.open(samba_ad.settings, Secret(samba_ad.service_password))
    yield opened
    await opened.close()


@pytest.fixture
def alice(samba_ad: SambaAd) -> Account:
    return Account(samba_ad)


async def judged(directory: LdapDirectory, who: Account, password: str = OLD) -> PasswordVerdict:
    return await directory.check_password(who.user, who.name, Secret(password))


# --- checked ------------------------------------------------------------------------------------------


async def test_the_right_password_a_wrong_one_and_none(directory: LdapDirectory, alice: Account) -> None:
    """Data 52e; an empty password never leaves the house (LD-01), though the domain would say yes to it."""
    right, wrong = await judged(directory, alice), await judged(directory, alice, WRONG.reveal())
    assert (right.kind, wrong.kind) == (VERDICT.MATCH, VERDICT.MISMATCH)
    assert wrong.detail == "ldap.verdict.wrong_password"
    assert (await judged(directory, alice, "")).detail == "ldap.verdict.not_a_password"
    assert (await directory.check_password(None, alice.name, Secret(OLD))).kind is VERDICT.MISMATCH


async def test_a_person_is_known_by_each_of_his_names_and_after_he_has_moved(
    samba_ad: SambaAd, directory: LdapDirectory, alice: Account
) -> None:
    """LD-06: who is known by his objectGUID stays himself, whatever becomes of names and places."""
    for name in (f"{alice.name}@corp.example", f"CORP\\{alice.name}", alice.name.upper()):
        assert (await directory.check_password(alice.user, name, Secret(OLD))).is_match
    reference = (await judged(directory, alice)).reference
    group = samba_ad.add_group(f"group of {alice.name}", alice.dn)
    unit = samba_ad.add_unit(f"unit of {alice.name}")
    elsewhere = samba_ad.rename(samba_ad.move(alice.dn, unit), f"Zoë {alice.name}")
    samba_ad.change(elsewhere, sAMAccountName=f"new-{alice.name}", userPrincipalName="new@corp.example")
    found = await directory.find(f"new-{alice.name}")
    assert found is not None
    assert found.reference == reference
    known = user(alice.name, reference)
    assert (await directory.check_password(known, alice.name, Secret(OLD))).is_match
    samba_ad.delete(group)
    samba_ad.delete(elsewhere)
    assert await directory.find(f"new-{alice.name}") is None


@pytest.mark.parametrize(
    ("state", "kind", "why"),
    [
        ("disabled", VERDICT.REFUSED, "account_disabled"),
        ("expired", VERDICT.EXPIRED, "password_expired"),
        ("must change", VERDICT.EXPIRED, "must_change_password"),
        ("locked", VERDICT.REFUSED, "account_locked"),
        ("over", VERDICT.REFUSED, "account_expired"),
    ],
)
async def test_what_the_domain_says_of_an_account(
    samba_ad: SambaAd,
    directory: LdapDirectory,
    alice: Account,
    state: str,
    kind: PasswordVerdictKind,
    why: str,
) -> None:
    """Data 533, 532, 773, 775 and 701: an administrator reads why; who does not know the password of a
    disabled or expired account hears of a wrong one."""
    match state:
        case "disabled":
            samba_ad.disable(alice.dn)
        case "expired":
            samba_ad.expire_password(alice.dn)
        case "must change":
            samba_ad.demand_new_password(alice.dn)
        case "locked":
            samba_ad.rules_for(alice.dn, LockoutThreshold="1")
            await judged(directory, alice, WRONG.reveal())
        case "over":
            samba_ad.change(alice.dn, accountExpires="130000000000000000")
    said = await judged(directory, alice)
    assert (said.kind, said.detail) == (kind, f"ldap.verdict.{why}")
    wrong = await judged(directory, alice, WRONG.reveal())
    assert wrong.kind is (VERDICT.REFUSED if state == "locked" else VERDICT.MISMATCH)


# --- changed ------------------------------------------------------------------------------------------


async def test_a_person_changes_his_password(directory: LdapDirectory, alice: Account) -> None:
    """[MS-ADTS] §3.1.1.3.1.5: the domain checks the old one, and it holds no more."""
    wrong = await directory.change_password(alice.user, WRONG, Secret(NEW))
    assert (wrong.kind, wrong.detail) == (CHANGE.OLD_WRONG, "ldap.verdict.wrong_password")
    assert (await judged(directory, alice)).is_match
    done = await directory.change_password(alice.user, Secret(OLD), Secret("Wörter in Reihe 7"))
    assert done.kind is CHANGE.CHANGED
    assert (await judged(directory, alice, "Wörter in Reihe 7")).is_match
    assert not (await judged(directory, alice)).is_match


@pytest.mark.parametrize("state", ["expired", "must change"])
async def test_a_password_that_is_over_is_changed_by_who_knows_it(
    samba_ad: SambaAd, directory: LdapDirectory, alice: Account, state: str
) -> None:
    """The domain lets nobody in with such a password, and takes a new one from who knows it."""
    make = samba_ad.expire_password if state == "expired" else samba_ad.demand_new_password
    make(alice.dn)
    wrong = await directory.change_password(alice.user, WRONG, Secret(NEW))
    assert wrong.kind is CHANGE.OLD_WRONG
    done = await directory.change_password(alice.user, Secret(OLD), Secret(NEW))
    assert done.kind is CHANGE.CHANGED
    assert (await judged(directory, alice, NEW)).is_match


async def test_a_password_is_reset_by_the_service_account(directory: LdapDirectory, alice: Account) -> None:
    assert (await directory.reset_password(alice.user, Secret(NEW))).kind is CHANGE.CHANGED
    assert (await judged(directory, alice, NEW)).is_match
    nobody = await directory.reset_password(user("nobody-at-all"), Secret(NEW))
    assert nobody.kind is CHANGE.OLD_WRONG


async def test_who_may_not_reset_passwords_is_told_so(samba_ad: SambaAd, alice: Account) -> None:
    settings = samba_ad.settings | {"bind_dn": f"{alice.name}@corp.example"}
    directory = DIRECTORY.open(settings, Secret(OLD))
    refused = await directory.reset_password(Account(samba_ad).user, Secret(NEW))
    assert (refused.kind, refused.detail) == (CHANGE.UNAVAILABLE, "ldap.change.no_right")
    await directory.close()


async def test_the_rules_of_the_domain_hold(
    samba_ad: SambaAd, directory: LdapDirectory, alice: Account
) -> None:
    """Length, composition, history and age; a reset is bound by the first two."""
    samba_ad.rules_for(alice.dn, PasswordHistoryLength="3", MinimumPasswordAge="-864000000000")
    for new in ("Shor-1", "all lower case letters"):
        assert (await directory.reset_password(alice.user, Secret(new))).kind is CHANGE.TOO_WEAK
    young = await directory.change_password(alice.user, Secret(OLD), Secret(NEW))
    assert (young.kind, young.detail) == (CHANGE.TOO_WEAK, "ldap.change.refused_by_rules")
    samba_ad.expire_password(alice.dn)
    again = await directory.change_password(alice.user, Secret(OLD), Secret(OLD))
    assert again.kind is CHANGE.TOO_WEAK
    assert (await directory.change_password(alice.user, Secret(OLD), Secret(NEW))).kind is CHANGE.CHANGED


async def test_a_password_in_the_clear_is_refused_by_the_domain(samba_ad: SambaAd, alice: Account) -> None:
    """Without TLS the domain takes no simple bind: that is no answer, and no match."""
    settings = samba_ad.settings | {"urls": [samba_ad.url], "start_tls": False, "password_change": ""}
    directory = DIRECTORY.open(settings, Secret(samba_ad.service_password))
    verdict = await judged(directory, alice)
    assert verdict.kind is VERDICT.UNAVAILABLE
    await directory.close()
