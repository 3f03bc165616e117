"""Registering authenticators over plain HTTP: who may, when, and what a link is good for."""

from __future__ import annotations

import asyncio
import re

from tests.browser.plain import Plain, field_of, heading_of
from tests.browser.scene import ADMINISTRATOR_PASSWORD, Phone, Site, add_free_token
from tests.houses import PASSWORD, START, TENANT
from vestibule.crypto.passwords import hash_password
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.actor import SYSTEM
from vestibule.model.authenticator import AuthenticatorStatus
from vestibule.model.user import User
from vestibule.wire.oath import decode_base32, totp

HOME = f"/portal/{TENANT}/"
APP = f"{HOME}authenticators/app"


def secret_of(page: str) -> bytes:
    """Return the secret that a page of enrollment shows."""
    found = re.search(r'id="secret" data-value="([A-Z2-7]+)"', page)
    assert found
    secret = decode_base32(found[1])
    assert secret is not None
    return secret


async def add_bare_user(site: Site, username: str = "wendy") -> User:
    """Add a user with PASSWORD who has registered nothing."""
    user = User(
        tenant_id=TENANT,
        user_id=new_id(),
        username=username,
        names=(username,),
        password_hash=hash_password(PASSWORD),
        created_at=START,
        updated_at=START,
    )
    await site.house.store.transact(lambda tx: tx.add_user(user))
    return user


async def held(site: Site, user: User) -> list[AuthenticatorStatus]:
    subject = await site.house.store.read(lambda tx: tx.subject(TENANT, user.user_id))
    assert subject is not None
    return [authenticator.status for authenticator in subject.authenticators]


# --- the one-time link ------------------------------------------------------------------------------------


async def set_up(site: Site, browser: Plain, page: str, username: str) -> int:
    key = secret_of(page)
    hidden = {name: field_of(page, name) for name in ("link_token", "sealed", "otpauth_uri")}
    answer = await browser.post(
        "/console/setup",
        **hidden,
        username=username,
        password=ADMINISTRATOR_PASSWORD,
        password_again=ADMINISTRATOR_PASSWORD,
        passcode=totp(key, site.house.clock.now()),
    )
    return answer.status_code


async def administrators(site: Site) -> int:
    where = UserFilter(role="administrator")
    return len((await site.house.store.read(lambda tx: tx.users("system", where, Page()))).rows)


async def test_a_link_makes_one_administrator(site: Site) -> None:
    """ENR-01: used once, it is over, for the page and for a form that was open before."""
    path = (await site.setup_url()).removeprefix(site.url)
    async with Plain(site) as browser:
        early = (await browser.get(path)).text
        assert await set_up(site, browser, (await browser.get(path)).text, "grace") == 200
        again = await browser.get(path)
        assert (again.status_code, "link_over" in again.text) == (404, True)
        assert await set_up(site, browser, early, "mallory") == 404
    assert await administrators(site) == 1


async def test_a_link_ends_after_a_day_and_a_made_up_one_is_nothing(site: Site) -> None:
    """ENR-01: expired, or never made."""
    path = (await site.setup_url()).removeprefix(site.url)
    async with Plain(site) as browser:
        page = (await browser.get(path)).text
        site.house.clock.advance(24 * 3600)
        assert (await browser.get(path)).status_code == 404
        assert await set_up(site, browser, page, "grace") == 404
        assert (await browser.get("/console/setup/made-up")).status_code == 404
    assert await administrators(site) == 0


async def test_two_who_share_a_link_race_for_it(site: Site) -> None:
    """ENR-01: sent at the same moment from several devices, one wins."""
    path = (await site.setup_url()).removeprefix(site.url)
    browsers = [Plain(site) for _ in range(4)]
    pages = [(await browser.get(path)).text for browser in browsers]
    statuses = await asyncio.gather(
        *(
            set_up(site, browser, page, f"grace{number}")
            for number, (browser, page) in enumerate(zip(browsers, pages, strict=True))
        )
    )
    for browser in browsers:
        await browser.client.aclose()
    assert sorted(statuses) == [200, 404, 404, 404]
    assert await administrators(site) == 1


async def test_a_form_of_one_link_is_nothing_to_another(site: Site) -> None:
    """ENR-01: the new authenticator is sealed to the link it was made for."""
    async with Plain(site) as browser:
        one = (await browser.get((await site.setup_url()).removeprefix(site.url))).text
        other = (await browser.get((await site.setup_url()).removeprefix(site.url))).text
        mixed = one.replace(field_of(one, "link_token"), field_of(other, "link_token"))
        assert await set_up(site, browser, mixed, "grace") == 404
    assert await administrators(site) == 0


