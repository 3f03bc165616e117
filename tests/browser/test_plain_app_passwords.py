"""App passwords over plain HTTP: made in the portal, shown once, revoked there and at the console."""

from __future__ import annotations

import re

from tests.browser.plain import Plain, heading_of
from tests.browser.scene import Phone, Site
from tests.browser.test_plain_forms import administrator
from tests.houses import TENANT, Person
from tests.integration.app_passwords.scene import CALENDAR, MAIL, add_alice, enter, furnish, make
from vestibule.model.actor import SYSTEM
from vestibule.model.user import Requirement
from vestibule.model.verification import Reason

PAGE = f"/portal/{TENANT}/app-passwords"
SECURITY = f"/portal/{TENANT}/security"


async def alice_at_the_portal(site: Site, browser: Plain) -> Person:
    """Let alice in with her second factor."""
    await furnish(site.house)
    alice = await add_alice(site.house)
    assert (await browser.sign_in("alice", phone=Phone(site, alice.secret))).status_code == 303
    return alice


async def test_s43_a_person_makes_one_and_sees_it_once(site: Site) -> None:
    """S43: and her program gets in with it."""
    async with Plain(site) as browser:
        await alice_at_the_portal(site, browser)
        assert PAGE in (await browser.get(SECURITY)).text
        made = await browser.post(PAGE, name="Thunderbird on the laptop", applications=MAIL)
        shown = re.search(r'<code id="app-password">([a-z-]+)</code>', made.text)
        assert shown, made.text
        assert made.headers["cache-control"] == "no-store"
        assert (await enter(site.house, shown[1])).is_authenticated
        page = (await browser.get(PAGE)).text
        assert "Thunderbird on the laptop" in page
        assert shown[1] not in page


async def test_what_is_refused_is_said_beside_the_field(site: Site) -> None:
    async with Plain(site) as browser:
        await alice_at_the_portal(site, browser)
        for fields, words in (
            ({"name": " ", "applications": MAIL}, "Name the program"),
            ({"name": "Mail"}, "Choose at least one of the applications"),
            ({"name": "Mail", "applications": "vpn"}, "Choose at least one of the applications"),
        ):
            refused = await browser.post(PAGE, **fields)
            assert (refused.status_code, words in refused.text) == (422, True), fields


async def test_s44_where_it_is_off_the_page_says_so(site: Site) -> None:
    """S44: there is no card and no form, and a form from before is refused with a reason."""
    async with Plain(site) as browser:
        alice = await alice_at_the_portal(site, browser)
        await site.house.change_settings(app_passwords=False)
        assert PAGE not in (await browser.get(SECURITY)).text
        refused = await browser.post(PAGE, name="Mail", applications=MAIL)
        assert (refused.status_code, "switched off here" in refused.text) == (422, True)
        await site.house.change_settings(app_passwords=True)
        await site.house.change_user(alice, requirement=Requirement.DISABLED)
        refused = await browser.post(PAGE, name="Mail", applications=MAIL)
        assert (refused.status_code, "Your account is none of them" in refused.text) == (422, True)


async def test_an_old_session_proves_itself_first(site: Site) -> None:
    """ENR-07: making needs a fresh second factor; revoking does not, for it only takes away."""
    async with Plain(site) as browser:
        alice = await alice_at_the_portal(site, browser)
        await make(site.house, alice)
        site.house.clock.advance(360)
        asked = await browser.post(PAGE, name="Mail", applications=MAIL)
        assert asked.headers["location"].startswith(f"/portal/{TENANT}/confirm?next=")
        held = await site.house.services.app_passwords.list(SYSTEM, TENANT, alice.user.user_id)
        revoked = await browser.post(f"{PAGE}/{held[0].app_password_id}/revoke")
        assert revoked.headers["location"] == PAGE
        assert "is revoked" in (await browser.get(PAGE)).text
        assert (await browser.post(f"{PAGE}/{held[0].app_password_id}/revoke")).status_code == 404


async def test_s40_an_administrator_revokes_them_all(site: Site) -> None:
    """S40: on the page of the person; one by one as well."""
    await furnish(site.house)
    alice = await add_alice(site.house)
    first = await make(site.house, alice)
    second, third = (
        await make(site.house, alice, "Phone"),
        await make(site.house, alice, "Tablet", (CALENDAR,)),
    )
    page = f"/console/tenants/{TENANT}/users/{alice.user.user_id}"
    held = await site.house.services.app_passwords.list(SYSTEM, TENANT, alice.user.user_id)
    async with Plain(site) as browser:
        await administrator(site, browser)
        shown = (await browser.get(f"{page}/methods")).text
        assert all(name in shown for name in ("Thunderbird on the laptop", "Phone", "Tablet"))
        await browser.post(f"{page}/app-passwords/{held[0].app_password_id}/revoke")
        assert not (await enter(site.house, first)).is_authenticated
        assert (await enter(site.house, second)).is_authenticated
        await browser.post(f"{page}/app-passwords/revoke-all")
        assert "All app passwords are revoked." in (await browser.get(f"{page}/methods")).text
    for door, typed in ((MAIL, second), (CALENDAR, third)):
        assert (await enter(site.house, typed, door)).reason is Reason.PASSWORD_WRONG


async def test_app01_one_opens_no_page(site: Site) -> None:
    """APP-01: at the portal and at the console it is a wrong password."""
    await furnish(site.house)
    alice = await add_alice(site.house)
    shown = (await make(site.house, alice)).reveal()
    async with Plain(site) as browser:
        refused = await browser.sign_in("alice", shown)
        assert "/second-factor" not in refused.headers.get("location", "")
        assert heading_of(refused.text)
        refused = await browser.post("/console/sign-in", username="alice", password=shown)
        assert "/second-factor" not in refused.headers.get("location", "")
        assert (await browser.sign_in("alice")).headers["location"].endswith("/second-factor")
        again = await browser.post(f"/portal/{TENANT}/sign-in/second-factor", passcode=shown, kind="passcode")
        assert again.status_code == 403
    reasons = {attempt.reason for attempt in await site.house.attempts(channel="portal")}
    assert reasons <= {Reason.PASSWORD_WRONG, Reason.PASSCODE_PENDING, Reason.PASSCODE_MALFORMED}
