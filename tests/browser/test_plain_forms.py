"""Forms and paths over plain HTTP: nothing changes without a form of ours, nothing leaks from next door."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import httpx
import pytest
from litestar.routes import HTTPRoute

from tests.browser.plain import Plain, field_of
from tests.browser.scene import ADMINISTRATOR_PASSWORD, Phone, Site, add_free_token
from tests.houses import PASSWORD, TENANT
from vestibule.frontends.http.app import build_app
from vestibule.frontends.http.console.csv_export import HEADER
from vestibule.frontends.http.options import HttpOptions
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind
from vestibule.model.csv_line import harmless
from vestibule.wire.oath import decode_base32

HOME = f"/portal/{TENANT}/"
CONSOLE = f"/console/tenants/{TENANT}"
FOREIGN: tuple[dict[str, str], ...] = (
    {"origin": "https://evil.example"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "same-origin, cross-site"},
)


def posts(site: Site) -> Iterator[str]:
    """Yield every path of portal and console that takes a form, with identifiers of nothing."""
    app = build_app(site.house.services, HttpOptions())
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or "POST" not in route.methods:
            continue
        if route.path.startswith(("/portal", "/console", "/preferences")):
            path = route.path_format.replace("{tenant}", TENANT)
            yield re.sub(r"\{[^}]+\}", "nothing", path)


async def administrator(site: Site, browser: Plain) -> Phone:
    """Make an administrator by the link and sign him in."""
    page = await browser.get((await site.setup_url()).removeprefix(site.url))
    secret = re.search(r'id="secret" data-value="([A-Z2-7]+)"', page.text)
    assert secret
    key = decode_base32(secret[1])
    assert key is not None
    phone = Phone(site, key)
    hidden = {name: field_of(page.text, name) for name in ("link_token", "sealed", "otpauth_uri")}
    made = await browser.post(
        "/console/setup",
        **hidden,
        username="grace",
        password=ADMINISTRATOR_PASSWORD,
        password_again=ADMINISTRATOR_PASSWORD,
        passcode=phone.passcode(),
    )
    assert made.status_code == 200, made.text
    await browser.post("/console/sign-in", username="grace", password=ADMINISTRATOR_PASSWORD)
    await browser.post("/console/sign-in/second-factor", passcode=phone.passcode())
    return phone


# --- forms of others --------------------------------------------------------------------------------------


async def test_no_form_is_taken_without_our_token_or_from_another_site(site: Site) -> None:
    """WEB-09: every POST of portal and console, signed in at both doors."""
    bob = await site.house.add_person("bob")
    async with Plain(site) as browser:
        await administrator(site, browser)
        await browser.sign_in("bob", phone=Phone(site, bob.secret))
        token = await browser.token()
        paths = list(posts(site))
        assert len(paths) > 45
        before = len((await site.house.store.read(lambda tx: tx.configuration())).clients)
        for path in paths:
            without = await browser.client.post(path, data={"username": "x"})
            assert (without.status_code, "form_expired" in without.text) == (403, True), path
            foreign = await browser.client.post(path, data={"csrf_token": token}, headers=FOREIGN[0])
            assert foreign.status_code == 403, path
        for path in (f"{HOME}sign-out", f"{HOME}authenticators/app/begin", f"{CONSOLE}/users"):
            wrong = await browser.client.post(path, data={"csrf_token": token[:-1] + "x"})
            assert wrong.status_code == 403, path
            as_json = await browser.client.post(path, json={"csrf_token": token})
            assert as_json.status_code == 403, path
            as_text = await browser.client.post(
                path, content=f"csrf_token={token}", headers={"content-type": "text/plain"}
            )
            assert as_text.status_code == 403, path
            for headers in FOREIGN:
                foreign = await browser.client.post(path, data={"csrf_token": token}, headers=headers)
                assert foreign.status_code == 403, (path, headers)
            overridden = await browser.client.get(path, headers={"x-http-method-override": "POST"})
            assert overridden.status_code in (200, 405), path
        assert (await browser.get(HOME)).status_code == 200  # and nobody was signed out by it
        assert len((await site.house.store.read(lambda tx: tx.configuration())).clients) == before


async def test_a_token_of_another_browser_is_none_of_ours(site: Site) -> None:
    """WEB-09: the token is bound to the browser's own cookie."""
    async with Plain(site) as one, Plain(site) as other:
        await one.token()
        answer = await one.client.post(
            f"{HOME}sign-in", data={"csrf_token": await other.token(), "username": "a", "password": "b"}
        )
        assert answer.status_code == 403
        assert "form_expired" in answer.text


