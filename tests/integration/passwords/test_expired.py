"""A password that is over is changed before the sign-in: in OpenLDAP, in Active Directory, and never here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.houses import PASSWORD, TENANT
from tests.integration.http_api.house import HttpHouse, http_house
from tests.integration.passwords.work import counted
from tests.integration.registration.browser import ROOT, Browser, browsing, heading, words
from tests.peers.openldap import PEOPLE, RULED, RULED_PASSWORD, OpenLdap
from tests.peers.samba_ad import SambaAd
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.application import PORTAL_APPLICATION, DirectoryConfiguration, FirstFactor
from vestibule.model.verification import Reason
from vestibule.services.passwords import NewPassword
from vestibule.services.refusal import Refusal, Refused

OLD, NEW = RULED_PASSWORD, "Looking-glass 2"


@dataclass(slots=True)
class Case:
    """Somebody whose password is over, and where it is."""

    name: str
    settings: dict[str, Any]
    secret: str
    why: str


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[HttpHouse]:
    async with http_house(tmp_path / "state") as house:
        await house.inside.services.setup.ensure_portal(TENANT)
        yield house


@pytest.fixture
async def browser(place: HttpHouse) -> AsyncIterator[Browser]:
    async with browsing(place) as opened:
        yield opened


@pytest.fixture(scope="module")
def openldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    folder = tmp_path_factory.mktemp("openldap")
    with OpenLdap(folder, lets_passwords_change=True, extra=RULED) as server:
        yield server


def in_openldap(server: OpenLdap, name: str, why: str) -> Case:
    settings = {
        "urls": [server.tls_url],
        "ca_file": server.ca_file,
        "base_dn": server.base_dn,
        "bind_dn": server.service_dn,
        "password_change": "password_modify",
        "timeout_seconds": 30,
    }
    return Case(name, settings, server.service_password, why)


def in_samba(domain: SambaAd, why: str) -> Case:
    name = f"ed-{new_id()[:8]}"
    dn = domain.add_person(name, OLD)
    if why == "password_expired":
        domain.expire_password(dn)
    else:
        domain.demand_new_password(dn)
    return Case(name, domain.settings, domain.service_password, why)


@pytest.fixture(
    params=[
        "openldap expired",
        "openldap graced",
        "openldap reset",
        "samba expired",
        "samba reset",
    ]
)
async def over(request: pytest.FixtureRequest, place: HttpHouse) -> Case:
    """Somebody whose password is over, in a directory by which people sign in."""
    where, state = request.param.split()
    why = {"expired": "password_expired", "graced": "grace_login", "reset": "must_change_password"}[state]
    case = (
        in_openldap(request.getfixturevalue("openldap"), state, why)
        if where == "openldap"
        else in_samba(request.getfixturevalue("samba_ad"), why)
    )
    await sign_in_by(place, case)
    return case


async def sign_in_by(place: HttpHouse, case: Case) -> None:
    """Have the passwords of the portal and of the VPN checked where this person's is."""
    applications = place.inside.services.applications
    directory = DirectoryConfiguration(
        tenant_id=TENANT,
        directory_id="people",
        kind="ldap",
        name="People",
        settings=case.settings,
        created_at=0,
    )
    await applications.put_directory(SYSTEM, directory, Secret(case.secret))
    by_directory = {"first_factor": FirstFactor.DIRECTORY, "directory_id": "people"}
    portal = applications.snapshot.applications[TENANT, PORTAL_APPLICATION]
    await applications.change_application(SYSTEM, msgspec.structs.replace(portal, **by_directory))
    await place.inside.add_application("vpn", **by_directory)
    await place.inside.add_person(case.name)


async def password_events(place: HttpHouse) -> list[str]:
    listed = await place.inside.services.attempts.events(SYSTEM, TENANT, "", Page(50))
    return [each.kind for each in listed.rows if each.kind.startswith("user.password")]


async def sign_in(browser: Browser, name: str, password: str) -> httpx.Response:
    return await browser.post(f"{ROOT}/sign-in", username=name, password=password)


async def change(
    browser: Browser, name: str, old: str, new: str = NEW, again: str | None = None
) -> httpx.Response:
    typed = {"old": old, "new": new, "again": new if again is None else again}
    return await browser.post(f"{ROOT}/expired", username=name, **typed)


