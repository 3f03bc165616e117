"""Phones at the doors, seen by a browser without a screen: who gets the session, and what nobody sees."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from tests.browser.phone_scene import NUMBER, PhoneSite, phone_site
from tests.browser.plain import Plain
from tests.browser.scene import Site
from tests.houses import PASSWORD, TENANT
from vestibule.model.authenticator import AuthenticatorStatus
from vestibule.model.call import CallEventKind

HOME = f"/portal/{TENANT}"
SECOND = f"{HOME}/sign-in/second-factor"


@pytest_asyncio.fixture(loop_scope="session")
async def phones(site: Site) -> AsyncIterator[PhoneSite]:
    async with phone_site(site) as made:
        yield made


async def test_a_confirmed_call_opens_one_session_in_the_browser_that_began(phones: PhoneSite) -> None:
    """CH-07, CH-08: not in two requests of it, and not in another browser that has its password."""
    await phones.add_callee("alice", "voice")
    async with Plain(phones.site) as hers, Plain(phones.site) as other:
        await hers.sign_in("alice")
        page = await hers.get(SECOND)
        assert "•••56" in page.text
        assert NUMBER not in page.text, "masked to all but the owner"
        assert '<meta http-equiv="refresh"' in page.text
        handset = await phones.ringing()
        await handset.confirm()
        stolen = hers.client.cookies.get("vestibule-sign-in")
        assert stolen is not None
        answers = await asyncio.gather(*(hers.client.get(SECOND) for _ in range(6)))
        sessions = [one for one in answers if "vestibule-portal=" in str(one.headers.get_list("set-cookie"))]
        assert len(sessions) == 1
        assert (await other.get(SECOND)).headers["location"].endswith("/sign-in"), "it has begun nothing"


async def test_the_state_is_told_only_to_the_browser_that_began(phones: PhoneSite) -> None:
    await phones.add_callee("alice", "voice")
    async with Plain(phones.site) as hers, Plain(phones.site) as other:
        await hers.sign_in("alice")
        handset = await phones.ringing()
        waiting = asyncio.create_task(hers.client.get(f"{SECOND}/state", timeout=40))
        assert (await other.get(f"{SECOND}/state")).json() == {"moved": True}
        await handset.confirm()
        assert (await waiting).json() == {"moved": True}
        assert (await hers.get(SECOND)).headers["location"] == f"{HOME}/"
        assert (await hers.get(f"{HOME}")).status_code == 200


async def test_a_later_sign_in_from_the_same_place_takes_over_and_the_first_is_told(
    phones: PhoneSite,
) -> None:
    await phones.add_callee("alice", "voice")
    async with Plain(phones.site) as first, Plain(phones.site) as second:
        await first.sign_in("alice")
        handset = await phones.ringing()
        await second.sign_in("alice")
        await handset.confirm()
        told = await first.get(SECOND)
        assert told.headers["location"] == f"{HOME}/sign-in"
        assert "another window" in (await first.get(f"{HOME}/sign-in")).text
        assert (await second.get(SECOND)).headers["location"] == f"{HOME}/"
        assert (await first.get(HOME)).status_code == 303


async def test_a_texted_passcode_is_typed_and_sent_again(phones: PhoneSite) -> None:
    alice = await phones.add_callee("alice", "sms")
    del alice
    async with Plain(phones.site) as browser:
        await browser.sign_in("alice")
        old = await phones.passcode()
        page = await browser.get(SECOND)
        assert "We have sent a text to •••56" in page.text
        way = page.text.split('name="way" value="')[1].split('"')[0]
        assert (await browser.post(f"{SECOND}/way", way=way)).status_code == 303
        new = await phones.passcode()
        if old != new:
            assert (await browser.post(SECOND, passcode=old)).status_code == 403
        answer = await browser.post(SECOND, passcode=new)
        assert answer.headers["location"] == f"{HOME}/"


async def test_another_way_is_chosen_while_the_phone_rings(phones: PhoneSite) -> None:
    """S37."""
    await phones.add_callee("alice", "sms", "voice")
    async with Plain(phones.site) as browser:
        await browser.sign_in("alice")
        await phones.passcode()
        page = (await browser.get(SECOND)).text
        assert "Call me at •••56" in page
        assert f'href="{HOME}/troubleshooting"' in page, "S38"
        way = page.split("Call me at")[0].rsplit('name="way" value="', 1)[1].split('"')[0]
        await browser.post(f"{SECOND}/way", way=way)
        assert "We are calling •••56" in (await browser.get(SECOND)).text
        await (await phones.ringing()).confirm()
        assert (await browser.get(SECOND)).headers["location"] == f"{HOME}/"


async def test_a_call_that_fails_leads_to_the_other_ways(phones: PhoneSite) -> None:
    """S37: and where there is none, to a clear end."""
    await phones.add_callee("alice", "voice")
    both = await phones.add_callee("bob", "sms", "voice")
    await phones.site.house.change_user(both, default_method="voice")
    async with Plain(phones.site) as browser:
        await browser.sign_in("alice")
        await (await phones.ringing()).tell(CallEventKind.BUSY)
        assert (await browser.get(SECOND)).headers["location"] == f"{HOME}/sign-in"
        assert "could not be reached" in (await browser.get(f"{HOME}/sign-in")).text
    async with Plain(phones.site) as browser:
        await browser.sign_in("bob")
        await (await phones.ringing()).tell(CallEventKind.BUSY)
        page = (await browser.get(SECOND)).text
        assert "could not be reached" in page
        assert "Text me at •••56" in page
        assert 'name="passcode"' not in page, "there is nothing he could type"


async def test_foreign_forms_and_foreign_ways_change_nothing(phones: PhoneSite) -> None:
    await phones.add_callee("alice", "sms", "voice")
    async with Plain(phones.site) as browser:
        await browser.sign_in("alice")
        await phones.passcode()
        bare = await browser.client.post(f"{SECOND}/way", data={"way": "passcode"})
        assert bare.status_code == 403, "WEB-09"
        await browser.post(f"{SECOND}/way", way="0" * 32)
        assert "We have sent a text" in (await browser.get(SECOND)).text


async def test_a_newcomer_adds_a_phone_and_gets_in_with_it(phones: PhoneSite) -> None:
    alice = await phones.site.house.add_bare_person("alice")
    async with Plain(phones.site) as browser:
        await browser.sign_in("alice")
        form = await browser.get(f"{HOME}/authenticators/phone", **{"for": "sms"})
        assert "carrier may charge" in form.text, "S13"
        path = f"{HOME}/authenticators/phone/begin"
        wrong = await browser.post(path, **{"for": "sms", "number": "030 123"})
        assert wrong.status_code == 422
        begun = await browser.post(path, **{"for": "sms", "number": "+49 30 123456", "label": "Mine"})
        proof = begun.headers["location"]
        passcode = await phones.passcode()
        assert NUMBER in (await browser.get(proof)).text, "his own number, in full"
        assert (await browser.post(proof, passcode="abc")).status_code == 422
        assert (await browser.post(proof, passcode=passcode)).headers["location"] == f"{HOME}/"
        home = (await browser.get(HOME)).text
        assert "Mine" in home
        assert NUMBER in home
        assert "Get recovery codes" in home
    async with Plain(phones.site) as again:
        await again.sign_in("alice")
        answer = await again.post(SECOND, passcode=await phones.passcode())
        assert answer.headers["location"] == f"{HOME}/"
    del alice


async def test_a_call_adds_a_phone_while_the_page_waits(phones: PhoneSite) -> None:
    alice = await phones.site.house.add_bare_person("alice")
    async with Plain(phones.site) as browser:
        await browser.sign_in("alice")
        fields = {"for": "voice", "number": "+49 30 123456", "extension": "12"}
        begun = await browser.post(f"{HOME}/authenticators/phone/begin", **fields)
        proof = begun.headers["location"]
        handset = await phones.ringing()
        waiting = asyncio.create_task(browser.client.get(f"{proof}/state", timeout=40))
        await handset.confirm()
        assert (await waiting).json() == {"moved": True}
        assert (await browser.get(proof)).headers["location"] == f"{HOME}/"
        subject = await phones.site.house.store.read(lambda tx: tx.subject(TENANT, alice.user.user_id))
        assert subject is not None
        added = [one for one in subject.authenticators if one.method == "voice"]
        assert [(one.status, one.phone) for one in added] == [(AuthenticatorStatus.ACTIVE, f"{NUMBER} x12")]
        saved = await browser.post(f"{HOME}/default-method", method="voice")
        assert saved.status_code == 303
        assert (await browser.post(f"{HOME}/default-method", method="totp")).status_code == 404


async def test_who_has_only_a_phone_proves_himself_by_signing_in_again(phones: PhoneSite) -> None:
    """ENR-07: after five minutes nothing is sent to a new number."""
    await phones.add_callee("alice", "sms")
    async with Plain(phones.site) as browser:
        await browser.sign_in("alice")
        await browser.post(SECOND, passcode=await phones.passcode())
        phones.site.house.clock.advance(6 * 60)
        fields = {"for": "sms", "number": "+49 30 999999"}
        sent = len(phones.far.errands)
        to_confirm = await browser.post(f"{HOME}/authenticators/phone/begin", **fields)
        assert "/confirm" in to_confirm.headers["location"]
        again = await browser.get(to_confirm.headers["location"])
        assert again.headers["location"].startswith(f"{HOME}/sign-in")
        assert len(phones.far.errands) == sent
        assert PASSWORD not in again.text


async def test_a_phone_in_a_closed_country_is_refused_in_the_portal(phones: PhoneSite) -> None:
    """SMS-04: at once, with the country and the way on, and nothing is sent."""
    await phones.site.house.add_bare_person("alice")
    async with Plain(phones.site) as browser:
        await browser.sign_in("alice")
        answer = await browser.post(
            f"{HOME}/authenticators/phone/begin", number="+48 22 1234567", **{"for": "sms"}
        )
        assert answer.status_code == 422
        assert "Numbers that begin with +48 are not called or texted" in answer.text
        assert "--open-country +48" in answer.text
    assert phones.far.errands == []