@pytest.mark.parametrize(
    "fields",
    [
        {"username": ["a", "b"], "password": "x"},
        {"username": "a\0b", "password": "x"},
        {"username": "a" * 256, "password": "x"},
        {"username": "a", "password": "x" * 5000},
    ],
    ids=["twice", "nul", "long-name", "long-password"],
)
async def test_a_form_that_is_not_ours_is_refused_as_a_whole(site: Site, fields: dict[str, str]) -> None:
    async with Plain(site) as browser:
        answer = await browser.post(f"{HOME}sign-in", **fields)
        assert answer.status_code == 400
    assert await site.house.attempts() == []


# --- next door --------------------------------------------------------------------------------------------


async def test_nothing_of_one_tenant_is_found_under_another(site: Site) -> None:
    """TEN-01: every id of one tenant, used under the path of the other, is not there."""
    house = site.house
    services = house.services
    await services.applications.add_tenant(SYSTEM, "other", "Other")
    bob = await house.add_person("bob")
    application = await house.add_application("vpn")
    radius = await services.applications.add_client(
        SYSTEM, TENANT, "vpn", ClientKind.RADIUS, "gateway", address="192.0.2.1"
    )
    await services.applications.add_shared_secret(SYSTEM, TENANT, radius.client_id)
    secret_id = (await services.applications.secrets(SYSTEM, TENANT, radius.client_id))[0].secret_id
    await add_free_token(house, "A-1")
    token = (await house.store.read(lambda tx: tx.authenticators_by_serial(TENANT, ("A-1",))))["A-1"]
    await house.start("bob", passcode=bob.passcode(house.clock.now()))
    attempt = (await house.attempts())[0].verification_id
    ours = (
        *(
            f"users/{bob.user.user_id}{page}"
            for page in ("", "/edit", "/methods", "/access", "/history", "/administration")
        ),
        f"tokens/{token.authenticator_id}",
        f"applications/{application.application_id}",
        f"clients/{radius.client_id}",
        f"clients/{radius.client_id}/edit",
        f"attempts/{attempt}",
    )
    changes = (
        f"users/{bob.user.user_id}",
        f"users/{bob.user.user_id}/disable",
        f"users/{bob.user.user_id}/unlock",
        f"users/{bob.user.user_id}/remove",
        f"users/{bob.user.user_id}/tokens",
        f"users/{bob.user.user_id}/authenticators/{bob.authenticator_id}/remove",
        f"tokens/{token.authenticator_id}/assign",
        f"tokens/{token.authenticator_id}/unassign",
        f"tokens/{token.authenticator_id}/resynchronize",
        f"applications/{application.application_id}",
        f"applications/{application.application_id}/remove",
        f"clients/{radius.client_id}",
        f"clients/{radius.client_id}/secrets",
        f"clients/{radius.client_id}/secrets/{secret_id}/end",
        f"clients/{radius.client_id}/remove",
        f"api-keys/{radius.client_id}/revoke",
    )
    async with Plain(site) as browser:
        await administrator(site, browser)
        for path in ours:
            assert (await browser.get(f"{CONSOLE}/{path}")).status_code == 200, path
            assert (await browser.get(f"/console/tenants/other/{path}")).status_code == 404, path
            assert (await browser.get(f"/console/tenants/none/{path}")).status_code == 404, path
        for path in changes:
            answer = await browser.post(f"/console/tenants/other/{path}", serial="A-1", username="bob")
            assert answer.status_code == 404, (path, answer.status_code)
    subject = await house.store.read(lambda tx: tx.subject(TENANT, bob.user.user_id))
    assert subject is not None
    assert subject.user.is_active
    assert len(subject.authenticators) == 1


