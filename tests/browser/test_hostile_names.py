"""Stored names that try to be markup, script or template: inert on every page (WEB-10, WEB-19)."""

from __future__ import annotations

import json
import re

from tests.browser.scene import Phone, Site, Window, add_free_token, enter_console
from tests.houses import PASSWORD, TENANT
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind
from vestibule.services.users import UserFields

CANARY = "\"'><img src=/canary onerror=window.pwned=1><script>window.pwned=1</script>{{7*7}}"
SHORT = "'\"><svg onload=window.pwned=1>{{7*7}}"


async def fill_with_canaries(site: Site) -> dict[str, str]:
    """Store the canary wherever a person, an administrator or a network peer can put a text."""
    house, services = site.house, site.house.services
    bob = await house.add_person("bob")
    await services.users.edit(
        SYSTEM,
        TENANT,
        bob.user.user_id,
        UserFields(
            username=CANARY,
            other_names=("bob",),
            given_name=CANARY,
            family_name=CANARY,
            email=f"{SHORT}@example.org",
            phone=SHORT,
        ),
    )
    await services.enrollments.rename(SYSTEM, TENANT, bob.user.user_id, bob.authenticator_id, CANARY)
    await house.add_application(CANARY)
    radius = await services.applications.add_client(
        SYSTEM, TENANT, CANARY, ClientKind.RADIUS, CANARY, address="192.0.2.1"
    )
    await services.applications.add_shared_secret(SYSTEM, TENANT, radius.client_id)
    await services.applications.add_tenant(SYSTEM, "second", CANARY)
    await house.change_settings(issuer=SHORT, record_names=True, record_email=True)
    await add_free_token(house, "<SVG/ONLOAD=1>")
    # A name that nobody has, as a RADIUS client may send it, and one that was let in.
    await house.start(CANARY + "?", "x", door=CANARY, user_address=SHORT)
    await house.start("bob", passcode=bob.passcode(house.clock.now()), door=CANARY)
    attempts = [attempt.verification_id for attempt in await house.attempts()]
    token = await house.store.read(lambda tx: tx.authenticators_by_serial(TENANT, ("<SVG/ONLOAD=1>",)))
    return {
        "user": bob.user.user_id,
        "client": radius.client_id,
        "token": token["<SVG/ONLOAD=1>"].authenticator_id,
        "denied": attempts[0],
        "approved": attempts[1],
        "secret": bob.secret.hex(),
    }


async def assert_inert(window: Window) -> None:
    """The canary is text: it loads nothing, runs nothing, is no element and was not computed."""
    page = window.page
    assert await page.evaluate("window.pwned") is None
    assert await page.locator("img, svg[onload], [onerror]").count() == 0
    scripts = await page.locator("script").evaluate_all("all => all.map(one => one.src)")
    assert all(re.search(r"/assets/page-[A-Z0-9]+\.js$", source) for source in scripts)
    source = await page.content()
    assert not re.search(r"pwned'?&gt;.{0,20}49", source)


async def test_a_hostile_name_is_inert_everywhere(window: Window) -> None:
    asked: list[str] = []
    window.page.on("request", lambda request: asked.append(request.url))
    window.page.on("dialog", lambda dialog: window.problems.append(f"dialog: {dialog.message}"))
    ids = await fill_with_canaries(window.site)
    await enter_console(window)
    paths = (
        "",
        "/users",
        f"/users/{ids['user']}",
        f"/users/{ids['user']}/edit",
        f"/users/{ids['user']}/methods",
        f"/users/{ids['user']}/access",
        f"/users/{ids['user']}/history",
        f"/users/{ids['user']}/administration",
        "/tokens",
        f"/tokens/{ids['token']}",
        "/attempts",
        f"/attempts?user_id={ids['user']}",
        f"/attempts/{ids['denied']}",
        f"/attempts/{ids['approved']}",
        "/applications",
        "/clients",
        f"/clients/{ids['client']}",
        f"/clients/{ids['client']}/edit",
        "/api-keys",
        "/events",
        "/settings",
        "/tenants",
    )
    shown = 0
    for path in paths:
        await window.go(window.site.console + path)
        await assert_inert(window)
        assert await window.overflow() == 0, path
        shown += "{{7*7}}" in await window.page.content()
    assert shown >= 15
    await window.go(f"{window.site.console}/users/{ids['user']}")
    await window.shoot("60-hostile-user")
    # Typed into a form and refused, it comes back as it was typed; after a deletion it is in a notice.
    await window.go(f"{window.site.console}/users/new")
    await window.fill(username=CANARY, given_name=SHORT)
    await window.press("Add user")
    await assert_inert(window)
    assert await window.page.input_value('[name="given_name"]') == SHORT
    await window.go(f"{window.site.console}/users/{ids['user']}/administration")
    await window.confirm("Delete user")
    await window.page.get_by_text("was deleted.").wait_for()
    await assert_inert(window)
    assert [url for url in asked if "canary" in url] == []


async def test_a_hostile_name_is_inert_in_the_portal(window: Window) -> None:
    ids = await fill_with_canaries(window.site)
    asked: list[str] = []
    window.page.on("request", lambda request: asked.append(request.url))
    phone = Phone(window.site, bytes.fromhex(ids["secret"]))
    await window.go(f"{window.site.portal}/sign-in")
    await window.fill(username=CANARY, password="x")
    await window.press("Continue")
    await assert_inert(window)
    assert await window.page.input_value('[name="username"]') == CANARY
    await window.fill(username="bob", password=PASSWORD)
    await window.press("Continue")
    await window.fill(passcode=phone.passcode())
    await window.press("Sign in")
    await assert_inert(window)
    assert "{{7*7}}" in await window.text()
    await window.shoot("61-hostile-portal")
    await window.press("Add authenticator app")
    await window.page.get_by_text("I cannot scan the code").click()
    await assert_inert(window)
    assert SHORT in await window.text()
    await window.press("Cancel")
    await window.press("Get recovery codes")
    await assert_inert(window)
    assert [url for url in asked if "canary" in url] == []


async def test_the_policy_stops_a_script_that_got_into_a_page(window: Window) -> None:
    """WEB-16: were markup ever let through, the browser would still run nothing of it."""
    await window.go(f"{window.site.portal}/sign-in")
    ran = await window.page.evaluate(
        """() => { const holder = document.createElement("div");
        holder.innerHTML = "<img src=x onerror=\\"window.pwned=1\\">";
        document.body.append(holder);
        const script = document.createElement("script");
        script.textContent = "window.pwned = 1";
        document.body.append(script);
        return window.pwned; }"""
    )
    assert ran is None
    blocked = [problem for problem in window.problems if "Content Security Policy" in problem]
    assert blocked, json.dumps(window.problems)
    window.problems.clear()
