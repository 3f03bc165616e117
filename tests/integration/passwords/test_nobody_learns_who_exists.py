"""BF-15: whoever stands before the door of a portal learns of nobody whether he is there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable

import httpx
import msgspec
import pytest

from tests.houses import TENANT
from tests.integration.passwords.conftest import Resetting
from tests.integration.passwords.work import counted
from tests.integration.phone.conftest import NUMBER
from tests.integration.registration.browser import ROOT, Browser, browsing
from vestibule.frontends.http.portal import reset_by_phone
from vestibule.interfaces.store import Transaction
from vestibule.model.user import UserStatus

NAMES = ("alice", "nobby", "dizzy", "black", "barry", "empty", "laura")
"""As long as one another: somebody, nobody, disabled, blocked, with no method, with no password, locked."""
Probe = Callable[[Browser, str], Awaitable[httpx.Response]]


async def password(browser: Browser, name: str) -> httpx.Response:
    return await browser.post(f"{ROOT}/sign-in", username=name, password="not it")


async def passcode(browser: Browser, name: str) -> httpx.Response:
    fields = {"passcode": "000000", "second_passcode": "000000"}
    new = {"new": "Nothing-like-it-before", "again": "Nothing-like-it-before"}
    return await browser.post(f"{ROOT}/reset", username=name, **fields, **new)


def asks(way: str) -> Probe:
    async def ask(browser: Browser, name: str) -> httpx.Response:
        return await browser.post(f"{ROOT}/reset/ask", username=name, way=way)

    return ask


async def waits(browser: Browser, name: str) -> httpx.Response:
    return await browser.get(f"{ROOT}/reset/asked")


async def long_polls(browser: Browser, name: str) -> httpx.Response:
    return await browser.get(f"{ROOT}/reset/asked/state")


async def texted(browser: Browser, name: str) -> httpx.Response:
    return await browser.post(f"{ROOT}/reset/asked", passcode="000000")


async def chooses(browser: Browser, name: str) -> httpx.Response:
    new = "Nothing-like-it-before"
    return await browser.post(f"{ROOT}/reset/choose", passcode="000000", new=new, again=new)


def page(path: str) -> Probe:
    async def get(browser: Browser, name: str) -> httpx.Response:
        return await browser.get(f"{ROOT}{path}")

    return get


JOURNEYS: dict[str, tuple[Probe, ...]] = {
    "sign-in": (password, page("/register"), page("/sign-in/second-factor"), page("/sign-in/questions")),
    "help": (page("/help"), page("/troubleshooting"), page("/reset"), page("/reset/ask")),
    "reset by passcodes": (passcode,),
    "reset by text": (asks("sms"), waits, long_polls, texted, texted, texted, texted, chooses),
    "reset by call": (asks("voice"), waits, long_polls, chooses),
    "reset by app": (asks("app"), waits, long_polls, chooses),
}


def shape(answer: httpx.Response, name: str) -> tuple[object, ...]:
    """Return what can be told of an answer, without what is random in it."""
    body = re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)
    body = re.sub(r"(>|aria-label=\")\d ?\d(?=[<\"])", "", body).replace(f'value="{name}"', 'value=""')
    cookies = [(cookie.name, len(cookie.value or "")) for cookie in answer.cookies.jar]
    headers = {
        key: value
        for key, value in answer.headers.items()
        if key not in ("set-cookie", "x-request-id", "content-length")
    }
    return answer.status_code, sorted(headers.items()), sorted(cookies), body


async def people(resetting: Resetting) -> None:
    alice, _ = await resetting.apps.alice()
    for method in ("sms", "voice"):
        await resetting.house.add_phone(alice, method, number=NUMBER)
    for name in ("dizzy", "black", "empty", "laura"):
        await resetting.add(name, "sms", "voice", "totp", number=f"+49301234{ord(name[0])}")
    await resetting.add("barry")
    await change(resetting, "dizzy", status=UserStatus.DISABLED)
    await change(resetting, "black", blocked_until=2**50)
    await change(resetting, "empty", password_hash="")


async def change(resetting: Resetting, name: str, **fields: object) -> None:
    async def body(tx: Transaction) -> None:
        found = await tx.subject_by_names(TENANT, (name,))
        assert found is not None
        assert await tx.replace_user(msgspec.structs.replace(found.user, **fields))

    await resetting.house.store.transact(body)


@pytest.mark.parametrize("resetting", ["sqlite"], indirect=True)
@pytest.mark.parametrize("journey", JOURNEYS)
async def test_every_answer_and_the_work_behind_it_is_the_same(
    resetting: Resetting, monkeypatch: pytest.MonkeyPatch, journey: str
) -> None:
    """The same status, headers, text and cookies, and as many transactions, reads and hashes."""
    monkeypatch.setattr(reset_by_phone, "WAIT_SECONDS", 0)
    await people(resetting)
    seen: dict[str, list[tuple[object, ...]]] = {}
    for number, name in enumerate(NAMES):
        async with browsing(resetting.place, address=f"198.51.100.{number}") as browser:
            if name == "laura":
                for _ in range(10):
                    await JOURNEYS[journey][0](browser, name)
                browser.client.cookies.clear()
            seen[name] = []
            for probe in JOURNEYS[journey]:
                with counted(resetting.house) as work:
                    answer = await probe(browser, name)
                seen[name].append((*shape(answer, name), sorted(Counter(work).items())))
    for name in NAMES:
        for position, (one, other) in enumerate(zip(seen["nobby"], seen[name], strict=True)):
            assert other == one, f"{name}, step {position}"