async def test_who_is_no_administrator_has_no_business_in_the_console(site: Site) -> None:
    """A user of the installation's own tenant without the role, and a user of a tenant, stay outside."""
    plain_user = await site.house.add_person("peter", tenant_id="system")
    await site.house.add_person("bob")
    async with Plain(site) as browser:
        for username in ("peter", "bob"):
            phone = Phone(site, plain_user.secret)
            await browser.post("/console/sign-in", username=username, password=PASSWORD)
            answer = await browser.post("/console/sign-in/second-factor", passcode=phone.passcode())
            assert answer.headers["location"] == "/console/sign-in"
            assert (await browser.get(CONSOLE)).status_code == 303


async def test_the_door_itself_cannot_be_opened_wide_by_mistake(site: Site) -> None:
    """The portal and the console always check a password; the console always asks for a second factor."""
    async with Plain(site) as browser:
        await administrator(site, browser)
        for tenant, application, changes in (
            (
                TENANT,
                "portal",
                {"first_factor": "client", "second_factor": "if_enrolled", "is_enabled": "yes"},
            ),
            ("system", "console", {"first_factor": "client", "second_factor": "always", "is_enabled": "yes"}),
            (
                "system",
                "console",
                {"first_factor": "local", "second_factor": "if_enrolled", "is_enabled": "yes"},
            ),
            ("system", "console", {"first_factor": "local", "second_factor": "always"}),
        ):
            path = f"/console/tenants/{tenant}/applications/{application}"
            version = field_of((await browser.get(path)).text, "version")
            answer = await browser.post(path, name="Renamed", version=version, **changes)
            assert answer.status_code == 422, (application, changes)


# --- somebody else was faster -----------------------------------------------------------------------------


async def test_a_change_on_old_values_is_told_and_shows_the_newest(site: Site) -> None:
    bob = await site.house.add_person("bob")
    await site.house.add_application("vpn")
    async with Plain(site) as browser:
        await administrator(site, browser)
        path = f"{CONSOLE}/users/{bob.user.user_id}"
        version = field_of((await browser.get(f"{path}/edit")).text, "version")
        first = await browser.post(path, username="bob", given_name="First", version=version)
        assert first.status_code == 303
        second = await browser.post(path, username="bob", given_name="Second", version=version)
        assert second.status_code == 409
        assert "Somebody else has changed this meanwhile" in second.text
        assert 'value="First"' in second.text
        for page, fields in (
            ("applications/vpn", {"name": "x", "first_factor": "local", "second_factor": "always"}),
            ("settings", {"issuer": "x"}),
        ):
            answer = await browser.post(f"{CONSOLE}/{page}", version="999", **fields)
            assert answer.status_code == 409, page
            assert "Somebody else has changed this meanwhile" in answer.text


async def test_the_last_administrator_cannot_be_disabled(site: Site) -> None:
    async with Plain(site) as browser:
        await administrator(site, browser)
        subject = await site.house.store.read(lambda tx: tx.subject_by_names("system", ("grace",)))
        assert subject is not None
        for act in ("disable", "remove"):
            answer = await browser.post(f"/console/tenants/system/users/{subject.user.user_id}/{act}")
            assert answer.status_code == 422
            assert "last active administrator" in answer.text


