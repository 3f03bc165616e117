"""Passwords that their people change and reset at the portal, seen by a browser without a screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import msgspec
import pytest
import pytest_asyncio

from tests.browser.plain import Plain, heading_of
from tests.browser.scene import Phone, Site
from tests.houses import PASSWORD, TENANT, Person
from tests.peers.openldap import PEOPLE, OpenLdap
from vestibule.crypto.secret import Secret
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.application import PORTAL_APPLICATION, DirectoryConfiguration, FirstFactor
from vestibule.model.group import Group
from vestibule.model.self_service import PasswordReset
from vestibule.model.user import User, UserStatus

HOME = f"/portal/{TENANT}"
NEW = "Nothing-like-it-before"
REFUSED = "If you may not reset your password here, ask your help desk."


async def kinds(site: Site) -> list[str]:
    """Return the kinds of events about people, oldest first."""
    listed = await site.house.services.attempts.events(SYSTEM, TENANT, "", Page(50))
    return [each.kind for each in reversed(listed.rows) if each.kind.startswith("user.password")]


async def person_now(site: Site, person: Person) -> User:
    found = await site.house.store.read(lambda tx: tx.subject(TENANT, person.user.user_id))
    assert found is not None
    return found.user


async def change(browser: Plain, old: str, new: str = NEW, again: str = NEW) -> httpx.Response:
    return await browser.post(f"{HOME}/password", old=old, new=new, again=again)


# --- change -----------------------------------------------------------------------------------------------


async def test_a_person_changes_his_password_and_his_other_sessions_end(site: Site) -> None:
    alice = await site.house.add_person("alice")
    phone = Phone(site, alice.secret)
    async with Plain(site) as browser, Plain(site) as elsewhere:
        await elsewhere.sign_in("alice", phone=phone)
        await browser.sign_in("alice", phone=phone)
        assert f'href="{HOME}/password"' in (await browser.get(f"{HOME}/security")).text
        done = await change(browser, PASSWORD)
        assert done.headers["location"] == f"{HOME}/security"
        assert (await browser.get(HOME)).status_code == 200
        assert (await elsewhere.get(HOME)).status_code == 303
        assert (await elsewhere.sign_in("alice", PASSWORD)).status_code == 403
        assert (await elsewhere.sign_in("alice", NEW)).status_code == 303
    assert await kinds(site) == ["user.password_changed"]


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        ("wrong", NEW, NEW, "The password that you have now was not right."),
        (PASSWORD, NEW, "another", "The two new passwords are not the same."),
        (PASSWORD, "short", "short", "at least 8 characters"),
        (PASSWORD, "alice123", "alice123", "little more than the user name"),
        ("", NEW, NEW, "The password that you have now was not right."),
    ],
)
async def test_a_change_that_is_refused_changes_nothing(
    site: Site, old: str, new: str, again: str, said: str
) -> None:
    alice = await site.house.add_person("alice")
    async with Plain(site) as browser:
        await browser.sign_in("alice", phone=Phone(site, alice.secret))
        answer = await change(browser, old, new, again)
        assert answer.status_code == 422
        assert said in answer.text
        assert NEW not in answer.text, "a password is never given back"
    assert (await person_now(site, alice)).password_hash == alice.user.password_hash
    assert await kinds(site) == []


async def test_a_session_is_no_better_place_to_guess_a_password(site: Site) -> None:
    """BF-02: counted as at every sign-in, and locked; then even the right one is refused."""
    await site.house.change_settings(lockout_threshold=3)
    alice = await site.house.add_person("alice")
    async with Plain(site) as browser:
        await browser.sign_in("alice", phone=Phone(site, alice.secret))
        for guess in ("a", "b", "c", PASSWORD):
            assert (await change(browser, guess)).status_code == 422
        site.house.clock.advance(1000)
        assert (await change(browser, PASSWORD)).status_code == 303


# --- reset ------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(loop_scope="session")
async def reset_site(site: Site) -> Site:
    await site.house.change_settings(password_reset=PasswordReset.ALL)
    return site


async def reset(browser: Plain, name: str, passcode: str, second: str = "", new: str = NEW) -> httpx.Response:
    fields = {"passcode": passcode, "second_passcode": second, "new": new, "again": new}
    return await browser.post(f"{HOME}/reset", username=name, **fields)


async def recovery_code(site: Site, person: Person) -> str:
    made = await site.house.services.enrollments.new_recovery_codes(SYSTEM, TENANT, person.user.user_id)
    return made.shown[0].reveal()


async def test_a_reset_is_off_unless_the_tenant_allows_it(site: Site) -> None:
    alice = await site.house.add_person("alice")
    async with Plain(site) as browser:
        assert (await browser.get(f"{HOME}/reset")).status_code == 404
        assert (await reset(browser, "alice", Phone(site, alice.secret).passcode())).status_code == 404
        assert "Reset my password" not in (await browser.get(f"{HOME}/help")).text
        await site.house.change_settings(password_reset=PasswordReset.ALL)
        assert f'href="{HOME}/reset"' in (await browser.get(f"{HOME}/help")).text
        assert heading_of((await browser.get(f"{HOME}/reset")).text) == "Reset your password"


async def test_a_forgotten_password_is_reset_by_what_is_registered(reset_site: Site) -> None:
    """APP-03: sessions end, and nothing that was proven before stands; the person is told."""
    site = reset_site
    alice = await site.house.add_person("alice")
    phone = Phone(site, alice.secret)
    async with Plain(site) as browser, Plain(site) as thief:
        await thief.sign_in("alice", phone=phone)
        done = await reset(browser, "ALICE", phone.passcode())
        assert done.headers["location"] == f"{HOME}/sign-in"
        assert (await thief.get(HOME)).status_code == 303
        assert (await browser.sign_in("alice", PASSWORD)).status_code == 403
        assert (await browser.sign_in("alice", NEW)).status_code == 303
    assert (await person_now(site, alice)).void_before == site.house.clock.now()
    assert await kinds(site) == ["user.password_reset"]


async def test_who_has_two_methods_proves_both(reset_site: Site) -> None:
    """One passcode twice, two of one method, or one alone is not enough; the order does not matter."""
    site = reset_site
    alice = await site.house.add_person("alice")
    second = await site.house.add_authenticator(alice.user, "totp")
    code = await recovery_code(site, alice)
    phone, other = Phone(site, alice.secret), Phone(site, second.secret, lead=0)
    async with Plain(site) as browser:
        for second_passcode in ("", "000000"):
            assert REFUSED in (await reset(browser, "alice", phone.passcode(), second_passcode)).text
        both = (phone.passcode(), other.passcode())
        assert REFUSED in (await reset(browser, "alice", *both)).text, "two of one method"
        assert (await reset(browser, "alice", code, phone.passcode())).status_code == 303


async def test_a_reset_tells_nobody_who_exists(reset_site: Site) -> None:
    """BF-15, ENR-05: the same text, status and headers for who is unknown, disabled, without a password or a
    method, locked, or has only failed; and no number or address is asked for."""
    site = reset_site
    await site.house.change_settings(lockout_threshold=3)
    alice = await site.house.add_person("alice")
    await site.house.add_person("disabled", status=UserStatus.DISABLED)
    await site.house.add_bare_person("bare")
    passwordless = await site.house.add_person("passwordless")
    await site.house.change_user(passwordless, password_hash="")
    locked = await site.house.add_person("locked")
    async with Plain(site) as browser:
        for _ in range(3):
            await reset(browser, "locked", "000000")
        names = ("alice", "nobody", "disabled", "bare", "passwordless", "locked", "")
        answers = {}
        for name in names:
            answer = await reset(browser, name, "000000")
            token = answer.text.split('name="csrf_token" value="')
            text = "".join([token[0], *(part.partition('"')[2] for part in token[1:])])
            said = text.replace(f'value="{name}"', 'value=""')
            answers[name] = (answer.status_code, sorted(answer.headers), said)
        assert len(set(map(repr, answers.values()))) == 1
        site.house.clock.advance(30)
        assert REFUSED in (await reset(browser, "locked", Phone(site, locked.secret).passcode())).text
        page = (await browser.get(f"{HOME}/reset")).text
        for asked in ('name="phone"', 'name="email"', 'type="tel"', 'type="email"'):
            assert asked not in page
    del alice


async def test_guesses_at_a_reset_are_counted(reset_site: Site) -> None:
    """BF-01: the count is that of every sign-in, and the person hears of it."""
    site = reset_site
    await site.house.change_settings(lockout_threshold=3)
    alice = await site.house.add_person("alice")
    async with Plain(site) as browser:
        for _ in range(3):
            await reset(browser, "alice", "000000")
        assert REFUSED in (await reset(browser, "alice", Phone(site, alice.secret).passcode())).text
    assert (await person_now(site, alice)).password_hash == alice.user.password_hash
    assert set(await kinds(site)) == {"user.password_reset_refused"}


async def test_a_reset_may_be_for_groups_only(reset_site: Site) -> None:
    site = reset_site
    alice, bob = await site.house.add_person("alice"), await site.house.add_person("bob")
    group = Group(tenant_id=TENANT, group_id="g1", name="Sales", created_at=0)
    await site.house.store.transact(lambda tx: tx.put(group))
    await site.house.store.transact(lambda tx: tx.add_member(TENANT, "g1", alice.user.user_id))
    await site.house.change_settings(
        password_reset=PasswordReset.GROUPS, password_reset_groups=("g1", "gone")
    )
    async with Plain(site) as browser:
        phones = [Phone(site, person.secret) for person in (alice, bob)]
        assert REFUSED in (await reset(browser, "bob", phones[1].passcode())).text
        assert (await reset(browser, "alice", phones[0].passcode())).status_code == 303


async def test_a_blocked_person_resets_nothing(reset_site: Site) -> None:
    site = reset_site
    alice = await site.house.add_person("alice", blocked_until=2**50)
    async with Plain(site) as browser:
        assert REFUSED in (await reset(browser, "alice", Phone(site, alice.secret).passcode())).text


# --- in a directory ---------------------------------------------------------------------------------------


@pytest.fixture
def openldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    with OpenLdap(tmp_path_factory.mktemp("openldap"), lets_passwords_change=True) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def ldap_site(reset_site: Site, openldap: OpenLdap) -> AsyncIterator[Site]:
    """The portal signs people in by OpenLDAP, where passwords may be changed."""
    applications = reset_site.house.services.applications
    directory = DirectoryConfiguration(
        tenant_id=TENANT,
        directory_id="ldap",
        kind="ldap",
        name="OpenLDAP",
        settings={
            "urls": [openldap.tls_url],
            "ca_file": openldap.ca_file,
            "base_dn": openldap.base_dn,
            "bind_dn": openldap.service_dn,
            "password_change": "password_modify",
            "timeout_seconds": 30,
        },
        created_at=0,
    )
    await applications.put_directory(SYSTEM, directory, Secret(openldap.service_password))
    portal = applications.snapshot.applications[TENANT, PORTAL_APPLICATION]
    by_directory = msgspec.structs.replace(portal, first_factor=FirstFactor.DIRECTORY, directory_id="ldap")
    await applications.change_application(SYSTEM, by_directory)
    yield reset_site


async def test_a_password_in_a_directory_is_changed_and_reset_there(ldap_site: Site) -> None:
    """RFC 3062, by a real OpenLDAP: its own rules hold, and its passwords are what the portal checks."""
    site = ldap_site
    alice = await site.house.add_person("alice")
    phone, old = Phone(site, alice.secret), PEOPLE["alice"]
    async with Plain(site) as browser:
        await browser.sign_in("alice", old, phone)
        short = await change(browser, old, "short", "short")
        assert "rules of your organization" in short.text
        assert "was not right" in (await change(browser, "not hers")).text
        assert (await change(browser, old)).status_code == 303
        assert (await browser.get(HOME)).status_code == 200
    async with Plain(site) as browser:
        assert (await browser.sign_in("alice", NEW)).status_code == 303
        assert (
            await reset(browser, "alice", phone.passcode(), new="Another of her words")
        ).status_code == 303
        assert (await browser.sign_in("alice", NEW)).status_code == 403
        assert (await browser.sign_in("alice", "Another of her words")).status_code == 303
    assert (await person_now(site, alice)).password_hash == alice.user.password_hash
    assert await kinds(site) == ["user.password_changed", "user.password_reset"]
