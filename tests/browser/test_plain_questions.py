"""Security questions at the portal, seen by a browser without a screen."""

from __future__ import annotations

import httpx
import pytest_asyncio

from tests.browser.plain import Plain, heading_of
from tests.browser.scene import Phone, Site
from tests.houses import PASSWORD, TENANT, Person
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.verification import Reason

HOME = f"/portal/{TENANT}"
ASKED = f"{HOME}/sign-in/questions"
QUESTIONS = tuple(f"What was number {number}?" for number in range(1, 6))
ANSWERS = ("Straße 7", "Mr. Whiskers", "Blue, of course", "1999!")


@pytest_asyncio.fixture(loop_scope="session")
async def asking(site: Site) -> Site:
    await site.house.change_settings(security_questions={"en": QUESTIONS}, lockout_threshold=4)
    return site


async def choose(browser: Plain, answers: tuple[str, ...] = ANSWERS, **fields: str) -> httpx.Response:
    picked = {f"question{number}": QUESTIONS[number - 1] for number in range(1, 5)}
    given = {f"answer{number}": answer for number, answer in enumerate(answers, 1)}
    return await browser.post(f"{HOME}/questions", **{**picked, **given, **fields})


async def answer(browser: Plain, *answers: str) -> httpx.Response:
    return await browser.post(ASKED, **{f"answer{number}": each for number, each in enumerate(answers, 1)})


async def somebody_who_has_chosen(site: Site) -> Person:
    alice = await site.house.add_person("alice")
    async with Plain(site) as browser:
        await browser.sign_in("alice", phone=Phone(site, alice.secret))
        assert (await choose(browser)).headers["location"] == f"{HOME}/security"
    return alice


async def test_questions_are_off_unless_the_tenant_has_written_some(site: Site) -> None:
    alice = await site.house.add_person("alice")
    async with Plain(site) as browser:
        await browser.sign_in("alice")
        page = (await browser.get(f"{HOME}/sign-in/second-factor")).text
        assert "sign-in/questions" not in page
        assert "not chosen any" in (await browser.get((await browser.get(ASKED)).headers["location"])).text
        await browser.sign_in("alice", phone=Phone(site, alice.secret))
        assert "Security questions" not in (await browser.get(f"{HOME}/security")).text
        assert (await browser.get(f"{HOME}/questions")).status_code == 404


async def test_right_answers_stand_in_for_the_second_factor_at_the_portal(asking: Site) -> None:
    """1.26: three of four, however they are written; the report says so in the words its readers know."""
    alice = await somebody_who_has_chosen(asking)
    async with Plain(asking) as browser:
        await browser.sign_in("alice")
        assert ASKED in (await browser.get(f"{HOME}/sign-in/second-factor")).text
        page = (await browser.get(ASKED)).text
        assert heading_of(page) == "Security questions"
        assert all(question in page for question in QUESTIONS[:4])
        assert QUESTIONS[4] not in page
        assert not any(each in page for each in ANSWERS)
        let_in = await answer(browser, "strasse7", " mr whiskers ", "BLUE OF COURSE", "no idea")
        assert let_in.headers["location"] == f"{HOME}/"
        assert (await browser.get(HOME)).status_code == 200
        assert (await answer(browser, *ANSWERS)).headers["location"].startswith(f"{HOME}/sign-in")
    [attempt] = [each for each in await asking.house.attempts() if each.reason is Reason.QUESTIONS_ANSWERED]
    assert attempt.legacy_result == "SUCCESS_FALLBACK_SECURITY_QUESTIONS_ANSWERED"
    assert attempt.user_id == alice.user.user_id


async def test_wrong_answers_are_counted_and_lock(asking: Site) -> None:
    """BF-01, BF-13: a count of their own; while it is locked the right ones are refused, too, and a passcode
    still opens."""
    alice = await somebody_who_has_chosen(asking)
    async with Plain(asking) as browser:
        await browser.sign_in("alice")
        for _ in range(4):
            wrong = await answer(browser, *ANSWERS[:2], "x", "y")
            assert wrong.status_code == 403
            assert "That did not work." in wrong.text
        assert (await answer(browser, *ANSWERS)).status_code == 403
        phone = Phone(asking, alice.secret)
        done = await browser.post(f"{HOME}/sign-in/second-factor", passcode=phone.passcode())
        assert done.headers["location"] == f"{HOME}/"


