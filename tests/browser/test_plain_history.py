"""A person's own history and languages, seen by a browser without a screen."""

from __future__ import annotations

import re

import pytest

from tests.browser.plain import Plain, heading_of
from tests.browser.scene import Phone, Site
from tests.houses import PASSWORD, TENANT, Person
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.event import Event

HOME = f"/portal/{TENANT}"


async def attempt_of(site: Site, person: Person, **fields: str) -> str:
    """Let somebody fail at the VPN in the name of `person`, and return the attempt."""
    await site.house.start(person.user.username, "not the password", **fields)
    return (await site.house.attempts(user_id=person.user.user_id))[-1].verification_id


async def events_of(site: Site) -> list[Event]:
    listed = await site.house.services.attempts.events(SYSTEM, TENANT, "", Page(50))
    return [each for each in listed.rows if each.kind == "user.attempt_disowned"]


async def test_a_person_sees_his_own_attempts_and_nobody_elses(site: Site) -> None:
    """Place, time, application and outcome in his own words; not which machine asked."""
    await site.house.add_application("vpn")
    alice, bob = await site.house.add_person("alice"), await site.house.add_person("bob")
    await attempt_of(site, alice, user_address="203.0.113.9", client_address="10.9.8.7")
    foreign = await attempt_of(site, bob, user_address="198.51.100.4")
    async with Plain(site) as browser:
        await browser.sign_in("alice", phone=Phone(site, alice.secret))
        page = (await browser.get(f"{HOME}/history")).text
        assert "203.0.113.9" in page
        assert "Wrong password" in page
        for hidden in ("198.51.100.4", foreign, "10.9.8.7", "vpn client"):
            assert hidden not in page
        assert (await browser.get(f"{HOME}/history/{foreign}/not-me")).status_code == 404
        assert (await browser.post(f"{HOME}/history/{foreign}/not-me")).status_code == 404
        for cursor in ("x", "0" * 500):
            assert (await browser.get(f"{HOME}/history", cursor=cursor)).status_code == 400
    assert await events_of(site) == []


async def test_a_long_history_has_pages(site: Site) -> None:
    await site.house.add_application("vpn")
    await site.house.change_settings(lockout_threshold=100)
    alice = await site.house.add_person("alice")
    for number in range(25):
        await attempt_of(site, alice, user_address=f"203.0.113.{number}")
    async with Plain(site) as browser:
        await browser.sign_in("alice", phone=Phone(site, alice.secret))
        first = (await browser.get(f"{HOME}/history")).text
        following = re.search(r"history\?cursor=([^\"]+)", first)
        assert following is not None
        second = (await browser.get(f"{HOME}/history?cursor={following[1]}")).text
        assert first.count("203.0.113.") + second.count("203.0.113.") == 25
        assert "/not-me" in second


async def test_who_disowns_an_attempt_ends_what_it_has_led_to(site: Site) -> None:
    """His other sessions end, nothing that was proven before stands, administrators hear of it, and he reads
    what to do next; he himself goes on, for the tenant has not chosen to block."""
    alice = await site.house.add_person("alice")
    phone = Phone(site, alice.secret)
    async with Plain(site) as thief, Plain(site) as hers:
        await thief.sign_in("alice", phone=phone)
        await hers.sign_in("alice", phone=phone)
        page = (await hers.get(f"{HOME}/history")).text
        attempts = re.findall(r"/history/([^/\"]+)/not-me", page)
        assert len(attempts) == 1, "that with which she came in is hers"
        question = (await hers.get(f"{HOME}/history/{attempts[0]}/not-me")).text
        assert heading_of(question) == "Was this not you?"
        assert "blocks the account" not in question
        assert await events_of(site) == []
        done = await hers.post(f"{HOME}/history/{attempts[0]}/not-me")
        assert heading_of(done.text) == "Thank you for telling us"
        assert (await thief.get(HOME)).status_code == 303
        assert (await hers.get(HOME)).status_code == 200
        now = await site.house.store.read(lambda tx: tx.subject(TENANT, alice.user.user_id))
        assert now is not None
        assert now.user.void_before == site.house.clock.now()
        assert now.user.is_active
    [event] = await events_of(site)
    assert (event.actor, event.subject) == (alice.user.user_id, alice.user.user_id)
    assert event.facts["verification"] == attempts[0]


async def test_nobody_disowns_what_his_session_began_with(site: Site) -> None:
    alice = await site.house.add_person("alice")
    async with Plain(site) as browser:
        await browser.sign_in("alice", phone=Phone(site, alice.secret))
        own = (await site.house.attempts())[-1].verification_id
        assert (await browser.post(f"{HOME}/history/{own}/not-me")).status_code == 404
        assert (await browser.get(HOME)).status_code == 200


async def test_a_tenant_may_block_who_disowns(site: Site) -> None:
    await site.house.add_application("vpn")
    await site.house.change_settings(disowning_blocks=True)
    alice = await site.house.add_person("alice")
    attempt = await attempt_of(site, alice)
    async with Plain(site) as browser:
        await browser.sign_in("alice", phone=Phone(site, alice.secret))
        assert "blocks the account" in (await browser.get(f"{HOME}/history/{attempt}/not-me")).text
        done = await browser.post(f"{HOME}/history/{attempt}/not-me")
        assert done.headers["location"] == f"{HOME}/help"
        assert (await browser.get(HOME)).status_code == 303
        now = await site.house.store.read(lambda tx: tx.subject(TENANT, alice.user.user_id))
        assert now is not None
        assert now.user.is_blocked(site.house.clock.now())
        assert not (await site.house.start("alice", PASSWORD)).is_pending


@pytest.mark.parametrize("chosen", ["", "de"])
async def test_a_person_chooses_five_languages(site: Site, chosen: str) -> None:
    """1.33: one for pages, and one each for calls, texts, the app and passcodes."""
    alice = await site.house.add_person("alice", language="en", language_call="en")
    async with Plain(site) as browser:
        await browser.sign_in("alice", phone=Phone(site, alice.secret))
        names = ("language", "language_call", "language_text", "language_app", "language_token")
        page = (await browser.get(f"{HOME}/language")).text
        assert all(f'name="{name}"' in page for name in names)
        saved = await browser.post(f"{HOME}/language", **dict.fromkeys(names, chosen))
        assert saved.headers["location"] == f"{HOME}/language"
        now = await site.house.store.read(lambda tx: tx.subject(TENANT, alice.user.user_id))
        assert now is not None
        assert [getattr(now.user, name) for name in names] == [chosen] * 5
        await browser.post(f"{HOME}/language", **dict.fromkeys(names, "tlh"))
        now = await site.house.store.read(lambda tx: tx.subject(TENANT, alice.user.user_id))
        assert now is not None
        assert now.user.language_call == ""