# --- who may register -------------------------------------------------------------------------------------


async def test_the_first_is_registered_with_the_password_alone(site: Site) -> None:
    """The only time that is so; and what was not proven opens nothing."""
    user = await add_bare_user(site)
    async with Plain(site) as browser:
        assert (await browser.sign_in("wendy")).headers["location"] == HOME
        page = await browser.post(f"{APP}/begin")
        assert heading_of(page.text) == "Add authenticator app"
        assert page.headers["cache-control"] == "no-store"
        assert await held(site, user) == [AuthenticatorStatus.PENDING]
        fields = {name: field_of(page.text, name) for name in ("authenticator_id", "otpauth_uri")}
        wrong = await browser.post(APP, **fields, passcode="000000", label="phone")
        assert wrong.status_code == 422
        assert secret_of(wrong.text) == secret_of(page.text)
        assert await held(site, user) == [AuthenticatorStatus.PENDING]
        right = totp(secret_of(page.text), site.house.clock.now())
        done = await browser.post(APP, **fields, passcode=right, label="phone")
        assert done.headers["location"] == HOME
        assert await held(site, user) == [AuthenticatorStatus.ACTIVE]
        assert "“phone” is registered" in (await browser.get(HOME)).text
        # The passcode that proved it is spent.
        await browser.post(f"{HOME}sign-out")
        await browser.sign_in("wendy")
        path = f"{HOME}sign-in/second-factor"
        assert (await browser.post(path, passcode=right)).status_code == 403


async def test_following_a_link_begins_nothing(site: Site) -> None:
    """WEB-09: a secret is made by a form of ours, so no foreign page can void a pending one."""
    user = await add_bare_user(site)
    async with Plain(site) as browser:
        await browser.sign_in("wendy")
        for path in (APP, f"{APP}/begin", f"{HOME}recovery-codes", f"{HOME}authenticators/token"):
            await browser.get(path)
        assert await held(site, user) == []


async def test_who_holds_one_proves_it_before_adding_another(site: Site) -> None:
    """ENR-02: a session that knows only the password adds nothing once there is something to prove."""
    user = await add_bare_user(site)
    async with Plain(site) as thief:
        await thief.sign_in("wendy")
        begun = await thief.post(f"{APP}/begin")
        fields = {name: field_of(begun.text, name) for name in ("authenticator_id", "otpauth_uri")}
        # Meanwhile the help desk hands her a hardware token.
        secret = await add_free_token(site.house, "A-1")
        await site.house.services.enrollments.assign(SYSTEM, TENANT, user.user_id, "A-1")
        passcode = totp(secret_of(begun.text), site.house.clock.now())
        refused = await thief.post(APP, **fields, passcode=passcode)
        assert refused.headers["location"].startswith(f"{HOME}confirm")
        for path in (f"{APP}/begin", f"{HOME}recovery-codes", f"{HOME}authenticators/token"):
            assert (await thief.post(path)).headers["location"].startswith(f"{HOME}confirm"), path
        # The token stands beside what was never proven.
        assert sorted(await held(site, user)) == [AuthenticatorStatus.ACTIVE, AuthenticatorStatus.PENDING]
        # With the token's passcode it is hers.
        confirmed = await thief.post(f"{HOME}confirm", passcode=totp(secret, site.house.clock.now()))
        assert confirmed.headers["location"] == HOME
        assert (await thief.post(f"{APP}/begin")).status_code == 200


async def test_the_last_one_stays_until_an_administrator_takes_it(site: Site) -> None:
    """ENR-06: nobody lowers his own strength; recovery codes alone are no second factor to live on."""
    bob = await site.house.add_person("bob")
    path = f"{HOME}authenticators/{bob.authenticator_id}/remove"
    async with Plain(site) as browser:
        await browser.sign_in("bob", phone=Phone(site, bob.secret))
        await browser.post(f"{HOME}recovery-codes")
        refused = await browser.post(path)
        assert refused.status_code == 422
        assert "This is your last authenticator" in refused.text
        await add_free_token(site.house, "A-1")
        await site.house.services.enrollments.assign(SYSTEM, TENANT, bob.user.user_id, "A-1")
        assert (await browser.post(path)).headers["location"] == HOME
        subject = await site.house.store.read(lambda tx: tx.subject(TENANT, bob.user.user_id))
        assert subject is not None
        assert bob.authenticator_id not in {one.authenticator_id for one in subject.authenticators}


