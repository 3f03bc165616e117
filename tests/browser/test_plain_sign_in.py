"""Signing in over plain HTTP: where one may be sent, what cookies are like, and what a denial betrays."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio

from tests.browser.plain import Plain, field_of
from tests.browser.scene import Phone, Site
from tests.houses import PASSWORD, TENANT, open_house
from vestibule.frontends.http.frontend import HttpFrontend
from vestibule.frontends.http.options import HttpOptions
from vestibule.model.actor import SYSTEM
from vestibule.model.throttle import Factor
from vestibule.model.user import UserStatus

HOME = f"/portal/{TENANT}/"
ELSEWHERE = (
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https://evil.example",
    "https://good.example@evil.example/",
    "http:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\tevil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/%2f%2fevil.example/",
    "%2f%2fevil.example",
    "/%09/evil.example",
    "evil.example",
    "?next=//evil.example",
    f"/portal/{TENANT}//evil.example",
    f"/portal/{TENANT}/../../console/",
    f"/portal/{TENANT}@evil.example/",
    "/portal/other/",
    "/console/",
    "/api/v1/users",
    f"/portal/{TENANT}/\u2028//evil.example",
    "",
)


async def test_no_next_leads_away_from_this_portal(site: Site) -> None:
    """WEB-07: whatever stands in `next`, one ends up behind the door one came in by."""
    phone = Phone(site, (await site.house.add_person("bob")).secret)
    for wanted in ELSEWHERE:
        async with Plain(site) as browser:
            page = await browser.get(f"{HOME}sign-in", next=wanted)
            assert page.status_code == 200, wanted
            assert field_of(page.text, "next") == HOME, wanted
            answer = await browser.sign_in("bob", phone=phone, next=wanted)
            assert (answer.status_code, answer.headers["location"]) == (303, HOME), wanted
            already = await browser.get(f"{HOME}sign-in", next=wanted)
            assert already.headers["location"] == HOME, wanted


async def test_next_leads_to_a_page_behind_the_door(site: Site) -> None:
    secret = (await site.house.add_person("bob")).secret
    wanted = f"{HOME}authenticators/token?x=1"
    async with Plain(site) as browser:
        sent = await browser.get(wanted)
        assert sent.status_code == 303
        assert sent.headers["location"] == f"{HOME}sign-in?next={HOME}authenticators/token%3Fx%3D1"
        answer = await browser.sign_in("bob", phone=Phone(site, secret), next=wanted)
        assert answer.headers["location"] == wanted


# --- cookies ----------------------------------------------------------------------------------------------


def cookies_of(answer: httpx.Response) -> dict[str, str]:
    return {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}


@pytest_asyncio.fixture(loop_scope="session")
async def https_site(tmp_path: Path) -> AsyncIterator[Site]:
    """The same behind a proxy that speaks https."""
    async with open_house(tmp_path / "state") as house:
        await house.services.setup.ensure_portal(TENANT)
        options = HttpOptions(listen=(("127.0.0.1", 0),), public_url="https://mfa.example.org")
        frontend = HttpFrontend(house.services, options)
        await frontend.start()
        yield Site(house, frontend.addresses()[0])
        await frontend.stop(1)


async def test_every_cookie_is_kept_from_scripts_and_other_hosts(https_site: Site) -> None:
    """WEB-08: `__Host-`, Secure, HttpOnly, SameSite, no domain: session, challenge, form and notice."""
    secret = (await https_site.house.add_person("bob")).secret
    seen: dict[str, str] = {}
    async with httpx.AsyncClient(base_url=https_site.url) as client:

        async def send(method: str, path: str, **fields: str) -> httpx.Response:
            # The client would not send Secure cookies back over http, so they are carried by hand.
            jar = "; ".join(line.partition(";")[0] for line in seen.values())
            data = {"csrf_token": token, **fields} if method == "POST" else None
            answer = await client.request(method, path, data=data, headers={"cookie": jar})
            seen.update(cookies_of(answer))
            return answer

        token = ""
        page = await send("GET", f"{HOME}sign-in")
        token = page.text.split('name="csrf_token" value="')[1].partition('"')[0]
        await send("POST", f"{HOME}sign-in", username="bob", password=PASSWORD)
        passcode = Phone(https_site, secret).passcode()
        await send("POST", f"{HOME}sign-in/second-factor", passcode=passcode)
        await send("POST", "/preferences", language="de", theme="dark", return_to=HOME)
        await send("POST", f"{HOME}other-sessions/end")
    names = {name.removeprefix("__Host-vestibule-") for name in seen}
    assert names == {"portal", "sign-in", "form", "notice", "language", "theme"}
    for name, line in seen.items():
        assert name.startswith("__Host-"), line
        lowered = line.lower()
        for attribute in ("secure", "httponly", "samesite=lax", "path=/"):
            assert attribute in lowered, line
        assert "domain" not in lowered


async def test_a_session_is_new_at_each_sign_in_and_the_old_one_dies(site: Site) -> None:
    """WEB-08: a session that somebody planted before is neither taken nor kept (fixation)."""
    secret = (await site.house.add_person("bob")).secret
    phone = Phone(site, secret)
    async with Plain(site) as browser:
        browser.client.cookies.set("vestibule-portal", "planted-by-somebody-else", domain="127.0.0.1")
        await browser.sign_in("bob", phone=phone)
        first = browser.client.cookies["vestibule-portal"]
        assert first != "planted-by-somebody-else"
        assert len(first) >= 43
        browser.client.cookies.delete("vestibule-sign-in")
        await browser.sign_in("bob", phone=phone)
        second = browser.client.cookies["vestibule-portal"]
        assert second != first
        async with Plain(site) as thief:
            thief.client.cookies.set("vestibule-portal", first, domain="127.0.0.1")
            assert (await thief.get(HOME)).status_code == 303
            thief.client.cookies.set("vestibule-portal", second, domain="127.0.0.1")
            assert (await thief.get(HOME)).status_code == 200
            await browser.post(f"{HOME}sign-out")
            assert (await thief.get(HOME)).status_code == 303


async def test_a_portal_session_is_nothing_to_the_console_or_another_portal(site: Site) -> None:
    """TEN-02, WEB-08: each door has its own session, and a tenant's is good for that tenant only."""
    await site.house.services.applications.add_tenant(SYSTEM, "other", "Other")
    await site.house.services.setup.ensure_portal("other")
    secret = (await site.house.add_person("bob")).secret
    async with Plain(site) as browser:
        await browser.sign_in("bob", phone=Phone(site, secret))
        assert (await browser.get(HOME)).status_code == 200
        token = browser.client.cookies["vestibule-portal"]
        browser.client.cookies.set("vestibule-console", token, domain="127.0.0.1")
        for path in ("/portal/other/", "/console/", f"/console/tenants/{TENANT}/users"):
            answer = await browser.get(path)
            assert answer.status_code == 303, path
            assert "/sign-in" in answer.headers["location"]


