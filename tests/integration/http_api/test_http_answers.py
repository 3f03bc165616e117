"""Every answer of every route: headers (WEB-16), forms (WEB-09), error pages (S77), probes (WEB-22)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from litestar.routes import HTTPRoute

from tests.integration.http_api.house import API, HttpHouse, http_house
from vestibule.frontends.http.headers import CONTENT_POLICY
from vestibule.frontends.http.options import HttpOptions

FIXED = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
CORS = ("access-control-allow-origin", "access-control-allow-credentials")


def routes(house: HttpHouse) -> Iterator[tuple[str, str]]:
    """Yield every verb and path there is, with something in the place of each parameter."""
    for route in house.app.routes:
        if isinstance(route, HTTPRoute):
            path = route.path_format
            for name in route.path_parameters:
                path = path.replace(f"{{{name}}}", "acme" if name == "tenant" else "x")
            yield from ((verb, path) for verb in route.methods)


async def test_headers_of_every_answer(house: HttpHouse) -> None:
    key = await house.add_key("verify", "admin")
    seen = set()
    origin = {"origin": "https://evil.example"}
    for caller in (house.caller(**origin), house.caller(key, **origin)):
        async with caller:
            for verb, path in [*routes(house), ("GET", "/nowhere"), ("TRACE", "/"), ("POST", f"{API}/x")]:
                answer = await caller.request(verb, path)
                assert FIXED.items() <= answer.headers.items(), (verb, path)
                assert answer.headers["cache-control"] == "no-store", (verb, path)
                assert not any(name in answer.headers for name in CORS)
                assert "server" not in answer.headers
                assert answer.status_code < 500, (verb, path)
                seen.add(answer.status_code)
    assert {200, 204, 303, 400, 401, 403, 404, 405} <= seen


async def test_assets_alone_are_kept(house: HttpHouse) -> None:
    async with house.caller() as caller:
        for name in house.app.state.site.assets.served:
            answer = await caller.get(f"/assets/{name}")
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert FIXED.items() <= answer.headers.items()
            assert answer.headers["content-type"].count("charset") <= 1
        for name in ("manifest.json", "../manifest.json", "%2e%2e/__init__.py", "page.css", ""):
            assert (await caller.get(f"/assets/{name}")).status_code == 404


async def test_https_is_kept_and_cookies_with_it(tmp_path: Path) -> None:
    """WEB-08: behind https every cookie is for this host and secure."""
    async with http_house(tmp_path, HttpOptions(public_url="https://mfa.example.org")) as house:
        async with house.caller() as caller:
            answer = await caller.get("/portal/acme/sign-in", follow_redirects=True)
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        cookies = answer.headers.get_list("set-cookie")
        assert cookies
        for cookie in cookies:
            assert cookie.startswith("__Host-vestibule-")
            assert all(word in cookie for word in ("Secure", "HttpOnly", "Path=/", "SameSite=lax"))
            assert "Domain" not in cookie


# --- forms ----------------------------------------------------------------------------------------------


WITHOUT_A_FORM = ("/app/v1/", "/callbacks/", "/phone/", "/relay/", "/scim/v2/")


def forms(house: HttpHouse) -> list[str]:
    """Return the path of every form there is. Providers and apps ask without one, and prove themselves."""
    return [
        path for verb, path in routes(house) if verb == "POST" and not path.startswith((API, *WITHOUT_A_FORM))
    ]


async def test_no_form_is_read_without_our_token(house: HttpHouse) -> None:
    async with house.caller() as caller:
        await caller.get("/nowhere")
        assert len(forms(house)) > 10
        for path in forms(house):
            for body in (
                {"data": {"username": "x"}},
                {"data": {"csrf_token": "x" * 128}},
                {"content": b"csrf_token=x", "headers": {"content-type": "text/plain"}},
                {"json": {"csrf_token": "x"}},
            ):
                answer = await caller.post(path, **body)
                assert (answer.status_code, path) == (403, path)
                assert "form_expired" in answer.text


async def token_of(caller: httpx.AsyncClient) -> str:
    page = await caller.get("/portal/acme/sign-in", follow_redirects=True)
    return page.text.partition('name="csrf_token" value="')[2].partition('"')[0]


SENDERS: list[tuple[dict[str, str], int]] = [
    ({}, 303),
    ({"origin": "http://vestibule.test"}, 303),
    # What a browser sends for a form of a page without referrer.
    ({"origin": "null", "sec-fetch-site": "same-origin"}, 303),
    ({"origin": "http://vestibule.test.evil.example"}, 403),
    ({"origin": "https://evil.example"}, 403),
    ({"sec-fetch-site": "cross-site"}, 403),
    ({"sec-fetch-site": "same-site"}, 403),
    ({"origin": "http://vestibule.test", "sec-fetch-site": "cross-site"}, 403),
]


async def test_who_may_send_a_form(house: HttpHouse) -> None:
    async with house.caller() as caller:
        form = {"csrf_token": await token_of(caller), "theme": "dark", "return_to": "/portal/"}
        for headers, status in SENDERS:
            answer = await caller.post("/preferences", data=form, headers=headers)
            assert (answer.status_code, headers) == (status, headers)


async def test_a_token_is_good_in_its_own_browser_only(house: HttpHouse) -> None:
    async with house.caller() as attacker, house.caller() as victim:
        token = await token_of(attacker)
        await token_of(victim)
        form = {"csrf_token": token, "theme": "dark"}
        assert (await victim.post("/preferences", data=form)).status_code == 403
        # A pair that was made up and not signed by us.
        victim.cookies.set("vestibule-form", "a" * 128, domain="vestibule.test")
        form["csrf_token"] = "a" * 128
        assert (await victim.post("/preferences", data=form)).status_code == 403


async def test_files_are_read_for_who_is_signed_in_only(house: HttpHouse) -> None:
    """WEB-14: a stranger cannot make us store what he sends."""
    async with house.caller() as caller:
        token = await token_of(caller)
        answer = await caller.post(
            "/console/acme/tokens/import", data={"csrf_token": token}, files={"file": b"x" * 100_000}
        )
    assert answer.status_code in (303, 404)
    assert "sign-in" in answer.headers.get("location", "sign-in")


async def test_nobody_is_sent_elsewhere(house: HttpHouse) -> None:
    """WEB-07"""
    async with house.caller() as caller:
        form = {"csrf_token": await token_of(caller), "theme": "dark"}
        for back in (
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:x",
            "/a\nb",
            "",
        ):
            answer = await caller.post("/preferences", data=form | {"return_to": back})
            assert (answer.headers["location"], back) == ("/", back)


async def test_language_and_theme_are_kept(house: HttpHouse) -> None:
    async with house.caller() as caller:
        token = await token_of(caller)
        for name, value in (("language", "de"), ("theme", "dark")):
            form = {"csrf_token": token, name: value, "return_to": "/portal/"}
            assert (await caller.post("/preferences", data=form)).headers["location"] == "/portal/"
        page = (await caller.get("/nowhere", headers={"accept-language": "en"})).text
        assert '<html lang="de" data-theme="dark">' in page
        assert '<html lang="en"' in (await caller.get("/nowhere?lang=en")).text
        assert '<html lang="en"' in (await caller.get("/nowhere")).text
    async with house.caller(**{"accept-language": "fr, de-AT;q=0.9, en;q=0.1"}) as other:
        assert '<html lang="de"' in (await other.get("/nowhere")).text


# --- errors and probes ----------------------------------------------------------------------------------


async def test_error_page_names_page_and_code(house: HttpHouse) -> None:
    """S77; and what stands in the path is shown, never run (WEB-10)."""
    async with house.caller() as caller:
        page = (await caller.get("/portal/<script>alert(1)</script>")).text
    assert "not_found" in page
    assert "<script>alert" not in page


async def test_an_unexpected_error_shows_a_number_and_nothing_else(
    house: HttpHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object) -> None:
        raise RuntimeError("canary-4711")

    async with house.caller(await house.add_key("admin")) as office:
        monkeypatch.setattr(type(house.inside.services.users), "list", explode)
        answer = await office.get(f"{API}/users")
    assert answer.status_code == 500
    assert answer.json().keys() == {"title", "status", "code", "request_id"}
    assert "canary" not in answer.text


async def test_probes(house: HttpHouse) -> None:
    async with house.caller() as caller:
        assert (await caller.get("/health")).text == "alive\n"
        assert (await caller.get("/ready")).text == "ready\n"


async def test_without_a_database_nothing_is_approved(house: HttpHouse) -> None:
    """INV: what cannot be decided is not approved; the client is told to try again."""
    alice, key = await house.add_person("alice"), await house.add_key("verify", "admin")
    typed = house.typed(alice)
    await house.inside.store.close()
    async with house.caller(key) as caller:
        for path, body in (("check", typed), ("verifications", typed)):
            answer = await caller.post(f"{API}/{path}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert answer.headers["retry-after"] == "1"
            assert "approved" not in answer.text
        assert (await caller.get(f"{API}/users")).status_code == 503
        assert (await caller.get("/ready")).status_code == 503
        assert (await caller.get("/health")).status_code == 200


async def test_figures_are_for_this_machine_or_an_administrator(house: HttpHouse) -> None:
    verify, admin = await house.add_key("verify"), await house.add_key("admin")
    for caller, status in (
        (house.caller(), 200),
        (house.caller(address="::1"), 200),
        (house.caller(**{"x-forwarded-for": "127.0.0.1"}), 404),
        (house.caller(forwarded="for=127.0.0.1"), 404),
        (house.caller(address="192.0.2.1"), 404),
        (house.caller(verify, address="192.0.2.1"), 404),
        (house.caller(admin, address="192.0.2.1"), 200),
    ):
        async with caller:
            answer = await caller.get("/metrics")
            assert answer.status_code == status
            assert ("vestibule_verifications" in answer.text) == (status == 200)


async def test_the_description_is_harmless_and_whole(house: HttpHouse) -> None:
    async with house.caller() as caller:
        answer = await caller.get(f"{API}/openapi.json")
        schema = answer.json()
        assert schema["openapi"].startswith("3.1")
        assert "acme" not in answer.text
        for path in ("", "/", "/schema", "/schema/openapi.json", "/docs", "/swagger"):
            assert (await caller.get(f"{API}{path}")).status_code == 404
    described = set(schema["paths"])
    served = {path for _, path in _api_routes(house)}
    assert served - described == {f"{API}/openapi.json"}


def _api_routes(house: HttpHouse) -> Iterator[tuple[str, str]]:
    for route in house.app.routes:
        hidden = f"{API}/schema"
        if isinstance(route, HTTPRoute) and route.path.startswith(API) and not route.path.startswith(hidden):
            yield "", route.path_format
