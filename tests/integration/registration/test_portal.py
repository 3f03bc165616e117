"""The registration as a person goes through it, and that there is no way around it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.routes import HTTPRoute

from tests.houses import TENANT, Person
from tests.integration.http_api.house import HttpHouse, http_house
from tests.integration.registration.browser import (
    ROOT,
    Browser,
    browsing,
    heading,
    passcode_of,
    words,
)
from tests.integration.registration.desk import LONG_AGO
from vestibule.catalog import text
from vestibule.frontends.http.portal import router
from vestibule.model.access_rule import AccessRule, Effect, RuleSet
from vestibule.model.actor import SYSTEM
from vestibule.model.application import Purpose, SecondFactor
from vestibule.model.self_service import PasswordReset
from vestibule.model.tenant import Whom
from vestibule.model.user import Requirement
from vestibule.model.verification import Reason


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[HttpHouse]:
    async with http_house(tmp_path / "state") as opened:
        await opened.inside.services.setup.ensure_portal(TENANT)
        yield opened


@pytest.fixture
async def browser(place: HttpHouse) -> AsyncIterator[Browser]:
    async with browsing(place) as opened:
        yield opened


async def bare(place: HttpHouse, name: str = "Alice", **fields: Any) -> Person:
    return await place.inside.add_bare_person(name, **fields)


def why(reason: str, **values: str) -> str:
    return text("en", f"registration.why.{reason}", **values)


# --- the seven reasons, in the words of the page --------------------------------------------------------


async def test_s66_the_page_says_that_an_administrator_requires_it(
    place: HttpHouse, browser: Browser
) -> None:
    """S66."""
    await bare(place, requirement=Requirement.ENABLED)
    page = await browser.sign_in("alice")
    assert heading(page) == "Register"
    assert why("required") in words(page)


async def test_s67_the_page_says_that_it_is_for_resetting_the_password(
    place: HttpHouse, browser: Browser
) -> None:
    """S67: only of whom the tenant lets reset it, and until he has something to do it with."""
    alice = await bare(place)
    assert heading(await browser.sign_in("alice")) != "Register"
    await place.inside.change_settings(password_reset=PasswordReset.ALL)
    page = await browser.land(await browser.get(f"{ROOT}/"))
    assert why("password_reset") in words(page)
    await place.inside.change_settings(password_reset=PasswordReset.GROUPS)
    assert heading(await browser.land(await browser.get(f"{ROOT}/"))) != "Register"
    await place.inside.change_settings(password_reset=PasswordReset.ALL)
    await place.inside.add_application("vpn", second_factor=SecondFactor.BY_RULES)
    assert (await place.inside.start("alice")).is_approved, "no door is closed for it"
    await place.inside.add_authenticator(alice.user)
    assert why("password_reset") not in words(await browser.land(await browser.get(f"{ROOT}/")))


async def test_s68_the_page_names_the_application_that_was_opened(place: HttpHouse, browser: Browser) -> None:
    """S68: the VPN denies him, and tells the portal why he comes."""
    alice = await bare(place)
    await place.inside.add_application("vpn", second_factor=SecondFactor.BY_RULES)
    assert heading(await browser.sign_in("alice")) != "Register"
    rule = AccessRule(rule_id="r1", name="VPN", effect=Effect.REQUIRE, applications=("vpn",))
    await write_rules(place, rule)
    assert heading(await browser.get(f"{ROOT}/")) != "Register"
    assert (await place.inside.start("alice")).reason is Reason.REGISTRATION_REQUIRED
    page = await browser.land(await browser.get(f"{ROOT}/"))
    assert why("application", application="vpn") in words(page)
    await place.inside.add_authenticator(alice.user)
    assert heading(await browser.land(await browser.get(f"{ROOT}/"))) == "Register", "he is to finish it"


async def test_s68_an_application_that_always_asks_needs_no_rule(place: HttpHouse, browser: Browser) -> None:
    """S68."""
    await bare(place)
    await place.inside.add_application("vpn")
    assert heading(await browser.sign_in("alice")) != "Register"
    assert (await place.inside.start("alice")).reason is Reason.REGISTRATION_REQUIRED
    page = await browser.land(await browser.get(f"{ROOT}/"))
    assert why("application", application="vpn") in words(page)


async def test_s69_the_page_says_that_a_device_that_is_joined_needs_it(
    place: HttpHouse, browser: Browser
) -> None:
    """S69: a device is joined, a second factor is required for that, and he has none."""
    await opens_by_a_device(place, browser, Purpose.DEVICE_REGISTRATION, "device_registration")


async def test_s70_the_page_says_that_the_sign_in_of_a_device_needs_it(
    place: HttpHouse, browser: Browser
) -> None:
    """S70: the sign-in of a device is set up, which needs a second factor, and he has none."""
    await opens_by_a_device(place, browser, Purpose.DEVICE_SIGN_IN_SETUP, "device_sign_in_setup")


async def opens_by_a_device(place: HttpHouse, browser: Browser, purpose: Purpose, reason: str) -> None:
    """Let the door of devices deny who has registered nothing, and nobody else, and the portal say why."""
    alice = await bare(place)
    joins = await place.inside.add_application("devices")
    await change_application(place, joins, purpose=purpose, second_factor=SecondFactor.BY_RULES)
    assert (await place.inside.start("alice", door="devices")).is_approved, "it is not required there"
    assert heading(await browser.sign_in("alice")) != "Register"
    now = place.inside.services.configuration.current.applications[TENANT, "devices"]
    await change_application(place, now, second_factor=SecondFactor.ALWAYS)
    denied = await place.inside.start("alice", door="devices")
    assert denied.reason is Reason.REGISTRATION_REQUIRED
    page = await browser.land(await browser.get(f"{ROOT}/"))
    assert heading(page) == "Register"
    assert why(reason, application="devices") in words(page)
    await place.inside.add_authenticator(alice.user)
    assert (await place.inside.start("alice", door="devices")).is_pending, "now he can prove one"


async def test_s71_the_policy_can_be_put_off_until_its_time_is_up(place: HttpHouse, browser: Browser) -> None:
    """S71: counted from the first time that he was asked; then there is no "later", and no other door."""
    await bare(place)
    await place.inside.add_application("vpn", second_factor=SecondFactor.BY_RULES)
    await place.inside.change_settings(registration_policy=Whom.EVERYBODY, registration_skip_days=3)
    page = await browser.sign_in("alice")
    assert why("policy") in words(page)
    assert "Later" in words(page)
    home = await browser.get(f"{ROOT}/?register=later")
    assert home.status_code == 200
    assert (await browser.get(f"{ROOT}/security")).status_code == 200
    assert (await place.inside.start("alice")).is_approved
    place.inside.clock.advance(3 * 24 * 3600)
    page = await browser.sign_in("alice")
    assert "Later" not in words(page)
    assert (await browser.get(f"{ROOT}/?register=later")).headers["location"] == f"{ROOT}/register"
    assert (await place.inside.start("alice")).reason is Reason.REGISTRATION_REQUIRED


async def test_s72_the_page_says_that_his_method_was_switched_off(place: HttpHouse, browser: Browser) -> None:
    """S72: and lets him choose among those that are left."""
    alice = await place.inside.add_person("Alice", "hotp", default_method="hotp")
    await place.inside.change_settings(methods=("totp",))
    page = await browser.sign_in("alice", passcode_of(place, alice))
    assert why("method_switched_off") in words(page)
    assert "hardware token" in words(page)
    await browser.add_app()
    await browser.get(f"{ROOT}/register?methods=one")
    await browser.keep_codes()
    page = await browser.finish()
    assert text("en", "registration.finished") in words(page)


# --- the way through ------------------------------------------------------------------------------------


async def test_a_person_goes_from_the_reason_to_the_end(place: HttpHouse, browser: Browser) -> None:
    """A method, live proof, a second method that can be left out, recovery codes, done."""
    alice = await bare(place, requirement=Requirement.ENABLED)
    assert "Choose a method" in words(await browser.sign_in("alice"))
    page = await browser.add_app()
    assert "A second method" in words(page)
    page = await browser.get(f"{ROOT}/register?methods=one")
    assert "Show my recovery codes" in words(page)
    page = await browser.keep_codes()
    assert "That is all" in words(page)
    page = await browser.finish()
    assert text("en", "registration.finished") in words(page)
    subject = await place.inside.store.read(lambda tx: tx.subject(TENANT, alice.user.user_id))
    assert subject is not None
    assert subject.user.requirement is Requirement.ENFORCED
    assert (await browser.get(f"{ROOT}/security")).status_code == 200
    assert (await browser.get(f"{ROOT}/register")).headers["location"] == f"{ROOT}/"


async def test_the_first_app_password_is_offered_at_the_end(place: HttpHouse, browser: Browser) -> None:
    """Inventory 1.10, 1.11: where they are allowed, and there are old programs to use them."""
    await bare(place, requirement=Requirement.ENABLED)
    await place.inside.change_settings(app_passwords=True)
    await place.inside.add_application("old mail", is_legacy=True)
    await browser.sign_in("alice")
    await browser.add_app()
    await browser.get(f"{ROOT}/register?methods=one")
    await browser.keep_codes()
    page = await browser.finish()
    assert text("en", "registration.app_passwords") in words(page)
    assert page.url.path == f"{ROOT}/app-passwords"


async def test_codes_that_were_not_kept_do_not_count(place: HttpHouse, browser: Browser) -> None:
    """Shown once, and confirmed as kept: who closes the page is shown new ones."""
    await bare(place, requirement=Requirement.ENABLED)
    await browser.sign_in("alice")
    await browser.add_app()
    shown = words(await browser.post(f"{ROOT}/register/recovery-codes"))
    assert "Show my recovery codes" in words(await browser.get(f"{ROOT}/register?methods=one"))
    assert "not complete" in words(await browser.finish())
    again = words(await browser.post(f"{ROOT}/register/recovery-codes"))
    assert shown != again
    await browser.post(f"{ROOT}/register/recovery-codes/kept")
    late = await browser.land(await browser.post(f"{ROOT}/register/recovery-codes/kept"))
    assert text("en", "registration.codes.over") in words(late)


async def test_a_second_method_may_be_demanded(place: HttpHouse, browser: Browser) -> None:
    await bare(place, requirement=Requirement.ENABLED)
    await place.inside.change_settings(registration_methods=2)
    await browser.sign_in("alice")
    page = await browser.add_app()
    assert "Go on with one" not in words(page)
    await browser.get(f"{ROOT}/register?methods=one")
    assert "A second method" in words(await browser.get(f"{ROOT}/register?methods=one"))
    await browser.keep_codes()
    assert "not complete" in words(await browser.finish())
    await browser.add_app()
    assert text("en", "registration.finished") in words(await browser.finish())


async def test_a_code_is_asked_for_when_the_window_is_over(place: HttpHouse, browser: Browser) -> None:
    """ENR-01, ENR-02: in words that tell a newcomer where to get one."""
    alice = await bare(place, requirement=Requirement.ENABLED)
    place.inside.clock.advance(LONG_AGO)
    page = await browser.sign_in("alice")
    assert "Registration code" in words(page)
    begun = await browser.post(f"{ROOT}/authenticators/app/begin")
    assert heading(await browser.land(begun)) == "Register"
    code = await place.inside.services.vouchers.make_code(SYSTEM, TENANT, alice.user.user_id)
    wrong = await browser.post(f"{ROOT}/register/code", code="AAAAA-AAAAA")
    assert wrong.status_code == 422
    assert "Choose a method" in words(
        await browser.land(await browser.post(f"{ROOT}/register/code", code=code.reveal()))
    )
    assert "A second method" in words(await browser.add_app())


async def test_who_is_not_asked_is_vouched_for_all_the_same(place: HttpHouse, browser: Browser) -> None:
    """ENR-02: whoever comes of his own will with nothing but a password registers nothing either."""
    alice = await bare(place)
    place.inside.clock.advance(LONG_AGO)
    assert heading(await browser.sign_in("alice")) == "Additional security verification"
    page = await browser.land(await browser.post(f"{ROOT}/authenticators/app/begin"))
    assert "Registration code" in words(page)
    await place.inside.services.vouchers.open_window(SYSTEM, TENANT, alice.user.user_id, 1)
    assert (await browser.add_app()).status_code == 200


async def test_a_trusted_network_needs_no_code(place: HttpHouse) -> None:
    await bare(place, requirement=Requirement.ENABLED)
    place.inside.clock.advance(LONG_AGO)
    await place.inside.change_settings(trusted_addresses=("192.0.2.0/24",))
    async with browsing(place, "192.0.2.20") as browser:
        assert "Choose a method" in words(await browser.sign_in("alice"))
    async with browsing(place, "203.0.113.20") as browser:
        page = words(await browser.sign_in("alice"))
        assert "from the network of your organization" in page


async def test_the_pages_speak_german(place: HttpHouse) -> None:
    await bare(place, requirement=Requirement.ENABLED)
    async with browsing(place, language="de") as browser:
        page = await browser.sign_in("alice")
    assert heading(page) == "Registrieren"
    assert text("de", "registration.why.required") in words(page)


# --- no way around --------------------------------------------------------------------------------------

ALLOWED = (
    "/register",
    "/confirm",
    "/authenticators/app",
    "/authenticators/token",
    "/authenticators/device",
    "/authenticators/phone",
    "/sign-in",
    "/sign-out",
    "/signed-out",
    "/troubleshooting",
    "/help",
    "/reset",
    "/expired",
)
"""What is reached by who must register, beneath the root of his portal: the way there, help, and out, and
what stands before the door, for who is not signed in."""


def portal_routes() -> list[tuple[str, str]]:
    """Every route that the portal has, with something in place of what varies."""
    found = []
    for route in router().routes:
        assert isinstance(route, HTTPRoute)
        path = route.path
        for name in route.path_parameters:
            path = path.replace(f"{{{name}:str}}", TENANT if name == "tenant" else "x" * 32)
        found += [(method, path) for method in sorted(route.methods - {"OPTIONS", "HEAD"})]
    return found


async def test_enr_03_whoever_must_register_reaches_nothing_else(place: HttpHouse, browser: Browser) -> None:
    """ENR-03: a crawler over every route of the portal, whatever its name will be tomorrow."""
    alice = await bare(place, requirement=Requirement.ENABLED)
    await browser.sign_in("alice")
    routes = portal_routes()
    assert len(routes) > 40, "the crawler finds what there is"
    before = await place.inside.store.read(lambda tx: tx.subject(TENANT, alice.user.user_id))
    open_to_him = []
    for method, path in routes:
        if "sign-out" in path or "/register/finish" in path:
            continue
        answer = await (browser.get(path) if method == "GET" else browser.post(path))
        is_sent_away = answer.status_code == 303 and answer.headers["location"] == f"{ROOT}/register"
        if not is_sent_away:
            open_to_him.append(path)
    strayed = [
        path
        for path in open_to_him
        if path.startswith(ROOT) and not path.removeprefix(ROOT).startswith(ALLOWED)
    ]
    assert strayed == []
    assert open_to_him, "the way to register is open"
    after = await place.inside.store.read(lambda tx: tx.subject(TENANT, alice.user.user_id))
    assert before is not None
    assert after is not None
    assert after.user.requirement is before.user.requirement


async def test_enr_03_a_registration_is_not_finished_by_asking_for_it(
    place: HttpHouse, browser: Browser
) -> None:
    """ENR-03: neither at once, nor after half of it, nor by coming again."""
    await bare(place, requirement=Requirement.ENABLED)
    await browser.sign_in("alice")
    assert "not complete" in words(await browser.finish())
    await browser.add_app()
    assert "not complete" in words(await browser.finish())
    assert (await browser.get(f"{ROOT}/security")).headers["location"] == f"{ROOT}/register"


# --- parts ----------------------------------------------------------------------------------------------


async def write_rules(place: HttpHouse, *rules: AccessRule) -> None:
    written = RuleSet(tenant_id=TENANT, version=1, rules=rules)
    await place.inside.store.transact(lambda tx: tx.add_rule_set(written))
    await place.inside.services.configuration.refresh()


async def change_application(place: HttpHouse, application: Any, **fields: Any) -> None:
    changed = msgspec.structs.replace(application, **fields)
    await place.inside.services.applications.change_application(SYSTEM, changed)