async def test_sessions_end_by_themselves(site: Site) -> None:
    """NIST SP 800-63B-4 §2.2.3: one hour without activity, twenty-four in all."""
    secret = (await site.house.add_person("bob")).secret
    async with Plain(site) as browser:
        await browser.sign_in("bob", phone=Phone(site, secret))
        for _ in range(24):
            site.house.clock.advance(3599)
            assert (await browser.get(HOME)).status_code == 200
        site.house.clock.advance(3599)
        assert (await browser.get(HOME)).status_code == 303
        await browser.sign_in("bob", phone=Phone(site, secret))
        site.house.clock.advance(3601)
        assert (await browser.get(HOME)).status_code == 303


# --- what a denial betrays --------------------------------------------------------------------------------


async def test_every_denial_reads_the_same(site: Site) -> None:
    """BF-10, BF-14, BF-15: wrong password, nobody, disabled and locked are one page, byte for byte."""
    house = site.house
    await house.add_person("wrong")
    disabled = await house.add_person("disabled")
    await house.change_user(disabled, status=UserStatus.DISABLED)
    locked = await house.add_person("locked")
    limits = house.services.configuration.current.limits[TENANT]
    for _ in range(limits.threshold):
        await house.store.transact(
            lambda tx: tx.settle_attempt(TENANT, locked.user.user_id, Factor.PASSWORD, False, limits)
        )
    pages = {}
    async with Plain(site) as browser:
        token = await browser.token()
        for username, password in (
            ("wrong", "not her password"),
            ("nobody", PASSWORD),
            ("disabled", PASSWORD),
            ("locked", PASSWORD),
            ("wrong", ""),
        ):
            fields = {"csrf_token": token, "username": username, "password": password}
            answer = await browser.client.post(f"{HOME}sign-in", data=fields)
            assert answer.status_code == 403
            assert "vestibule-portal" not in cookies_of(answer)
            headers = sorted(name for name in answer.headers if name not in ("date", "content-length"))
            page = answer.text.replace(f'value="{username}"', 'value="NAME"')
            page = re.sub(r'name="csrf_token" value="[^"]*"', "", page)
            pages[username, password] = (headers, page)
    assert len({repr(seen) for seen in pages.values()}) == 1