async def test_nobody_answers_without_the_password_in_this_browser(asking: Site) -> None:
    """CH-07: first factor first; and another browser with the same name is asked nothing."""
    await somebody_who_has_chosen(asking)
    async with Plain(asking) as browser, Plain(asking) as other:
        assert (await browser.sign_in("alice", "wrong")).status_code == 403
        for stranger in (browser, other):
            assert "/sign-in" in (await stranger.get(ASKED)).headers["location"]
            assert "/sign-in" in (await answer(stranger, *ANSWERS)).headers["location"]
            assert (await stranger.get(HOME)).status_code == 303


async def test_questions_open_no_other_door(asking: Site) -> None:
    """They are no second factor of a VPN."""
    await asking.house.add_application("vpn")
    await somebody_who_has_chosen(asking)
    started = await asking.house.start("alice", PASSWORD)
    assert started.challenge is not None
    origin = asking.house.origin("alice")
    answered = await asking.house.services.verifications.answered_by_questions(
        origin, started.challenge.challenge_id, started.verification.user_id
    )
    assert answered.reason is Reason.CHALLENGE_UNKNOWN
    found = await asking.house.services.verifications.find(
        TENANT, origin.peer.client.client_id, started.verification.verification_id
    )
    assert found is not None
    assert found.is_pending


async def test_who_answers_too_late_begins_anew(asking: Site) -> None:
    await somebody_who_has_chosen(asking)
    async with Plain(asking) as browser:
        await browser.sign_in("alice")
        asking.house.clock.advance(200)
        late = await answer(browser, *ANSWERS)
        assert late.headers["location"].startswith(f"{HOME}/sign-in")
    assert [each for each in await asking.house.attempts() if each.reason is Reason.QUESTIONS_TIMED_OUT]


async def test_answers_are_chosen_with_care_and_taken_away(asking: Site) -> None:
    """ENR-07, ENR-08: only freshly proven; each kept or removed set is an event; nothing is given back."""
    alice = await asking.house.add_person("alice")
    async with Plain(asking) as browser:
        await browser.sign_in("alice", phone=Phone(asking, alice.secret))
        for answers, fields, said in (
            (("a", "b", "c", "d"), {}, "at least 3 letters or digits"),
            (("same one", "Same one!", "third", "fourth"), {}, "no two may be the same"),
            (ANSWERS, {"question2": QUESTIONS[0]}, "Choose 4 different questions"),
            (ANSWERS, {"question2": "Made up?"}, "Choose 4 different questions"),
        ):
            refused = await choose(browser, answers, **fields)
            assert (refused.status_code, said in refused.text) == (422, True)
            assert ANSWERS[1] not in refused.text
        await choose(browser)
        assert "Answered" in (await browser.get(f"{HOME}/security")).text
        await browser.post(f"{HOME}/questions/forget")
        asking.house.clock.advance(360)
        assert "/confirm" in (await choose(browser)).headers["location"]
        await browser.sign_in("alice")
        assert (await answer(browser, *ANSWERS)).status_code in (303, 403)
    listed = await asking.house.services.attempts.events(SYSTEM, TENANT, "", Page(50))
    kinds = [each.kind for each in listed.rows if each.kind.startswith("user.questions")]
    assert sorted(kinds) == ["user.questions_answered", "user.questions_removed"]
    assert not any(answer in repr(listed.rows) for answer in ANSWERS)


async def test_answers_prove_no_second_factor(asking: Site) -> None:
    """ENR-06, ENR-07: who came in by what others may know registers nothing."""
    await somebody_who_has_chosen(asking)
    async with Plain(asking) as browser:
        await browser.sign_in("alice")
        assert (await answer(browser, *ANSWERS)).headers["location"] == f"{HOME}/"
        begun = await browser.post(f"{HOME}/authenticators/app/begin")
        assert "/confirm" in begun.headers["location"]