async def test_a_locked_user_is_seen_and_let_in_again(site: Site) -> None:
    """BF-09, BF-12: the page says what is locked and until when; one form ends it."""
    house = site.house
    bob = await house.add_person("bob")
    await house.add_application("vpn")
    await house.change_settings(lockout_threshold=3)
    path = f"{CONSOLE}/users/{bob.user.user_id}"
    async with Plain(site) as browser:
        await administrator(site, browser)
        await house.start("bob", "wrong")
        assert "Wrong passwords</dt><dd>One failure" in (await browser.get(path)).text
        for _ in range(2):
            await house.start("bob", "wrong")
        page = await browser.get(path)
        assert "Locked: too many wrong passwords" in page.text
        done = await browser.post(f"{path}/unlock")
        assert done.headers["location"] == path
        page = await browser.get(path)
        assert "The user can try again." in page.text
        assert "Locked" not in page.text
    assert (await house.start("bob", passcode=bob.passcode(house.clock.now()))).is_approved


async def test_where_there_are_several_portals_none_is_named(site: Site) -> None:
    """TEN-01: the bare address leads to the only portal, or tells nobody which there are."""
    async with Plain(site) as browser:
        first = await browser.get("/portal/")
        assert first.headers["location"] == HOME
        await site.house.services.applications.add_tenant(SYSTEM, "other", "Other Customer")
        await site.house.services.setup.ensure_portal("other")
        page = await browser.get("/portal/")
        assert "Which organization?" in page.text
        for betrayed in (TENANT, "other", "Other Customer"):
            assert f"/portal/{betrayed}" not in page.text
            assert betrayed not in re.sub(r"<head>.*?</head>", "", page.text, flags=re.DOTALL).lower()
        assert (await browser.get("/portal/nobody/sign-in")).status_code == 404


# --- CSV --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "＋1", "－1", "＠x"]
)
def test_no_cell_is_a_formula(cell: str) -> None:
    """WEB-11: spreadsheets get text, whatever a name begins with."""
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "alice", "1+1", "a=b", "a@example.org"])
def test_an_ordinary_cell_stays_as_it_is(cell: str) -> None:
    assert harmless(cell) == cell


async def test_the_exported_list_has_every_attempt_and_no_formula(site: Site) -> None:
    """WEB-11, S4: all pages of the list, parsed back, with hostile names made harmless."""
    names = ["=cmd|' /C calc'!A0", "+alice", "-bob", "@carol", 'quo"te', "comma,semicolon;", "new\nline"]
    await site.house.add_application("vpn")
    for name in names:
        await site.house.start(name, "x")
    async with Plain(site) as browser:
        await administrator(site, browser)
        answer = await browser.get(f"{CONSOLE}/attempts.csv", state="denied")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"].startswith('attachment; filename="attempts-')
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert len(rows) == len(names)
    assert tuple(rows[0]) == HEADER
    claimed = [row["claimed_name"] for row in reversed(rows)]
    assert claimed == [harmless(name) for name in names]
    assert {row["outcome"] for row in rows} == {"denied"}
    assert rows[0]["server"]


async def test_lists_go_on_by_cursor_and_refuse_one_that_is_not_ours(site: Site) -> None:
    for number in range(55):
        await site.house.add_person(f"user{number:03}")
    async with Plain(site) as browser:
        await administrator(site, browser)
        first = await browser.get(f"{CONSOLE}/users", text="user")
        cursor = re.search(r"cursor=([^\"&]+)", first.text)
        assert cursor
        second = await browser.get(
            f"{CONSOLE}/users", text="user", cursor=httpx.URL(f"?{cursor[0]}").params["cursor"]
        )
        seen = {name for page in (first, second) for name in re.findall(r">(user\d{3})</a>", page.text)}
        assert len(seen) == 55
        for page in ("users", "tokens", "attempts", "events"):
            answer = await browser.get(f"{CONSOLE}/{page}", cursor="not-a-cursor")
            assert answer.status_code == 400, page
