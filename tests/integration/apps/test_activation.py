"""A device is activated: a code, a key, and the number that only the page which began shows (PU-10)."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from tests.houses import PASSWORD, TENANT, Person
from tests.integration.apps.conftest import AppHouse
from tests.integration.apps.test_doors import _post, number_on
from tests.peers.app_device import AppDevice, AppError
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.verification import Reason
from vestibule.services.app_activations import Stage


async def held(apps: AppHouse, person: Person) -> list[Authenticator]:
    subject = await apps.house.store.read(lambda tx: tx.subject(TENANT, person.user.user_id))
    assert subject is not None
    return list(subject.authenticators)


async def newcomer(apps: AppHouse) -> tuple[Person, Any]:
    alice = await apps.house.add_bare_person("alice")
    alice.secret = b""
    return alice, await apps.session_of(alice)


async def refused(device: AppDevice, given: str, **changed: Any) -> AppError:
    with pytest.raises(AppError) as error:
        await device.activate(given, **changed)
    return error.value


async def test_code_and_number_activate_a_device(apps: AppHouse) -> None:
    alice, signed_in = await newcomer(apps)
    pending, code = await apps.begin(signed_in)
    service = apps.house.services.app_activations
    before = await service.stage(signed_in, pending)
    assert before == Stage()
    waiting = asyncio.create_task(service.next_stage(signed_in, pending, before))
    device = apps.device("Pixel 9")
    account = await device.activate(f"{code[:5]}-{code[5:]}".lower())
    assert (account["tenant"], account["account"], account["issuer"]) == (TENANT, "alice", "Vestibule")
    async with asyncio.timeout(10):
        stage = await waiting
    assert (stage.device, len(stage.number)) == ("Pixel 9", 2)
    request = await device.next_request()
    assert (request["kind"], request["digits"], request["fraud"]) == ("activation", 2, "off")
    assert (await device.approve(request, stage.number))["outcome"] == "approved"
    (authenticator,) = await held(apps, alice)
    assert (authenticator.status, authenticator.label) == (AuthenticatorStatus.ACTIVE, "Pixel 9")
    assert (await service.stage(signed_in, pending)).is_active
    assert await device.requests() == []
    assert await service.claim(signed_in, pending)
    assert not await service.claim(signed_in, pending), "once"


async def test_a_code_counts_once_and_only_while_it_lives(apps: AppHouse) -> None:
    _, signed_in = await newcomer(apps)
    _, code = await apps.begin(signed_in)
    thief, device = apps.device("Thief"), apps.device()
    together = await asyncio.gather(device.activate(code), thief.activate(code), return_exceptions=True)
    (lost,) = [one for one in together if isinstance(one, BaseException)]
    assert isinstance(lost, AppError)
    assert (lost.status, lost.code) == (404, "activation_unknown")
    _, late = await apps.begin(signed_in)
    apps.house.clock.advance(15 * 60 + 1)
    assert (await refused(apps.device(), late)).code == "activation_unknown"
    for nonsense in ("", "AAAAA-AAAAA", "U" * 10, "0" * 64, "\u0660" * 10):
        assert (await refused(apps.device(), nonsense)).code == "activation_unknown"


async def test_who_stole_the_code_does_not_see_the_number(apps: AppHouse) -> None:
    """PU-10: three guesses of a hundred, and the account is gone."""
    alice, signed_in = await newcomer(apps)
    pending, code = await apps.begin(signed_in)
    thief = apps.device("Thief")
    await thief.activate(code)
    request = await thief.next_request()
    right = (await apps.house.services.app_activations.stage(signed_in, pending)).number
    guesses = [f"{n:02d}" for n in range(100) if f"{n:02d}" != right][:3]
    outcomes = [await thief.approve(request, guess) for guess in guesses]
    assert [one["outcome"] for one in outcomes] == ["number_wrong"] * 3
    assert [one["tries_left"] for one in outcomes] == [2, 1, 0]
    with pytest.raises(AppError) as error:
        await thief.approve(request, right)
    assert error.value.code == "activation_failed"
    (authenticator,) = await held(apps, alice)
    assert authenticator.status is AuthenticatorStatus.PENDING
    assert (await apps.house.services.app_activations.stage(signed_in, pending)).is_over


async def test_what_is_not_signed_or_no_key_is_refused(apps: AppHouse) -> None:
    """PU-11: one algorithm, and the point must lie on its curve. Nothing of it costs the code."""
    _, signed_in = await newcomer(apps)
    _, code = await apps.begin(signed_in)
    device, other = apps.device(), apps.device()
    assert (await refused(device, code, public_key=other.public_key)).code == "signature_wrong"
    assert (await refused(device, code, signature=device.sign("vestibule activate 1"))).status == 422
    for key in ("", "BA", "B" + "A" * 86, "A" * 87, device.public_key[:-1], device.public_key + "A"):
        assert (await refused(device, code, public_key=key)).code == "malformed"
    for body in ({"name": ""}, {"name": "x" * 65}, {"code": 1}, {"signature": None}):
        assert (await refused(device, code, **body)).status == 400
    assert (await device.activate(code))["account"] == "alice"


async def test_denying_the_test_ends_the_activation(apps: AppHouse) -> None:
    _, signed_in = await newcomer(apps)
    pending, code = await apps.begin(signed_in)
    device = apps.device()
    await device.activate(code)
    await device.answer(await device.next_request(), "deny")
    for _ in range(2):  # Also once another activation has taken its place.
        with pytest.raises(AppError, match="Begin again with a new code") as error:
            await device.requests()
        assert (error.value.status, error.value.code) == (401, "activation_failed")
        await apps.begin(signed_in)
    assert (await apps.house.services.app_activations.stage(signed_in, pending)).is_over
    assert Reason.APP_DENIED in [attempt.reason for attempt in await apps.house.attempts()]


async def test_another_session_sees_nothing_of_it(apps: AppHouse) -> None:
    """ENR-04: a second session of the same password gets neither number nor device."""
    alice, signed_in = await newcomer(apps)
    other = await apps.session_of(alice)
    pending, code = await apps.begin(signed_in)
    device = apps.device()
    await device.activate(code)
    seen = await apps.house.services.app_activations.stage(other, pending)
    assert seen.number == ""


async def test_the_door_takes_no_number_for_the_test(apps: AppHouse) -> None:
    _, signed_in = await newcomer(apps)
    pending, code = await apps.begin(signed_in)
    device = apps.device()
    await device.activate(code)
    number = (await apps.house.services.app_activations.stage(signed_in, pending)).number
    request = await device.next_request()
    answered = await apps.house.answer("alice", request["id"], number)
    assert not answered.is_approved
    assert not (await apps.house.services.app_activations.stage(signed_in, pending)).is_active


async def test_a_device_is_renamed_and_removed(apps: AppHouse) -> None:
    """S73: what is removed is told so, in the language of the person."""
    alice, (first, second) = await apps.alice("Phone", "Tablet")
    await first.rename("Old phone")
    assert sorted(one.label for one in await held(apps, alice)) == ["Old phone", "Tablet"]
    await first.remove()
    for language, words in (
        ("en", "Authentication request is not for an activated account"),
        ("de", "Die Authentifizierungsanfrage gilt nicht für ein aktiviertes Konto"),
    ):
        first.language = language
        with pytest.raises(AppError, match=words) as error:
            await first.requests()
        assert (error.value.status, error.value.code) == (401, "not_activated")
    with pytest.raises(AppError) as error:
        await second.remove()
    assert error.value.code == "last_authenticator"


async def test_one_device_too_many_is_refused_in_the_portal(apps: AppHouse) -> None:
    """The page says how many there are and what to do; one that was begun and left does not count."""
    _, (phone, _) = await apps.alice("Phone", "Tablet")
    await apps.house.change_settings(app_devices=2)
    browser = apps.device().client
    waiting = await _post(browser, f"/portal/{TENANT}/sign-in", username="alice", password=PASSWORD)
    await phone.approve(await phone.next_request(), number_on(waiting.text))
    home = await browser.get(f"/portal/{TENANT}/sign-in/second-factor", follow_redirects=True)
    assert "Phone" in home.text
    adding = f"/portal/{TENANT}/authenticators/device/begin"
    refused = await _post(browser, adding)
    assert refused.status_code == 422
    assert "The Vestibule app is on 2 of your devices, and no more are possible here." in refused.text
    await phone.remove()
    for _ in range(2):
        assert (await _post(browser, adding)).status_code == 200


async def test_who_does_not_know_the_device_cancels_in_the_portal(apps: AppHouse) -> None:
    """PU-10: whoever has used the code is shut out, though he may guess the number."""
    _, (phone,) = await apps.alice("Phone")
    browser = apps.device().client
    waiting = await _post(browser, f"/portal/{TENANT}/sign-in", username="alice", password=PASSWORD)
    await phone.approve(await phone.next_request(), number_on(waiting.text))
    await browser.get(f"/portal/{TENANT}/sign-in/second-factor", follow_redirects=True)
    page = (await _post(browser, f"/portal/{TENANT}/authenticators/device/begin")).text
    code, here = re.search(r"#activate=(\w+)", page), re.search(r'data-then="([^"]+)"', page)
    assert code is not None
    assert here is not None
    stranger = apps.device("Stranger")
    await stranger.activate(code[1])
    request = await stranger.next_request()
    number = number_on((await browser.get(here[1])).text)
    await _post(browser, f"{here[1]}/cancel")
    with pytest.raises(AppError, match="not_activated"):
        await stranger.approve(request, number)