async def test_a_wrong_passcode_and_a_locked_user_read_the_same(site: Site) -> None:
    """BF-10: after the password, a wrong passcode, the last try and a lock are told in the same words."""
    secret = (await site.house.add_person("bob")).secret
    await site.house.change_settings(lockout_threshold=4)  # so that one browser waits after two
    path = f"{HOME}sign-in/second-factor"
    async with Plain(site) as browser:
        await browser.sign_in("bob")
        wrong = await browser.post(path, passcode="000000")
        assert wrong.status_code == 403
        assert "That did not work" in wrong.text
        await browser.post(path, passcode="000000")
        # Locked now: the right passcode is not evaluated.
        locked = await browser.post(path, passcode=Phone(site, secret).passcode())
        assert locked.headers["location"] == f"{HOME}sign-in"
        assert "That did not work" in (await browser.get(f"{HOME}sign-in")).text


async def test_steps_cannot_be_skipped(site: Site) -> None:
    """CH-07, CH-11: a passcode is taken from the browser that gave the password, and only after it."""
    secret = (await site.house.add_person("bob")).secret
    phone = Phone(site, secret)
    path = f"{HOME}sign-in/second-factor"
    async with Plain(site) as browser, Plain(site) as other:
        assert (await other.get(path)).headers["location"] == f"{HOME}sign-in"
        answer = await other.post(path, passcode=phone.passcode())
        assert answer.headers["location"] == f"{HOME}sign-in"
        await browser.sign_in("bob")
        assert (await browser.get(path)).status_code == 200
        # The cookie of somebody else's door, another name in it, or garbage begins nothing.
        for planted in ("x", "eyJ", "WyIvY29uc29sZSIsImEiLCJiIl0", "WyIvcG9ydGFsL2FjbWUiLCJhIiwiYm9iIl0"):
            other.client.cookies.set("vestibule-sign-in", planted, domain="127.0.0.1")
            answer = await other.post(path, passcode=phone.passcode())
            assert "vestibule-portal" not in cookies_of(answer)
        assert (await other.get(HOME)).status_code == 303


async def test_a_passcode_may_be_typed_in_groups(site: Site) -> None:
    """Apps show “123 456”, and people type what they see."""
    phone = Phone(site, (await site.house.add_person("bob")).secret)
    async with Plain(site) as browser:
        await browser.sign_in("bob")
        passcode = phone.passcode()
        grouped = f" {passcode[:3]} {passcode[3:]}\u00a0"
        answer = await browser.post(f"{HOME}sign-in/second-factor", passcode=grouped)
        assert answer.headers["location"] == HOME