async def test_who_knows_a_password_that_is_over_chooses_a_new_one(
    place: HttpHouse, browser: Browser, over: Case
) -> None:
    """He is told so, and only he (BF-15): a wrong password is a wrong one, whatever state the right one is
    in, and who is unknown gets the same answers. The VPN lets in whom the directory lets in."""
    assert (await sign_in(browser, over.name, "not his")).status_code == 403
    at_the_vpn = await place.inside.start(over.name, OLD)
    assert at_the_vpn.reason is (
        Reason.PASSCODE_PENDING if over.why == "grace_login" else Reason.PASSWORD_EXPIRED
    )
    place.inside.clock.advance(1)
    turned = await sign_in(browser, over.name, OLD)
    assert turned.headers["location"] == f"{ROOT}/expired"
    attempt = (await place.inside.attempts())[-1]
    assert attempt.reason is Reason.PASSWORD_EXPIRED
    assert attempt.trace[0].facts == {"detail": f"ldap.verdict.{over.why}"}
    page = await browser.land(turned)
    assert heading(page) == "Choose a new password"
    assert "Your password has expired" in words(page)

    for name in (over.name, "nobody"):
        wrong = await change(browser, name, "not his")
        assert (wrong.status_code, "was not right" in words(wrong)) == (422, True)
        assert "are not the same" in words(await change(browser, name, OLD, again="another"))
    assert "do not allow this password" in words(await change(browser, over.name, OLD, "short"))
    assert "was not right" in words(await change(browser, "nobody", OLD, "short"))

    done = await change(browser, over.name, OLD)
    assert done.headers["location"] == f"{ROOT}/sign-in"
    assert "Sign in with the new one" in words(await browser.land(done))
    assert (await sign_in(browser, over.name, OLD)).status_code == 403
    let_on = await sign_in(browser, over.name, NEW)
    assert let_on.headers["location"] == f"{ROOT}/sign-in/second-factor"
    assert await password_events(place) == ["user.password_changed"]


async def test_guesses_at_the_old_password_are_counted(
    place: HttpHouse, browser: Browser, openldap: OpenLdap
) -> None:
    """BF-01: in the count of every sign-in; who is locked is told nothing else."""
    await sign_in_by(place, in_openldap(openldap, "alice", ""))
    await place.inside.change_settings(lockout_threshold=2)
    for _ in range(2):
        await change(browser, "alice", "not hers")
    assert "was not right" in words(await change(browser, "alice", PEOPLE["alice"]))
    assert await password_events(place) == []


async def test_an_unknown_name_is_as_much_work_as_a_wrong_password(
    place: HttpHouse, browser: Browser, openldap: OpenLdap
) -> None:
    """BF-15: as many transactions, searches and binds; the first change only opens the connections."""
    await sign_in_by(place, in_openldap(openldap, "alice", ""))
    work = []
    for name in ("alice", "alice", "nobody"):
        openldap.flush_log()
        before = openldap.log.count
        asked = {what: before(what) for what in (" SRCH base=", " BIND dn=", " PASSMOD")}
        with counted(place.inside) as done:
            await change(browser, name, "not it")
        openldap.flush_log()
        work.append((dict(done), {what: openldap.log.count(what) - had for what, had in asked.items()}))
    assert work[1] == work[2]
    assert work[1][0]["transactions"] == 1


async def test_passwords_that_are_kept_here_are_never_over(place: HttpHouse, browser: Browser) -> None:
    """There is no such step, and nothing to be found out by it."""
    await place.inside.add_person("alice")
    assert (await browser.get(f"{ROOT}/expired")).status_code == 404
    assert (await change(browser, "alice", PASSWORD)).status_code == 404
    let_on = await sign_in(browser, "alice", PASSWORD)
    assert let_on.headers["location"] == f"{ROOT}/sign-in/second-factor"
    new = NewPassword(Secret(NEW), Secret(NEW))
    with pytest.raises(Refused) as refused:
        await place.inside.services.passwords.change_expired(TENANT, "alice", Secret(PASSWORD), new)
    assert refused.value.why is Refusal.NOT_FOUND
