"""Help for who cannot get in, and what an error page tells support, seen by a browser without a screen."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest_asyncio
from structlog.testing import capture_logs

from tests.browser.phone_scene import PhoneSite, phone_site
from tests.browser.plain import Plain, heading_of
from tests.browser.scene import Phone, Site
from tests.houses import TENANT
from vestibule.model.application import SecondFactor
from vestibule.model.call import CallEventKind
from vestibule.model.user import Requirement

HOME = f"/portal/{TENANT}"
SECOND = f"{HOME}/sign-in/second-factor"
LINKS = ("Forgotten your password or lost your phone?", "Kennwort vergessen oder Telefon verloren?")


@pytest_asyncio.fixture(loop_scope="session")
async def phones(site: Site) -> AsyncIterator[PhoneSite]:
    async with phone_site(site) as made:
        yield made


async def test_s37_who_gets_no_answer_by_the_first_method_chooses_another(phones: PhoneSite) -> None:
    """S37."""
    alice = await phones.add_callee("alice", "sms", "voice")
    await phones.site.house.change_user(alice, default_method="voice")
    async with Plain(phones.site) as browser:
        await browser.sign_in("alice")
        await (await phones.ringing()).tell(CallEventKind.NO_ANSWER)
        page = (await browser.get(SECOND)).text
        assert "could not be reached" in page
        way = page.split("Text me at")[0].rsplit('name="way" value="', 1)[1].split('"')[0]
        await browser.post(f"{SECOND}/way", way=way)
        passcode = await phones.passcode()
        assert (await browser.post(SECOND, passcode=passcode)).headers["location"] == f"{HOME}/"


async def test_s38_the_guide_is_linked_from_every_sign_in_page(phones: PhoneSite) -> None:
    """S38: at either door, in both steps, readable without signing in, whole in both languages."""
    await phones.add_callee("alice", "voice")
    questions: dict[str, list[str]] = {}
    async with Plain(phones.site) as browser:
        await browser.sign_in("alice")
        for path, guide in (
            (f"{HOME}/sign-in", f"{HOME}/troubleshooting"),
            (SECOND, f"{HOME}/troubleshooting"),
            ("/console/sign-in", "/portal/troubleshooting"),
        ):
            assert f'href="{guide}"' in (await browser.get(path)).text, path
            for language in ("en", "de"):
                page = await browser.get(guide, lang=language)
                assert page.status_code == 200
                questions[language] = re.findall(r"<summary>(.*?)</summary>", page.text)
    assert len(questions["en"]) == len(questions["de"]) > 10
    assert not set(questions["en"]) & set(questions["de"])


async def test_s75_the_guide_names_the_error_of_an_old_client(site: Site) -> None:
    """S75: the number that such a program shows is found in the guide, with what to do."""
    async with Plain(site) as browser:
        for language, way_out in (("en", "app password"), ("de", "App-Kennwort")):
            page = (await browser.get(f"{HOME}/troubleshooting", lang=language)).text
            answer = page.partition("0x800434D4L")[2].partition("</details>")[0]
            assert way_out in answer


async def test_s76_an_administrator_works_with_two_accounts(site: Site) -> None:
    """S76: the second factor is set for each account by itself, and the guide says how two are used."""
    await site.house.add_application("mail", second_factor=SecondFactor.BY_RULES)
    await site.house.add_person("grace-admin", requirement=Requirement.ENFORCED)
    await site.house.add_person("grace")
    asked = await site.house.start("grace-admin", door="mail")
    plain = await site.house.start("grace", door="mail")
    assert (asked.is_pending, plain.is_approved) == (True, True)
    async with Plain(site) as browser:
        for language, words in (
            ("en", ("two accounts", "delegation")),
            ("de", ("zwei Konten", "Stellvertreter")),
        ):
            page = (await browser.get(f"{HOME}/troubleshooting", lang=language)).text
            assert all(word in page for word in words)


async def test_s77_an_error_page_says_what_support_needs_and_the_log_says_the_same(site: Site) -> None:
    """S77: page, specific error code, correlation id, session and user; the id is in the log, too."""
    person = await site.house.add_person("bob")
    async with Plain(site) as browser:
        await browser.sign_in("bob", phone=Phone(site, person.secret))
        with capture_logs() as log:
            page = await browser.post(f"{HOME}/authenticators/nothing/rename", label="x")
        assert page.status_code == 404
        for wanted in (f"{HOME}/authenticators/nothing/rename", "not_found", person.user.user_id):
            assert wanted in page.text
        assert re.search(r"Session ID</dt><dd><span class=\"mono\">[0-9a-f]{12}<", page.text)
        assert f'href="{HOME}/"' in page.text, "the way back is to his own portal"
        line = next(each for each in log if each["event"] == "request refused")
        assert (line["code"], line["user_id"]) == ("not_found", person.user.user_id)
        assert f'Correlation ID</dt><dd><span class="mono">{line["request_id"]}<' in page.text
    async with Plain(site) as nobody:
        with capture_logs() as log:
            page = await nobody.client.post(f"{HOME}/pin", data={})
        assert "form_expired" in page.text, "the specific code"
        assert [each["user_id"] for each in log if each["event"] == "request refused"] == [""]


async def test_s78_there_is_a_way_for_who_cannot_get_in(site: Site) -> None:
    """S78: what to do about a password or a phone, and whom to ask, in the words of the tenant; for everybody
    the same, without signing in."""
    async with Plain(site) as browser:
        for language, link in zip(("en", "de"), LINKS, strict=True):
            page = await browser.get(f"{HOME}/sign-in", lang=language)
            assert re.search(rf'href="{HOME}/help">{re.escape(link)}', page.text)
        bare = await browser.get(f"{HOME}/help", lang="en")
        assert heading_of(bare.text) == "I cannot get in"
        assert "recovery code" in bare.text
        assert "Reset my password" not in bare.text, "off unless the tenant allows it"
        await site.house.change_settings(help_contact="Help desk: 030 555 0100\n<b>24 hours</b>")
        for path in ("help", "troubleshooting"):
            page = await browser.get(f"{HOME}/{path}")
            assert "030 555 0100\n&lt;b&gt;24 hours" in page.text