async def test_an_old_session_proves_itself_anew_before_it_changes_anything(site: Site) -> None:
    """ENR-07: five minutes after the proof, adding, removing and new codes ask for a passcode."""
    bob = await site.house.add_person("bob")
    phone = Phone(site, bob.secret)
    changes = (
        f"{APP}/begin",
        f"{HOME}authenticators/token",
        f"{HOME}recovery-codes",
        f"{HOME}authenticators/{bob.authenticator_id}/remove",
    )
    async with Plain(site) as browser:
        await browser.sign_in("bob", phone=phone)
        assert (await browser.post(f"{APP}/begin")).status_code == 200
        site.house.clock.advance(300)
        assert (await browser.get(HOME)).status_code == 200
        for path in changes:
            answer = await browser.post(path)
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith(f"{HOME}confirm?next={HOME}"), path
        page = await browser.get(f"{HOME}confirm")
        assert heading_of(page.text) == "Confirm it once more"
        wrong = await browser.post(f"{HOME}confirm", passcode="000000")
        assert wrong.status_code == 403
        assert (await browser.post(f"{APP}/begin")).status_code == 303
        right = await browser.post(f"{HOME}confirm", passcode=phone.passcode(), next="//evil.example")
        assert right.headers["location"] == HOME
        assert (await browser.post(f"{APP}/begin")).status_code == 200


async def test_an_old_session_without_anything_to_prove_signs_in_again(site: Site) -> None:
    """ENR-07: nothing registered, nothing to step up with: the password is asked for anew."""
    await add_bare_user(site)
    async with Plain(site) as browser:
        await browser.sign_in("wendy")
        site.house.clock.advance(301)
        answer = await browser.post(f"{APP}/begin")
        confirm = await browser.get(answer.headers["location"])
        assert confirm.headers["location"] == f"{HOME}sign-in"
        page = await browser.get(f"{HOME}sign-in")
        assert "sign in again before you change anything" in page.text


async def test_nobody_touches_what_somebody_else_holds(site: Site) -> None:
    """TEN-01 within a tenant: ids of others are not there."""
    alice = await site.house.add_person("alice")
    bob = await site.house.add_person("bob")
    await site.house.add_authenticator(bob.user)
    async with Plain(site) as browser:
        await browser.sign_in("bob", phone=Phone(site, bob.secret))
        for act, fields in (("remove", {}), ("rename", {"label": "mine"})):
            path = f"{HOME}authenticators/{alice.authenticator_id}/{act}"
            assert (await browser.post(path, **fields)).status_code in (404, 422), act
        subject = await site.house.store.read(lambda tx: tx.subject(TENANT, alice.user.user_id))
        assert subject is not None
        assert [one.status for one in subject.authenticators] == [AuthenticatorStatus.ACTIVE]
        assert subject.authenticators[0].label == "alice's totp"


async def test_a_hardware_token_is_registered_by_serial_and_passcode(site: Site) -> None:
    """S57; and a wrong serial reads like a wrong passcode, so serials cannot be searched for."""
    bob = await site.house.add_person("bob")
    secret = await add_free_token(site.house, "A-1")
    path = f"{HOME}authenticators/token"
    async with Plain(site) as browser:
        await browser.sign_in("bob", phone=Phone(site, bob.secret))
        pages = []
        for serial in ("A-1", "Z-9"):
            answer = await browser.post(path, serial=serial, passcode="000000")
            assert answer.status_code == 422
            page = re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)
            pages.append(page.replace(serial, "SERIAL"))
        assert pages[0] == pages[1]
        done = await browser.post(path, serial="a-1", passcode=totp(secret, site.house.clock.now()))
        assert done.headers["location"] == HOME
        assert "The hardware token A-1 is registered." in (await browser.get(HOME)).text


async def test_other_sessions_end_and_this_one_stays(site: Site) -> None:
    """ASVS 7.4.3: after a change of factors a person can throw everybody else out."""
    bob = await site.house.add_person("bob")
    phone = Phone(site, bob.secret)
    async with Plain(site) as here, Plain(site) as there:
        await there.sign_in("bob", phone=phone)
        await here.sign_in("bob", phone=phone)
        await here.post(f"{HOME}other-sessions/end")
        assert (await here.get(HOME)).status_code == 200
        assert (await there.get(HOME)).status_code == 303
